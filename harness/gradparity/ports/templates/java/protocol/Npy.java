package protocol;

/**
 * What travels: an array of any number of dimensions, its elements row by row; a number has no dimensions.
 *
 * @param data double[], float[], int[] or byte[]
 */
public record Npy(int[] shape, Object data) {}

/**
 * An array of any number of dimensions, its elements row by row.
 *
 * @param <A> double[], float[], int[] or boolean[]
 */
record NDArray<A>(int[] shape, A data) {
    /** The elements as an array of this shape: NDArray.of(w, d) or NDArray.of(out, n, d). */
    static <A> NDArray<A> of(A data, int... shape) {
        return new NDArray<>(shape, data);
    }

    /** Where the element with these indices is in data. */
    int at(int... index) {
        int at = 0;
        for (int axis = 0; axis < index.length; axis++) at = at * shape[axis] + index[axis];
        return at;
    }
}

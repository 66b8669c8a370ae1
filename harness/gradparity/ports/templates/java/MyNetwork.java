import java.util.List;

/**
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * <p>A matrix is an array of rows: element (i, j) is a[i][j]. Labels count from 0. Leave the arguments as they are, and
 * return fresh arrays. An exception is reported as the error that it is. If your code computes in float, replace every
 * double of this file by float.
 */
final class MyNetwork {
    /** YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that. */
    static final String EPSILON = "any";

    /** YOURS: the methods below that you have written, such as "affine", "relu". The others are not called. */
    static final List<String> WRITTEN = List.of();

    /**
     * YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says sizes.length
     * == 3 && activation.equals("relu"). Cases with others are reported as not implemented. sizes: inputs, hidden ...,
     * classes
     */
    static boolean supports(int[] sizes, String activation) {
        return true;
    }

    /**
     * YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
     *
     * <p>x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
     *
     * @return out, dx, dW, db
     */
    static Object[] affine(double[][] x, double[][] W, double[] b, double[][] dout) {
        return null;
    }

    /**
     * YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
     *
     * @return out, dx
     */
    static Object[] relu(double[][] x, double[][] dout) {
        return null;
    }

    /**
     * YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
     *
     * @return out, dx
     */
    static Object[] sigmoid(double[][] x, double[][] dout) {
        return null;
    }

    /**
     * YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.
     *
     * <p>x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as x[label] -
     * max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
     *
     * @return loss, y, dx
     */
    static Object[] softmaxWithLoss(double[][] x, int[] t, double epsilon) {
        return null;
    }

    // The network: affine layers with an activation between them, and softmax with cross-entropy at the end. W[l] is
    // (inputs of layer l, outputs of layer l), b[l] (outputs of layer l); activation is "relu" or "sigmoid".

    /** YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes). */
    static double[][] predict(double[][][] W, double[][] b, String activation, double[][] x) {
        return null;
    }

    /**
     * YOURS: the mean loss, and the gradient of each W[l] and b[l]: a double, a double[][][] and a double[][].
     *
     * <p>x (batch, inputs); t (batch)
     *
     * @return loss, dW, db
     */
    static Object[] gradient(double[][][] W, double[][] b, String activation, double epsilon, double[][] x, int[] t) {
        return null;
    }

    /** YOURS: p <- p - rate dp, in place. Called for each row of W[l], and for b[l]. */
    static void sgd(double[] p, double[] dp, double rate) {}
}

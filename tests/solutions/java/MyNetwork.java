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
    static final List<String> WRITTEN =
            List.of("affine", "relu", "sigmoid", "softmaxWithLoss", "predict", "gradient", "sgd");

    private static double[][] affineForward(double[][] x, double[][] W, double[] b) {
        double[][] out = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            out[i] = b.clone();
            for (int k = 0; k < W.length; k++) {
                for (int j = 0; j < b.length; j++) out[i][j] += x[i][k] * W[k][j];
            }
        }
        return out;
    }

    /** The gradients dx, dW and db, in this order. */
    private static Object[] affineBackward(double[][] x, double[][] W, double[][] dout) {
        int outputs = dout[0].length;
        double[][] dx = new double[x.length][W.length];
        double[][] dW = new double[W.length][outputs];
        double[] db = new double[outputs];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < outputs; j++) {
                db[j] += dout[i][j];
                for (int k = 0; k < W.length; k++) {
                    dx[i][k] += dout[i][j] * W[k][j];
                    dW[k][j] += x[i][k] * dout[i][j];
                }
            }
        }
        return new Object[] {dx, dW, db};
    }

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
        Object[] back = affineBackward(x, W, dout);
        return new Object[] {affineForward(x, W, b), back[0], back[1], back[2]};
    }

    /**
     * YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
     *
     * @return out, dx
     */
    static Object[] relu(double[][] x, double[][] dout) {
        double[][] out = new double[x.length][x[0].length];
        double[][] dx = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                out[i][j] = x[i][j] <= 0 ? 0 : x[i][j];
                dx[i][j] = x[i][j] <= 0 ? 0 : dout[i][j];
            }
        }
        return new Object[] {out, dx};
    }

    /**
     * YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
     *
     * @return out, dx
     */
    static Object[] sigmoid(double[][] x, double[][] dout) {
        double[][] out = new double[x.length][x[0].length];
        double[][] dx = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                out[i][j] = (double) (1 / (1 + Math.exp(-x[i][j])));
                dx[i][j] = dout[i][j] * out[i][j] * (1 - out[i][j]);
            }
        }
        return new Object[] {out, dx};
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
        double[][] y = new double[x.length][x[0].length];
        double[][] dx = new double[x.length][x[0].length];
        double loss = 0;
        for (int i = 0; i < x.length; i++) {
            double largest = x[i][0];
            for (double v : x[i]) largest = Math.max(largest, v);
            double sum = 0;
            for (double v : x[i]) sum += Math.exp(v - largest);
            for (int j = 0; j < y[i].length; j++) {
                y[i][j] = (double) Math.exp(x[i][j] - largest) / sum;
                dx[i][j] = (y[i][j] - (j == t[i] ? 1 : 0)) / x.length;
            }
            double logP = x[i][t[i]] - largest - (double) Math.log(sum);
            loss -= epsilon > 0 ? Math.log(Math.exp(logP) + epsilon) : logP;
        }
        return new Object[] {loss / x.length, y, dx};
    }

    // The network: affine layers with an activation between them, and softmax with cross-entropy at the end. W[l] is
    // (inputs of layer l, outputs of layer l), b[l] (outputs of layer l); activation is "relu" or "sigmoid".

    private static Object[] activate(String activation, double[][] x, double[][] dout) {
        return activation.equals("relu") ? relu(x, dout) : sigmoid(x, dout);
    }

    /** The pre-activations of all layers; puts their inputs there, too. */
    private static double[][][] forward(
            double[][][] W, double[][] b, String activation, double[][] x, double[][][] inputs) {
        double[][][] outs = new double[W.length][][];
        for (int l = 0; l < W.length; l++) {
            inputs[l] = x;
            outs[l] = affineForward(x, W[l], b[l]);
            x = (double[][]) activate(activation, outs[l], outs[l])[0];
        }
        return outs;
    }

    /** YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes). */
    static double[][] predict(double[][][] W, double[][] b, String activation, double[][] x) {
        return forward(W, b, activation, x, new double[W.length][][])[W.length - 1];
    }

    /**
     * YOURS: the mean loss, and the gradient of each W[l] and b[l]: a double, a double[][][] and a double[][].
     *
     * <p>x (batch, inputs); t (batch)
     *
     * @return loss, dW, db
     */
    static Object[] gradient(double[][][] W, double[][] b, String activation, double epsilon, double[][] x, int[] t) {
        double[][][] inputs = new double[W.length][][];
        double[][][] outs = forward(W, b, activation, x, inputs);
        double[][][] dW = new double[W.length][][];
        double[][] db = new double[W.length][];
        Object[] last = softmaxWithLoss(outs[W.length - 1], t, epsilon);
        double[][] dout = (double[][]) last[2];
        for (int l = W.length - 1; l >= 0; l--) {
            Object[] back = affineBackward(inputs[l], W[l], dout);
            dW[l] = (double[][]) back[1];
            db[l] = (double[]) back[2];
            if (l > 0) dout = (double[][]) activate(activation, outs[l - 1], (double[][]) back[0])[1];
        }
        return new Object[] {last[0], dW, db};
    }

    /** YOURS: p <- p - rate dp, in place. Called for each row of W[l], and for b[l]. */
    static void sgd(double[] p, double[] dp, double rate) {
        for (int i = 0; i < p.length; i++) p[i] -= rate * dp[i];
    }
}

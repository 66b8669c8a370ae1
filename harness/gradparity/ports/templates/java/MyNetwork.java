import java.util.List;

/**
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * <p>A matrix is an array of rows: element (i, j) is a[i][j]. Labels count from 0. Leave the arguments as they are, and
 * return fresh arrays. An exception is reported as the error that it is. If your code computes in float, replace every
 * double of this file by float; a Double stays one. Begin with one method, and name it in WRITTEN: all others can wait,
 * or stay as they are.
 *
 * <p>Images are an NDArray: shape() and data(), row by row. x.data()[x.at(n, c, i, j)] is an element, and
 * NDArray.of(new double[size], n, c, height, width) makes one.
 */
final class MyNetwork {
    /** YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that. */
    static final String EPSILON = "any";

    /** YOURS: "any" if numericalGradient takes the step that it is given; "1e-4", as text, if it always takes that. */
    static final String STEP = "any";

    /** YOURS: the methods below that you have written, such as "affine", "relu". The others are not called. */
    static final List<String> WRITTEN = List.of();

    // Layers, each by itself.

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

    /**
     * YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
     *
     * @return out, dx
     */
    static Object[] tanh(double[][] x, double[][] dout) {
        return null;
    }

    /**
     * YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
     *
     * <p>x, dx (batch, classes); t (batch)
     *
     * @return loss, dx
     */
    static Object[] squaredError(double[][] x, int[] t) {
        return null;
    }

    /**
     * YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
     *
     * <p>If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too,
     * and runningMean <- momentum runningMean + (1 - momentum) mean, runningVar likewise with var. If not, the running
     * ones stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features).
     *
     * @return out, runningMean, runningVar (new arrays; any if not training), dx, dgamma, dbeta
     */
    static Object[] batchNorm(double[][] x, double[] gamma, double[] beta, double[] runningMean, double[] runningVar,
            Double momentum, Double epsilon, boolean training, double[][] dout) {
        return null;
    }

    /**
     * YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
     *
     * <p>The mask is given, 1 where x is kept and 0 where not. All arrays of one shape.
     *
     * @return out, dx
     */
    static Object[] dropout(double[][] x, double[][] mask, Double ratio, boolean training, double[][] dout) {
        return null;
    }

    /**
     * YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
     *
     * <p>Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels,
     * height, width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch,
     * filters, out height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down.
     *
     * @return out, dx, dW, db
     */
    static Object[] convolution(NDArray<double[]> x, NDArray<double[]> W, double[] b, int stride, int pad,
            NDArray<double[]> dout) {
        return null;
    }

    /**
     * YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.
     *
     * <p>dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of
     * pad take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
     * convolution.
     *
     * @return out, dx
     */
    static Object[] maxPooling(NDArray<double[]> x, int height, int width, int stride, int pad,
            NDArray<double[]> dout) {
        return null;
    }

    // The network: affine layers with an activation between them, and softmax with cross-entropy at the end. W[l] is
    // (inputs of layer l, outputs of layer l), b[l] (outputs of layer l); activation is "relu" or "sigmoid";
    // "tanh" if that is in WRITTEN.

    /**
     * YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says sizes.length
     * == 3 && activation.equals("relu"). Cases with others are reported as not implemented. sizes: inputs, hidden ...,
     * classes
     */
    static boolean supports(int[] sizes, String activation) {
        return true;
    }

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

    /** YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label. */
    static Double accuracy(double[][][] W, double[][] b, String activation, double[][] x, int[] t) {
        return null;
    }

    /**
     * YOURS: the gradient from the loss alone, as two arrays like those of gradient.
     *
     * <p>For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change
     * p in place, put it back exactly.
     *
     * @return dW, db
     */
    static Object[] numericalGradient(
            double[][][] W, double[][] b, String activation, double epsilon, double[][] x, int[] t, double step) {
        return null;
    }

    // Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at
    // first. dp is its gradient; all are of one length. Called for each row of W[l], and for b[l]. One optimizer is
    // enough to train.

    /** YOURS: p <- p - rate dp. */
    static void sgd(double[] p, double[] dp, double rate) {}

    /** YOURS: v <- momentum v - rate dp; p <- p + v. */
    static void momentum(double[] p, double[] dp, double[] v, Double rate, Double momentum) {}

    /** YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v. */
    static void nesterov(double[] p, double[] dp, double[] v, Double rate, Double momentum) {}

    /** YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
    static void adagrad(double[] p, double[] dp, double[] h, Double rate) {}

    /** YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
    static void rmsprop(double[] p, double[] dp, double[] h, Double rate, Double decay) {}

    /**
     * YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where r =
     * rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
     */
    static void adam(double[] p, double[] dp, double[] m, double[] v, Double rate, Double beta1, Double beta2,
            int iteration) {}

    // Networks of any layers that are in WRITTEN: write both predictLayers and gradientLayers. x is (batch, inputs) or
    // (batch, channels, height, width). affine takes each image as a row: its elements in the order of data().

    /** A layer: its kind, and what the method of that kind above is given; the rest is not set. */
    static final class Layer {
        String kind; // such as "affine"; the last is the loss, "softmax_with_loss" or "squared_error"
        NDArray<double[]> W; // of affine and convolution
        NDArray<double[]> b;
        int height; // of max_pooling; stride and pad of convolution, too
        int width;
        int stride;
        int pad;
        NDArray<double[]> gamma; // of batch_norm, as the next five
        NDArray<double[]> beta;
        NDArray<double[]> runningMean;
        NDArray<double[]> runningVar;
        Double momentum;
        Double epsilon;
        NDArray<double[]> mask; // of dropout, as the next one
        Double ratio;
    }

    /** YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented. */
    static boolean supportsLayers(List<Layer> layers) {
        return true;
    }

    /** YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm. */
    static double[][] predictLayers(List<Layer> layers, NDArray<double[]> x) {
        return null;
    }

    /**
     * YOURS: the loss, and a List of the gradients, each an NDArray, in the order of the layers: dW, db, and dgamma,
     * dbeta of batch_norm.
     *
     * <p>Training. To the loss of the last layer (which takes epsilon) add weightDecay / 2 times the sum of the squares
     * of all W, and weightDecay W to each dW. If you move runningMean and runningVar on in each training step, do it
     * here: change them, or put new arrays in their place.
     *
     * @return loss, gradients
     */
    static Object[] gradientLayers(
            List<Layer> layers, NDArray<double[]> x, int[] t, double weightDecay, double epsilon) {
        return null;
    }

    /** YOURS: as accuracy. */
    static Double accuracyLayers(List<Layer> layers, NDArray<double[]> x, int[] t) {
        return null;
    }
}

import java.util.ArrayList;
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
    static final List<String> WRITTEN = List.of(
            "affine", "relu", "sigmoid", "softmaxWithLoss", "tanh", "squaredError", "batchNorm", "dropout",
            "convolution", "maxPooling", "predict", "gradient", "accuracy", "numericalGradient", "sgd", "momentum",
            "nesterov", "adagrad", "rmsprop", "adam", "predictLayers", "gradientLayers", "accuracyLayers");

    // Layers, each by itself.

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

    /**
     * YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
     *
     * @return out, dx
     */
    static Object[] tanh(double[][] x, double[][] dout) {
        double[][] out = new double[x.length][x[0].length];
        double[][] dx = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                out[i][j] = (double) Math.tanh(x[i][j]);
                dx[i][j] = dout[i][j] * (1 - out[i][j] * out[i][j]);
            }
        }
        return new Object[] {out, dx};
    }

    /**
     * YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
     *
     * <p>x, dx (batch, classes); t (batch)
     *
     * @return loss, dx
     */
    static Object[] squaredError(double[][] x, int[] t) {
        double[][] dx = new double[x.length][x[0].length];
        double loss = 0;
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                double difference = x[i][j] - (j == t[i] ? 1 : 0);
                loss += difference * difference;
                dx[i][j] = difference / x.length;
            }
        }
        return new Object[] {loss / 2 / x.length, dx};
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
        int n = x.length;
        int features = gamma.length;
        double[][] out = new double[n][features];
        double[][] dx = new double[n][features];
        double[] newMean = new double[features];
        double[] newVar = new double[features];
        double[] dgamma = new double[features];
        double[] dbeta = new double[features];
        for (int j = 0; j < features; j++) {
            double mean = training ? 0 : runningMean[j];
            double var = training ? 0 : runningVar[j];
            for (int i = 0; training && i < n; i++) mean += x[i][j] / n;
            for (int i = 0; training && i < n; i++) var += (x[i][j] - mean) * (x[i][j] - mean) / n;
            newMean[j] = (double) (momentum * runningMean[j] + (1 - momentum) * mean);
            newVar[j] = (double) (momentum * runningVar[j] + (1 - momentum) * var);
            double std = (double) Math.sqrt(var + epsilon);
            double dstd = 0;
            double dmean = 0;
            for (int i = 0; i < n; i++) {
                double xn = (x[i][j] - mean) / std;
                out[i][j] = gamma[j] * xn + beta[j];
                dbeta[j] += dout[i][j];
                dgamma[j] += xn * dout[i][j];
                dx[i][j] = gamma[j] * dout[i][j] / std;
                dstd -= dx[i][j] * xn;
            }
            for (int i = 0; training && i < n; i++) {
                dx[i][j] += (x[i][j] - mean) * dstd / (std * n);
                dmean += dx[i][j];
            }
            for (int i = 0; training && i < n; i++) dx[i][j] -= dmean / n;
        }
        return new Object[] {out, newMean, newVar, dx, dgamma, dbeta};
    }

    /**
     * YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
     *
     * <p>The mask is given, 1 where x is kept and 0 where not. All arrays of one shape.
     *
     * @return out, dx
     */
    static Object[] dropout(double[][] x, double[][] mask, Double ratio, boolean training, double[][] dout) {
        double[][] out = new double[x.length][x[0].length];
        double[][] dx = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                double kept = training ? mask[i][j] : (double) (1 - ratio);
                out[i][j] = x[i][j] * kept;
                dx[i][j] = dout[i][j] * kept;
            }
        }
        return new Object[] {out, dx};
    }

    private static NDArray<double[]> zeros(int... shape) {
        int size = 1;
        for (int n : shape) size *= n;
        return NDArray.of(new double[size], shape);
    }

    /** Those of the element at this place of an array of four dimensions. */
    private static int[] indices(int at, int[] shape) {
        int[] index = new int[4];
        for (int axis = 3; axis >= 0; axis--) {
            index[axis] = at % shape[axis];
            at /= shape[axis];
        }
        return index;
    }

    /** Where this element is in the data, -1 for one around the image. */
    private static int place(NDArray<double[]> x, int n, int c, int i, int j) {
        return i < 0 || i >= x.shape()[2] || j < 0 || j >= x.shape()[3] ? -1 : x.at(n, c, i, j);
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
        int filters = b.length;
        NDArray<double[]> out = zeros(dout.shape());
        NDArray<double[]> dx = zeros(x.shape());
        NDArray<double[]> dW = zeros(W.shape());
        double[] db = new double[filters];
        int[] size = W.shape();
        for (int o = 0; o < dout.data().length; o++) {
            int[] at = indices(o, dout.shape());
            double d = dout.data()[o];
            out.data()[o] = b[at[1]];
            db[at[1]] += d;
            for (int c = 0; c < size[1]; c++) {
                for (int w = 0; w < size[2] * size[3]; w++) {
                    int row = at[2] * stride + w / size[3] - pad;
                    int from = place(x, at[0], c, row, at[3] * stride + w % size[3] - pad);
                    if (from < 0) continue;
                    int by = W.at(at[1], c, w / size[3], w % size[3]);
                    out.data()[o] += x.data()[from] * W.data()[by];
                    dx.data()[from] += d * W.data()[by];
                    dW.data()[by] += d * x.data()[from];
                }
            }
        }
        return new Object[] {out, dx, dW, db};
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
        NDArray<double[]> out = zeros(dout.shape());
        NDArray<double[]> dx = zeros(x.shape());
        for (int o = 0; o < dout.data().length; o++) {
            int[] at = indices(o, dout.shape());
            int largest = -1;
            for (int w = 0; w < height * width; w++) {
                int from = place(x, at[0], at[1], at[2] * stride + w / width - pad, at[3] * stride + w % width - pad);
                double value = from < 0 ? 0 : x.data()[from];
                if (w > 0 && value <= out.data()[o]) continue;
                out.data()[o] = value;
                largest = from;
            }
            if (largest >= 0) dx.data()[largest] += dout.data()[o];
        }
        return new Object[] {out, dx};
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

    private static Object[] activate(String activation, double[][] x, double[][] dout) {
        if (activation.equals("tanh")) return tanh(x, dout);
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

    private static Double share(double[][] out, int[] t) {
        int right = 0;
        for (int i = 0; i < t.length; i++) {
            int best = 0;
            for (int j = 1; j < out[i].length; j++) {
                double v = out[i][j], largest = out[i][best];
                if (v > largest || Double.isNaN(v) && !Double.isNaN(largest)) best = j;
            }
            if (best == t[i]) right++;
        }
        return 1.0 * right / t.length;
    }

    /** YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label. */
    static Double accuracy(double[][][] W, double[][] b, String activation, double[][] x, int[] t) {
        return share(predict(W, b, activation, x), t);
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
        double[][][] dW = new double[W.length][][];
        double[][] db = new double[W.length][];
        for (int l = 0; l < W.length; l++) {
            dW[l] = new double[W[l].length][b[l].length];
            db[l] = new double[b[l].length];
            for (int i = 0; i <= W[l].length; i++) {
                double[] p = i < W[l].length ? W[l][i] : b[l];
                for (int j = 0; j < p.length; j++) {
                    double value = p[j];
                    p[j] = value + step;
                    double above = (double) gradient(W, b, activation, epsilon, x, t)[0];
                    p[j] = value - step;
                    double below = (double) gradient(W, b, activation, epsilon, x, t)[0];
                    p[j] = value;
                    (i < W[l].length ? dW[l][i] : db[l])[j] = (above - below) / (2 * step);
                }
            }
        }
        return new Object[] {dW, db};
    }

    // Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at
    // first. dp is its gradient; all are of one length. Called for each row of W[l], and for b[l]. One optimizer is
    // enough to train.

    /** YOURS: p <- p - rate dp. */
    static void sgd(double[] p, double[] dp, double rate) {
        for (int i = 0; i < p.length; i++) p[i] -= rate * dp[i];
    }

    /** YOURS: v <- momentum v - rate dp; p <- p + v. */
    static void momentum(double[] p, double[] dp, double[] v, Double rate, Double momentum) {
        for (int i = 0; i < p.length; i++) {
            v[i] = (double) (momentum * v[i] - rate * dp[i]);
            p[i] += v[i];
        }
    }

    /** YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v. */
    static void nesterov(double[] p, double[] dp, double[] v, Double rate, Double momentum) {
        for (int i = 0; i < p.length; i++) {
            v[i] = (double) (momentum * v[i] - rate * dp[i]);
            p[i] += momentum * v[i] - rate * dp[i];
        }
    }

    /** YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
    static void adagrad(double[] p, double[] dp, double[] h, Double rate) {
        for (int i = 0; i < p.length; i++) {
            h[i] += dp[i] * dp[i];
            p[i] -= rate * dp[i] / (Math.sqrt(h[i]) + 1e-7);
        }
    }

    /** YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
    static void rmsprop(double[] p, double[] dp, double[] h, Double rate, Double decay) {
        for (int i = 0; i < p.length; i++) {
            h[i] = (double) (decay * h[i] + (1 - decay) * dp[i] * dp[i]);
            p[i] -= rate * dp[i] / (Math.sqrt(h[i]) + 1e-7);
        }
    }

    /**
     * YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where r =
     * rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
     */
    static void adam(double[] p, double[] dp, double[] m, double[] v, Double rate, Double beta1, Double beta2,
            int iteration) {
        Double now = rate * Math.sqrt(1 - Math.pow(beta2, iteration)) / (1 - Math.pow(beta1, iteration));
        for (int i = 0; i < p.length; i++) {
            m[i] += (1 - beta1) * (dp[i] - m[i]);
            v[i] += (1 - beta2) * (dp[i] * dp[i] - v[i]);
            p[i] -= now * m[i] / (Math.sqrt(v[i]) + 1e-7);
        }
    }

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

    private static double[][] rows(NDArray<double[]> x) {
        int size = x.data().length / x.shape()[0];
        double[][] rows = new double[x.shape()[0]][size];
        for (int i = 0; i < rows.length; i++) System.arraycopy(x.data(), i * size, rows[i], 0, size);
        return rows;
    }

    /** Of rows, or of a vector; with another shape, if one is given. */
    private static NDArray<double[]> flat(Object array, int... shape) {
        double[][] rows = array instanceof double[] row ? new double[][] {row} : (double[][]) array;
        int[] own = array instanceof double[] row ? new int[] {row.length} : new int[] {rows.length, rows[0].length};
        NDArray<double[]> flat = zeros(shape.length > 0 ? shape : own);
        int size = rows[0].length;
        for (int i = 0; i < rows.length; i++) System.arraycopy(rows[i], 0, flat.data(), i * size, size);
        return flat;
    }

    @SuppressWarnings("unchecked")
    private static NDArray<double[]> images(Object result) {
        return (NDArray<double[]>) result;
    }

    /** The layer's result, dx, and the gradients, all of them NDArrays; where dout is null, only the first is right. */
    private static Object[] pass(Layer layer, NDArray<double[]> x, NDArray<double[]> dout, boolean training) {
        boolean isPooling = layer.kind.equals("max_pooling");
        int[] shape = x.shape();
        if (isPooling || layer.kind.equals("convolution")) {
            int height = isPooling ? layer.height : layer.W.shape()[2];
            int width = isPooling ? layer.width : layer.W.shape()[3];
            int channels = isPooling ? shape[1] : layer.W.shape()[0];
            int rows = (shape[2] + 2 * layer.pad - height) / layer.stride + 1;
            int columns = (shape[3] + 2 * layer.pad - width) / layer.stride + 1;
            NDArray<double[]> slopes = dout == null ? zeros(shape[0], channels, rows, columns) : dout;
            if (isPooling) return maxPooling(x, height, width, layer.stride, layer.pad, slopes);
            Object[] made = convolution(x, layer.W, layer.b.data(), layer.stride, layer.pad, slopes);
            made[3] = flat(made[3]);
            return made;
        }
        double[][] in = rows(x);
        if (layer.kind.equals("affine")) {
            int outputs = layer.W.shape()[1];
            double[][] slopes = dout == null ? new double[in.length][outputs] : rows(dout);
            Object[] made = affine(in, rows(layer.W), layer.b.data(), slopes);
            return new Object[] {flat(made[0]), flat(made[1], shape), flat(made[2]), flat(made[3])};
        }
        double[][] slopes = dout == null ? in : rows(dout);
        if (layer.kind.equals("batch_norm")) {
            Object[] made = batchNorm(in, layer.gamma.data(), layer.beta.data(), layer.runningMean.data(),
                    layer.runningVar.data(), layer.momentum, layer.epsilon, training, slopes);
            if (dout != null) { // once a step
                layer.runningMean = flat(made[1]);
                layer.runningVar = flat(made[2]);
            }
            return new Object[] {flat(made[0], shape), flat(made[3], shape), flat(made[4]), flat(made[5])};
        }
        Object[] made = layer.kind.equals("dropout")
                ? dropout(in, training ? rows(layer.mask) : in, layer.ratio, training, slopes)
                : activate(layer.kind, in, slopes);
        return new Object[] {flat(made[0], shape), flat(made[1], shape)};
    }

    /** YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm. */
    static double[][] predictLayers(List<Layer> layers, NDArray<double[]> x) {
        for (Layer layer : layers.subList(0, layers.size() - 1)) x = images(pass(layer, x, null, false)[0]);
        return rows(x);
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
        int depth = layers.size() - 1;
        List<NDArray<double[]>> inputs = new ArrayList<>();
        for (Layer layer : layers.subList(0, depth)) {
            inputs.add(x);
            x = images(pass(layer, x, null, true)[0]);
        }
        boolean isSquared = layers.get(depth).kind.equals("squared_error");
        Object[] last = isSquared ? squaredError(rows(x), t) : softmaxWithLoss(rows(x), t, epsilon);
        double loss = (double) last[0];
        NDArray<double[]> dout = flat(last[last.length - 1]);
        List<NDArray<double[]>> gradients = new ArrayList<>();
        for (int l = depth - 1; l >= 0; l--) {
            Object[] made = pass(layers.get(l), inputs.get(l), dout, true);
            dout = images(made[1]);
            for (int i = made.length - 1; i > 1; i--) gradients.add(0, images(made[i]));
            if (layers.get(l).W == null) continue;
            double[] W = layers.get(l).W.data();
            for (int i = 0; i < W.length; i++) {
                loss += weightDecay / 2 * W[i] * W[i];
                gradients.get(0).data()[i] += weightDecay * W[i];
            }
        }
        return new Object[] {loss, gradients};
    }

    /** YOURS: as accuracy. */
    static Double accuracyLayers(List<Layer> layers, NDArray<double[]> x, int[] t) {
        return share(predictLayers(layers, x), t);
    }
}

/**
 * The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
 *
 * <p>An array has its shape, and its elements row by row in data: element (i, j) of x is x.data()[x.at(i, j)].
 * NDArray.of(out, n, d) makes one of a double[]. Leave the arguments as they are, and return fresh arrays. An exception
 * is reported as the error that it is. If your code computes in float, replace every double of this file by float.
 */
final class Functions {
    record RidgeResult(NDArray<double[]> w, double loss) {}

    /**
     * Ridge regression with its gradient.
     *
     * <p>{@code ridge(X[n, d], y[n], penalty) -> w[d], loss}
     */
    static RidgeResult ridge(NDArray<double[]> X, NDArray<double[]> y, double penalty) {
        int n = X.shape()[0];
        int d = X.shape()[1];
        NDArray<double[]> A = NDArray.of(new double[d * d], d, d); // A w = X'y, and A = X'X + penalty I = L L'
        double[] w = new double[d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = i == j ? penalty : 0;
                for (int k = 0; k < n; k++) sum += X.data()[X.at(k, i)] * X.data()[X.at(k, j)];
                for (int k = 0; k < j; k++) sum -= A.data()[A.at(i, k)] * A.data()[A.at(j, k)];
                A.data()[A.at(i, j)] = i == j ? (double) Math.sqrt(sum) : sum / A.data()[A.at(j, j)];
            }
            for (int k = 0; k < n; k++) w[i] += X.data()[X.at(k, i)] * y.data()[k];
            for (int k = 0; k < i; k++) w[i] -= A.data()[A.at(i, k)] * w[k];
            w[i] /= A.data()[A.at(i, i)];
        }
        for (int i = d - 1; i >= 0; i--) {
            for (int k = i + 1; k < d; k++) w[i] -= A.data()[A.at(k, i)] * w[k];
            w[i] /= A.data()[A.at(i, i)];
        }
        double loss = 0;
        for (int k = 0; k < n; k++) {
            double residual = -y.data()[k];
            for (int i = 0; i < d; i++) residual += X.data()[X.at(k, i)] * w[i];
            loss += residual * residual;
        }
        for (double element : w) loss += penalty * element * element;
        return new RidgeResult(NDArray.of(w, d), loss);
    }

    record Outer3Result(NDArray<double[]> out, double total) {}

    /**
     * a[i] b[j] c[k], and the sum.
     *
     * <p>{@code outer3(a[n], b[m], c[k]) -> out[n, m, k], total}
     */
    static Outer3Result outer3(NDArray<double[]> a, NDArray<double[]> b, NDArray<double[]> c) {
        int[] shape = {a.shape()[0], b.shape()[0], c.shape()[0]};
        double[] out = new double[shape[0] * shape[1] * shape[2]];
        double total = 0;
        int at = 0;
        for (double ai : a.data()) {
            for (double bj : b.data()) {
                for (double ck : c.data()) {
                    out[at] = ai * bj * ck;
                    total += out[at++];
                }
            }
        }
        return new Outer3Result(NDArray.of(out, shape), total);
    }

    record PickResult(NDArray<double[]> out, int count, NDArray<boolean[]> kept) {}

    /**
     * The rows of x that keep names, and how many.
     *
     * <p>{@code pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]}
     */
    static PickResult pick(NDArray<double[]> x, NDArray<boolean[]> keep, NDArray<int[]> order) {
        double[] out = new double[x.data().length];
        int rows = x.shape()[0];
        int count = 0;
        for (int i = 0; i < rows; i++) {
            int size = out.length / rows;
            if (keep.data()[i]) {
                System.arraycopy(x.data(), order.data()[i] * size, out, i * size, size);
                count++;
            }
        }
        return new PickResult(NDArray.of(out, x.shape()), count, keep);
    }
}

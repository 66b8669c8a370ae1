/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * Matrices lie row by row: element (i, j) of a (rows, columns) matrix a is a[i * columns + j]. Labels count from 0.
 * Results go into the arrays that are not const: write every element, as they hold NaN before. Call your own code from
 * here, and add its .c files to the build in port.toml; serve.c includes this file.
 */

/* YOURS: the type of all numbers, double or float. */
typedef double real;

/* YOURS: "any" if your loss adds the epsilon that it is given; "1e-7" if it always adds 1e-7, as the book's does. */
static const char *const loss_epsilon = "any";

/* YOURS: the functions below that you have written, such as {"affine", "relu", NULL}. The others are not called. */
static const char *const written[] = {"affine", "relu", "sigmoid", "softmax_with_loss", "predict",
                                      "gradient", "sgd", NULL};

/* Affine layers with an activation between them, and softmax with cross-entropy at the end. */
typedef struct {
    int layers;                /* affine layers, numbered from 0 here */
    const int *sizes;          /* layers + 1 of them: inputs, hidden ..., classes */
    int relu;                  /* the activation: 1 relu, 0 sigmoid */
    real epsilon;              /* of the loss: see softmax_with_loss */
    real *const *W, *const *b; /* W[l] (sizes[l], sizes[l + 1]) and b[l] (sizes[l + 1]) */
} Network;

static void affine_forward(int batch, int inputs, int outputs, const real *x, const real *W, const real *b, real *out) {
    for (int i = 0; i < batch; i++)
        for (int j = 0; j < outputs; j++) {
            real sum = b[j];
            for (int k = 0; k < inputs; k++) sum += x[i * inputs + k] * W[k * outputs + j];
            out[i * outputs + j] = sum;
        }
}

/* dx is NULL where nobody wants it. */
static void affine_backward(int batch, int inputs, int outputs, const real *x, const real *W, const real *dout,
                            real *dx, real *dW, real *db) {
    memset(dW, 0, (size_t)inputs * outputs * sizeof *dW);
    memset(db, 0, (size_t)outputs * sizeof *db);
    for (int i = 0; i < batch; i++)
        for (int j = 0; j < outputs; j++) {
            db[j] += dout[i * outputs + j];
            for (int k = 0; k < inputs; k++) dW[k * outputs + j] += x[i * inputs + k] * dout[i * outputs + j];
        }
    for (int i = 0; dx && i < batch; i++)
        for (int k = 0; k < inputs; k++) {
            real sum = 0;
            for (int j = 0; j < outputs; j++) sum += dout[i * outputs + j] * W[k * outputs + j];
            dx[i * inputs + k] = sum;
        }
}

static real activate(int relu, real x) {
    if (relu) return x <= 0 ? 0 : x;
    return 1 / (1 + exp(-x));
}

/* From the activation's output alone. */
static real slope(int relu, real out) {
    if (relu) return out > 0;
    return out * (1 - out);
}

/* YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
   x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs) */
static void affine(int batch, int inputs, int outputs, const real *x, const real *W, const real *b, const real *dout,
                   real *out, real *dx, real *dW, real *db) {
    affine_forward(batch, inputs, outputs, x, W, b, out);
    affine_backward(batch, inputs, outputs, x, W, dout, dx, dW, db);
}

/* YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of n elements. */
static void relu(int n, const real *x, const real *dout, real *out, real *dx) {
    for (int i = 0; i < n; i++) {
        out[i] = activate(1, x[i]);
        dx[i] = dout[i] * slope(1, out[i]);
    }
}

/* YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of n elements. */
static void sigmoid(int n, const real *x, const real *dout, real *out, real *dx) {
    for (int i = 0; i < n; i++) {
        out[i] = activate(0, x[i]);
        dx[i] = dout[i] * slope(0, out[i]);
    }
}

/* YOURS: returns the mean loss, -mean(log(y[label] + epsilon)); y = softmax of each row, dx = (y - one-hot t) / batch.
   x, y, dx (batch, classes); t: batch labels. epsilon is 0 in most cases, and the logarithm must not overflow. */
static real softmax_with_loss(int batch, int classes, const real *x, const int *t, real epsilon, real *y, real *dx) {
    real loss = 0;
    for (int i = 0; i < batch; i++, x += classes, y += classes, dx += classes) {
        real largest = x[0], sum = 0;
        for (int j = 1; j < classes; j++) largest = x[j] > largest ? x[j] : largest;
        for (int j = 0; j < classes; j++) sum += exp(x[j] - largest);
        for (int j = 0; j < classes; j++) {
            y[j] = (real)exp(x[j] - largest) / sum;
            dx[j] = (y[j] - (j == t[i])) / batch;
        }
        real log_p = x[t[i]] - largest - (real)log(sum);
        loss -= epsilon > 0 ? log(exp(log_p) + epsilon) : log_p;
    }
    return loss / batch;
}

/* The outputs of all layers, one after the other in one block, which the caller frees; out[l] is that of layer l. */
static real *forward(const Network *net, int batch, const real *x, real **out) {
    size_t size = 0;
    for (int l = 0; l < net->layers; l++) size += (size_t)batch * net->sizes[l + 1];
    real *block = malloc(size * sizeof *block);
    real *at = block;
    for (int l = 0; l < net->layers; l++) {
        int n = batch * net->sizes[l + 1];
        affine_forward(batch, net->sizes[l], net->sizes[l + 1], l ? out[l - 1] : x, net->W[l], net->b[l], at);
        for (int i = 0; l < net->layers - 1 && i < n; i++) at[i] = activate(net->relu, at[i]);
        out[l] = at;
        at += n;
    }
    return block;
}

/* YOURS: the logits of x (batch, inputs), before the softmax: out (batch, classes). */
static void predict(const Network *net, int batch, const real *x, real *out) {
    real *outs[64], *block = forward(net, batch, x, outs);
    memcpy(out, outs[net->layers - 1], (size_t)batch * net->sizes[net->layers] * sizeof *out);
    free(block);
}

/* YOURS: dW[l] and db[l] of every layer, as large as W[l] and b[l]; returns the mean loss.
   x (batch, inputs); t: batch labels */
static real gradient(const Network *net, int batch, const real *x, const int *t, real *const *dW, real *const *db) {
    int classes = net->sizes[net->layers], widest = 0;
    for (int l = 0; l <= net->layers; l++) widest = net->sizes[l] > widest ? net->sizes[l] : widest;
    real *out[64], *block = forward(net, batch, x, out);
    real *dout = malloc((size_t)batch * widest * sizeof *dout), *dx = malloc((size_t)batch * widest * sizeof *dx);
    real *y = malloc((size_t)batch * classes * sizeof *y);
    real loss = softmax_with_loss(batch, classes, out[net->layers - 1], t, net->epsilon, y, dout);
    for (int l = net->layers - 1; l >= 0; l--) {
        const real *in = l ? out[l - 1] : x;
        affine_backward(batch, net->sizes[l], net->sizes[l + 1], in, net->W[l], dout, l ? dx : NULL, dW[l], db[l]);
        for (int i = 0; l && i < batch * net->sizes[l]; i++) dout[i] = dx[i] * slope(net->relu, in[i]);
    }
    free(block), free(dout), free(dx), free(y);
    return loss;
}

/* YOURS: p <- p - rate dp, in place. Both of n elements. */
static void sgd(int n, real *p, const real *dp, real rate) {
    for (int i = 0; i < n; i++) p[i] -= rate * dp[i];
}

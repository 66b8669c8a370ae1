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
static const char *const written[] = {NULL};

/* Affine layers with an activation between them, and softmax with cross-entropy at the end. */
typedef struct {
    int layers;                /* affine layers, numbered from 0 here */
    const int *sizes;          /* layers + 1 of them: inputs, hidden ..., classes */
    int relu;                  /* the activation: 1 relu, 0 sigmoid */
    real epsilon;              /* of the loss: see softmax_with_loss */
    real *const *W, *const *b; /* W[l] (sizes[l], sizes[l + 1]) and b[l] (sizes[l + 1]) */
} Network;

/* YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
   x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs) */
static void affine(int batch, int inputs, int outputs, const real *x, const real *W, const real *b, const real *dout,
                   real *out, real *dx, real *dW, real *db) {
}

/* YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of n elements. */
static void relu(int n, const real *x, const real *dout, real *out, real *dx) {
}

/* YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of n elements. */
static void sigmoid(int n, const real *x, const real *dout, real *out, real *dx) {
}

/* YOURS: returns the mean loss, -mean(log(y[label] + epsilon)); y = softmax of each row, dx = (y - one-hot t) / batch.
   x, y, dx (batch, classes); t: batch labels. epsilon is 0 in most cases, and the logarithm must not overflow. */
static real softmax_with_loss(int batch, int classes, const real *x, const int *t, real epsilon, real *y, real *dx) {
    return 0;
}

/* YOURS: the logits of x (batch, inputs), before the softmax: out (batch, classes). */
static void predict(const Network *net, int batch, const real *x, real *out) {
}

/* YOURS: dW[l] and db[l] of every layer, as large as W[l] and b[l]; returns the mean loss.
   x (batch, inputs); t: batch labels */
static real gradient(const Network *net, int batch, const real *x, const int *t, real *const *dW, real *const *db) {
    return 0;
}

/* YOURS: p <- p - rate dp, in place. Both of n elements. */
static void sgd(int n, real *p, const real *dp, real rate) {
}

/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * Matrices lie row by row: element (i, j) of a (rows, columns) matrix a is a[i * columns + j]. Labels count from 0.
 * Results go into the arrays that are not const: write every element, as they hold NaN before.
 *
 * All names here begin with my_ or My, and those of serve.c, which includes this file, with gp_, Gp or GP_. So you can
 * include the header of code that you have, with whatever names in it, and call it; add its .c files to the build in
 * port.toml.
 */

/* YOURS: the type of all numbers, double or float. */
typedef double my_real;

/* YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book. */
static const char *const my_loss_epsilon = "any";

/* YOURS: the functions below that you have written, such as {"my_affine", "my_relu"}. The others are not called. */
static const char *const my_written[] = {NULL};

/* Affine layers with an activation between them, and softmax with cross-entropy at the end. */
typedef struct {
    int layers;                   /* affine layers, numbered from 0 here */
    const int *sizes;             /* layers + 1 of them: inputs, hidden ..., classes */
    int relu;                     /* the activation: 1 relu, 0 sigmoid */
    my_real epsilon;              /* of the loss: see my_softmax_with_loss */
    my_real *const *W, *const *b; /* W[l] (sizes[l], sizes[l + 1]) and b[l] (sizes[l + 1]) */
} MyNetwork;

/* YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
   net->layers == 2 && net->relu. Cases with others are reported as not implemented. */
static int my_supports(const MyNetwork *net) {
    return 1;
}

/* YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
   x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs) */
static void my_affine(int batch, int inputs, int outputs, const my_real *x, const my_real *W, const my_real *b,
                      const my_real *dout, my_real *out, my_real *dx, my_real *dW, my_real *db) {
}

/* YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of n elements. */
static void my_relu(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
}

/* YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of n elements. */
static void my_sigmoid(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
}

/* YOURS: returns the mean loss, -mean(log(y[label] + epsilon)); y = softmax of each row, dx = (y - one-hot t) / batch.
   x, y, dx (batch, classes); t: batch labels. Where epsilon is 0, as in most cases, take the logarithm as
   x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). */
static my_real my_softmax_with_loss(int batch, int classes, const my_real *x, const int *t, my_real epsilon, my_real *y,
                                    my_real *dx) {
    return 0;
}

/* YOURS: the logits of x (batch, inputs), before the softmax: out (batch, classes). */
static void my_predict(const MyNetwork *net, int batch, const my_real *x, my_real *out) {
}

/* YOURS: dW[l] and db[l] of every layer, as large as W[l] and b[l]; returns the mean loss.
   x (batch, inputs); t: batch labels */
static my_real my_gradient(const MyNetwork *net, int batch, const my_real *x, const int *t, my_real *const *dW,
                           my_real *const *db) {
    return 0;
}

/* YOURS: p <- p - rate dp, in place. Both of n elements. */
static void my_sgd(int n, my_real *p, const my_real *dp, my_real rate) {
}

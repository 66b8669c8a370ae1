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
static const char *const my_written[] = {"my_affine",  "my_relu",     "my_sigmoid", "my_softmax_with_loss",
                                         "my_predict", "my_gradient", "my_sgd",     NULL};

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

static void affine_forward(int batch, int inputs, int outputs, const my_real *x, const my_real *W, const my_real *b,
                           my_real *out) {
    for (int i = 0; i < batch; i++)
        for (int j = 0; j < outputs; j++) {
            my_real sum = b[j];
            for (int k = 0; k < inputs; k++) sum += x[i * inputs + k] * W[k * outputs + j];
            out[i * outputs + j] = sum;
        }
}

/* dx is NULL where nobody wants it. */
static void affine_backward(int batch, int inputs, int outputs, const my_real *x, const my_real *W, const my_real *dout,
                            my_real *dx, my_real *dW, my_real *db) {
    memset(dW, 0, (size_t)inputs * outputs * sizeof *dW);
    memset(db, 0, (size_t)outputs * sizeof *db);
    for (int i = 0; i < batch; i++)
        for (int j = 0; j < outputs; j++) {
            db[j] += dout[i * outputs + j];
            for (int k = 0; k < inputs; k++) dW[k * outputs + j] += x[i * inputs + k] * dout[i * outputs + j];
        }
    for (int i = 0; dx && i < batch; i++)
        for (int k = 0; k < inputs; k++) {
            my_real sum = 0;
            for (int j = 0; j < outputs; j++) sum += dout[i * outputs + j] * W[k * outputs + j];
            dx[i * inputs + k] = sum;
        }
}

static my_real activate(int relu, my_real x) {
    if (relu) return x <= 0 ? 0 : x;
    return 1 / (1 + exp(-x));
}

/* From the activation's output alone. */
static my_real slope(int relu, my_real out) {
    if (relu) return out > 0;
    return out * (1 - out);
}

/* YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
   x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs) */
static void my_affine(int batch, int inputs, int outputs, const my_real *x, const my_real *W, const my_real *b,
                      const my_real *dout, my_real *out, my_real *dx, my_real *dW, my_real *db) {
    affine_forward(batch, inputs, outputs, x, W, b, out);
    affine_backward(batch, inputs, outputs, x, W, dout, dx, dW, db);
}

/* YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of n elements. */
static void my_relu(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
    for (int i = 0; i < n; i++) {
        out[i] = activate(1, x[i]);
        dx[i] = dout[i] * slope(1, out[i]);
    }
}

/* YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of n elements. */
static void my_sigmoid(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
    for (int i = 0; i < n; i++) {
        out[i] = activate(0, x[i]);
        dx[i] = dout[i] * slope(0, out[i]);
    }
}

/* YOURS: returns the mean loss, -mean(log(y[label] + epsilon)); y = softmax of each row, dx = (y - one-hot t) / batch.
   x, y, dx (batch, classes); t: batch labels. Where epsilon is 0, as in most cases, take the logarithm as
   x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). */
static my_real my_softmax_with_loss(int batch, int classes, const my_real *x, const int *t, my_real epsilon, my_real *y,
                                    my_real *dx) {
    my_real loss = 0;
    for (int i = 0; i < batch; i++, x += classes, y += classes, dx += classes) {
        my_real largest = x[0], sum = 0;
        for (int j = 1; j < classes; j++) largest = x[j] > largest ? x[j] : largest;
        for (int j = 0; j < classes; j++) sum += exp(x[j] - largest);
        for (int j = 0; j < classes; j++) {
            y[j] = (my_real)exp(x[j] - largest) / sum;
            dx[j] = (y[j] - (j == t[i])) / batch;
        }
        my_real log_p = x[t[i]] - largest - (my_real)log(sum);
        loss -= epsilon > 0 ? log(exp(log_p) + epsilon) : log_p;
    }
    return loss / batch;
}

/* The outputs of all layers, one after the other in one block, which the caller frees; out[l] is that of layer l. */
static my_real *forward(const MyNetwork *net, int batch, const my_real *x, my_real **out) {
    size_t size = 0;
    for (int l = 0; l < net->layers; l++) size += (size_t)batch * net->sizes[l + 1];
    my_real *block = malloc(size * sizeof *block);
    my_real *at = block;
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
static void my_predict(const MyNetwork *net, int batch, const my_real *x, my_real *out) {
    my_real *outs[64], *block = forward(net, batch, x, outs);
    memcpy(out, outs[net->layers - 1], (size_t)batch * net->sizes[net->layers] * sizeof *out);
    free(block);
}

/* YOURS: dW[l] and db[l] of every layer, as large as W[l] and b[l]; returns the mean loss.
   x (batch, inputs); t: batch labels */
static my_real my_gradient(const MyNetwork *net, int batch, const my_real *x, const int *t, my_real *const *dW,
                           my_real *const *db) {
    int classes = net->sizes[net->layers], widest = 0;
    for (int l = 0; l <= net->layers; l++) widest = net->sizes[l] > widest ? net->sizes[l] : widest;
    my_real *out[64], *block = forward(net, batch, x, out);
    my_real *dout = malloc((size_t)batch * widest * sizeof *dout), *dx = malloc((size_t)batch * widest * sizeof *dx);
    my_real *y = malloc((size_t)batch * classes * sizeof *y);
    my_real loss = my_softmax_with_loss(batch, classes, out[net->layers - 1], t, net->epsilon, y, dout);
    for (int l = net->layers - 1; l >= 0; l--) {
        const my_real *in = l ? out[l - 1] : x;
        affine_backward(batch, net->sizes[l], net->sizes[l + 1], in, net->W[l], dout, l ? dx : NULL, dW[l], db[l]);
        for (int i = 0; l && i < batch * net->sizes[l]; i++) dout[i] = dx[i] * slope(net->relu, in[i]);
    }
    free(block), free(dout), free(dx), free(y);
    return loss;
}

/* YOURS: p <- p - rate dp, in place. Both of n elements. */
static void my_sgd(int n, my_real *p, const my_real *dp, my_real rate) {
    for (int i = 0; i < n; i++) p[i] -= rate * dp[i];
}

/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * Matrices lie row by row: element (i, j) of a (rows, columns) matrix a is a[i * columns + j]. Labels count from 0.
 * Results go into the arrays that are not const: write every element, as they hold NaN before. Begin with one function,
 * and name it in my_written: all others can wait, or stay as they are.
 *
 * All names here begin with my_ or My, and those of serve.c, which includes this file, with gp_, Gp or GP_. So you can
 * include the header of code that you have, with whatever names in it, and call it; add its .c files to the build in
 * port.toml.
 */

#include "net.h"

/* YOURS: the type of all numbers, double or float. */
typedef double my_real;

/* YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book. */
static const char *const my_loss_epsilon = "1e-7";

/* YOURS: "any" if my_numerical_gradient takes the step that it is given; "1e-4", as text, if it always takes that, as
   the book. */
static const char *const my_step = "any";

/* YOURS: the functions below that you have written, such as {"my_affine", "my_relu"}. The others are not called. */
static const char *const my_written[] = {"my_predict", "my_gradient"};

/* Images are a MyArray, of arrays.h: ndim, shape[] and data, row by row. Element (n, c, i, j) of a is
   a->data[((n * a->shape[1] + c) * a->shape[2] + i) * a->shape[3] + j]. my_array(n, c, height, width) makes one of
   zeros, for what you compute in between; it is freed for you. */
#include "arrays.h"

/* Layers, each by itself. */

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

/* YOURS: out = tanh(x); dx = dout (1 - out^2). All of n elements. */
static void my_tanh(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
}

/* YOURS: returns the mean over the batch of sum((x - one-hot t)^2) / 2; dx = (x - one-hot t) / batch.
   x, dx (batch, classes); t: batch labels */
static my_real my_squared_error(int batch, int classes, const my_real *x, const int *t, my_real *dx) {
    return 0;
}

/* YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
   If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
   new_mean = momentum running_mean + (1 - momentum) mean, new_var likewise with var. If not, the running ones stand for
   mean and var, as constants, and new_mean and new_var are NULL.
   x, dx, dout, out (batch, features); the other arrays (features) */
static void my_batch_norm(int batch, int features, const my_real *x, const my_real *gamma, const my_real *beta,
                          const my_real *running_mean, const my_real *running_var, double momentum, double epsilon,
                          bool training, const my_real *dout, my_real *out, my_real *new_mean, my_real *new_var,
                          my_real *dx, my_real *dgamma, my_real *dbeta) {
}

/* YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
   1 where x is kept and 0 where not. All of n elements. */
static void my_dropout(int n, const my_real *x, const my_real *mask, double ratio, bool training, const my_real *dout,
                       my_real *out, my_real *dx) {
}

/* YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
   Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
   width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
   height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down. */
static void my_convolution(const MyArray *x, const MyArray *W, const my_real *b, int stride, int pad,
                           const MyArray *dout, MyArray *out, MyArray *dx, MyArray *dW, my_real *db) {
}

/* YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
   that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part.
   x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in my_convolution */
static void my_max_pooling(const MyArray *x, int height, int width, int stride, int pad, const MyArray *dout,
                           MyArray *out, MyArray *dx) {
}

/* The network. */

/* Affine layers with an activation between them, and softmax with cross-entropy at the end. */
typedef struct {
    int layers;                   /* affine layers, numbered from 0 here */
    const int *sizes;             /* layers + 1 of them: inputs, hidden ..., classes */
    int relu;                     /* the activation: 1 relu, 0 sigmoid */
    my_real epsilon;              /* of the loss: see my_softmax_with_loss */
    my_real *const *W, *const *b; /* W[l] (sizes[l], sizes[l + 1]) and b[l] (sizes[l + 1]) */
    const char *activation;       /* "relu" or "sigmoid"; "tanh" if my_tanh is in my_written */
} MyNetwork;

/* YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
   net->layers == 2 && net->relu. Cases with others are reported as not implemented. */
static int my_supports(const MyNetwork *net) {
    return net->layers == 2 && net->relu;
}

/* Rows of ours are columns of theirs. */
static Matrix taken(const my_real *a, int rows, int columns) {
    Matrix theirs = matrix(columns, rows);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) theirs.at[j][i] = a[i * columns + j];
    return theirs;
}

static void given(Matrix theirs, my_real *a) {
    for (int i = 0; i < theirs.rows; i++)
        for (int j = 0; j < theirs.columns; j++) a[j * theirs.rows + i] = theirs.at[i][j];
    free_matrix(theirs);
}

static Network network(const MyNetwork *net) {
    Network theirs;
    for (int l = 0; l < 2; l++) {
        theirs.W[l] = taken(net->W[l], net->sizes[l], net->sizes[l + 1]);
        theirs.b[l] = taken(net->b[l], 1, net->sizes[l + 1]);
    }
    return theirs;
}

static void free_network(Network theirs) {
    for (int l = 0; l < 2; l++) free_matrix(theirs.W[l]), free_matrix(theirs.b[l]);
}

/* YOURS: the logits of x (batch, inputs), before the softmax: out (batch, classes). */
static void my_predict(const MyNetwork *net, int batch, const my_real *x, my_real *out) {
    Network theirs = network(net);
    Matrix batch_x = taken(x, batch, net->sizes[0]);
    given(predict(&theirs, batch_x), out);
    free_network(theirs), free_matrix(batch_x);
}

/* YOURS: dW[l] and db[l] of every layer, as large as W[l] and b[l]; returns the mean loss.
   x (batch, inputs); t: batch labels */
static my_real my_gradient(const MyNetwork *net, int batch, const my_real *x, const int *t, my_real *const *dW,
                           my_real *const *db) {
    Network theirs = network(net), grads;
    Matrix batch_x = taken(x, batch, net->sizes[0]);
    for (int l = 0; l < 2; l++) {
        grads.W[l] = matrix(net->sizes[l + 1], net->sizes[l]);
        grads.b[l] = matrix(net->sizes[l + 1], 1);
    }
    my_real loss = gradient(&theirs, batch_x, t, &grads);
    for (int l = 0; l < 2; l++) given(grads.W[l], dW[l]), given(grads.b[l], db[l]);
    free_network(theirs), free_matrix(batch_x);
    return loss;
}

/* YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label. */
static double my_accuracy(const MyNetwork *net, int batch, const my_real *x, const int *t) {
    return 0;
}

/* YOURS: the gradient from the loss alone, into dW and db like those of my_gradient: for each element p of each W[l]
   and b[l] (loss at p + step - loss at p - step) / (2 step). If you change p in place, put it back exactly. */
static void my_numerical_gradient(const MyNetwork *net, int batch, const my_real *x, const int *t, my_real step,
                                  my_real *const *dW, my_real *const *db) {
}

/* Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
   dp is its gradient; all are of n elements. One optimizer is enough to train. */

/* YOURS: p <- p - rate dp. */
static void my_sgd(int n, my_real *p, const my_real *dp, my_real rate) {
}

/* YOURS: v <- momentum v - rate dp; p <- p + v. */
static void my_momentum(int n, my_real *p, const my_real *dp, my_real *v, double rate, double momentum) {
}

/* YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v. */
static void my_nesterov(int n, my_real *p, const my_real *dp, my_real *v, double rate, double momentum) {
}

/* YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
static void my_adagrad(int n, my_real *p, const my_real *dp, my_real *h, double rate) {
}

/* YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
static void my_rmsprop(int n, my_real *p, const my_real *dp, my_real *h, double rate, double decay) {
}

/* YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
   r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1. */
static void my_adam(int n, my_real *p, const my_real *dp, my_real *m, my_real *v, double rate, double beta1,
                    double beta2, int iteration) {
}

/* Networks of any layers that are in my_written: write both my_predict_layers and my_gradient_layers. x is (batch,
   inputs) or (batch, channels, height, width). affine takes each image as a row: its elements in the order of data. */

/* A layer: its kind, and what the function of that kind above is given, the rest zero. */
typedef struct {
    const char *kind;               /* such as "affine"; the last is the loss, softmax_with_loss or squared_error */
    MyArray W, b;                   /* of affine and convolution */
    int height, width, stride, pad; /* of max_pooling; stride and pad of convolution */
    MyArray gamma, beta;            /* of batch_norm, as the next four */
    MyArray running_mean, running_var;
    double momentum, epsilon;
    MyArray mask; /* of dropout, as the next one */
    double ratio;
} MyLayer;

/* YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented. */
static int my_supports_layers(int count, const MyLayer *layers) {
    return 1;
}

/* YOURS: the logits of x, before the loss: out (batch, classes). Not training, in dropout and batch_norm. */
static void my_predict_layers(int count, const MyLayer *layers, const MyArray *x, my_real *out) {
}

/* YOURS: returns the loss; gradients[0], gradients[1], ... in the order of the layers: dW, db, and dgamma, dbeta of
   batch_norm, each with its shape.

   Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
   all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
   change what is in their data. */
static my_real my_gradient_layers(int count, const MyLayer *layers, const MyArray *x, const int *t,
                                  my_real weight_decay, my_real epsilon, const MyArray *gradients) {
    return 0;
}

/* YOURS: as my_accuracy. */
static double my_accuracy_layers(int count, const MyLayer *layers, const MyArray *x, const int *t) {
    return 0;
}

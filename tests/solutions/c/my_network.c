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

/* YOURS: the type of all numbers, double or float. */
typedef double my_real;

/* YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book. */
static const char *const my_loss_epsilon = "any";

/* YOURS: "any" if my_numerical_gradient takes the step that it is given; "1e-4", as text, if it always takes that, as
   the book. */
static const char *const my_step = "any";

/* YOURS: the functions below that you have written, such as {"my_affine", "my_relu"}. The others are not called. */
static const char *const my_written[] = {
    "my_affine", "my_relu", "my_sigmoid", "my_softmax_with_loss", "my_tanh", "my_squared_error", "my_batch_norm",
    "my_dropout", "my_convolution", "my_max_pooling", "my_predict", "my_gradient", "my_accuracy",
    "my_numerical_gradient", "my_sgd", "my_momentum", "my_nesterov", "my_adagrad", "my_rmsprop", "my_adam",
    "my_predict_layers", "my_gradient_layers", "my_accuracy_layers", NULL};

/* Images are a MyArray, of arrays.h: ndim, shape[] and data, row by row. Element (n, c, i, j) of a is
   a->data[((n * a->shape[1] + c) * a->shape[2] + i) * a->shape[3] + j]. my_array(n, c, height, width) makes one of
   zeros, for what you compute in between; it is freed for you. */
#include "arrays.h"

/* Layers, each by itself. */

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

/* 0 sigmoid, 1 relu, 2 tanh. */
static int number_of(const char *activation) {
    return strcmp(activation, "relu") == 0 ? 1 : strcmp(activation, "tanh") == 0 ? 2 : 0;
}

static my_real activate(int activation, my_real x) {
    if (activation == 1) return x <= 0 ? 0 : x;
    if (activation == 2) return tanh(x);
    return 1 / (1 + exp(-x));
}

/* From the activation's output alone. */
static my_real slope(int activation, my_real out) {
    if (activation == 1) return out > 0;
    if (activation == 2) return 1 - out * out;
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

/* YOURS: out = tanh(x); dx = dout (1 - out^2). All of n elements. */
static void my_tanh(int n, const my_real *x, const my_real *dout, my_real *out, my_real *dx) {
    for (int i = 0; i < n; i++) {
        out[i] = activate(2, x[i]);
        dx[i] = dout[i] * slope(2, out[i]);
    }
}

/* YOURS: returns the mean over the batch of sum((x - one-hot t)^2) / 2; dx = (x - one-hot t) / batch.
   x, dx (batch, classes); t: batch labels */
static my_real my_squared_error(int batch, int classes, const my_real *x, const int *t, my_real *dx) {
    my_real loss = 0;
    for (int i = 0; i < batch * classes; i++) {
        my_real difference = x[i] - (i % classes == t[i / classes]);
        loss += difference * difference;
        dx[i] = difference / batch;
    }
    return loss / 2 / batch;
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
    int n = batch * features;
    for (int j = 0; j < features; j++) {
        my_real mean = 0, var = 0, dmean = 0, dstd = 0;
        for (int i = j; i < n; i += features) mean += x[i] / batch;
        for (int i = j; i < n; i += features) var += (x[i] - mean) * (x[i] - mean) / batch;
        if (training) {
            new_mean[j] = momentum * running_mean[j] + (1 - momentum) * mean;
            new_var[j] = momentum * running_var[j] + (1 - momentum) * var;
        } else {
            mean = running_mean[j];
            var = running_var[j];
        }
        my_real std = sqrt(var + epsilon);
        dgamma[j] = dbeta[j] = 0;
        for (int i = j; i < n; i += features) {
            my_real xn = (x[i] - mean) / std;
            out[i] = gamma[j] * xn + beta[j];
            dbeta[j] += dout[i];
            dgamma[j] += xn * dout[i];
            dx[i] = gamma[j] * dout[i] / std;
            dstd -= dx[i] * xn;
        }
        for (int i = j; training && i < n; i += features) {
            dx[i] += (x[i] - mean) * dstd / (std * batch);
            dmean += dx[i];
        }
        for (int i = j; training && i < n; i += features) dx[i] -= dmean / batch;
    }
}

/* YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
   1 where x is kept and 0 where not. All of n elements. */
static void my_dropout(int n, const my_real *x, const my_real *mask, double ratio, bool training, const my_real *dout,
                       my_real *out, my_real *dx) {
    for (int i = 0; i < n; i++) {
        my_real kept = training ? mask[i] : 1 - ratio;
        out[i] = x[i] * kept;
        dx[i] = dout[i] * kept;
    }
}

/* Where this element is in the data, -1 for one around the image. */
static int place(const MyArray *a, int n, int c, int i, int j) {
    int height = a->shape[2], width = a->shape[3];
    return i < 0 || i >= height || j < 0 || j >= width ? -1 : ((n * (int)a->shape[1] + c) * height + i) * width + j;
}

/* YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
   Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
   width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
   height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down. */
static void my_convolution(const MyArray *x, const MyArray *W, const my_real *b, int stride, int pad,
                           const MyArray *dout, MyArray *out, MyArray *dx, MyArray *dW, my_real *db) {
    int filters = W->shape[0], sizes = my_count(3, W->shape + 1), height = W->shape[2], width = W->shape[3];
    memset(dx->data, 0, my_count(4, x->shape) * sizeof(my_real));
    memset(dW->data, 0, my_count(4, W->shape) * sizeof(my_real));
    memset(db, 0, filters * sizeof(my_real));
    for (int n = 0; n < (int)x->shape[0]; n++)
        for (int f = 0; f < filters; f++)
            for (int i = 0; i < (int)dout->shape[2]; i++)
                for (int j = 0; j < (int)dout->shape[3]; j++) {
                    int o = place(dout, n, f, i, j);
                    out->data[o] = b[f];
                    db[f] += dout->data[o];
                    for (int w = 0; w < sizes; w++) {
                        int k = w / width % height, l = w % width;
                        int at = place(x, n, w / width / height, i * stride + k - pad, j * stride + l - pad);
                        if (at < 0) continue;
                        out->data[o] += x->data[at] * W->data[f * sizes + w];
                        dx->data[at] += dout->data[o] * W->data[f * sizes + w];
                        dW->data[f * sizes + w] += dout->data[o] * x->data[at];
                    }
                }
}

/* YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
   that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part.
   x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in my_convolution */
static void my_max_pooling(const MyArray *x, int height, int width, int stride, int pad, const MyArray *dout,
                           MyArray *out, MyArray *dx) {
    memset(dx->data, 0, my_count(4, x->shape) * sizeof(my_real));
    for (int n = 0; n < (int)x->shape[0]; n++)
        for (int c = 0; c < (int)x->shape[1]; c++)
            for (int i = 0; i < (int)dout->shape[2]; i++)
                for (int j = 0; j < (int)dout->shape[3]; j++) {
                    int o = place(dout, n, c, i, j), largest = -1;
                    for (int w = 0; w < height * width; w++) {
                        int at = place(x, n, c, i * stride + w / width - pad, j * stride + w % width - pad);
                        my_real value = at < 0 ? 0 : x->data[at];
                        if (w > 0 && value <= out->data[o]) continue;
                        out->data[o] = value;
                        largest = at;
                    }
                    if (largest >= 0) dx->data[largest] += dout->data[o];
                }
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
    return 1;
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
        for (int i = 0; l < net->layers - 1 && i < n; i++) at[i] = activate(number_of(net->activation), at[i]);
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
        for (int i = 0; l && i < batch * net->sizes[l]; i++) dout[i] = dx[i] * slope(number_of(net->activation), in[i]);
    }
    free(block), free(dout), free(dx), free(y);
    return loss;
}

static double share(int batch, int classes, const my_real *out, const int *t) {
    int right = 0;
    for (int i = 0; i < batch; i++, out += classes) {
        int best = 0;
        for (int j = 1; j < classes; j++)
            if (out[j] > out[best] || (isnan(out[j]) && !isnan(out[best]))) best = j;
        right += best == t[i];
    }
    return (double)right / batch;
}

/* YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label. */
static double my_accuracy(const MyNetwork *net, int batch, const my_real *x, const int *t) {
    int classes = net->sizes[net->layers];
    MyArray out = my_array(batch, classes);
    my_predict(net, batch, x, out.data);
    return share(batch, classes, out.data, t);
}

/* YOURS: the gradient from the loss alone, into dW and db like those of my_gradient: for each element p of each W[l]
   and b[l] (loss at p + step - loss at p - step) / (2 step). If you change p in place, put it back exactly. */
static void my_numerical_gradient(const MyNetwork *net, int batch, const my_real *x, const int *t, my_real step,
                                  my_real *const *dW, my_real *const *db) {
    my_real *no_dW[64], *no_db[64];
    for (int l = 0; l < net->layers; l++) {
        no_dW[l] = my_array(net->sizes[l], net->sizes[l + 1]).data;
        no_db[l] = my_array(net->sizes[l + 1]).data;
    }
    for (int l = 0; l < 2 * net->layers; l++) {
        my_real *p = l % 2 ? net->b[l / 2] : net->W[l / 2], *slopes = l % 2 ? db[l / 2] : dW[l / 2];
        for (int i = 0; i < net->sizes[l / 2 + 1] * (l % 2 ? 1 : net->sizes[l / 2]); i++) {
            my_real value = p[i];
            p[i] = value + step;
            my_real above = my_gradient(net, batch, x, t, no_dW, no_db);
            p[i] = value - step;
            my_real below = my_gradient(net, batch, x, t, no_dW, no_db);
            p[i] = value;
            slopes[i] = (above - below) / (2 * step);
        }
    }
}

/* Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
   dp is its gradient; all are of n elements. One optimizer is enough to train. */

/* YOURS: p <- p - rate dp. */
static void my_sgd(int n, my_real *p, const my_real *dp, my_real rate) {
    for (int i = 0; i < n; i++) p[i] -= rate * dp[i];
}

/* YOURS: v <- momentum v - rate dp; p <- p + v. */
static void my_momentum(int n, my_real *p, const my_real *dp, my_real *v, double rate, double momentum) {
    for (int i = 0; i < n; i++) {
        v[i] = momentum * v[i] - rate * dp[i];
        p[i] += v[i];
    }
}

/* YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v. */
static void my_nesterov(int n, my_real *p, const my_real *dp, my_real *v, double rate, double momentum) {
    for (int i = 0; i < n; i++) {
        v[i] = momentum * v[i] - rate * dp[i];
        p[i] += momentum * v[i] - rate * dp[i];
    }
}

/* YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
static void my_adagrad(int n, my_real *p, const my_real *dp, my_real *h, double rate) {
    for (int i = 0; i < n; i++) {
        h[i] += dp[i] * dp[i];
        p[i] -= rate * dp[i] / (sqrt(h[i]) + 1e-7);
    }
}

/* YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7). */
static void my_rmsprop(int n, my_real *p, const my_real *dp, my_real *h, double rate, double decay) {
    for (int i = 0; i < n; i++) {
        h[i] = decay * h[i] + (1 - decay) * dp[i] * dp[i];
        p[i] -= rate * dp[i] / (sqrt(h[i]) + 1e-7);
    }
}

/* YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
   r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1. */
static void my_adam(int n, my_real *p, const my_real *dp, my_real *m, my_real *v, double rate, double beta1,
                    double beta2, int iteration) {
    double now = rate * sqrt(1 - pow(beta2, iteration)) / (1 - pow(beta1, iteration));
    for (int i = 0; i < n; i++) {
        m[i] += (1 - beta1) * (dp[i] - m[i]);
        v[i] += (1 - beta2) * (dp[i] * dp[i] - v[i]);
        p[i] -= now * m[i] / (sqrt(v[i]) + 1e-7);
    }
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

/* The layer's result of x; and the gradients, with dx, where dout is not NULL. */
static MyArray run_layer(const MyLayer *l, const MyArray *x, const MyArray *dout, bool training,
                         const MyArray *gradients, MyArray *dx) {
    int batch = x->shape[0], columns = my_count(x->ndim - 1, x->shape + 1), n = batch * columns;
    MyArray out = my_array_of(x->ndim, x->shape);
    bool is_affine = strcmp(l->kind, "affine") == 0, is_pooling = strcmp(l->kind, "max_pooling") == 0;
    bool is_convolution = strcmp(l->kind, "convolution") == 0;
    if (is_affine) out = my_array(batch, l->W.shape[1]);
    if (is_convolution || is_pooling) {
        int height = is_pooling ? l->height : (int)l->W.shape[2], width = is_pooling ? l->width : (int)l->W.shape[3];
        int rows = (x->shape[2] + 2 * l->pad - height) / l->stride + 1;
        out = my_array(batch, is_pooling ? x->shape[1] : l->W.shape[0], rows,
                       (x->shape[3] + 2 * l->pad - width) / l->stride + 1);
    }
    MyArray zeros = my_array_of(out.ndim, out.shape), first = {0}, second = {0};
    if (!dout) dout = &zeros;
    if (gradients)
        first = gradients[0], second = gradients[1];
    else if (l->W.data)
        first = my_array_of(l->W.ndim, l->W.shape), second = my_array_of(l->b.ndim, l->b.shape);
    else
        first = my_array(columns), second = my_array(columns);
    *dx = my_array_of(x->ndim, x->shape);
    if (is_affine) {
        my_affine(batch, columns, out.shape[1], x->data, l->W.data, l->b.data, dout->data, out.data, dx->data,
                  first.data, second.data);
    } else if (is_convolution) {
        my_convolution(x, &l->W, l->b.data, l->stride, l->pad, dout, &out, dx, &first, second.data);
    } else if (is_pooling) {
        my_max_pooling(x, l->height, l->width, l->stride, l->pad, dout, &out, dx);
    } else if (strcmp(l->kind, "batch_norm") == 0) {
        MyArray mean = my_array(columns), var = my_array(columns);
        my_batch_norm(batch, columns, x->data, l->gamma.data, l->beta.data, l->running_mean.data, l->running_var.data,
                      l->momentum, l->epsilon, training, dout->data, out.data, mean.data, var.data, dx->data,
                      first.data, second.data);
        if (gradients) { /* once a step */
            memcpy(l->running_mean.data, mean.data, columns * sizeof(my_real));
            memcpy(l->running_var.data, var.data, columns * sizeof(my_real));
        }
    } else if (strcmp(l->kind, "dropout") == 0) {
        my_dropout(n, x->data, l->mask.data, l->ratio, training, dout->data, out.data, dx->data);
    } else {
        for (int i = 0; i < n; i++) {
            out.data[i] = activate(number_of(l->kind), x->data[i]);
            dx->data[i] = dout->data[i] * slope(number_of(l->kind), out.data[i]);
        }
    }
    return out;
}

/* YOURS: the logits of x, before the loss: out (batch, classes). Not training, in dropout and batch_norm. */
static void my_predict_layers(int count, const MyLayer *layers, const MyArray *x, my_real *out) {
    MyArray at = *x, none = {0};
    for (int l = 0; l < count - 1; l++) at = run_layer(&layers[l], &at, NULL, false, NULL, &none);
    memcpy(out, at.data, my_count(at.ndim, at.shape) * sizeof *out);
}

/* YOURS: returns the loss; gradients[0], gradients[1], ... in the order of the layers: dW, db, and dgamma, dbeta of
   batch_norm, each with its shape.

   Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
   all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
   change what is in their data. */
static my_real my_gradient_layers(int count, const MyLayer *layers, const MyArray *x, const int *t,
                                  my_real weight_decay, my_real epsilon, const MyArray *gradients) {
    MyArray inputs[64], at = *x, dx = {0};
    const MyArray *end = gradients;
    for (int l = 0; l < count - 1; l++) {
        inputs[l] = at;
        at = run_layer(&layers[l], &at, NULL, true, NULL, &dx);
        if (layers[l].W.data || layers[l].gamma.data) end += 2;
    }
    MyArray y = my_array(at.shape[0], at.shape[1]), dout = my_array(at.shape[0], at.shape[1]);
    my_real loss = strcmp(layers[count - 1].kind, "squared_error") == 0
                       ? my_squared_error(at.shape[0], at.shape[1], at.data, t, dout.data)
                       : my_softmax_with_loss(at.shape[0], at.shape[1], at.data, t, epsilon, y.data, dout.data);
    for (int l = count - 2; l >= 0; l--) {
        bool has_some = layers[l].W.data || layers[l].gamma.data;
        if (has_some) end -= 2;
        run_layer(&layers[l], &inputs[l], &dout, true, has_some ? end : NULL, &dx);
        dout = dx;
        for (size_t i = 0; layers[l].W.data && i < my_count(end->ndim, end->shape); i++) {
            loss += weight_decay / 2 * layers[l].W.data[i] * layers[l].W.data[i];
            end->data[i] += weight_decay * layers[l].W.data[i];
        }
    }
    return loss;
}

/* YOURS: as my_accuracy. */
static double my_accuracy_layers(int count, const MyLayer *layers, const MyArray *x, const int *t) {
    int classes = 0; /* of the last affine layer */
    for (int l = 0; l < count - 1; l++)
        if (layers[l].W.data) classes = layers[l].W.shape[1];
    MyArray out = my_array(x->shape[0], classes);
    my_predict_layers(count, layers, x, out.data);
    return share(x->shape[0], classes, out.data, t);
}

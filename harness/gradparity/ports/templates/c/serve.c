/*
 * The plumbing between gradparity and my_network.c. You need not open this file, nor those beside it and in protocol/.
 * Their names begin with gp_, Gp or GP_, so that every other is yours.
 */

#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <math.h>

#include "protocol/made.h"
#include "protocol/server.h"
#include "protocol/timing.h"

#include "my_network.c"

enum { GP_MAX_DEPTH = 100, GP_AT_A_TIME = 1000 };

static const char *const GP_DTYPE = sizeof(my_real) == 8 ? "float64" : "float32";
static const char *const GP_REAL = sizeof(my_real) == 8 ? "<f8" : "<f4";

typedef struct {
    GpArray images, labels;
    my_real scale;
} GpImages;

static GpMessage gp_loaded, gp_layered, gp_reply, *gp_last = &gp_loaded;
static GpImages gp_sets[3];

/* The functions of my_network.c: those of the layers, of the optimizers, and the others. */
enum {
    GP_AFFINE,
    GP_RELU,
    GP_SIGMOID,
    GP_SOFTMAX,
    GP_TANH,
    GP_SQUARED_ERROR,
    GP_BATCH_NORM,
    GP_DROPOUT,
    GP_CONVOLUTION,
    GP_MAX_POOLING,
    GP_KINDS,
    GP_SGD = GP_KINDS,
    GP_MOMENTUM,
    GP_NESTEROV,
    GP_ADAGRAD,
    GP_RMSPROP,
    GP_ADAM,
    GP_PREDICT,
    GP_GRADIENT,
    GP_ACCURACY,
    GP_NUMERICAL,
    GP_PREDICT_LAYERS,
    GP_GRADIENT_LAYERS,
    GP_ACCURACY_LAYERS,
    GP_FUNCTIONS
};

static const char *const gp_functions[] = {
    "my_affine",          "my_relu",       "my_sigmoid",  "my_softmax_with_loss",  "my_tanh",
    "my_squared_error",   "my_batch_norm", "my_dropout",  "my_convolution",        "my_max_pooling",
    "my_sgd",             "my_momentum",   "my_nesterov", "my_adagrad",            "my_rmsprop",
    "my_adam",            "my_predict",    "my_gradient", "my_accuracy",           "my_numerical_gradient",
    "my_predict_layers",  "my_gradient_layers", "my_accuracy_layers"};

/* The name of the function of a layer or an optimizer without my_ is what the protocol calls it. */
static const char *gp_word(int function) { return gp_functions[function] + 3; }

/* How many functions are listed; a NULL may end the list. */
static int gp_listed(void) {
    int size = sizeof my_written / sizeof *my_written, i = 0;
    while (i < size && my_written[i]) i++;
    return i;
}

static int gp_is_written(int function) {
    for (int i = 0; i < gp_listed(); i++)
        if (strcmp(my_written[i], gp_functions[function]) == 0) return 1;
    return 0;
}

static void gp_need(int function) {
    if (!gp_is_written(function))
        gp_refuse("unsupported", "%s is not written yet: fill it in in my_network.c, and add it to my_written there",
                  gp_functions[function]);
}

static int gp_takes_layers(void) { return gp_is_written(GP_PREDICT_LAYERS) && gp_is_written(GP_GRADIENT_LAYERS); }

/* Of begin to end, the function of the protocol's word in this field. */
static int gp_named_by(const char *key, const char *what, int begin, int end) {
    for (int i = begin; i < end; i++)
        if (gp_is(key, gp_word(i))) return gp_need(i), i;
    gp_refuse("unsupported", "no %s %s", what, gp_field(key));
}

/* Numbers and arrays. */

static double gp_number(const char *key) { return strtod(gp_field(key), NULL); }

static GpArray *gp_find(GpMessage *message, const char *name) {
    for (int i = 0; i < message->count; i++)
        if (strcmp(message->arrays[i].name, name) == 0) return &message->arrays[i];
    gp_refuse("error", "expected the array %s in the request %s", name, gp_request.word);
}

static GpArray *gp_shaped(GpMessage *message, const char *name, const char *descr, int ndim, const size_t *shape) {
    GpArray *array = gp_find(message, name);
    if (strcmp(array->descr, descr) != 0 || array->ndim != ndim
        || memcmp(array->shape, shape, ndim * sizeof *shape) != 0) {
        char sizes[200] = "";
        for (int k = 0; k < ndim && strlen(sizes) < 150; k++)
            snprintf(sizes + strlen(sizes), 30, k ? ", %zu" : "%zu", shape[k]);
        gp_refuse("error", "expected %s to be %s of shape (%s), came %s", name, descr, sizes, array->descr);
    }
    return array;
}

static GpArray *gp_matrix(GpMessage *message, const char *name, const char *descr, size_t rows, size_t columns) {
    return gp_shaped(message, name, descr, columns ? 2 : 1, (size_t[]){rows, columns});
}

/* An array of numbers, of so many dimensions, or of any where ndim is 0. */
static GpArray *gp_real(GpMessage *message, const char *name, int ndim) {
    GpArray *array = gp_find(message, name);
    if (strcmp(array->descr, GP_REAL) != 0 || (ndim && array->ndim != ndim))
        gp_refuse("error", "expected %s to be %s of %d dimensions, came %s of %d", name, GP_REAL, ndim, array->descr,
                  array->ndim);
    return array;
}

/* As my_network.c has it: the same data. */
static MyArray gp_view(const GpArray *array) {
    MyArray view = {.ndim = array->ndim, .data = array->data};
    memcpy(view.shape, array->shape, array->ndim * sizeof *view.shape);
    return view;
}

static MyArray gp_images(GpMessage *message, const char *name) { return gp_view(gp_real(message, name, 4)); }

/* Columns, if all but the first dimension are one. */
static size_t gp_width(const GpArray *array) { return gp_count(array->ndim - 1, array->shape + 1); }

/* An array of the reply, to be filled in: NaN until then. */
static MyArray gp_answer_like(const char *name, const char *descr, int ndim, const size_t *shape) {
    if (gp_reply.count == GP_MAX_ARRAYS) gp_refuse("error", "more than %d arrays in a reply", GP_MAX_ARRAYS);
    GpArray *array = &gp_reply.arrays[gp_reply.count++];
    *array = (GpArray){.name = gp_copied(name), .ndim = ndim};
    memcpy(array->shape, shape, ndim * sizeof *shape);
    memcpy(array->descr, descr, 3);
    memset(array->data = gp_room(gp_bytes(array)), 0xff, gp_bytes(array));
    return gp_view(array);
}

static void *gp_answer(const char *name, const char *descr, int ndim, size_t rows, size_t columns) {
    return gp_answer_like(name, descr, ndim, (size_t[]){rows, columns}).data;
}

/* Numbers of a mask of 0 and 1. */
static void gp_unmask(my_real *mask, const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) mask[i] = bytes[i];
}

/* The loaded network, and calls of my_network.c, ready to be made any number of times. */

/* An array of the loaded network, in order: a parameter; what training moves on beside these; or a mask. Of the last
   two my_network.c is given copies, which are as kept when a request begins. */
typedef struct {
    int at; /* in gp_loaded */
    int is_learnt, is_mask;
    size_t count;
    my_real *data, *kept; /* kept is NULL of a parameter */
    MyArray *mask;        /* that of the layer, NULL of others */
} GpHeld;

static GpHeld gp_held[GP_MAX_ARRAYS];
static int gp_holds;
static MyArray gp_slopes[GP_MAX_ARRAYS]; /* the gradients of the parameters, in order */

static int gp_sizes[GP_MAX_DEPTH + 1], *gp_labels;
static my_real *gp_W[GP_MAX_DEPTH], *gp_b[GP_MAX_DEPTH], *gp_dW[GP_MAX_DEPTH], *gp_db[GP_MAX_DEPTH];
static MyNetwork gp_net = {.sizes = gp_sizes, .W = gp_W, .b = gp_b}; /* of no layers where it is one of any layers */

static MyLayer gp_layers[GP_MAX_ARRAYS];
static int gp_depth; /* layers of a network of any layers; 0 where it is none */
static my_real gp_decay, gp_epsilon;
static size_t gp_classes, gp_inputs;

typedef struct {
    int kind, batch, inputs, outputs, height, width, stride, pad, training;
    my_real *x, *W, *b, *dout, *out, *dx, *dW, *db, *loss, epsilon;
    MyArray images, filters, of_out, of_images, of_filters, slopes;
    my_real *running_mean, *running_var, *new_mean, *new_var, *mask;
    double momentum, small, ratio;
} GpLayer;
static GpLayer gp_layer;

typedef struct {
    int batch;
    MyArray x;
    int *t;
    my_real *out, *loss, step;
    double share;
} GpPass;
static GpPass gp_pass;

static void gp_call_layer(void) {
    GpLayer *l = &gp_layer;
    int n = l->batch * l->inputs;
    switch (l->kind) {
    case GP_AFFINE:
        my_affine(l->batch, l->inputs, l->outputs, l->x, l->W, l->b, l->dout, l->out, l->dx, l->dW, l->db);
        break;
    case GP_RELU: my_relu(n, l->x, l->dout, l->out, l->dx); break;
    case GP_SIGMOID: my_sigmoid(n, l->x, l->dout, l->out, l->dx); break;
    case GP_TANH: my_tanh(n, l->x, l->dout, l->out, l->dx); break;
    case GP_SOFTMAX:
        *l->loss = my_softmax_with_loss(l->batch, l->inputs, l->x, gp_labels, l->epsilon, l->out, l->dx);
        break;
    case GP_SQUARED_ERROR: *l->loss = my_squared_error(l->batch, l->inputs, l->x, gp_labels, l->dx); break;
    case GP_BATCH_NORM:
        my_batch_norm(l->batch, l->inputs, l->x, l->W, l->b, l->running_mean, l->running_var, l->momentum, l->small,
                      l->training, l->dout, l->out, l->new_mean, l->new_var, l->dx, l->dW, l->db);
        break;
    case GP_DROPOUT: my_dropout(n, l->x, l->mask, l->ratio, l->training, l->dout, l->out, l->dx); break;
    case GP_CONVOLUTION:
        my_convolution(&l->images, &l->filters, l->b, l->stride, l->pad, &l->slopes, &l->of_out, &l->of_images,
                       &l->of_filters, l->db);
        break;
    default:
        my_max_pooling(&l->images, l->height, l->width, l->stride, l->pad, &l->slopes, &l->of_out, &l->of_images);
    }
    gp_free_made();
}

static void gp_call_predict(void) {
    if (gp_depth)
        my_predict_layers(gp_depth, gp_layers, &gp_pass.x, gp_pass.out);
    else
        my_predict(&gp_net, gp_pass.batch, gp_pass.x.data, gp_pass.out);
    gp_free_made();
}

static void gp_call_gradient(void) {
    if (gp_depth)
        *gp_pass.loss = my_gradient_layers(gp_depth, gp_layers, &gp_pass.x, gp_pass.t, gp_decay, gp_epsilon, gp_slopes);
    else
        *gp_pass.loss = my_gradient(&gp_net, gp_pass.batch, gp_pass.x.data, gp_pass.t, gp_dW, gp_db);
    gp_free_made();
}

static void gp_call_numerical(void) {
    my_numerical_gradient(&gp_net, gp_pass.batch, gp_pass.x.data, gp_pass.t, gp_pass.step, gp_dW, gp_db);
    gp_free_made();
}

static void gp_call_accuracy(void) {
    if (gp_depth)
        gp_pass.share = my_accuracy_layers(gp_depth, gp_layers, &gp_pass.x, gp_pass.t);
    else
        gp_pass.share = my_accuracy(&gp_net, gp_pass.batch, gp_pass.x.data, gp_pass.t);
    gp_free_made();
}

/* Optimizers. */

typedef struct {
    int function, iteration, states;
    double rate, momentum, decay, beta1, beta2;
} GpOptimizer;
static GpOptimizer gp_optimizer;            /* of the last train or train_step */
static my_real *gp_state[2][GP_MAX_ARRAYS]; /* what it keeps of each parameter */
static const char *const gp_state_names[][2] = {{0}, {"v"}, {"v"}, {"h"}, {"h"}, {"m", "v"}};

static GpOptimizer gp_take_optimizer(void) {
    GpOptimizer o = {.function = gp_named_by("optimizer", "optimizer", GP_SGD, GP_PREDICT)};
    o.rate = gp_number("learning_rate");
    if (o.function == GP_MOMENTUM || o.function == GP_NESTEROV) o.momentum = gp_number("momentum");
    if (o.function == GP_RMSPROP) o.decay = gp_number("decay");
    if (o.function == GP_ADAM) o.beta1 = gp_number("beta1"), o.beta2 = gp_number("beta2");
    while (o.states < 2 && gp_state_names[o.function - GP_SGD][o.states]) o.states++;
    return o;
}

static int gp_is_same(const GpOptimizer *a, const GpOptimizer *b) {
    return a->function == b->function && a->rate == b->rate && a->momentum == b->momentum && a->decay == b->decay
           && a->beta1 == b->beta1 && a->beta2 == b->beta2;
}

static void gp_update_one(const GpOptimizer *o, int n, my_real *p, const my_real *dp, my_real *first, my_real *second) {
    switch (o->function) {
    case GP_SGD: my_sgd(n, p, dp, o->rate); break;
    case GP_MOMENTUM: my_momentum(n, p, dp, first, o->rate, o->momentum); break;
    case GP_NESTEROV: my_nesterov(n, p, dp, first, o->rate, o->momentum); break;
    case GP_ADAGRAD: my_adagrad(n, p, dp, first, o->rate); break;
    case GP_RMSPROP: my_rmsprop(n, p, dp, first, o->rate, o->decay); break;
    default: my_adam(n, p, dp, first, second, o->rate, o->beta1, o->beta2, o->iteration);
    }
}

/* Its state begins anew. */
static void gp_begin_optimizer(const GpOptimizer *o) {
    gp_optimizer = *o;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < GP_MAX_ARRAYS; i++) {
            size_t bytes = i < gp_holds ? gp_held[i].count * sizeof(my_real) : 0;
            free(gp_state[k][i]);
            gp_state[k][i] = memset(gp_room(bytes), 0, bytes);
        }
}

static void gp_call_step(void) {
    gp_call_gradient();
    gp_optimizer.iteration++;
    for (int i = 0, learnt = 0; i < gp_holds; i++)
        if (gp_held[i].is_learnt)
            gp_update_one(&gp_optimizer, gp_held[i].count, gp_held[i].data, gp_slopes[learnt++].data, gp_state[0][i],
                          gp_state[1][i]);
    gp_free_made();
}

/* What is asked for. */

/* Labels as numbers, from numbers or from one-hot rows. */
static void gp_take_labels(GpMessage *message, int batch, int classes) {
    GpArray *t = gp_find(message, "t");
    if (t->ndim == 2)
        gp_matrix(message, "t", GP_REAL, batch, classes);
    else
        gp_matrix(message, "t", "<i4", batch, 0);
    free(gp_labels);
    gp_labels = gp_room(batch * sizeof *gp_labels);
    for (int i = 0; i < batch; i++) {
        gp_labels[i] = 0;
        if (t->ndim == 1)
            gp_labels[i] = ((int32_t *)t->data)[i];
        else
            while (gp_labels[i] < classes - 1 && ((my_real *)t->data)[i * classes + gp_labels[i]] == 0) gp_labels[i]++;
    }
}

static void gp_take_layer(void) {
    GpMessage *m = &gp_request;
    int kind = gp_named_by("kind", "layer", 0, GP_KINDS);
    GpArray *x = gp_real(m, "x", 0);
    if (x->ndim < 2) gp_refuse("error", "expected x to be a matrix, or images");
    int batch = x->shape[0], inputs = gp_width(x);
    GpLayer l = {.kind = kind, .batch = batch, .inputs = inputs, .x = x->data};
    if (kind == GP_SOFTMAX || kind == GP_SQUARED_ERROR) {
        gp_take_labels(m, batch, inputs);
        l.loss = gp_answer("loss", GP_REAL, 0, 0, 0);
        if (kind == GP_SOFTMAX) {
            l.epsilon = gp_number("epsilon");
            l.out = gp_answer("y", GP_REAL, 2, batch, inputs);
        }
        l.dx = gp_answer("dx", GP_REAL, 2, batch, inputs);
    } else if (kind == GP_CONVOLUTION || kind == GP_MAX_POOLING) {
        l.images = gp_images(m, "x"), l.slopes = gp_images(m, "dout");
        l.stride = gp_number("stride"), l.pad = gp_number("pad");
        l.of_out = gp_answer_like("out", GP_REAL, 4, l.slopes.shape);
        l.of_images = gp_answer_like("dx", GP_REAL, 4, l.images.shape);
        if (kind == GP_CONVOLUTION) {
            l.filters = gp_images(m, "W");
            l.b = gp_matrix(m, "b", GP_REAL, l.filters.shape[0], 0)->data;
            l.of_filters = gp_answer_like("dW", GP_REAL, 4, l.filters.shape);
            l.db = gp_answer("db", GP_REAL, 1, l.filters.shape[0], 0);
        } else {
            l.height = gp_number("height"), l.width = gp_number("width");
        }
    } else if (kind == GP_AFFINE) {
        l.outputs = gp_real(m, "W", 2)->shape[1];
        l.W = gp_matrix(m, "W", GP_REAL, inputs, l.outputs)->data;
        l.b = gp_matrix(m, "b", GP_REAL, l.outputs, 0)->data;
        l.dout = gp_matrix(m, "dout", GP_REAL, batch, l.outputs)->data;
        l.out = gp_answer("out", GP_REAL, 2, batch, l.outputs);
        l.dx = gp_answer_like("dx", GP_REAL, x->ndim, x->shape).data;
        l.dW = gp_answer("dW", GP_REAL, 2, inputs, l.outputs);
        l.db = gp_answer("db", GP_REAL, 1, l.outputs, 0);
    } else {
        l.dout = gp_shaped(m, "dout", GP_REAL, x->ndim, x->shape)->data;
        l.out = gp_answer_like("out", GP_REAL, x->ndim, x->shape).data;
        if (kind == GP_BATCH_NORM || kind == GP_DROPOUT) l.training = gp_is("phase", "train");
        if (kind == GP_BATCH_NORM) {
            l.momentum = gp_number("momentum"), l.small = gp_number("epsilon");
            l.W = gp_matrix(m, "gamma", GP_REAL, inputs, 0)->data;
            l.b = gp_matrix(m, "beta", GP_REAL, inputs, 0)->data;
            l.running_mean = gp_matrix(m, "running_mean", GP_REAL, inputs, 0)->data;
            l.running_var = gp_matrix(m, "running_var", GP_REAL, inputs, 0)->data;
            if (l.training) {
                l.new_mean = gp_answer("running_mean", GP_REAL, 1, inputs, 0);
                l.new_var = gp_answer("running_var", GP_REAL, 1, inputs, 0);
            }
        }
        l.dx = gp_answer_like("dx", GP_REAL, x->ndim, x->shape).data;
        if (kind == GP_BATCH_NORM) {
            l.dW = gp_answer("dgamma", GP_REAL, 1, inputs, 0);
            l.db = gp_answer("dbeta", GP_REAL, 1, inputs, 0);
        } else if (kind == GP_DROPOUT) {
            static my_real *mask;
            free(mask);
            l.mask = mask = gp_room((size_t)batch * inputs * sizeof *mask);
            gp_unmask(mask, gp_shaped(m, "mask", "|u1", x->ndim, x->shape)->data, (size_t)batch * inputs);
            l.ratio = gp_number("ratio");
        }
    }
    gp_layer = l;
    gp_move(&gp_layered, &gp_request);
    gp_last = &gp_layered;
}

static void gp_need_loaded(void) {
    if (!gp_net.layers && !gp_depth) gp_refuse("error", "expected a case to be loaded");
}

static void gp_take_batch(void) {
    gp_need_loaded();
    GpArray *x = gp_find(&gp_loaded, "x");
    gp_pass.batch = x->shape[0];
    gp_pass.x = gp_view(x);
    gp_take_labels(&gp_loaded, gp_pass.batch, gp_classes);
    gp_pass.t = gp_labels;
}

/* One of the reply for each parameter; or, with no prefix, the parameters and what else training moves on. */
static void gp_answer_held(const char *prefix) {
    for (int i = 0, learnt = 0; i < gp_holds; i++) {
        const GpArray *array = &gp_loaded.arrays[gp_held[i].at];
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefix, array->name);
        if (gp_held[i].is_mask || (*prefix && !gp_held[i].is_learnt)) continue;
        MyArray answer = gp_answer_like(name, GP_REAL, array->ndim, array->shape);
        if (*prefix)
            gp_slopes[learnt++] = answer;
        else
            memcpy(answer.data, gp_held[i].data, gp_held[i].count * sizeof(my_real));
    }
}

static void gp_answer_slopes(void) {
    gp_answer_held("d");
    for (int l = 0; l < gp_net.layers; l++) gp_dW[l] = gp_slopes[2 * l].data, gp_db[l] = gp_slopes[2 * l + 1].data;
}

static void gp_answer_gradient(void) {
    gp_need(gp_depth ? GP_GRADIENT_LAYERS : GP_GRADIENT);
    gp_pass.loss = gp_answer("loss", GP_REAL, 0, 0, 0);
    gp_answer_slopes();
}

static void gp_answer_numerical(void) {
    if (gp_depth) gp_refuse("unsupported", "no numerical gradient of networks of any layers");
    gp_need(GP_NUMERICAL);
    gp_pass.step = gp_number("step");
    gp_answer_slopes();
}

static void gp_answer_predict(int batch) {
    gp_need(gp_depth ? GP_PREDICT_LAYERS : GP_PREDICT);
    gp_pass.out = gp_answer("out", GP_REAL, 2, batch, gp_classes);
}

static int gp_right(int batch, const my_real *out, const int *t) {
    int right = 0;
    for (const my_real *row = out; row < out + batch * gp_classes; row += gp_classes) {
        size_t best = 0;
        for (size_t j = 1; j < gp_classes; j++)
            if (row[j] > row[best] || (isnan(row[j]) && !isnan(row[best]))) best = j;
        right += best == (size_t)t[(row - out) / gp_classes];
    }
    return right;
}

/* The operations. */

static void gp_put_listed(const char *key, int begin, int end) {
    fprintf(gp_output, " %s=", key);
    for (int i = begin, some = 0; i < end; i++)
        if (gp_is_written(i)) fprintf(gp_output, some++ ? ",%s" : "%s", gp_word(i));
}

static int gp_any_written(int begin, int end) {
    while (begin < end && !gp_is_written(begin)) begin++;
    return begin < end;
}

static void gp_hello(void) {
    for (int i = 0; i < gp_listed(); i++) {
        int function = 0;
        while (function < GP_FUNCTIONS && strcmp(gp_functions[function], my_written[i]) != 0) function++;
        if (function == GP_FUNCTIONS)
            gp_refuse("error", "my_written in my_network.c: expected functions of that file, came %s", my_written[i]);
    }
    int layers = gp_takes_layers(), learns = gp_any_written(GP_SGD, GP_PREDICT);
    int trains = learns && (layers || (gp_is_written(GP_PREDICT) && gp_is_written(GP_GRADIENT)));
    int right = gp_is_written(GP_ACCURACY) || (layers && gp_is_written(GP_ACCURACY_LAYERS));
    fprintf(gp_output, "ok name=PORT_NAME language=C version=C%ld blas=none threads=1 dtypes=%s epsilon=%s step=%s%s",
            __STDC_VERSION__ / 100 % 100, GP_DTYPE, my_loss_epsilon, my_step, layers ? " networks=any" : "");
    gp_put_listed("layers", 0, GP_KINDS);
    gp_put_listed("optimizers", GP_SGD, GP_PREDICT);
    fprintf(gp_output, " operations=hello,load%s%s%s%s%s%s%s%s", gp_listed() ? ",inputs,null,time" : "",
            gp_any_written(0, GP_KINDS) ? ",layer" : "", layers || gp_is_written(GP_PREDICT) ? ",predict" : "",
            right ? ",accuracy" : "", layers || gp_is_written(GP_GRADIENT) ? ",gradient" : "",
            gp_is_written(GP_NUMERICAL) ? ",numerical_gradient" : "", learns ? ",update" : "",
            trains ? ",data,train,params,evaluate" : "");
    gp_end_line();
}

static void gp_forget(void) {
    for (int i = 0; i < gp_holds; i++)
        if (gp_held[i].kept) free(gp_held[i].kept), free(gp_held[i].data);
    gp_net.layers = gp_depth = gp_holds = 0;
}

/* This array of the request is one of the network. */
static MyArray gp_hold(const char *word, int number) {
    char name[64];
    snprintf(name, sizeof name, "%s%d", word, number);
    int is_mask = strcmp(word, "mask") == 0, is_learnt = !is_mask && strncmp(word, "running", 7) != 0;
    GpArray *array = is_mask ? gp_find(&gp_request, name) : gp_real(&gp_request, name, 0);
    if (is_mask) gp_shaped(&gp_request, name, "|u1", array->ndim, array->shape);
    GpHeld held = {.at = array - gp_request.arrays, .is_learnt = is_learnt, .is_mask = is_mask, .data = array->data};
    held.count = gp_count(array->ndim, array->shape);
    if (!is_learnt) {
        held.kept = gp_room(held.count * sizeof(my_real));
        held.data = gp_room(held.count * sizeof(my_real));
        if (is_mask)
            gp_unmask(held.kept, array->data, held.count);
        else
            memcpy(held.kept, array->data, held.count * sizeof(my_real));
        memcpy(held.data, held.kept, held.count * sizeof(my_real));
    }
    gp_held[gp_holds++] = held;
    MyArray view = gp_view(array);
    view.data = held.data;
    return view;
}

/* What an earlier request may have moved on is put back. */
static void gp_put_back(void) {
    for (int i = 0; i < gp_holds; i++)
        if (gp_held[i].kept) {
            memcpy(gp_held[i].data, gp_held[i].kept, gp_held[i].count * sizeof(my_real));
            if (!gp_held[i].is_mask) continue;
            *gp_held[i].mask = gp_view(&gp_loaded.arrays[gp_held[i].at]);
            gp_held[i].mask->data = gp_held[i].data;
        }
}

/* What training has moved on stays. */
static void gp_keep(void) {
    for (int i = 0; i < gp_holds; i++)
        if (gp_held[i].kept && !gp_held[i].is_mask)
            memcpy(gp_held[i].kept, gp_held[i].data, gp_held[i].count * sizeof(my_real));
}

static void gp_load_dense(void) {
    int depth = -1;
    for (const char *at = gp_field("sizes"); *at && depth < GP_MAX_DEPTH; at += *at == ',')
        gp_sizes[++depth] = strtol(at, (char **)&at, 10);
    for (int i = 0; i < GP_KINDS; i++)
        if (gp_is("activation", gp_word(i))) gp_net.activation = gp_word(i);
    gp_net.relu = gp_is("activation", "relu");
    gp_net.epsilon = gp_number("epsilon");
    gp_matrix(&gp_request, "x", GP_REAL, gp_find(&gp_request, "x")->shape[0], gp_sizes[0]);
    for (int l = 0; l < depth; l++) {
        char name[32];
        snprintf(name, sizeof name, "W%d", l + 1);
        gp_matrix(&gp_request, name, GP_REAL, gp_sizes[l], gp_sizes[l + 1]);
        snprintf(name, sizeof name, "b%d", l + 1);
        gp_matrix(&gp_request, name, GP_REAL, gp_sizes[l + 1], 0);
        gp_W[l] = gp_hold("W", l + 1).data;
        gp_b[l] = gp_hold("b", l + 1).data;
    }
    gp_net.layers = depth;
    gp_classes = gp_sizes[depth];
    if (!my_supports(&gp_net)) {
        gp_forget();
        gp_refuse("unsupported", "no such network: my_supports in my_network.c says so");
    }
}

/* The number of this name of a layer: the field convolution1.stride, for one. */
static double gp_layer_number(const char *kind, int number, const char *key) {
    char name[100];
    snprintf(name, sizeof name, "%s%d.%s", kind, number, key);
    return gp_number(name);
}

static void gp_load_layers(void) {
    gp_need(GP_PREDICT_LAYERS);
    gp_need(GP_GRADIENT_LAYERS);
    gp_decay = gp_number("weight_decay"), gp_epsilon = gp_number("epsilon");
    int depth = 0, number = 0;
    for (const char *at = gp_field("layers"); *at && depth < GP_MAX_ARRAYS; depth++) {
        int length = strcspn(at, ","), kind = 0;
        while (kind < GP_KINDS && (strncmp(gp_word(kind), at, length) != 0 || gp_word(kind)[length])) kind++;
        if (kind == GP_KINDS) gp_refuse("unsupported", "no layer %.*s", length, at);
        at += length + (at[length] == ',');
        const char *name = gp_word(kind);
        number += kind == GP_AFFINE || kind == GP_CONVOLUTION || kind == GP_BATCH_NORM;
        MyLayer *l = &gp_layers[depth];
        *l = (MyLayer){.kind = name};
        if (kind == GP_AFFINE || kind == GP_CONVOLUTION) {
            l->W = gp_hold("W", number), l->b = gp_hold("b", number);
        } else if (kind == GP_BATCH_NORM) {
            l->gamma = gp_hold("gamma", number), l->beta = gp_hold("beta", number);
            l->running_mean = gp_hold("running_mean", number), l->running_var = gp_hold("running_var", number);
            l->momentum = gp_layer_number(name, number, "momentum");
            l->epsilon = gp_layer_number(name, number, "epsilon");
        } else if (kind == GP_DROPOUT) {
            l->mask = gp_hold("mask", number);
            gp_held[gp_holds - 1].mask = &l->mask;
            l->ratio = gp_layer_number(name, number, "ratio");
        } else if (kind == GP_MAX_POOLING) {
            l->height = gp_layer_number(name, number, "height"), l->width = gp_layer_number(name, number, "width");
        }
        if (kind == GP_CONVOLUTION || kind == GP_MAX_POOLING)
            l->stride = gp_layer_number(name, number, "stride"), l->pad = gp_layer_number(name, number, "pad");
    }
    gp_classes = gp_inputs;
    for (int i = 0; i < gp_holds; i++)
        if (gp_held[i].is_learnt) gp_classes = gp_held[i].count; /* of the last b or beta */
    gp_depth = depth;
    if (!my_supports_layers(gp_depth, gp_layers)) {
        gp_forget();
        gp_refuse("unsupported", "no such network: my_supports_layers in my_network.c says so");
    }
}

static void gp_load(void) {
    if (!gp_is("dtype", GP_DTYPE)) gp_refuse("unsupported", "no %s", gp_field("dtype"));
    gp_forget();
    gp_begin_optimizer(&(GpOptimizer){0});
    gp_inputs = gp_width(gp_real(&gp_request, "x", 0));
    int has_layers = 0;
    for (int i = 0; i < gp_request.fields; i++) has_layers |= strcmp(gp_request.keys[i], "layers") == 0;
    if (has_layers)
        gp_load_layers();
    else
        gp_load_dense();
    gp_move(&gp_loaded, &gp_request);
    gp_last = &gp_loaded;
}

static void gp_take_time(void) {
    const char *what = gp_field("operation");
    void (*call)(void) = gp_nothing;
    GpMessage saved = {.count = 0};
    if (gp_is("operation", "layer")) {
        gp_take_layer();
        call = gp_call_layer;
    } else if (gp_is("operation", "predict")) {
        gp_take_batch();
        gp_answer_predict(gp_pass.batch);
        call = gp_call_predict;
    } else if (gp_is("operation", "gradient") || gp_is("operation", "train_step")) {
        gp_take_batch();
        gp_answer_gradient();
        call = gp_call_gradient;
    } else if (gp_is("operation", "numerical_gradient")) {
        gp_take_batch();
        gp_answer_numerical();
        call = gp_call_numerical;
    } else if (!gp_is("operation", "null")) {
        gp_refuse("unsupported", "no operation %s to time", what);
    }
    if (gp_is("operation", "train_step")) {
        GpOptimizer optimizer = gp_take_optimizer();
        gp_begin_optimizer(&optimizer);
        call = gp_call_step;
        GpMessage gradients = gp_reply;
        gp_reply.count = 0;
        gp_answer_held("");
        saved = gp_reply;
        gp_reply = gradients;
    }
    size_t samples;
    double *took = gp_timed(call, &samples);
    for (int i = 0, at = 0; saved.count && i < gp_holds; i++)
        if (!gp_held[i].is_mask) memcpy(gp_held[i].data, saved.arrays[at].data, gp_bytes(&saved.arrays[at])), at++;
    gp_clear(&saved);
    gp_clear(&gp_reply);
    memcpy(gp_answer("nanoseconds", "<f8", 1, samples, 0), took, samples * sizeof *took);
    free(took);
    gp_send(&gp_reply);
}

static GpImages *gp_images_of(const char *name) {
    const char *const names[] = {"train", "validation", "test"};
    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], name) == 0) return &gp_sets[i];
    gp_refuse("error", "expected the set train, validation or test, came %s", name);
}

static void gp_data(void) {
    GpImages *set = gp_images_of(gp_field("set"));
    GpArray *images = gp_find(&gp_request, "images");
    gp_matrix(&gp_request, "images", "|u1", images->shape[0], images->shape[1]);
    gp_matrix(&gp_request, "labels", "|u1", images->shape[0], 0);
    gp_drop(&set->images), gp_drop(&set->labels);
    set->images = *images;
    set->labels = *gp_find(&gp_request, "labels");
    set->scale = gp_number("scale");
    gp_request.count = 0;
}

/* The set, which must fit the loaded network. */
static GpImages *gp_fitting(const char *name) {
    GpImages *set = gp_images_of(name);
    if ((!gp_net.layers && !gp_depth) || !set->images.data || set->images.shape[1] != gp_inputs)
        gp_refuse("error", "expected a loaded network, and the set %s with images of its size", name);
    for (size_t i = 0; i < set->labels.shape[0]; i++)
        if (((unsigned char *)set->labels.data)[i] >= gp_classes) gp_refuse("error", "a label that has no class");
    return set;
}

/* Room for a batch of so many rows, in gp_pass until gp_end_batch. */
static void gp_begin_batch(int batch) {
    gp_pass.x = gp_view(gp_find(&gp_loaded, "x"));
    gp_pass.x.data = gp_room((size_t)batch * gp_inputs * sizeof(my_real));
    gp_pass.t = gp_room(batch * sizeof *gp_pass.t);
}

static void gp_end_batch(void) { free(gp_pass.x.data), free(gp_pass.t); }

/* These rows of the set as a batch; those from begin where rows is NULL. */
static void gp_gather(const GpImages *set, const int32_t *rows, size_t begin, int batch) {
    for (int i = 0; i < batch; i++) {
        size_t row = rows ? (size_t)rows[i] : begin + i;
        for (size_t j = 0; j < gp_inputs; j++)
            gp_pass.x.data[i * gp_inputs + j] = ((unsigned char *)set->images.data)[row * gp_inputs + j] / set->scale;
        gp_pass.t[i] = ((unsigned char *)set->labels.data)[row];
    }
    gp_pass.batch = gp_pass.x.shape[0] = batch;
}

/* Those of a step of training, until its call is over. */
static void gp_take_masks(int step) {
    for (int i = 0; i < gp_holds; i++)
        if (gp_held[i].is_mask) {
            const GpArray *masks = gp_find(&gp_request, gp_loaded.arrays[gp_held[i].at].name);
            MyArray mask = my_array_of(masks->ndim - 1, masks->shape + 1);
            size_t count = gp_width(masks);
            gp_unmask(mask.data, (unsigned char *)masks->data + step * count, count);
            *gp_held[i].mask = mask;
        }
}

static void gp_train(void) {
    gp_need_loaded();
    GpOptimizer optimizer = gp_take_optimizer();
    GpImages *set = gp_fitting("train");
    GpArray *batches = gp_find(&gp_request, "batches");
    int steps = batches->shape[0], batch = batches->shape[1];
    const int32_t *rows = gp_matrix(&gp_request, "batches", "<i4", steps, batch)->data;
    for (int i = 0; i < steps * batch; i++)
        if (rows[i] < 0 || (size_t)rows[i] >= set->labels.shape[0])
            gp_refuse("error", "expected rows of the set, came %d", rows[i]);
    if (!gp_is_same(&optimizer, &gp_optimizer)) gp_begin_optimizer(&optimizer);
    gp_answer_gradient();
    GpMessage gradients = gp_reply;
    gp_reply.count = 0;
    my_real *losses = gp_answer("loss", GP_REAL, 1, steps, 0);
    gp_begin_batch(batch);
    double *took = gp_answer("nanoseconds", "<f8", 0, 0, 0), begin = gp_now();
    for (int i = 0; i < steps; i++) {
        gp_gather(set, rows + i * batch, 0, batch);
        gp_take_masks(i);
        gp_call_step();
        losses[i] = *gp_pass.loss;
    }
    *took = gp_now() - begin;
    gp_keep();
    gp_end_batch();
    gp_clear(&gradients);
    gp_send(&gp_reply);
}

/* The loss of the batch in gp_pass as in the test, without weight decay; its logits are there. */
static double gp_loss(void) {
    if (!gp_depth) {
        gp_call_gradient();
        return *gp_pass.loss;
    }
    size_t bytes = gp_pass.batch * gp_classes * sizeof(my_real);
    my_real *y = gp_room(bytes), *dx = gp_room(bytes);
    int is_squared = strcmp(gp_layers[gp_depth - 1].kind, gp_word(GP_SQUARED_ERROR)) == 0;
    gp_need(is_squared ? GP_SQUARED_ERROR : GP_SOFTMAX);
    double loss = is_squared
                      ? my_squared_error(gp_pass.batch, gp_classes, gp_pass.out, gp_pass.t, dx)
                      : my_softmax_with_loss(gp_pass.batch, gp_classes, gp_pass.out, gp_pass.t, gp_epsilon, y, dx);
    free(y), free(dx);
    return loss;
}

static void gp_evaluate(void) {
    GpImages *set = gp_fitting(gp_field("set"));
    size_t n = set->labels.shape[0], right = 0;
    double loss = 0;
    gp_answer_gradient();
    gp_answer_predict(GP_AT_A_TIME);
    gp_begin_batch(GP_AT_A_TIME);
    for (size_t begin = 0; begin < n; begin += GP_AT_A_TIME) {
        gp_gather(set, NULL, begin, n - begin < GP_AT_A_TIME ? n - begin : GP_AT_A_TIME);
        gp_call_predict();
        right += gp_right(gp_pass.batch, gp_pass.out, gp_pass.t);
        loss += gp_loss() * gp_pass.batch;
    }
    gp_end_batch();
    gp_clear(&gp_reply);
    *(my_real *)gp_answer("loss", GP_REAL, 0, 0, 0) = loss / n;
    *(double *)gp_answer("accuracy", "<f8", 0, 0, 0) = (double)right / n;
    gp_send(&gp_reply);
}

static void gp_update(void) {
    GpOptimizer optimizer = gp_take_optimizer();
    optimizer.iteration = gp_number("iteration");
    GpArray *p = gp_real(&gp_request, "p", 0);
    GpArray *dp = gp_shaped(&gp_request, "dp", GP_REAL, p->ndim, p->shape);
    my_real *arrays[3] = {NULL}; /* p and the state */
    for (int k = 0; k < 1 + optimizer.states; k++) {
        const char *name = k ? gp_state_names[optimizer.function - GP_SGD][k - 1] : "p";
        GpArray *came = gp_shaped(&gp_request, name, GP_REAL, p->ndim, p->shape);
        arrays[k] = memcpy(gp_answer_like(name, GP_REAL, p->ndim, p->shape).data, came->data, gp_bytes(came));
    }
    gp_update_one(&optimizer, gp_count(p->ndim, p->shape), arrays[0], dp->data, arrays[1], arrays[2]);
    gp_send(&gp_reply);
}

static void gp_serve_one(void) {
    const char *word = gp_request.word;
    gp_free_made();
    gp_clear(&gp_reply);
    gp_put_back();
    if (strcmp(word, "hello") == 0) {
        gp_hello();
    } else if (strcmp(word, "load") == 0) {
        gp_load();
        gp_send(&gp_reply);
    } else if (strcmp(word, "layer") == 0) {
        gp_take_layer();
        gp_call_layer();
        gp_send(&gp_reply);
    } else if (strcmp(word, "inputs") == 0) {
        gp_send(gp_last);
    } else if (strcmp(word, "null") == 0) {
        gp_send(&gp_reply);
    } else if (strcmp(word, "predict") == 0) {
        gp_take_batch();
        gp_answer_predict(gp_pass.batch);
        gp_call_predict();
        gp_send(&gp_reply);
    } else if (strcmp(word, "accuracy") == 0) {
        gp_take_batch();
        gp_need(gp_depth ? GP_ACCURACY_LAYERS : GP_ACCURACY);
        gp_call_accuracy();
        *(double *)gp_answer("accuracy", "<f8", 0, 0, 0) = gp_pass.share;
        gp_send(&gp_reply);
    } else if (strcmp(word, "gradient") == 0) {
        gp_take_batch();
        gp_answer_gradient();
        gp_call_gradient();
        gp_send(&gp_reply);
    } else if (strcmp(word, "numerical_gradient") == 0) {
        gp_take_batch();
        gp_answer_numerical();
        gp_call_numerical();
        gp_send(&gp_reply);
    } else if (strcmp(word, "time") == 0) {
        gp_take_time();
    } else if (strcmp(word, "data") == 0) {
        gp_data();
        gp_send(&gp_reply);
    } else if (strcmp(word, "train") == 0) {
        gp_train();
    } else if (strcmp(word, "params") == 0) {
        gp_need_loaded();
        gp_answer_held("");
        gp_send(&gp_reply);
    } else if (strcmp(word, "evaluate") == 0) {
        gp_evaluate();
    } else if (strcmp(word, "update") == 0) {
        gp_update();
    } else {
        gp_refuse("unsupported", "no operation %s", word);
    }
}

int main(void) {
    gp_serve(gp_serve_one);
    return 0;
}

/*
 * The plumbing between gradparity and my_network.c. You need not open this file, nor those in protocol/. Their names
 * begin with gp_, Gp or GP_, so that every other is yours.
 */

#define _POSIX_C_SOURCE 200809L
#include <math.h>

#include "protocol/server.h"
#include "protocol/timing.h"

#include "my_network.c"

enum { GP_MAX_DEPTH = 100 };

static const char *const GP_DTYPE = sizeof(my_real) == 8 ? "float64" : "float32";
static const char *const GP_REAL = sizeof(my_real) == 8 ? "<f8" : "<f4";

typedef struct {
    GpArray images, labels;
    my_real scale;
} GpImages;

static GpMessage gp_loaded, gp_layered, gp_reply, *gp_last = &gp_loaded;
static GpImages gp_sets[3];

enum { GP_AFFINE, GP_RELU, GP_SIGMOID, GP_SOFTMAX, GP_KINDS, GP_PREDICT = GP_KINDS, GP_GRADIENT, GP_SGD, GP_FUNCTIONS };

static const char *const gp_functions[] = {"my_affine",  "my_relu",     "my_sigmoid", "my_softmax_with_loss",
                                           "my_predict", "my_gradient", "my_sgd"};

/* The name of a layer's function without my_ is the protocol's kind of it. */
static const char *gp_kind(int function) { return gp_functions[function] + 3; }

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

/* Arrays. */

static GpArray *gp_find(GpMessage *message, const char *name) {
    for (int i = 0; i < message->count; i++)
        if (strcmp(message->arrays[i].name, name) == 0) return &message->arrays[i];
    gp_refuse("error", "expected the array %s in the request %s", name, gp_request.word);
}

static GpArray *gp_matrix(GpMessage *message, const char *name, const char *descr, size_t rows, size_t columns) {
    GpArray *array = gp_find(message, name);
    int ndim = columns ? 2 : 1;
    if (strcmp(array->descr, descr) != 0 || array->ndim != ndim || array->shape[0] != rows
        || (columns && array->shape[1] != columns))
        gp_refuse("error", "expected %s to be %s of shape (%zu, %zu), came %s", name, descr, rows, columns,
                  array->descr);
    return array;
}

/* An array of the reply, to be filled in: NaN until then. */
static void *gp_answer(const char *name, const char *descr, int ndim, size_t rows, size_t columns) {
    if (gp_reply.count == GP_MAX_ARRAYS) gp_refuse("error", "more than %d arrays in a reply", GP_MAX_ARRAYS);
    GpArray *array = &gp_reply.arrays[gp_reply.count++];
    *array = (GpArray){.name = gp_copied(name), .ndim = ndim, .shape = {rows, columns}};
    memcpy(array->descr, descr, 3);
    return memset(array->data = gp_room(gp_bytes(array)), 0xff, gp_bytes(array));
}

static void *gp_numbered(const char *name, int layer, int ndim, size_t rows, size_t columns) {
    char text[32];
    snprintf(text, sizeof text, "%s%d", name, layer + 1);
    return gp_answer(text, GP_REAL, ndim, rows, columns);
}

/* The loaded network, and calls of my_network.c, ready to be made any number of times. */

static int gp_sizes[GP_MAX_DEPTH + 1], *gp_labels;
static my_real *gp_W[GP_MAX_DEPTH], *gp_b[GP_MAX_DEPTH], *gp_dW[GP_MAX_DEPTH], *gp_db[GP_MAX_DEPTH];
static MyNetwork gp_net = {.sizes = gp_sizes, .W = gp_W, .b = gp_b};

typedef struct {
    int kind, batch, inputs, outputs;
    my_real *x, *W, *b, *dout, *out, *dx, *dW, *db, *loss, epsilon;
} GpLayer;
static GpLayer gp_layer;

typedef struct {
    int batch;
    my_real *x;
    int *t;
    my_real *out, *loss, rate;
} GpPass;
static GpPass gp_pass;

static void gp_call_layer(void) {
    const GpLayer *l = &gp_layer;
    if (l->kind == GP_AFFINE)
        my_affine(l->batch, l->inputs, l->outputs, l->x, l->W, l->b, l->dout, l->out, l->dx, l->dW, l->db);
    else if (l->kind == GP_RELU)
        my_relu(l->batch * l->inputs, l->x, l->dout, l->out, l->dx);
    else if (l->kind == GP_SIGMOID)
        my_sigmoid(l->batch * l->inputs, l->x, l->dout, l->out, l->dx);
    else
        *l->loss = my_softmax_with_loss(l->batch, l->inputs, l->x, gp_labels, l->epsilon, l->out, l->dx);
}

static void gp_call_predict(void) { my_predict(&gp_net, gp_pass.batch, gp_pass.x, gp_pass.out); }

static void gp_call_gradient(void) {
    *gp_pass.loss = my_gradient(&gp_net, gp_pass.batch, gp_pass.x, gp_pass.t, gp_dW, gp_db);
}

static void gp_call_step(void) {
    gp_call_gradient();
    for (int l = 0; l < gp_net.layers; l++) {
        my_sgd(gp_sizes[l] * gp_sizes[l + 1], gp_W[l], gp_dW[l], gp_pass.rate);
        my_sgd(gp_sizes[l + 1], gp_b[l], gp_db[l], gp_pass.rate);
    }
}

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
    int kind = 0;
    while (kind < GP_KINDS && !gp_is("kind", gp_kind(kind))) kind++;
    if (kind == GP_KINDS) gp_refuse("unsupported", "no layer %s", gp_field("kind"));
    gp_need(kind);
    GpArray *x = gp_find(&gp_request, "x");
    if (x->ndim != 2) gp_refuse("error", "expected x to be a matrix");
    int batch = x->shape[0], inputs = x->shape[1];
    gp_layer = (GpLayer){
        .kind = kind, .batch = batch, .inputs = inputs, .x = gp_matrix(&gp_request, "x", GP_REAL, batch, inputs)->data};
    if (kind == GP_SOFTMAX) {
        gp_take_labels(&gp_request, batch, inputs);
        gp_layer.epsilon = strtod(gp_field("epsilon"), NULL);
        gp_layer.loss = gp_answer("loss", GP_REAL, 0, 0, 0);
        gp_layer.out = gp_answer("y", GP_REAL, 2, batch, inputs);
        gp_layer.dx = gp_answer("dx", GP_REAL, 2, batch, inputs);
    } else {
        int is_affine = kind == GP_AFFINE, outputs = is_affine ? gp_find(&gp_request, "W")->shape[1] : inputs;
        gp_layer.outputs = outputs;
        gp_layer.dout = gp_matrix(&gp_request, "dout", GP_REAL, batch, outputs)->data;
        gp_layer.out = gp_answer("out", GP_REAL, 2, batch, outputs);
        gp_layer.dx = gp_answer("dx", GP_REAL, 2, batch, inputs);
        if (is_affine) {
            gp_layer.W = gp_matrix(&gp_request, "W", GP_REAL, inputs, outputs)->data;
            gp_layer.b = gp_matrix(&gp_request, "b", GP_REAL, outputs, 0)->data;
            gp_layer.dW = gp_answer("dW", GP_REAL, 2, inputs, outputs);
            gp_layer.db = gp_answer("db", GP_REAL, 1, outputs, 0);
        }
    }
    gp_move(&gp_layered, &gp_request);
    gp_last = &gp_layered;
}

static void gp_take_batch(void) {
    if (!gp_net.layers) gp_refuse("error", "expected a case to be loaded");
    GpArray *x = gp_find(&gp_loaded, "x");
    gp_pass.batch = x->shape[0];
    gp_pass.x = x->data;
    gp_take_labels(&gp_loaded, gp_pass.batch, gp_sizes[gp_net.layers]);
    gp_pass.t = gp_labels;
}

static void gp_answer_gradient(void) {
    gp_need(GP_GRADIENT);
    gp_pass.loss = gp_answer("loss", GP_REAL, 0, 0, 0);
    for (int l = 0; l < gp_net.layers; l++) {
        gp_dW[l] = gp_numbered("dW", l, 2, gp_sizes[l], gp_sizes[l + 1]);
        gp_db[l] = gp_numbered("db", l, 1, gp_sizes[l + 1], 0);
    }
}

static void gp_answer_predict(int batch) {
    gp_need(GP_PREDICT);
    gp_pass.out = gp_answer("out", GP_REAL, 2, batch, gp_sizes[gp_net.layers]);
}

static void gp_answer_params(void) {
    for (int l = 0; l < gp_net.layers; l++) {
        memcpy(gp_numbered("W", l, 2, gp_sizes[l], gp_sizes[l + 1]), gp_W[l],
               gp_sizes[l] * gp_sizes[l + 1] * sizeof(my_real));
        memcpy(gp_numbered("b", l, 1, gp_sizes[l + 1], 0), gp_b[l], gp_sizes[l + 1] * sizeof(my_real));
    }
}

static void gp_need_sgd(void) {
    if (!gp_is("optimizer", "sgd")) gp_refuse("unsupported", "no optimizer %s", gp_field("optimizer"));
    gp_need(GP_SGD);
    gp_pass.rate = strtod(gp_field("learning_rate"), NULL);
}

static double gp_accuracy(int batch, const my_real *out, const int *t) {
    int classes = gp_sizes[gp_net.layers], right = 0;
    for (const my_real *row = out; row < out + batch * classes; row += classes) {
        int best = 0;
        for (int j = 1; j < classes; j++)
            if (row[j] > row[best]) best = j;
        right += best == t[(row - out) / classes];
    }
    return (double)right / batch;
}

/* The operations. */

static void gp_hello(void) {
    char list[300] = "";
    for (int i = 0; i < gp_listed(); i++) {
        int function = 0;
        while (function < GP_FUNCTIONS && strcmp(gp_functions[function], my_written[i]) != 0) function++;
        if (function == GP_FUNCTIONS)
            gp_refuse("error", "my_written in my_network.c: expected functions of that file, came %s", my_written[i]);
    }
    for (int i = 0; i < GP_KINDS; i++)
        if (gp_is_written(i))
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *list ? "," : "", gp_kind(i));
    int all = gp_is_written(GP_PREDICT) && gp_is_written(GP_GRADIENT) && gp_is_written(GP_SGD);
    fprintf(gp_output,
            "ok name=PORT_NAME language=C version=C%ld blas=none threads=1 dtypes=%s epsilon=%s layers=%s optimizers=%s"
            " operations=hello,load%s%s%s%s%s%s",
            __STDC_VERSION__ / 100 % 100, GP_DTYPE, my_loss_epsilon, list, gp_is_written(GP_SGD) ? "sgd" : "",
            gp_listed() ? ",inputs,null,time" : "", *list ? ",layer" : "",
            gp_is_written(GP_PREDICT) ? ",predict,accuracy" : "", gp_is_written(GP_GRADIENT) ? ",gradient" : "",
            gp_is_written(GP_SGD) ? ",update" : "", all ? ",data,train,params,evaluate" : "");
    gp_end_line();
}

static void gp_load(void) {
    if (!gp_is("dtype", GP_DTYPE)) gp_refuse("unsupported", "no %s", gp_field("dtype"));
    int depth = -1;
    for (const char *at = gp_field("sizes"); *at && depth < GP_MAX_DEPTH; at += *at == ',')
        gp_sizes[++depth] = strtol(at, (char **)&at, 10);
    gp_net.layers = 0;
    gp_net.relu = gp_is("activation", "relu");
    gp_net.epsilon = strtod(gp_field("epsilon"), NULL);
    gp_matrix(&gp_request, "x", GP_REAL, gp_find(&gp_request, "x")->shape[0], gp_sizes[0]);
    for (int l = 0; l < depth; l++) {
        char name[32];
        snprintf(name, sizeof name, "W%d", l + 1);
        gp_W[l] = gp_matrix(&gp_request, name, GP_REAL, gp_sizes[l], gp_sizes[l + 1])->data;
        snprintf(name, sizeof name, "b%d", l + 1);
        gp_b[l] = gp_matrix(&gp_request, name, GP_REAL, gp_sizes[l + 1], 0)->data;
    }
    gp_net.layers = depth;
    if (!my_supports(&gp_net)) {
        gp_net.layers = 0;
        gp_refuse("unsupported", "no such network: my_supports in my_network.c says so");
    }
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
    } else if (!gp_is("operation", "null")) {
        gp_refuse("unsupported", "no operation %s to time", what);
    }
    if (gp_is("operation", "train_step")) {
        gp_need_sgd();
        call = gp_call_step;
        GpMessage gradients = gp_reply;
        gp_reply.count = 0;
        gp_answer_params();
        saved = gp_reply;
        gp_reply = gradients;
    }
    size_t samples;
    double *took = gp_timed(call, &samples);
    for (int l = 0; l < saved.count / 2; l++) {
        memcpy(gp_W[l], saved.arrays[2 * l].data, gp_bytes(&saved.arrays[2 * l]));
        memcpy(gp_b[l], saved.arrays[2 * l + 1].data, gp_bytes(&saved.arrays[2 * l + 1]));
    }
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
    set->scale = strtod(gp_field("scale"), NULL);
    gp_request.count = 0;
}

/* The set, which must fit the loaded network. */
static GpImages *gp_fitting(const char *name) {
    GpImages *set = gp_images_of(name);
    if (!gp_net.layers || !set->images.data || set->images.shape[1] != (size_t)gp_sizes[0])
        gp_refuse("error", "expected a loaded network, and the set %s with images of its size", name);
    for (size_t i = 0; i < set->labels.shape[0]; i++)
        if (((unsigned char *)set->labels.data)[i] >= gp_sizes[gp_net.layers])
            gp_refuse("error", "a label that has no class");
    return set;
}

/* These rows of the set as a batch; the first ones where rows is NULL. */
static void gp_gather(const GpImages *set, const int32_t *rows, int batch, my_real *x, int *t) {
    size_t inputs = gp_sizes[0];
    for (int i = 0; i < batch; i++) {
        size_t row = rows ? rows[i] : i;
        for (size_t j = 0; j < inputs; j++)
            x[i * inputs + j] = ((unsigned char *)set->images.data)[row * inputs + j] / set->scale;
        t[i] = ((unsigned char *)set->labels.data)[row];
    }
    gp_pass.batch = batch, gp_pass.x = x, gp_pass.t = t;
}

static void gp_train(void) {
    gp_need_sgd();
    GpImages *set = gp_fitting("train");
    GpArray *batches = gp_find(&gp_request, "batches");
    int steps = batches->shape[0], batch = batches->shape[1];
    const int32_t *rows = gp_matrix(&gp_request, "batches", "<i4", steps, batch)->data;
    for (int i = 0; i < steps * batch; i++)
        if (rows[i] < 0 || (size_t)rows[i] >= set->labels.shape[0])
            gp_refuse("error", "expected rows of the set, came %d", rows[i]);
    gp_answer_gradient();
    GpMessage gradients = gp_reply;
    gp_reply.count = 0;
    my_real *losses = gp_answer("loss", GP_REAL, 1, steps, 0), *x = gp_room((size_t)batch * gp_sizes[0] * sizeof *x);
    double *took = gp_answer("nanoseconds", "<f8", 0, 0, 0), begin = gp_now();
    int *t = gp_room(batch * sizeof *t);
    for (int i = 0; i < steps; i++) {
        gp_gather(set, rows + i * batch, batch, x, t);
        gp_call_step();
        losses[i] = *gp_pass.loss;
    }
    *took = gp_now() - begin;
    free(x), free(t);
    gp_clear(&gradients);
    gp_send(&gp_reply);
}

static void gp_evaluate(void) {
    gp_need(GP_PREDICT);
    GpImages *set = gp_fitting(gp_field("set"));
    int n = set->labels.shape[0];
    my_real *x = gp_room((size_t)n * gp_sizes[0] * sizeof *x);
    int *t = gp_room(n * sizeof *t);
    gp_gather(set, NULL, n, x, t);
    gp_answer_gradient();
    gp_answer_predict(n);
    gp_call_gradient();
    gp_call_predict();
    my_real loss = *gp_pass.loss;
    double share = gp_accuracy(n, gp_pass.out, t);
    gp_clear(&gp_reply);
    *(my_real *)gp_answer("loss", GP_REAL, 0, 0, 0) = loss;
    *(double *)gp_answer("accuracy", "<f8", 0, 0, 0) = share;
    free(x), free(t);
    gp_send(&gp_reply);
}

static void gp_update(void) {
    gp_need_sgd();
    size_t *shape = gp_find(&gp_request, "p")->shape;
    GpArray *p = gp_matrix(&gp_request, "p", GP_REAL, shape[0], shape[1]);
    GpArray *dp = gp_matrix(&gp_request, "dp", GP_REAL, shape[0], shape[1]);
    my_real *result = memcpy(gp_answer("p", GP_REAL, p->ndim, shape[0], shape[1]), p->data, gp_bytes(p));
    my_sgd(gp_count(p->ndim, shape), result, dp->data, gp_pass.rate);
    gp_send(&gp_reply);
}

static void gp_serve_one(void) {
    const char *word = gp_request.word;
    gp_clear(&gp_reply);
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
    } else if (strcmp(word, "predict") == 0 || strcmp(word, "accuracy") == 0) {
        gp_take_batch();
        gp_answer_predict(gp_pass.batch);
        gp_call_predict();
        double share = gp_accuracy(gp_pass.batch, gp_pass.out, gp_labels);
        if (strcmp(word, "accuracy") == 0) {
            gp_clear(&gp_reply);
            *(double *)gp_answer("accuracy", "<f8", 0, 0, 0) = share;
        }
        gp_send(&gp_reply);
    } else if (strcmp(word, "gradient") == 0) {
        gp_take_batch();
        gp_answer_gradient();
        gp_call_gradient();
        gp_send(&gp_reply);
    } else if (strcmp(word, "time") == 0) {
        gp_take_time();
    } else if (strcmp(word, "data") == 0) {
        gp_data();
        gp_send(&gp_reply);
    } else if (strcmp(word, "train") == 0) {
        gp_train();
    } else if (strcmp(word, "params") == 0) {
        gp_answer_params();
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

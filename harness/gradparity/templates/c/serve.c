/*
 * The plumbing between gradparity and my_network.c. You need not open this file.
 *
 * Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
 * docs/protocol.md is the specification.
 */

#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "my_network.c"

enum { MAX_LINE = 65536, MAX_FIELDS = 32, MAX_ARRAYS = 256, MAX_DEPTH = 100 };

static const char *const DTYPE = sizeof(real) == 8 ? "float64" : "float32";
static const char *const REAL = sizeof(real) == 8 ? "<f8" : "<f4";

/* Elements row by row, whichever way they came. descr is <f8, <f4, <i4 or |u1. */
typedef struct {
    char name[32], descr[4];
    int dims;
    size_t shape[2], count, bytes;
    void *data;
} Array;

typedef struct {
    char line[MAX_LINE + 1], *word, *keys[MAX_FIELDS], *values[MAX_FIELDS];
    int fields, count;
    Array arrays[MAX_ARRAYS];
} Message;

typedef struct {
    Array images, labels;
    real scale;
} Images;

static Message request, loaded, layered, reply, *last = &loaded;
static Images sets[3];
static jmp_buf next_request;
static FILE *output;

/* Text, and the two ways to fail. */

static _Noreturn void broken(const char *what) {
    fprintf(stderr, "serve: %s\n", what);
    exit(1);
}

/* Answers "error" or "unsupported" and goes on with the next request. */
static _Noreturn void refuse(const char *word, const char *format, ...) {
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(output, "%s message=", word);
    for (const unsigned char *c = (unsigned char *)text; *c; c++)
        fprintf(output, *c > ' ' && *c < 127 && *c != '%' ? "%c" : "%%%02X", *c);
    fputc('\n', output);
    fflush(output);
    longjmp(next_request, 1);
}

static int is_written(const char *name) {
    int i = 0;
    while (written[i] && strcmp(written[i], name) != 0) i++;
    return written[i] != NULL;
}

static const char *const functions[] = {"affine", "relu", "sigmoid", "softmax_with_loss", "predict", "gradient", "sgd"};

enum { KINDS = 4, FUNCTIONS = 7 }; /* the kinds of layers come first */

static int index_of(const char *name, int count) {
    int i = 0;
    while (i < count && strcmp(functions[i], name) != 0) i++;
    return i;
}

static void need(const char *name) {
    if (!is_written(name))
        refuse("unsupported", "%s is not written yet: fill it in in my_network.c, and add it to `written` there", name);
}

static const char *field(const char *key) {
    for (int i = 0; i < request.fields; i++)
        if (strcmp(request.keys[i], key) == 0) return request.values[i];
    refuse("error", "expected the field %s in the request %s", key, request.word);
}

static int is(const char *key, const char *value) { return strcmp(field(key), value) == 0; }

/* Arrays. */

static void *room(size_t bytes) {
    void *data = malloc(bytes ? bytes : 1);
    if (!data) broken("no memory");
    return data;
}

static void clear(Message *message) {
    for (int i = 0; i < message->count; i++) free(message->arrays[i].data);
    message->count = message->fields = 0;
}

static void move(Message *to, Message *from) {
    clear(to);
    memcpy(to->arrays, from->arrays, from->count * sizeof(Array));
    to->count = from->count;
    from->count = 0;
}

static void shape_up(Array *array, const char *descr, int dims, size_t rows, size_t columns) {
    snprintf(array->descr, sizeof array->descr, "%s", descr);
    array->dims = dims;
    array->shape[0] = rows, array->shape[1] = columns;
    array->count = (dims > 0 ? rows : 1) * (dims > 1 ? columns : 1);
    array->bytes = array->count * (descr[2] - '0');
}

static Array *find(Message *message, const char *name) {
    for (int i = 0; i < message->count; i++)
        if (strcmp(message->arrays[i].name, name) == 0) return &message->arrays[i];
    refuse("error", "expected the array %s in the request %s", name, request.word);
}

static Array *matrix(Message *message, const char *name, const char *descr, size_t rows, size_t columns) {
    Array *array = find(message, name);
    int dims = columns ? 2 : 1;
    if (strcmp(array->descr, descr) != 0 || array->dims != dims || array->shape[0] != rows
        || (columns && array->shape[1] != columns))
        refuse("error", "expected %s to be %s of shape (%zu, %zu), came %s", name, descr, rows, columns, array->descr);
    return array;
}

/* An array of the reply, to be filled in: NaN until then. */
static void *answer(const char *name, const char *descr, int dims, size_t rows, size_t columns) {
    if (reply.count == MAX_ARRAYS) refuse("error", "more than %d arrays in a reply", MAX_ARRAYS);
    Array *array = &reply.arrays[reply.count++];
    snprintf(array->name, sizeof array->name, "%s", name);
    shape_up(array, descr, dims, rows, columns);
    return memset(array->data = room(array->bytes), 0xff, array->bytes);
}

static void *numbered(const char *name, int layer, int dims, size_t rows, size_t columns) {
    char text[32];
    snprintf(text, sizeof text, "%s%d", name, layer + 1);
    return answer(text, REAL, dims, rows, columns);
}

/* Reading and writing. */

static void get(void *bytes, size_t count) {
    if (fread(bytes, 1, count, stdin) != count) broken("stdin ended inside an array");
}

static void read_array(Array *array, const char *name) {
    unsigned char magic[12];
    get(magic, 10);
    if (memcmp(magic, "\x93NUMPY", 6) != 0) broken("expected an .npy record");
    size_t length = magic[8] + 256u * magic[9];
    if (magic[6] > 1) get(magic + 10, 2);
    char *header = room(length + 1);
    get(header, length);
    header[length] = 0;
    char *descr = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (!descr || !shape) broken("expected an .npy header");
    size_t sizes[2] = {0, 0};
    int dims = 0;
    for (char *at = shape + 10; *at != ')' && dims < 2; dims++) {
        sizes[dims] = strtoull(at, &at, 10);
        while (*at == ',' || *at == ' ') at++;
    }
    descr[13] = 0;
    snprintf(array->name, sizeof array->name, "%s", name);
    shape_up(array, descr + 10, dims, sizes[0], sizes[1]);
    array->data = room(array->bytes);
    get(array->data, array->bytes);
    if (dims == 2 && strstr(descr + 14, "'fortran_order': True")) {
        size_t size = array->descr[2] - '0', rows = sizes[0], columns = sizes[1];
        char *turned = room(array->bytes), *came = array->data;
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                memcpy(turned + (i * columns + j) * size, came + (j * rows + i) * size, size);
        free(came);
        array->data = turned;
    }
    free(header);
}

/* Whether there is another request. */
static int read_request(void) {
    clear(&request);
    if (!fgets(request.line, sizeof request.line, stdin)) return 0;
    request.line[strcspn(request.line, "\n")] = 0;
    request.word = strtok(request.line, " ");
    if (!request.word) broken("expected a line 'word key=value ...'");
    char *names = NULL;
    for (char *pair; (pair = strtok(NULL, " "));) {
        char *value = strchr(pair, '=');
        if (!value || request.fields == MAX_FIELDS) broken("expected fields as key=value");
        *value++ = 0;
        if (strcmp(pair, "arrays") == 0) {
            names = value;
        } else {
            request.keys[request.fields] = pair;
            request.values[request.fields++] = value;
        }
    }
    for (char *name = names ? strtok(names, ",") : NULL; name; name = strtok(NULL, ",")) {
        if (request.count == MAX_ARRAYS) broken("too many arrays in a request");
        read_array(&request.arrays[request.count++], name);
    }
    return 1;
}

static void send(const char *fields, const Message *message) {
    fprintf(output, "ok%s", fields);
    for (int i = 0; i < message->count; i++) fprintf(output, "%s%s", i ? "," : " arrays=", message->arrays[i].name);
    fputc('\n', output);
    for (const Array *array = message->arrays; array < message->arrays + message->count; array++) {
        char header[128], shape[64] = "";
        if (array->dims == 1) snprintf(shape, sizeof shape, "%zu,", array->shape[0]);
        if (array->dims == 2) snprintf(shape, sizeof shape, "%zu, %zu", array->shape[0], array->shape[1]);
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", array->descr,
                 shape);
        fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, output);
        fprintf(output, "%-117s\n", header);
        fwrite(array->data, 1, array->bytes, output);
    }
    fflush(output);
}

/* The loaded network, and calls of my_network.c, ready to be made any number of times. */

static int sizes[MAX_DEPTH + 1], *labels;
static real *W[MAX_DEPTH], *b[MAX_DEPTH], *dW[MAX_DEPTH], *db[MAX_DEPTH];
static Network net = {.sizes = sizes, .W = W, .b = b};

typedef struct {
    const char *kind;
    int batch, inputs, outputs;
    real *x, *W, *b, *dout, *out, *dx, *dW, *db, *loss, epsilon;
} Layer;
static Layer layer;

typedef struct {
    int batch;
    real *x;
    int *t;
    real *out, *loss, rate;
} Pass;
static Pass pass;

static void call_nothing(void) {}

static void call_layer(void) {
    const Layer *l = &layer;
    if (strcmp(l->kind, "affine") == 0)
        affine(l->batch, l->inputs, l->outputs, l->x, l->W, l->b, l->dout, l->out, l->dx, l->dW, l->db);
    else if (strcmp(l->kind, "relu") == 0)
        relu(l->batch * l->inputs, l->x, l->dout, l->out, l->dx);
    else if (strcmp(l->kind, "sigmoid") == 0)
        sigmoid(l->batch * l->inputs, l->x, l->dout, l->out, l->dx);
    else
        *l->loss = softmax_with_loss(l->batch, l->inputs, l->x, labels, l->epsilon, l->out, l->dx);
}

static void call_predict(void) { predict(&net, pass.batch, pass.x, pass.out); }

static void call_gradient(void) { *pass.loss = gradient(&net, pass.batch, pass.x, pass.t, dW, db); }

static void call_step(void) {
    call_gradient();
    for (int l = 0; l < net.layers; l++) {
        sgd(sizes[l] * sizes[l + 1], W[l], dW[l], pass.rate);
        sgd(sizes[l + 1], b[l], db[l], pass.rate);
    }
}

/* Labels as numbers, from numbers or from one-hot rows. */
static void take_labels(Message *message, int batch, int classes) {
    Array *t = find(message, "t");
    if (t->dims == 2)
        matrix(message, "t", REAL, batch, classes);
    else
        matrix(message, "t", "<i4", batch, 0);
    free(labels);
    labels = room(batch * sizeof *labels);
    for (int i = 0; i < batch; i++) {
        labels[i] = 0;
        if (t->dims == 1)
            labels[i] = ((int32_t *)t->data)[i];
        else
            while (labels[i] < classes - 1 && ((real *)t->data)[i * classes + labels[i]] == 0) labels[i]++;
    }
}

static void take_layer(void) {
    int at = index_of(field("kind"), KINDS);
    if (at == KINDS) refuse("unsupported", "no layer %s", field("kind"));
    const char *kind = functions[at];
    need(kind);
    Array *x = find(&request, "x");
    if (x->dims != 2) refuse("error", "expected x to be a matrix");
    int batch = x->shape[0], inputs = x->shape[1];
    layer =
        (Layer){.kind = kind, .batch = batch, .inputs = inputs, .x = matrix(&request, "x", REAL, batch, inputs)->data};
    if (strcmp(kind, "softmax_with_loss") == 0) {
        take_labels(&request, batch, inputs);
        layer.epsilon = strtod(field("epsilon"), NULL);
        layer.loss = answer("loss", REAL, 0, 0, 0);
        layer.out = answer("y", REAL, 2, batch, inputs);
        layer.dx = answer("dx", REAL, 2, batch, inputs);
    } else {
        int is_affine = strcmp(kind, "affine") == 0, outputs = is_affine ? find(&request, "W")->shape[1] : inputs;
        layer.outputs = outputs;
        layer.dout = matrix(&request, "dout", REAL, batch, outputs)->data;
        layer.out = answer("out", REAL, 2, batch, outputs);
        layer.dx = answer("dx", REAL, 2, batch, inputs);
        if (is_affine) {
            layer.W = matrix(&request, "W", REAL, inputs, outputs)->data;
            layer.b = matrix(&request, "b", REAL, outputs, 0)->data;
            layer.dW = answer("dW", REAL, 2, inputs, outputs);
            layer.db = answer("db", REAL, 1, outputs, 0);
        }
    }
    move(&layered, &request);
    last = &layered;
}

static void take_batch(void) {
    if (!net.layers) refuse("error", "expected a case to be loaded");
    Array *x = find(&loaded, "x");
    pass.batch = x->shape[0];
    pass.x = x->data;
    take_labels(&loaded, pass.batch, sizes[net.layers]);
    pass.t = labels;
}

static void answer_gradient(void) {
    need("gradient");
    pass.loss = answer("loss", REAL, 0, 0, 0);
    for (int l = 0; l < net.layers; l++) {
        dW[l] = numbered("dW", l, 2, sizes[l], sizes[l + 1]);
        db[l] = numbered("db", l, 1, sizes[l + 1], 0);
    }
}

static void answer_predict(int batch) {
    need("predict");
    pass.out = answer("out", REAL, 2, batch, sizes[net.layers]);
}

static void answer_params(void) {
    for (int l = 0; l < net.layers; l++) {
        memcpy(numbered("W", l, 2, sizes[l], sizes[l + 1]), W[l], sizes[l] * sizes[l + 1] * sizeof(real));
        memcpy(numbered("b", l, 1, sizes[l + 1], 0), b[l], sizes[l + 1] * sizeof(real));
    }
}

static void need_sgd(void) {
    if (!is("optimizer", "sgd")) refuse("unsupported", "no optimizer %s", field("optimizer"));
    need("sgd");
    pass.rate = strtod(field("learning_rate"), NULL);
}

static double accuracy(int batch, const real *out, const int *t) {
    int classes = sizes[net.layers], right = 0;
    for (const real *row = out; row < out + batch * classes; row += classes) {
        int best = 0;
        for (int j = 1; j < classes; j++)
            if (row[j] > row[best]) best = j;
        right += best == t[(row - out) / classes];
    }
    return (double)right / batch;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* The operations. */

static void hello(void) {
    char fields[1000] = "", list[300] = "";
    for (int i = 0; written[i]; i++)
        if (index_of(written[i], FUNCTIONS) == FUNCTIONS)
            refuse("error", "`written` in my_network.c: expected functions of that file, came %s", written[i]);
    for (int i = 0; i < KINDS; i++)
        if (is_written(functions[i]))
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *list ? "," : "", functions[i]);
    int all = is_written("predict") && is_written("gradient") && is_written("sgd");
    snprintf(fields, sizeof fields,
             " name=PORT_NAME language=C version=C%ld blas=none threads=1 dtypes=%s epsilon=%s layers=%s optimizers=%s"
             " operations=hello,load%s%s%s%s%s%s",
             __STDC_VERSION__ / 100 % 100, DTYPE, loss_epsilon, list, is_written("sgd") ? "sgd" : "",
             written[0] ? ",inputs,null,time" : "", *list ? ",layer" : "",
             is_written("predict") ? ",predict,accuracy" : "", is_written("gradient") ? ",gradient" : "",
             is_written("sgd") ? ",update" : "", all ? ",data,train,params,evaluate" : "");
    send(fields, &reply);
}

static void load(void) {
    if (!is("dtype", DTYPE)) refuse("unsupported", "no %s", field("dtype"));
    int depth = -1;
    for (const char *at = field("sizes"); *at && depth < MAX_DEPTH; at += *at == ',')
        sizes[++depth] = strtol(at, (char **)&at, 10);
    net.layers = 0;
    net.relu = is("activation", "relu");
    net.epsilon = strtod(field("epsilon"), NULL);
    matrix(&request, "x", REAL, find(&request, "x")->shape[0], sizes[0]);
    for (int l = 0; l < depth; l++) {
        char name[32];
        snprintf(name, sizeof name, "W%d", l + 1);
        W[l] = matrix(&request, name, REAL, sizes[l], sizes[l + 1])->data;
        snprintf(name, sizeof name, "b%d", l + 1);
        b[l] = matrix(&request, name, REAL, sizes[l + 1], 0)->data;
    }
    net.layers = depth;
    move(&loaded, &request);
    last = &loaded;
}

static void take_time(void) {
    const char *what = field("operation");
    int calls = atoi(field("calls")), samples = atoi(field("samples"));
    void (*call)(void) = call_nothing;
    Message saved = {.count = 0};
    if (is("operation", "layer")) {
        take_layer();
        call = call_layer;
    } else if (is("operation", "predict")) {
        take_batch();
        answer_predict(pass.batch);
        call = call_predict;
    } else if (is("operation", "gradient") || is("operation", "train_step")) {
        take_batch();
        answer_gradient();
        call = call_gradient;
    } else if (!is("operation", "null")) {
        refuse("unsupported", "no operation %s to time", what);
    }
    if (is("operation", "train_step")) {
        need_sgd();
        call = call_step;
        Message gradients = reply;
        reply.count = 0;
        answer_params();
        saved = reply;
        reply = gradients;
    }
    double *took = room(samples * sizeof *took);
    for (int i = 0; i < samples; i++) {
        double begin = now();
        for (int k = 0; k < calls; k++) call();
        took[i] = now() - begin;
    }
    for (int l = 0; l < saved.count / 2; l++) {
        memcpy(W[l], saved.arrays[2 * l].data, saved.arrays[2 * l].bytes);
        memcpy(b[l], saved.arrays[2 * l + 1].data, saved.arrays[2 * l + 1].bytes);
    }
    clear(&saved);
    clear(&reply);
    memcpy(answer("nanoseconds", "<f8", 1, samples, 0), took, samples * sizeof *took);
    free(took);
    send("", &reply);
}

static Images *images_of(const char *name) {
    const char *const names[] = {"train", "validation", "test"};
    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], name) == 0) return &sets[i];
    refuse("error", "expected the set train, validation or test, came %s", name);
}

static void data(void) {
    Images *set = images_of(field("set"));
    Array *images = find(&request, "images");
    matrix(&request, "images", "|u1", images->shape[0], images->shape[1]);
    matrix(&request, "labels", "|u1", images->shape[0], 0);
    free(set->images.data), free(set->labels.data);
    set->images = *images;
    set->labels = *find(&request, "labels");
    set->scale = strtod(field("scale"), NULL);
    request.count = 0;
}

/* The set, which must fit the loaded network. */
static Images *fitting(const char *name) {
    Images *set = images_of(name);
    if (!net.layers || !set->images.data || set->images.shape[1] != (size_t)sizes[0])
        refuse("error", "expected a loaded network, and the set %s with images of its size", name);
    for (size_t i = 0; i < set->labels.count; i++)
        if (((unsigned char *)set->labels.data)[i] >= sizes[net.layers]) refuse("error", "a label that has no class");
    return set;
}

/* These rows of the set as a batch; the first ones where rows is NULL. */
static void gather(const Images *set, const int32_t *rows, int batch, real *x, int *t) {
    size_t inputs = sizes[0];
    for (int i = 0; i < batch; i++) {
        size_t row = rows ? rows[i] : i;
        for (size_t j = 0; j < inputs; j++)
            x[i * inputs + j] = ((unsigned char *)set->images.data)[row * inputs + j] / set->scale;
        t[i] = ((unsigned char *)set->labels.data)[row];
    }
    pass.batch = batch, pass.x = x, pass.t = t;
}

static void train(void) {
    need_sgd();
    Images *set = fitting("train");
    Array *batches = find(&request, "batches");
    int steps = batches->shape[0], batch = batches->shape[1];
    const int32_t *rows = matrix(&request, "batches", "<i4", steps, batch)->data;
    for (int i = 0; i < steps * batch; i++)
        if (rows[i] < 0 || (size_t)rows[i] >= set->labels.count)
            refuse("error", "expected rows of the set, came %d", rows[i]);
    answer_gradient();
    Message gradients = reply;
    reply.count = 0;
    real *losses = answer("loss", REAL, 1, steps, 0), *x = room((size_t)batch * sizes[0] * sizeof *x);
    double *took = answer("nanoseconds", "<f8", 0, 0, 0), begin = now();
    int *t = room(batch * sizeof *t);
    for (int i = 0; i < steps; i++) {
        gather(set, rows + i * batch, batch, x, t);
        call_step();
        losses[i] = *pass.loss;
    }
    *took = now() - begin;
    free(x), free(t);
    clear(&gradients);
    send("", &reply);
}

static void evaluate(void) {
    need("predict");
    Images *set = fitting(field("set"));
    int n = set->labels.count;
    real *x = room((size_t)n * sizes[0] * sizeof *x);
    int *t = room(n * sizeof *t);
    gather(set, NULL, n, x, t);
    answer_gradient();
    answer_predict(n);
    call_gradient();
    call_predict();
    real loss = *pass.loss;
    double share = accuracy(n, pass.out, t);
    clear(&reply);
    *(real *)answer("loss", REAL, 0, 0, 0) = loss;
    *(double *)answer("accuracy", "<f8", 0, 0, 0) = share;
    free(x), free(t);
    send("", &reply);
}

static void update(void) {
    need_sgd();
    Array *p = find(&request, "p"), *dp = find(&request, "dp");
    real *result = answer("p", REAL, p->dims, p->shape[0], p->shape[1]);
    memcpy(result, p->data, p->bytes);
    sgd(p->count, result, dp->data, pass.rate);
    send("", &reply);
}

static void serve_one(void) {
    const char *word = request.word;
    clear(&reply);
    if (strcmp(word, "hello") == 0) {
        hello();
    } else if (strcmp(word, "load") == 0) {
        load();
        send("", &reply);
    } else if (strcmp(word, "layer") == 0) {
        take_layer();
        call_layer();
        send("", &reply);
    } else if (strcmp(word, "inputs") == 0) {
        send("", last);
    } else if (strcmp(word, "null") == 0) {
        send("", &reply);
    } else if (strcmp(word, "predict") == 0 || strcmp(word, "accuracy") == 0) {
        take_batch();
        answer_predict(pass.batch);
        call_predict();
        double share = accuracy(pass.batch, pass.out, labels);
        if (strcmp(word, "accuracy") == 0) {
            clear(&reply);
            *(double *)answer("accuracy", "<f8", 0, 0, 0) = share;
        }
        send("", &reply);
    } else if (strcmp(word, "gradient") == 0) {
        take_batch();
        answer_gradient();
        call_gradient();
        send("", &reply);
    } else if (strcmp(word, "time") == 0) {
        take_time();
    } else if (strcmp(word, "data") == 0) {
        data();
        send("", &reply);
    } else if (strcmp(word, "train") == 0) {
        train();
    } else if (strcmp(word, "params") == 0) {
        answer_params();
        send("", &reply);
    } else if (strcmp(word, "evaluate") == 0) {
        evaluate();
    } else if (strcmp(word, "update") == 0) {
        update();
    } else {
        refuse("unsupported", "no operation %s", word);
    }
}

int main(void) {
    if (!(output = fdopen(3, "wb"))) broken("no file descriptor 3: run it as port.toml does");
    while (read_request()) {
        if (setjmp(next_request) == 0) serve_one();
    }
    return 0;
}

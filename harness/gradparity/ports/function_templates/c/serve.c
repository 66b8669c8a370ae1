/*
 * The plumbing between gradparity and functions.c. You need not open this file, nor those beside it and in protocol/.
 * Their names begin with gp_, Gp or GP_, so that every other is yours.
 */

#include "functions.c"

#include "protocol/made.h"
#include "protocol/server.h"
#include "protocol/timing.h"

static const char *const GP_DTYPE = sizeof(my_real) == 8 ? "float64" : "float32";
static const char *const GP_REAL = sizeof(my_real) == 8 ? "<f8" : "<f4";

/* An array of a request as functions.c has it. */
typedef union {
    struct {
        int ndim;
        size_t shape[GP_MAX_DIMENSIONS];
        void *data;
    } any;
    MyArray reals;
    MyIntArray integers;
    MyBoolArray booleans;
} GpArgument;

/* A call of a function of functions.c; its results are added to the reply if they are wanted. */
typedef void GpCall(const GpArgument *a, int wanted);

static GpMessage gp_last, gp_reply;            /* gp_reply borrows its data */
static GpArgument gp_arguments[GP_MAX_ARRAYS]; /* the arrays of gp_last */

/* Adds an array to the reply. The data of a number, which has no dimensions, is copied. */
static void gp_give(const char *name, const char *descr, int ndim, const size_t *shape, const void *data) {
    if (gp_reply.count == GP_MAX_ARRAYS) gp_refuse("error", "more than %d arrays in a reply", GP_MAX_ARRAYS);
    GpArray *array = &gp_reply.arrays[gp_reply.count];
    if (ndim < 0 || ndim > GP_MAX_DIMENSIONS || (!data && my_count(ndim, shape)))
        gp_refuse("error", "%s: expected an array, such as my_array makes, came one without data", name);
    array->name = name;
    array->ndim = ndim;
    memcpy(array->descr, descr, 3);
    for (int k = 0; k < ndim; k++) array->shape[k] = shape[k];
    array->data = ndim ? (void *)data : memcpy(gp_made(1, gp_size(array)), data, gp_size(array));
    gp_reply.count++;
}

/* The operations. */

/* Keeps the compiler from leaving out a call whose result is not used. */
#define GP_USE(result) __asm__ volatile("" : : "r"(&(result)) : "memory")

#include "calls.c"

enum { GP_CALLS = sizeof gp_calls / sizeof *gp_calls };

static void gp_hello(void) {
    fprintf(gp_output,
            "ok name=PORT_NAME language=C version=C%ld blas=none threads=1 dtypes=%s layers= optimizers= epsilon=any"
            " operations=hello,call,inputs,null,time functions=",
            __STDC_VERSION__ / 100 % 100, GP_DTYPE);
    for (int i = 0; i < GP_CALLS; i++) {
        if (i) fputc(',', gp_output);
        gp_put(gp_calls[i].name);
    }
    gp_end_line();
}

/* The call that is asked for; its arguments are kept in gp_last. */
static GpCall *gp_take_call(void) {
    const char *name = gp_field("function");
    int i = 0;
    while (i < GP_CALLS && strcmp(gp_calls[i].name, name) != 0) i++;
    if (i == GP_CALLS) gp_not_written();
    const char *kinds = gp_calls[i].kinds;
    if ((int)strlen(kinds) != gp_request.count)
        gp_refuse("error", "%s: expected %zu arguments, came %d", name, strlen(kinds), gp_request.count);
    for (const GpArray *array = gp_request.arrays; *kinds; array++, kinds++) {
        const char *descr = strchr("Ii", *kinds) ? "<i4" : strchr("Bb", *kinds) ? "|u1" : GP_REAL;
        if (array->descr[1] == 'f' && descr[1] == 'f' && array->descr[2] != descr[2])
            gp_refuse("unsupported", "no %s", array->descr[2] == '8' ? "float64" : "float32");
        if (strcmp(array->descr, descr) != 0 || (*kinds >= 'a' && array->ndim))
            gp_refuse("error", "%s: expected the argument %s as in the signature", name, array->name);
    }
    gp_move(&gp_last, &gp_request);
    for (int k = 0; k < gp_last.count; k++) {
        const GpArray *array = &gp_last.arrays[k];
        gp_arguments[k].any.ndim = array->ndim;
        memcpy(gp_arguments[k].any.shape, array->shape, sizeof array->shape);
        gp_arguments[k].any.data = array->data;
    }
    return gp_calls[i].call;
}

static GpCall *gp_chosen;

static void gp_again(void) {
    gp_chosen(gp_arguments, 0);
    gp_free_made();
}

static void gp_take_time(void) {
    size_t samples;
    if (!gp_is("operation", "call") && !gp_is("operation", "null"))
        gp_refuse("unsupported", "no operation %s to time", gp_field("operation"));
    if (gp_is("operation", "call")) gp_chosen = gp_take_call();
    double *took = gp_timed(gp_is("operation", "call") ? gp_again : gp_nothing, &samples);
    gp_give("nanoseconds", "<f8", 1, &samples, memcpy(gp_made(samples, sizeof *took), took, samples * sizeof *took));
    free(took);
    gp_send(&gp_reply);
}

static void gp_serve_one(void) {
    const char *word = gp_request.word;
    gp_free_made();
    gp_reply.count = 0;
    if (strcmp(word, "hello") == 0) {
        gp_hello();
    } else if (strcmp(word, "call") == 0) {
        gp_take_call()(gp_arguments, 1);
        gp_send(&gp_reply);
    } else if (strcmp(word, "inputs") == 0) {
        gp_send(&gp_last);
    } else if (strcmp(word, "null") == 0) {
        gp_send(&gp_reply);
    } else if (strcmp(word, "time") == 0) {
        gp_take_time();
    } else {
        gp_refuse("unsupported", "no operation %s", word);
    }
}

int main(void) {
    gp_serve(gp_serve_one);
    return 0;
}

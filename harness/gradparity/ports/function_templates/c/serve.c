/*
 * The plumbing between gradparity and functions.c. You need not open this file.
 *
 * Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
 * docs/protocol.md is the specification. Its names begin with gp_, Gp or GP_, so that every other is yours.
 */

#include "functions.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as GCC does */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

enum { GP_MAX_LINE = 65536, GP_MAX_FIELDS = 32, GP_MAX_ARRAYS = 256 };

static const char *const GP_DTYPE = sizeof(my_real) == 8 ? "float64" : "float32";
static const char *const GP_REAL = sizeof(my_real) == 8 ? "<f8" : "<f4";

/* Elements row by row, whichever way they came. descr is <f8, <f4, <i4 or |u1. */
typedef struct {
    const char *name;
    char descr[4];
    union {
        struct {
            int ndim;
            size_t shape[GP_MAX_DIMENSIONS];
            void *data;
        };
        MyArray reals;
        MyIntArray integers;
        MyBoolArray booleans;
    };
} GpArray;

typedef struct {
    char line[GP_MAX_LINE + 1], *word, *keys[GP_MAX_FIELDS], *values[GP_MAX_FIELDS];
    int fields, count;
    GpArray arrays[GP_MAX_ARRAYS];
} GpMessage;

/* A call of a function of functions.c; its results are added to the reply if they are wanted. */
typedef void GpCall(const GpArray *a, int wanted);

static GpMessage gp_request, gp_last, gp_reply; /* gp_reply borrows its data, the others own theirs */
static jmp_buf gp_next_request;
static FILE *gp_output;

/* Text, and the two ways to fail. */

static _Noreturn void gp_broken(const char *what) {
    fprintf(stderr, "serve: %s\n", what);
    exit(1);
}

static void gp_put(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        fprintf(gp_output, *c > ' ' && *c < 127 && *c != '%' ? "%c" : "%%%02X", *c);
}

/* Answers "error" or "unsupported" and goes on with the next request. */
_Noreturn void gp_refuse(const char *word, const char *format, ...) {
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(gp_output, "%s message=", word);
    gp_put(text);
    fputc('\n', gp_output);
    fflush(gp_output);
    longjmp(gp_next_request, 1);
}

void gp_at(const char *file, int line, const char *function) {
    fprintf(stderr, "error\n    at %s:%d in %s\n", file, line, function);
}

static const char *gp_field(const char *key) {
    for (int i = 0; i < gp_request.fields; i++)
        if (strcmp(gp_request.keys[i], key) == 0) return gp_request.values[i];
    gp_refuse("error", "expected the field %s in the request %s", key, gp_request.word);
}

static int gp_is(const char *key, const char *value) { return strcmp(gp_field(key), value) == 0; }

_Noreturn void gp_not_written(void) { gp_refuse("unsupported", "%s is not written yet", gp_field("function")); }

/* %XX is a byte; in place. */
static void gp_unquote(char *text) {
    char *to = text;
    for (unsigned byte; *text; text++) {
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) *text = 0, text += 2, *text = byte;
        *to++ = *text;
    }
    *to = 0;
}

/* Memory. */

/* What my_array and its like have made in a call, to be freed after it. */
typedef union GpMade {
    union GpMade *before;
    max_align_t aligned;
} GpMade;
static GpMade *gp_newest;

void *gp_made(size_t count, size_t size) {
    GpMade *made = count < (SIZE_MAX - sizeof *made) / size ? calloc(1, sizeof *made + count * size) : NULL;
    if (!made) gp_refuse("error", "no memory for an array of %zu elements", count);
    made->before = gp_newest;
    gp_newest = made;
    return made + 1;
}

static void gp_free_made(void) {
    while (gp_newest) {
        GpMade *before = gp_newest->before;
        free(gp_newest);
        gp_newest = before;
    }
}

static void *gp_room(size_t bytes) {
    void *data = malloc(bytes ? bytes : 1);
    if (!data) gp_broken("no memory");
    return data;
}

static void gp_clear(GpMessage *message) {
    for (int i = 0; i < message->count; i++) {
        free((char *)message->arrays[i].name);
        free(message->arrays[i].data);
    }
    message->count = message->fields = 0;
}

/* Reading and writing. */

static size_t gp_size(const GpArray *array) { return array->descr[2] - '0'; }

static void gp_get(void *bytes, size_t count) {
    if (fread(bytes, 1, count, stdin) != count) gp_broken("stdin ended inside an array");
}

/* Elements that came column by column, the first index fastest, are put row by row. */
static void gp_turn(GpArray *array, size_t count) {
    size_t size = gp_size(array);
    char *turned = gp_room(count * size), *came = array->data;
    for (size_t i = 0; i < count; i++) {
        size_t place = 0, stride = count, rest = i;
        for (int k = array->ndim - 1; k >= 0; k--) {
            stride /= array->shape[k];
            place += rest % array->shape[k] * stride;
            rest /= array->shape[k];
        }
        memcpy(turned + i * size, came + place * size, size);
    }
    free(came);
    array->data = turned;
}

static void gp_read_array(GpArray *array, const char *name) {
    unsigned char magic[12];
    gp_get(magic, 10);
    if (memcmp(magic, "\x93NUMPY", 6) != 0) gp_broken("expected an .npy record");
    size_t length = magic[8] + 256u * magic[9];
    if (magic[6] > 1) gp_get(magic + 10, 2);
    char *header = gp_room(length + 1);
    gp_get(header, length);
    header[length] = 0;
    const char *descr = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (!descr || !shape) gp_broken("expected an .npy header");
    memcpy(array->descr, descr + 10, 3);
    if (!strstr("<f8 <f4 <i4 |u1", array->descr)) gp_broken("expected dtype <f8, <f4, <i4 or |u1");
    array->name = strcpy(gp_room(strlen(name) + 1), name);
    array->ndim = 0;
    for (char *at = (char *)shape + 10; *at && *at != ')';) {
        if (array->ndim == GP_MAX_DIMENSIONS) gp_broken("expected at most 32 dimensions");
        array->shape[array->ndim++] = strtoull(at, &at, 10);
        at += strspn(at, ", ");
    }
    size_t count = my_count(array->ndim, array->shape), bytes = count * gp_size(array);
    array->data = gp_room(bytes);
    gp_get(array->data, bytes);
    if (array->ndim > 1 && strstr(header, "'fortran_order': True")) gp_turn(array, count);
    free(header);
}

/* Whether there is another request. */
static int gp_read_request(void) {
    gp_clear(&gp_request);
    if (!fgets(gp_request.line, sizeof gp_request.line, stdin)) return 0;
    gp_request.line[strcspn(gp_request.line, "\n")] = 0;
    gp_request.word = strtok(gp_request.line, " ");
    if (!gp_request.word) gp_broken("expected a line 'word key=value ...'");
    char *names = NULL;
    for (char *pair; (pair = strtok(NULL, " "));) {
        char *value = strchr(pair, '=');
        if (!value || gp_request.fields == GP_MAX_FIELDS) gp_broken("expected fields as key=value");
        *value++ = 0;
        if (strcmp(pair, "arrays") == 0) {
            names = value;
        } else {
            gp_unquote(value);
            gp_request.keys[gp_request.fields] = pair;
            gp_request.values[gp_request.fields++] = value;
        }
    }
    for (char *name = names ? strtok(names, ",") : NULL; name; name = strtok(NULL, ",")) {
        if (gp_request.count == GP_MAX_ARRAYS) gp_broken("too many arrays in a request");
        gp_read_array(&gp_request.arrays[gp_request.count++], name);
    }
    return 1;
}

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

static void gp_send_array(const GpArray *array) {
    char header[1000];
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", array->descr);
    for (int k = 0; k < array->ndim; k++)
        length += snprintf(header + length, sizeof header - length, k ? ", %zu" : "%zu", array->shape[k]);
    length += snprintf(header + length, sizeof header - length, "%s), }", array->ndim == 1 ? "," : "");
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    fwrite("\x93NUMPY\x01", 1, 8, gp_output);
    fputc(padded % 256, gp_output), fputc(padded / 256, gp_output);
    fprintf(gp_output, "%-*s\n", padded - 1, header);
    fwrite(array->data, gp_size(array), my_count(array->ndim, array->shape), gp_output);
}

static void gp_send(const GpMessage *message) {
    fputs("ok", gp_output);
    for (int i = 0; i < message->count; i++) fprintf(gp_output, "%s%s", i ? "," : " arrays=", message->arrays[i].name);
    fputc('\n', gp_output);
    for (int i = 0; i < message->count; i++) gp_send_array(&message->arrays[i]);
    fflush(gp_output);
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
    fputc('\n', gp_output);
    fflush(gp_output);
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
    gp_clear(&gp_last);
    memcpy(gp_last.arrays, gp_request.arrays, gp_request.count * sizeof *gp_request.arrays);
    gp_last.count = gp_request.count;
    gp_request.count = 0;
    return gp_calls[i].call;
}

static double gp_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void gp_call_nothing(const GpArray *a, int wanted) { (void)a, (void)wanted; }

static void gp_take_time(void) {
    static double *took;
    size_t samples = strtoull(gp_field("samples"), NULL, 10), calls = strtoull(gp_field("calls"), NULL, 10);
    if (!gp_is("operation", "call") && !gp_is("operation", "null"))
        gp_refuse("unsupported", "no operation %s to time", gp_field("operation"));
    GpCall *call = gp_is("operation", "call") ? gp_take_call() : gp_call_nothing;
    free(took);
    took = gp_room(samples * sizeof *took);
    for (size_t i = 0; i < samples; i++) {
        double begin = gp_now();
        for (size_t k = 0; k < calls; k++) {
            call(gp_last.arrays, 0);
            gp_free_made();
        }
        took[i] = gp_now() - begin;
    }
    gp_give("nanoseconds", "<f8", 1, &samples, took);
    gp_send(&gp_reply);
}

static void gp_serve_one(void) {
    const char *word = gp_request.word;
    gp_free_made();
    gp_reply.count = 0;
    if (strcmp(word, "hello") == 0) {
        gp_hello();
    } else if (strcmp(word, "call") == 0) {
        gp_take_call()(gp_last.arrays, 1);
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

#ifdef __SANITIZE_ADDRESS__
/* The one line that matters again, as only the end of stderr is shown. */
static void gp_summary(const char *report) {
    const char *at = strstr(report, "SUMMARY");
    if (at) fprintf(stderr, "%.*s\n", (int)strcspn(at, "\n"), at);
}
#endif

int main(void) {
#ifdef __SANITIZE_ADDRESS__
    __asan_set_error_report_callback(gp_summary);
#endif
    setvbuf(stdout, NULL, _IOLBF, 0); /* what you print is not lost where it crashes */
    if (!(gp_output = fdopen(3, "wb"))) gp_broken("no file descriptor 3: run it as port.toml does");
    while (gp_read_request()) {
        if (setjmp(gp_next_request) == 0) gp_serve_one();
    }
    return 0;
}

/*
 * Messages: a line of text, then arrays as .npy records. Requests come on stdin, replies leave by file descriptor 3.
 * gradparity's docs/protocol.md is the specification.
 */

#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GP_MAX_LINE = 65536, GP_MAX_FIELDS = 1024, GP_MAX_ARRAYS = 256, GP_MAX_DIMENSIONS = 32 };

/* Elements row by row, whichever way they came. descr is <f8, <f4, <i4 or |u1. */
typedef struct {
    const char *name;
    char descr[4];
    int ndim;
    size_t shape[GP_MAX_DIMENSIONS];
    void *data;
} GpArray;

typedef struct {
    char line[GP_MAX_LINE + 1], *word, *keys[GP_MAX_FIELDS], *values[GP_MAX_FIELDS];
    int fields, count;
    GpArray arrays[GP_MAX_ARRAYS];
} GpMessage;

static FILE *gp_output;

static _Noreturn void gp_broken(const char *what) {
    fprintf(stderr, "serve: %s\n", what);
    exit(1);
}

/* Memory. */

static void *gp_room(size_t bytes) {
    void *data = malloc(bytes ? bytes : 1);
    if (!data) gp_broken("no memory");
    return data;
}

static const char *gp_copied(const char *text) { return strcpy(gp_room(strlen(text) + 1), text); }

static inline size_t gp_count(int ndim, const size_t *shape) {
    size_t count = 1;
    for (int k = 0; k < ndim; k++) count *= shape[k];
    return count;
}

/* Of an element. */
static size_t gp_size(const GpArray *array) { return array->descr[2] - '0'; }

static size_t gp_bytes(const GpArray *array) { return gp_count(array->ndim, array->shape) * gp_size(array); }

static void gp_drop(GpArray *array) {
    free((char *)array->name);
    free(array->data);
}

static void gp_clear(GpMessage *message) {
    for (int i = 0; i < message->count; i++) gp_drop(&message->arrays[i]);
    message->count = message->fields = 0;
}

/* The arrays of one message to another. */
static void gp_move(GpMessage *to, GpMessage *from) {
    gp_clear(to);
    memcpy(to->arrays, from->arrays, from->count * sizeof *from->arrays);
    to->count = from->count;
    from->count = 0;
}

/* Reading. */

/* %XX is a byte; in place. */
static void gp_unquote(char *text) {
    char *to = text;
    for (unsigned byte; *text; text++) {
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) *text = 0, text += 2, *text = byte;
        *to++ = *text;
    }
    *to = 0;
}

static void gp_get(void *bytes, size_t count) {
    if (fread(bytes, 1, count, stdin) != count) gp_broken("stdin ended inside an array");
}

/* Elements that came column by column, the first index fastest, are put row by row. */
static void gp_turn(GpArray *array) {
    size_t size = gp_size(array), count = gp_count(array->ndim, array->shape);
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
    *array = (GpArray){.name = gp_copied(name)};
    memcpy(array->descr, descr + 10, 3);
    if (!strstr("<f8 <f4 <i4 |u1", array->descr)) gp_broken("expected dtype <f8, <f4, <i4 or |u1");
    for (char *at = (char *)shape + 10; *at && *at != ')';) {
        if (array->ndim == GP_MAX_DIMENSIONS) gp_broken("expected at most 32 dimensions");
        array->shape[array->ndim++] = strtoull(at, &at, 10);
        at += strspn(at, ", ");
    }
    array->data = gp_room(gp_bytes(array));
    gp_get(array->data, gp_bytes(array));
    if (array->ndim > 1 && strstr(header, "'fortran_order': True")) gp_turn(array);
    free(header);
}

/* Whether there is another one. */
static int gp_read(GpMessage *message) {
    gp_clear(message);
    if (!fgets(message->line, sizeof message->line, stdin)) return 0;
    message->line[strcspn(message->line, "\n")] = 0;
    message->word = strtok(message->line, " ");
    if (!message->word) gp_broken("expected a line 'word key=value ...'");
    char *names = NULL;
    for (char *pair; (pair = strtok(NULL, " "));) {
        char *value = strchr(pair, '=');
        if (!value || message->fields == GP_MAX_FIELDS) gp_broken("expected fields as key=value");
        *value++ = 0;
        if (strcmp(pair, "arrays") == 0) {
            names = value;
        } else {
            gp_unquote(value);
            message->keys[message->fields] = pair;
            message->values[message->fields++] = value;
        }
    }
    for (char *name = names ? strtok(names, ",") : NULL; name; name = strtok(NULL, ",")) {
        if (message->count == GP_MAX_ARRAYS) gp_broken("too many arrays in a request");
        gp_read_array(&message->arrays[message->count++], name);
    }
    return 1;
}

/* Writing. */

static void gp_put(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        fprintf(gp_output, *c > ' ' && *c < 127 && *c != '%' ? "%c" : "%%%02X", *c);
}

static void gp_end_line(void) {
    fputc('\n', gp_output);
    fflush(gp_output);
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
    fwrite(array->data, 1, gp_bytes(array), gp_output);
}

/* Its arrays, with ok. */
static void gp_send(const GpMessage *message) {
    fputs("ok", gp_output);
    for (int i = 0; i < message->count; i++) fprintf(gp_output, "%s%s", i ? "," : " arrays=", message->arrays[i].name);
    fputc('\n', gp_output);
    for (int i = 0; i < message->count; i++) gp_send_array(&message->arrays[i]);
    fflush(gp_output);
}

/*
 * Arrays for the file that you fill in, which says what my_real is before it includes this one. You need not open it.
 */

#include <math.h>
#include <stdbool.h>

#include "protocol/server.h"

/* Elements row by row: the last index runs fastest. */
typedef struct {
    int ndim;
    size_t shape[GP_MAX_DIMENSIONS];
    my_real *data;
} MyArray;

typedef struct {
    int ndim;
    size_t shape[GP_MAX_DIMENSIONS];
    int32_t *data;
} MyIntArray;

typedef struct {
    int ndim;
    size_t shape[GP_MAX_DIMENSIONS];
    bool *data;
} MyBoolArray;

static _Noreturn inline void gp_not_written(void) {
    gp_refuse("unsupported", "%s is not written yet", gp_field("function"));
}

/* Stands where nothing is yet. */
#define my_todo() gp_not_written()

static inline void gp_at(const char *file, int line, const char *function) {
    fprintf(stderr, "error\n    at %s:%d in %s\n", file, line, function);
}

/* Reports an error in the manner of printf, and leaves the function. */
#define my_error(...) (gp_at(__FILE__, __LINE__, __func__), gp_refuse("error", __VA_ARGS__))

static inline size_t my_count(int ndim, const size_t *shape) { return gp_count(ndim, shape); }

/* Defined in protocol/made.h. */
void *gp_made(size_t count, size_t size);

/* my_array(n, d) is an array of this shape, and my_array_of(x->ndim, x->shape) one of that. They hold zeros, and are
   freed when the call is over; so are those of integers, and of booleans. */
#define GP_LENGTH(...) sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t)
#define GP_MAKER(Array, name)                                                                                          \
    static inline Array name(int ndim, const size_t *shape) {                                                          \
        Array made = {.ndim = ndim};                                                                                   \
        memcpy(made.shape, shape, ndim * sizeof *shape);                                                               \
        made.data = gp_made(my_count(ndim, shape), sizeof *made.data);                                                 \
        return made;                                                                                                   \
    }
GP_MAKER(MyArray, my_array_of)
GP_MAKER(MyIntArray, my_int_array_of)
GP_MAKER(MyBoolArray, my_bool_array_of)
#define my_array(...) my_array_of(GP_LENGTH(__VA_ARGS__), (size_t[]){__VA_ARGS__})
#define my_int_array(...) my_int_array_of(GP_LENGTH(__VA_ARGS__), (size_t[]){__VA_ARGS__})
#define my_bool_array(...) my_bool_array_of(GP_LENGTH(__VA_ARGS__), (size_t[]){__VA_ARGS__})

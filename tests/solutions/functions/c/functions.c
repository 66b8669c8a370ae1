/*
 * The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
 *
 * A MyArray has ndim, shape[] and data, row by row: element (i, j) of a matrix is a->data[i * a->shape[1] + j], or
 * m[i][j] after my_real(*m)[a->shape[1]] = (void *)a->data. my_array(n, d) makes an array of zeros, my_int_array and
 * my_bool_array make the other kinds; all are freed for you. my_error("...", ...) reports an error, as printf would.
 *
 * All names here begin with my_ or My, and those of serve.c, which includes this file, with gp_, Gp or GP_. So you can
 * include the header of code that you have, with whatever names in it, and call it; add its .c files to the build in
 * port.toml.
 */

/* YOURS: the type of all numbers, double or float. */
typedef double my_real;

#include "arrays.h"

/* What my_ridge returns. */
typedef struct {
    MyArray w;
    my_real loss;
} MyRidge;

/* Ridge regression with its gradient.
   ridge(X[n, d], y[n], penalty) -> w[d], loss */
static MyRidge my_ridge(const MyArray *X, const MyArray *y, my_real penalty) {
    size_t n = X->shape[0], d = X->shape[1];
    my_real(*x)[d] = (void *)X->data, a[d][d + 1]; /* a: X'X + penalty I, and X'y beside it */
    MyRidge r = {.w = my_array(d)};
    my_real *w = r.w.data;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= d; j++) {
            a[i][j] = i == j ? penalty : 0;
            for (size_t k = 0; k < n; k++) a[i][j] += x[k][i] * (j < d ? x[k][j] : y->data[k]);
        }
    }
    for (size_t i = 0; i < d; i++) {
        for (size_t row = i + 1; row < d; row++) {
            my_real factor = a[row][i] / a[i][i];
            for (size_t j = i; j <= d; j++) a[row][j] -= factor * a[i][j];
        }
    }
    for (size_t i = d; i-- > 0;) {
        w[i] = a[i][d];
        for (size_t j = i + 1; j < d; j++) w[i] -= a[i][j] * w[j];
        w[i] /= a[i][i];
        r.loss += penalty * w[i] * w[i];
    }
    for (size_t k = 0; k < n; k++) {
        my_real residual = -y->data[k];
        for (size_t j = 0; j < d; j++) residual += x[k][j] * w[j];
        r.loss += residual * residual;
    }
    return r;
}

/* What my_outer3 returns. */
typedef struct {
    MyArray out;
    my_real total;
} MyOuter3;

/* a[i] b[j] c[k], and the sum.
   outer3(a[n], b[m], c[k]) -> out[n, m, k], total */
static MyOuter3 my_outer3(const MyArray *a, const MyArray *b, const MyArray *c) {
    size_t n = a->shape[0], m = b->shape[0], o = c->shape[0];
    MyOuter3 r = {.out = my_array(n, m, o)};
    my_real(*out)[m][o] = (void *)r.out.data;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            for (size_t k = 0; k < o; k++) r.total += out[i][j][k] = a->data[i] * b->data[j] * c->data[k];
    return r;
}

/* What my_pick returns. */
typedef struct {
    MyArray out;
    int32_t count;
    MyBoolArray kept;
} MyPick;

/* The rows of x that keep names, and how many.
   pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n] */
static MyPick my_pick(const MyArray *x, const MyBoolArray *keep, const MyIntArray *order) {
    MyPick r = {.out = my_array_of(x->ndim, x->shape), .kept = *keep};
    size_t size = my_count(x->ndim - 1, x->shape + 1);
    for (size_t i = 0; i < x->shape[0]; i++) {
        if (!keep->data[i]) continue;
        memcpy(r.out.data + i * size, x->data + order->data[i] * size, size * sizeof *x->data);
        r.count++;
    }
    return r;
}

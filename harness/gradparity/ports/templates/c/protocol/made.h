/*
 * Arrays that are made in a call, such as those of my_array, and are freed when it is over.
 */

#pragma once

#include "server.h"

#include <stddef.h>

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

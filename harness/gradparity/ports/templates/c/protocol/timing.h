/*
 * How long calls take, by this port's own clock.
 */

#pragma once

#include "server.h"

#include <time.h>

static double gp_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void gp_nothing(void) {}

/* Takes the samples that the request asks for, each the nanoseconds of its calls. To be freed. */
static double *gp_timed(void (*call)(void), size_t *samples) {
    size_t calls = strtoull(gp_field("calls"), NULL, 10);
    *samples = strtoull(gp_field("samples"), NULL, 10);
    double *took = gp_room(*samples * sizeof *took);
    for (size_t i = 0; i < *samples; i++) {
        double begin = gp_now();
        for (size_t k = 0; k < calls; k++) call();
        took[i] = gp_now() - begin;
    }
    return took;
}

/*
 * Request after request, and what one of them says. An error ends its own request alone.
 */

#pragma once

#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as GCC does */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static GpMessage gp_request;
static jmp_buf gp_next_request;

/* Answers "error" or "unsupported" and goes on with the next request. */
static _Noreturn void gp_refuse(const char *word, const char *format, ...) {
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(gp_output, "%s message=", word);
    gp_put(text);
    gp_end_line();
    longjmp(gp_next_request, 1);
}

static const char *gp_field(const char *key) {
    for (int i = 0; i < gp_request.fields; i++)
        if (strcmp(gp_request.keys[i], key) == 0) return gp_request.values[i];
    gp_refuse("error", "expected the field %s in the request %s", key, gp_request.word);
}

static int gp_is(const char *key, const char *value) { return strcmp(gp_field(key), value) == 0; }

#ifdef __SANITIZE_ADDRESS__
/* The one line that matters again, as only the end of stderr is shown. */
static void gp_summary(const char *report) {
    const char *at = strstr(report, "SUMMARY");
    if (at) fprintf(stderr, "%.*s\n", (int)strcspn(at, "\n"), at);
}
#endif

/* Calls answer for each request, until there is none. */
static void gp_serve(void (*answer)(void)) {
#ifdef __SANITIZE_ADDRESS__
    __asan_set_error_report_callback(gp_summary);
#endif
    setvbuf(stdout, NULL, _IOLBF, 0); /* what you print is not lost where it crashes */
    if (!(gp_output = fdopen(3, "wb"))) gp_broken("no file descriptor 3: run it as port.toml does");
    while (gp_read(&gp_request)) {
        if (setjmp(gp_next_request) == 0) answer();
    }
}

/*
 * The record of a terminal session: every byte that the program wrote, and with times what was
 * written, typed and resized, so that a failed test can be watched again (asciinema's file format
 * 2, https://docs.asciinema.org/manual/asciicast/v2/).
 */
#ifndef TESTS_PTY_CAPTURE_H
#define TESTS_PTY_CAPTURE_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CAPTURE_CAP = 64 << 20 }; /* bytes of output kept; a session beyond that is cut */

struct capture;

/* The size is the terminal's at the start; `term` and `command` go into the file's header. Times
 * are CLOCK_MONOTONIC nanoseconds and count from start_ns. */
struct capture *capture_new(
    int width, int height, const char *term, const char *command, int64_t start_ns);
void capture_free(struct capture *c);

void capture_output(struct capture *c, int64_t now_ns, const char *bytes, size_t length);
void capture_input(struct capture *c, int64_t now_ns, const char *bytes, size_t length);
void capture_resize(struct capture *c, int64_t now_ns, int width, int height);

/* All output so far; borrowed until the next capture_output. */
const GByteArray *capture_bytes(const struct capture *c);
bool capture_is_cut(const struct capture *c);

/* Writes the session as a .cast file and makes its folder. Bytes that are not UTF-8 become U+FFFD.
 * */
bool capture_save(const struct capture *c, const char *path, GError **error);

DEFINE_AUTO(capture, capture_free)

#endif

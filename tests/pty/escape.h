/*
 * Cuts a terminal's input (what a program writes) into text, control bytes and escape sequences,
 * after ECMA-48 sections 5.3 to 5.6 with xterm's string sequences. It knows the grammar and no
 * meaning; the emulator and the check for forbidden bytes both stand on it.
 */
#ifndef TESTS_PTY_ESCAPE_H
#define TESTS_PTY_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

enum escape_kind {
    ESCAPE_TEXT, /* a run of bytes from 0x20 on without DEL; whether it is UTF-8 is not looked at */
    ESCAPE_CONTROL, /* one C0 byte or DEL */
    ESCAPE_SHORT,   /* ESC, intermediate bytes, final byte: ESC 7, ESC ( B */
    ESCAPE_CSI,     /* ESC [ ... */
    ESCAPE_STRING,  /* OSC, DCS, SOS, PM or APC with its end, ST or (OSC only) BEL */
    ESCAPE_BROKEN,  /* begins as a sequence and ends before the byte that fits no grammar */
};

/* One piece of output. `bytes` points into the caller's buffer. */
struct escape_token {
    enum escape_kind kind;
    const char *bytes;
    size_t length;
    char leader;       /* of a CSI: '<', '=', '>' or '?', else 0 */
    char intermediate; /* the last one, else 0 */
    char final;        /* of a string: the byte that opened it, ']' for OSC */
};

/* Gives the first piece of `bytes` and returns its length, or 0 when the bytes end inside a
 * sequence (or there are none): then call again with more behind them. */
size_t escape_next(const char *bytes, size_t length, struct escape_token *token);

/* Walks the numeric parameters of a CSI. `*at` starts at 0. An empty parameter is -1; a parameter
 * with subparameters (4:3) gives its first number. Returns false after the last. */
bool escape_param(const struct escape_token *token, size_t *at, long *value);

/* The payload of a string sequence without introducer and end. The caller owns it. */
char *escape_payload(const struct escape_token *token);

#endif

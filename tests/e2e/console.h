/* weir in a terminal, over sources that are text files (tests/fake): what end-to-end tests share. */
#ifndef TESTS_E2E_CONSOLE_H
#define TESTS_E2E_CONSOLE_H

#include "pty_assert.h"

/* A folder with a configuration of two sources, "one" and "two", each a file of that name. */
struct bed {
    char *folder;
    char *config;
};

struct bed *bed_new(const char *one, const char *two);
void bed_free(struct bed *b);
DEFINE_AUTO(bed, bed_free)

/* Replaces what a source answers from its next poll on. */
void bed_answer(const struct bed *b, const char *source, const char *text);
/* Replaces the configuration. */
void bed_configure(struct bed *b, const char *yaml);

struct bed_run {
    const char *const *env; /* as in struct pty_spec, or NULL */
    const char *term;
    int width, height;
    struct emulator_manner manner; /* what kind of terminal it is */
    const char *program;           /* NULL: the one beside the made-up sources */
    const char *arguments;         /* of weir, separated by blanks, or NULL */
    bool job;    /* as a job of a shell, which says "stopped" and goes on after Enter */
    bool traced; /* its write(2)s to the terminal are counted by bed_writes */
};
/* Path of that one; g_free. */
char *bed_program(void);
/* Starts the console on the bed; XDG folders lie in the bed. run may be NULL. */
struct pty *bed_run(const struct bed *b, const struct bed_run *run);
/* The same, and waits until both sources have answered or failed. */
struct pty *bed_open(const struct bed *b, const struct bed_run *run);

/* write(2)s to the terminal so far, of a run that is traced. */
unsigned bed_writes(const struct bed *b);
/* Whether this machine can trace (strace is there and allowed). */
bool bed_can_trace(void);

/* Types text as keys, then Enter. */
void bed_go(struct pty *p, const char *line);

#endif

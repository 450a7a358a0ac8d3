/*
 * A program that the terminal benchmark runs: how to start it, how to tell that its first screen
 * stands, and which keys to press. Programs come from the command line, from a file, or from the
 * list of those that are built in.
 *
 * Keys are names as in pty_key, separated by blanks or commas; "down*20" is twenty times down.
 */
#ifndef TESTS_BENCH_PROGRAM_H
#define TESTS_BENCH_PROGRAM_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>

struct program {
    char *name;
    char **argv;
    char **env;    /* as in struct pty_spec; never NULL */
    char *cwd;     /* NULL: where the benchmark runs */
    char *content; /* a regex: on the screen it matches, what the user came for can be seen */
    char **setup;  /* keys pressed once before the measured ones */
    char **keys;   /* pressed round and round; each MUST change the screen */
    char **quit;   /* keys that end it from the measured state; the last one is timed */
};

/* NAME:KEYS:COMMAND, where the command is split as a shell would. Content is then anything at all,
 * and q quits. Returns NULL with what is wrong with it. */
struct program *program_parse(const char *text, GError **error);

/* Appends a program for every group of a key file with the fields of struct program; argv and keys
 * are needed:
 *
 *     [weir]
 *     argv = build/weir --config demo.yaml
 *     content = ^NOW
 *     setup = g
 *     keys = down*20 up*20
 *     env = WEIR_FAKE_NOW=1750000000;
 */
bool program_load(GPtrArray *programs, const char *path, GError **error);

struct program *program_floor(const char *name, const char *path);

/* Appends those of the programs known here that this machine has. `home` is the folder that the
 * programs will see as their HOME: what they need for a quiet start is written there. */
void program_add_installed(GPtrArray *programs, const char *home);

void program_free(struct program *p);

DEFINE_AUTO(program, program_free)

#endif

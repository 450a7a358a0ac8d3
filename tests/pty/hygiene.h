/*
 * The check for forbidden bytes in what a program wrote to its terminal. Text that came from a
 * server must not steer the terminal, so everything on the wire has to be
 *
 *   - UTF-8 without C1 controls, line separators and default-ignorable code points (bidi overrides,
 *     zero-width characters, tags, variation selectors): text that a person cannot see;
 *   - of the C0 controls only BEL, BS, HT, LF, CR, SO and SI, which terminfo uses;
 *   - escape sequences in ECMA-48 grammar, each of a shape that the terminfo entry of the TERM has
 *     among its output strings, or that stands in the short list in hygiene.c, with the reason.
 */
#ifndef TESTS_PTY_HYGIENE_H
#define TESTS_PTY_HYGIENE_H

#include <glib.h>
#include <stdbool.h>

#define HYGIENE_ERROR (hygiene_error_quark())
GQuark hygiene_error_quark(void);

enum hygiene_error {
    HYGIENE_ERROR_TERM,      /* no terminfo entry of that name */
    HYGIENE_ERROR_FORBIDDEN, /* the message names the byte's offset and shows what stands there */
};

/* Checks all that a program wrote, from its first byte. */
bool hygiene_check(const char *bytes, size_t length, const char *term, GError **error);

#endif

/* The one error domain of weir. Every failing function fills a GError once, at the place that knows
 * what was tried; the message is one sentence for the user: what failed, what came back, what to do.
 * Callers decide by the code alone, never by the text. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <glib.h>

enum weir_error {
    WEIR_ERROR_USAGE,       /* the command line, an address, a filter: exit code 2 */
    WEIR_ERROR_CONFIG,      /* the configuration: exit code 2 */
    WEIR_ERROR_UNREACHABLE, /* no connection could be made, or it broke */
    WEIR_ERROR_TIMEOUT,     /* the deadline passed */
    WEIR_ERROR_DENIED,      /* the server knows us and says no, or does not know us */
    WEIR_ERROR_NOT_FOUND,   /* the thing asked for is not there (any more) */
    WEIR_ERROR_PROTOCOL,    /* an answer that this program does not understand */
    WEIR_ERROR_TOO_LARGE,   /* an answer beyond its cap */
    WEIR_ERROR_SERVER,      /* the server failed by its own account (5xx and the like) */
    WEIR_ERROR_REFUSED,     /* the gate: a write without a token: exit code 4 */
    WEIR_ERROR_CANCELLED,   /* nobody waits for the result any more */
    WEIR_ERROR_UNSUPPORTED, /* this version of the server, or of weir, cannot do it */
};

#define WEIR_ERROR (weir_error_quark())
GQuark weir_error_quark(void);

/* Fills *error and returns false, so that a failing function ends with one line. */
gboolean weir_fail(GError **error, enum weir_error code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif

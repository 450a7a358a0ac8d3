/* Actions and the one gate through which every write must go.
 *
 * An action is one row of a kind's table; it drives key, menu, command, help, `weir do` and audit.
 * This version registers none, and every environment is read-only: so no token exists, and the
 * transports let nothing pass but what reads.
 *
 * The gate is asked by the transports themselves, right before a request leaves (http.c, shell.c, the
 * call of the Kafka connector): hiding a key is not what keeps weir from writing. */
#ifndef CORE_ACTION_H
#define CORE_ACTION_H

#include "connector.h"

enum {
    ACTION_F_NEEDS_ROW = 1 << 0,
    ACTION_F_MULTI = 1 << 1,
    ACTION_F_WRITES = 1 << 2,
    ACTION_F_CONFIRM = 1 << 3,
    ACTION_F_TYPED_NAME = 1 << 4,
};

/* The table ends with a NULL name. */
struct action {
    const char *name; /* SYSTEM.verb */
    const char *keys;
    const char *help;
    unsigned flags;
};

/* The right to send what one confirmed and audited call planned. Nothing outside action.c can make
 * one; this version makes none. */
struct gate_token;

/* Whether a request may leave. True for GET and HEAD, for what stands in the connector's reads table,
 * and with a valid token; else WEIR_ERROR_REFUSED. path is without query for HTTP methods, the
 * operation for a client library's, the whole line for "SHELL". Pure; any thread. */
gboolean gate_permit(const struct connector *c, const char *method, const char *path,
    const struct gate_token *token, GError **error);

#endif

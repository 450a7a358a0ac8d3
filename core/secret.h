/* Secrets: where one comes from (a command, a file, an environment variable) and its value, fetched
 * by the lane that needs it. A value never reaches an argument list, a log, the screen or a
 * recording: it has no printing function, and its bytes are wiped when it is freed. */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <glib.h>
#include <stdbool.h>

#include "auto.h"

#define SECRET_BYTES_MAX  65536
#define SECRET_COMMAND_MS 10000

/* Exactly one of the three is set. value holds what the environment variable had when the
 * configuration was read: it is taken out of the environment then, so that children never see it. */
struct secret_spec {
    char **command; /* argv, no shell */
    char *file;
    char *env;
    char *value;
};

struct secret;

/* Blocks up to SECRET_COMMAND_MS: lanes only. A command runs in a session of its own, without a
 * terminal and without the environment's other secrets; a file must belong to the user (or root) and
 * be closed to everyone else. One trailing newline is cut. The error says what to unlock or chmod. */
struct secret *secret_fetch(const struct secret_spec *spec, GError **error);
const char *secret_text(const struct secret *s); /* NUL-terminated, lives as long as s */
void secret_free(struct secret *s);              /* wipes; accepts NULL */
DEFINE_AUTO(secret, secret_free)

/* Whether a name ("X-Api-Key", "sasl.password") says that its value is a secret. Pure. */
bool secret_is_named(const char *name);

/* Overwrites text so that the compiler cannot leave it out. Accepts NULL. */
void secret_wipe(char *text);

void secret_spec_clear(struct secret_spec *spec);

#endif

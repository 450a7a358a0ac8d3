/* What the console and the one-shot commands share: configuration, registry, engine and store, and
 * the steps from one to the next (the connectors are loaded after the first paint, so the options of
 * the sources are checked after that). */
#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include "auto.h"
#include "engine.h"
#include "store.h"

struct cli;

struct session {
    struct config *config;
    struct environment *environment;
    struct registry *registry;
    struct engine *engine;
    struct store *store;
    const struct connector_library *library; /* NULL until it is loaded */
    GPtrArray *faults; /* struct fault: what is wrong with the options of sources */
};

/* Reads and checks the configuration. NULL: it printed its faults on stderr (exit code 2). */
struct session *session_new(const struct cli *cli);
/* The configuration of this machine alone, whatever files there are: what discovery starts from. */
struct session *session_new_builtin(void);
void session_free(struct session *s); /* stops the engine; accepts NULL */
DEFINE_AUTO(session, session_free)

/* Starts loading the connectors; MAIL_LOADED follows. */
void session_load(struct session *s);
/* Takes MAIL_LOADED: registers the kinds and checks the sources' options (faults). False and *error
 * when the connectors cannot be used. */
bool session_loaded(struct session *s, const struct mail *m, GError **error);
/* Starts recording, unless the configuration says not to, and asks for what is remembered. After
 * session_loaded. */
void session_start_history(struct session *s);
/* Whether what is remembered belongs to what is watched now: a source that there is, and a kind that is
 * polled always, so that the first poll replaces it. */
bool session_watches(const struct session *s, const struct snapshot *remembered);
/* Takes MAIL_FOUND: adds the source and returns it. */
struct source *session_found(struct session *s, const struct mail *m);
/* Blocks until the connectors are loaded and the sources checked. Prints what is wrong; false: exit
 * with code 2. With the built-in configuration it also waits for discovery (at most 5 s). */
bool session_prepare(struct session *s);

/* The configured source of an address, with its connector. NULL and a usage error. */
struct source *session_source(const struct session *s, const struct rid *rid, GError **error);
/* The feed of a kind. */
const struct feed *session_feed(const struct session *s, const struct kind *k);

#endif

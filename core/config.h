/* The configuration: which environments and sources there are. weir reads it and never writes it.
 *
 * It is checked in two steps. config_load() checks the YAML and weir's own keys, before anything is
 * painted; the options of the sources are checked by config_check_sources(), once the connectors,
 * whose tables describe them, are loaded. Every fault names its file, line and column and what to do;
 * all faults are collected, not the first alone. After the second step everything here is immutable
 * and may be read by any thread. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "secret.h"

struct registry;
struct connector;

enum option_type {
    OPTION_TEXT,
    OPTION_INT,
    OPTION_NUMBER, /* 10, 10k, 64KiB, 90% */
    OPTION_SPAN,   /* 10s; kept in milliseconds */
    OPTION_BOOL,
    OPTION_FILE,   /* a path; ~/ is expanded */
    OPTION_URL,    /* http:// or https://, no path needed, no user or password in it */
    OPTION_LIST,   /* [a, b] or "a,b" */
    OPTION_MAP,    /* name: text or secret */
    OPTION_LISTS,  /* name: [a, b] */
    OPTION_SECRET, /* {command: [...]} or {file: ...} or {env: ...} */
};

enum {
    OPTION_F_REQUIRED = 1 << 0,
    OPTION_F_LATER =
        1 << 1, /* promised by the contract, not in this version: said so, not ignored */
};

struct option {
    const char *name;
    enum option_type type;
    unsigned flags;
    const char *fallback; /* as written in YAML; NULL: none */
    const char *help;
};

/* Options that every source has (type, every, timeout), and those of every HTTP source. */
extern const struct option source_options[];
extern const struct option http_options[];
/* The keys of the file itself, and of an environment. */
extern const struct option config_options[];
extern const struct option environment_options[];
/* "a whole number", "a span (500ms, 10s, 5m)": what is written there. */
const char *option_type_words(enum option_type type);

enum environment_class { CLASS_DEV, CLASS_STAGE, CLASS_PROD };

struct config;
struct environment;
struct source;

/* One fault. line 0: the whole file. text is the line itself. */
struct fault {
    char *file;
    int line, column; /* from 1 */
    char *message;
    char *text;
};
void fault_free(struct fault *f);
/* "file:12:7: message" and, where known, the line with a mark below the column. */
void fault_append(GString *out, const struct fault *f);

/* path NULL: $WEIR_CONFIG, else $XDG_CONFIG_HOME/weir/weir.yaml, else /etc/weir/weir.yaml, else a
 * configuration of this machine alone (config_is_builtin). Faults are appended to faults (struct
 * fault); NULL when it cannot be used at all. env NULL: the one that the file opens. */
struct config *config_load(const char *path, const char *env, GPtrArray *faults);
struct config *config_builtin(void);
void config_free(struct config *c);

bool config_is_builtin(const struct config *c);
const char *config_path(const struct config *c);                /* NULL when built in */
struct environment *config_environment(const struct config *c); /* the one that is open */
guint config_environment_count(const struct config *c);
struct environment *config_environment_at(const struct config *c, guint i);
const char *config_theme(const struct config *c);
/* `history:` whether the console records what it reads, and remembers it. */
bool config_history(const struct config *c);
/* `keys:` action name to key, NULL-terminated pairs. */
const char *const *config_keys(const struct config *c);

/* Second step, for the sources of every environment; faults as above. A source with a fault is kept
 * and marked (source_fault). Returns whether there was none. */
bool config_check_sources(struct config *c, const struct registry *r, GPtrArray *faults);

/* A source that was found, as YAML below `sources:`, its secrets as the commands, files and variables
 * that hold them: for a first configuration. */
void source_write(const struct source *s, GString *out);
/* The effective configuration as YAML, secrets masked, defaults included. */
void config_show(const struct config *c, GString *out);

const char *environment_name(const struct environment *e);
enum environment_class environment_class(const struct environment *e);
const char *environment_class_name(const struct environment *e);
bool environment_read_only(const struct environment *e);
/* Whether it is no real platform (`simulated: true`): the screen says so, and help begins with a tour. */
bool environment_simulated(const struct environment *e);
guint environment_source_count(const struct environment *e);
struct source *environment_source_at(const struct environment *e, guint i);
struct source *environment_source(const struct environment *e, const char *name); /* or NULL */
/* A threshold as configured or by the tables' default; false when no connector has it. */
bool environment_threshold(const struct environment *e, const char *name, double *value);
/* The source "weir", which owns the derived kinds. */
struct source *environment_weir(struct environment *e, const struct connector *derived);
/* For what was found on this machine: adds a source whose options are given as "name", "value"
 * pairs, NULL-terminated: "OPTION" as a text, "OPTION.KEY" in a map, a secret as "OPTION.env" (a
 * variable; left out where it is not set), "OPTION.file" or "OPTION.command" (words as a shell reads
 * them). Of equal secrets the first counts. The name gets a number when it is taken. UI thread, before
 * its lane. */
struct source *environment_add_source(struct environment *e, const char *name,
    const struct connector *c, const char *origin, const char *const *pairs);
/* Takes a variable's value out of the environment, for secrets of sources that are found later. Before
 * there are lanes. */
void config_take_variable(const char *name);

const char *source_name(const struct source *s);
const char *source_type(const struct source *s);
const struct connector *source_connector(const struct source *s); /* NULL before the second step */
const struct environment *source_environment(const struct source *s);
const struct fault *source_fault(const struct source *s); /* NULL: none */
const char *source_origin(const struct source *s);        /* where it was found; NULL: configured */

/* For a connector's check_options: adds a fault where option stands in the file, or where key does in
 * that map; at the source's name when it does not stand there. key may be NULL. */
struct option_faults;
void option_fault(struct option_faults *f, const char *option, const char *key, const char *format,
    ...) G_GNUC_PRINTF(4, 5);

/* Options by name; the name must be in a table of the source's connector. */
bool source_has(const struct source *s, const char *option);
const char *source_text(const struct source *s, const char *option); /* NULL when not set */
int64_t source_int(const struct source *s, const char *option);      /* 0 when not set */
double source_number(const struct source *s, const char *option);
bool source_bool(const struct source *s, const char *option);
const char *const *source_list(const struct source *s, const char *option); /* never NULL */
/* The names of a map, never NULL; its values as text, as list, or as a secret (NULL: not one). */
const char *const *source_map_keys(const struct source *s, const char *option);
const char *source_map_text(const struct source *s, const char *option, const char *key);
const char *const *source_map_list(const struct source *s, const char *option, const char *key);
const struct secret_spec *source_map_secret(
    const struct source *s, const char *option, const char *key);
const struct secret_spec *source_secret(const struct source *s, const char *option); /* or NULL */

/* $XDG_STATE_HOME/weir and the like; directories are made with mode 0700. Newly allocated. */
char *config_state_path(const char *file);
char *config_home_path(const char *file);

#endif

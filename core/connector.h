/* What a system must offer: one const table per system, registered with CONNECTOR(). A connector is
 * straight-line blocking code that runs in lanes (lane.h); it never draws, prints, or keeps state
 * outside its lane.
 *
 * To add a system: one file in connectors/ with its kinds, feeds and this table. Nothing else. */
#ifndef CORE_CONNECTOR_H
#define CORE_CONNECTOR_H

#include "config.h"
#include "kind.h"

struct lane;
struct batch;
struct stream;
struct found;

/* A feed is what is fetched together, however many kinds it fills. */
struct feed {
    const char *name;
    unsigned poll_ms; /* between the end of one fetch and the start of the next, unless `every` */
    enum feed_when {
        FEED_ALWAYS,     /* polled while the program runs, source-wide, in the poll lane */
        FEED_WHILE_OPEN, /* polled in the hand lane while something shows one of its scopes */
        FEED_DERIVED,    /* runs when its inputs changed, at most twice a second */
    } when;
    /* FEED_ALWAYS only. A scope of it that is opened is first fetched in the hand lane, and then, after
     * every poll, published by the poll lane out of what that holds. held: by the poll lane alone,
     * where a second connection would be too dear. */
    bool held;
    const char *const
        *kinds; /* names, NULL-terminated: the first is the one that a failure marks */
    /* MUST return before lane_deadline; MUST publish everything it learned before failing; MAY
     * publish several times. scope is the source itself (count 0) or what was opened. */
    bool (*fetch)(struct lane *l, const struct rid *scope, struct batch *out, GError **error);
};

/* A request that reads (or opens a session) although its method says otherwise. In path {} stands
 * for one path segment. method is an HTTP method, "SHELL" (path: the whole line; {} is one word of
 * [A-Za-z0-9_.@:-]), or the upper-case name of a client library (path: its operation). The array ends
 * with a NULL method. */
struct request_rule {
    const char *method;
    const char *path;
};

struct connector {
    const char *name;             /* the `type` of a source */
    const char *title;            /* "Apache Kafka" */
    const char *help;             /* one sentence: what it speaks, what it was run against */
    const struct option *options; /* own options; ends with a NULL name */
    bool http;                    /* takes the options of every HTTP source as well */
    const char *http_option;      /* ... where this option is given; NULL: always */
    /* What the tables cannot say (one of two, names that must exist): faults by option_fault(). Called
     * when a file is read and every option is what its type says; talks to nobody. */
    void (*check_options)(const struct source *s, struct option_faults *faults);
    const struct option *thresholds;
    const struct kind *const *kinds; /* NULL-terminated */
    const struct feed *feeds;        /* ends with a NULL name */
    const struct request_rule *reads;
    unsigned timeout_ms; /* of one fetch, unless the source sets `timeout` */

    /* Called once per lane, before its first fetch and again after a failed one closed it: sets
     * lane_set_data. MUST NOT talk to the server longer than the deadline. */
    bool (*open)(struct lane *l, GError **error);
    void (*close)(struct lane *l); /* accepts a half-open handle */
    /* Everything about one thing: rows of kind_detail, and the server's own text in raw. */
    bool (*show)(struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw,
        GError **error);
    /* Streams sealed chunks of kind_log until the end, an error, or lane_cancelled. */
    bool (*follow)(struct lane *l, const struct rid *what, struct stream *out, GError **error);
    /* Without configuration: reports what other clients' files and variables name, and what listens on
     * this machine. Sends no credential. */
    void (*discover)(struct lane *l, struct found *out);
    /* Variables that discover reports as "OPTION.env": taken out of the environment before there are
     * lanes, so that no child inherits them. NULL-terminated, or NULL. */
    const char *const *secret_variables;
    /* Rows of the doctor's table: one per thing checked (doctor_add in lane.h). */
    bool (*check)(struct lane *l, struct snapshot *doctor, GError **error);
    /* Name and version of its client library, "librdkafka 2.15.1". NULL: it has none of its own. */
    void (*library)(GString *out);
};

/* Puts &name##_connector into the section that connectors_all() walks. */
#define CONNECTOR(name)                                                                            \
    static const struct connector *const name##_entry                                              \
        __attribute__((used, section("weir_connectors"))) = &name##_connector

/* A derived kind registers itself alike; the connector "weir" is made of all of them. */
struct derived {
    const struct kind *kind;
    struct feed feed;
    /* As that of a connector, for rows of this kind; NULL: they are whole in the list. */
    bool (*show)(struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw,
        GError **error);
    /* Frees what fetch keeps between runs. All derived kinds share one lane and so its data: one of
     * them may use it. NULL: it keeps nothing. */
    void (*forget)(void *data);
};

#define DERIVED(name)                                                                              \
    static const struct derived *const name##_entry                                                \
        __attribute__((used, section("weir_derived"))) = &name##_derived

/* The connector "weir", which owns sources, problems and every other derived kind. */
const struct connector *derived_connector(void);
/* Whether its show() has more of this row than the row's own cells. */
bool derived_shows(const struct rid *what);

/* What the shared object exports, and nothing else. */
struct connector_library {
    const char *build_id; /* must equal the program's, else it is refused */
    const struct connector *const *first;
    const struct connector *const *end;
    void (*init)(void); /* global initialisation of the libraries; once, before any lane */
    void (*versions)(GString *out); /* "libcurl 7.88.1, ..." for `weir version` */
};
#define CONNECTOR_LIBRARY_SYMBOL "weir_connector_library"

#endif

/* Alerts: rules over the world, each with the time it must hold, and the silences that people
 * set. The service alertmanager shows them. */
#ifndef TESTS_SIM_ALERTS_H
#define TESTS_SIM_ALERTS_H

#include "world.h"

struct alert_rule;

/* A rule that holds for one thing: pending until it has held for the rule's time, then firing. */
struct alert {
    const struct alert_rule *rule;
    char *what;        /* "enrich-v2"; "": of the whole platform */
    char *fingerprint; /* 16 hexadecimal digits */
    const char *severity;
    char *summary, *description;
    int64_t since_ms;  /* it holds */
    int64_t starts_ms; /* it fires; INT64_MIN: it is pending */
    bool seen;         /* by the evaluation that goes on */
};

struct matcher {
    char *name, *value;
    bool is_regex, is_equal;
};

struct silence {
    char *id, *comment, *author;
    GArray *matchers; /* struct matcher */
    int64_t starts_ms, ends_ms, updated_ms;
};

struct alerts {
    GHashTable *by_key;  /* "rule/what" to struct alert */
    GPtrArray *silences; /* struct silence, by age */
    guint made;          /* silences ever */
};

struct alerts *alerts_new(const struct world *w);
void alerts_free(struct alerts *a); /* accepts NULL */
void alerts_step(struct world *w);

const char *alert_name(const struct alert *a); /* "KafkaConsumerLag" */
const char *alert_expression(const struct alert *a);
/* Visits the alert's labels, by name. */
void alert_each_label(const struct alert *a,
    void (*visit)(const char *name, const char *value, void *data), void *data);
/* Those that fire, by fingerprint; the caller unrefs the array. */
GPtrArray *alerts_firing(const struct world *w);

/* "active", "pending", "expired" */
const char *silence_state(const struct silence *s, int64_t now_ms);
struct silence *alerts_silence(const struct world *w, const char *id); /* or NULL */
/* take_matchers: struct matcher. */
struct silence *alerts_add_silence(
    struct world *w, GArray *take_matchers, int64_t starts_ms, int64_t ends_ms, const char *author);
GArray *matchers_new(void);
/* Whether all of them fit the alert's labels. */
bool matchers_fit(const GArray *matchers, const struct alert *a);

#endif

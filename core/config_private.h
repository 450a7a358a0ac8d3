/* What config.c (environments) and config_source.c (options of sources) share. */
#ifndef CORE_CONFIG_PRIVATE_H
#define CORE_CONFIG_PRIVATE_H

#include "config.h"
#include "yaml.h"

struct map_entry {
    char *key;
    char *text;
    char **list;
    struct secret_spec secret;
};

/* One option of one source, as its table says it is to be read. */
struct value {
    const struct option *option;
    bool set; /* in the file, or by a fallback */
    char *text;
    int64_t i; /* INT, SPAN, BOOL */
    double number;
    char **list;
    GArray *map; /* struct map_entry */
    char **map_keys;
    struct secret_spec secret;
};

struct source {
    char *name;
    char *type;
    struct environment *environment;
    const struct connector *connector;
    GArray *raw;            /* struct yaml_pair: its lines of the file, or NULL */
    char **pairs;           /* or what discovery said: name, value, ... */
    char *origin;           /* and where it was found */
    struct yaml_node_s *at; /* its name in the file */
    GHashTable *values;     /* option name to struct value */
    struct fault *fault;
};

struct environment {
    char *name;
    enum environment_class class;
    bool read_only, simulated;
    GPtrArray *sources;
    struct source *weir;    /* or NULL */
    GArray *raw_thresholds; /* struct yaml_pair, or NULL */
    GHashTable *thresholds; /* name to double* */
    const struct registry *registry;
};

void source_free(struct source *s);
/* Reads all options of s by the tables of its connector. Faults go to y (NULL: none possible). */
void source_read_options(struct source *s, struct yaml *y, const struct registry *r);
void environment_read_thresholds(struct environment *e, struct yaml *y, const struct registry *r);
/* One secret out of its three forms; a fault when it is a plain string. */
bool config_read_secret(
    struct yaml *y, struct yaml_node_s *node, const char *name, struct secret_spec *out);
void source_show(const struct source *s, GString *out);
/* A text as YAML: quoted unless it can mean nothing else. */
void config_show_text(const char *text, GString *out);

#endif

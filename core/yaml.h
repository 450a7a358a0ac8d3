/* A YAML file whose every node knows its line and column: libyaml, and the few questions that
 * configuration asks of it. Aliases are followed and merge keys (<<) honoured where they are looked
 * at, never by copying, so that a file of nested aliases cannot grow. One thread. */
#ifndef CORE_YAML_H
#define CORE_YAML_H

#include <glib.h>
#include <stdbool.h>

#define YAML_BYTES_MAX (1024 * 1024)

struct yaml;
struct yaml_node_s; /* libyaml's node; it belongs to the file */

struct yaml_pair {
    char *key;
    struct yaml_node_s *key_node; /* where to point when the key is wrong */
    struct yaml_node_s *value;
};

/* Reads and parses; faults (struct fault) get what is wrong. NULL when nothing can be used: not
 * readable, too large, writable by others (when owner_only), or no YAML. */
struct yaml *yaml_open(const char *path, bool owner_only, GPtrArray *faults);
/* The same of a text in memory; name stands for the file in messages. */
struct yaml *yaml_parse(const char *name, const char *text, gsize length, GPtrArray *faults);
void yaml_close(struct yaml *y);

/* Where faults go from now on. */
void yaml_set_faults(struct yaml *y, GPtrArray *faults);

const char *yaml_path(const struct yaml *y);
struct yaml_node_s *yaml_root(struct yaml *y); /* NULL: an empty file */

bool yaml_is_map(const struct yaml_node_s *node);
bool yaml_is_list(const struct yaml_node_s *node);
bool yaml_is_text(const struct yaml_node_s *node); /* a scalar other than null */
char *yaml_text(const struct yaml_node_s *node);   /* newly allocated; NULL when it is no scalar */
/* The pairs of a map with those it merges in, its own first; owned array (yaml_pairs_free). A key
 * that is no scalar is a fault. */
GArray *yaml_pairs(struct yaml *y, struct yaml_node_s *map);
void yaml_pairs_free(GArray *pairs);
/* The items of a list (of a scalar: itself); owned array of struct yaml_node_s*. */
GPtrArray *yaml_items(struct yaml *y, struct yaml_node_s *list);

/* Adds a fault at a node (NULL: the whole file). */
void yaml_fault(struct yaml *y, struct yaml_node_s *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* How many there are so far. */
guint yaml_fault_count(const struct yaml *y);
/* The newest fault must not show its line: a secret stands in it. */
void yaml_hide_line(struct yaml *y);

#endif

/* A kind is a table: what the rows of one sort of thing look like, what they mean, and where they
 * lead. Filter, sort, columns, drill-down, help, completion, health and scripts all derive from it.
 * Tables are const and live as long as the program (or the connectors' shared object). */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include "model.h"

struct action;

/* How the rows of a kind are shown. Any kind can be shown as a chart as well: no kind has that shape. */
enum shape { SHAPE_TABLE, SHAPE_TREE, SHAPE_DETAIL, SHAPE_LOG, SHAPE_CHART };

enum {
    COLUMN_F_KEY = 1 << 0,     /* part of what identifies the row */
    COLUMN_F_RECORD = 1 << 1,  /* worth keeping in the history */
    COLUMN_F_PRIVATE = 1 << 2, /* never recorded */
    COLUMN_F_HIDDEN = 1 << 3,  /* drawn only when asked for (-o wide, the column chooser) */
    COLUMN_F_AGE = 1 << 4,     /* a time that people read as "how long ago" */
    COLUMN_F_EXACT = 1 << 5,   /* an integer that is never shortened: ids, offsets, ports */
    COLUMN_F_WINDOW = 1 << 6,  /* needs samples over time: absent after a first fetch */
    COLUMN_F_PROSE = 1 << 7,   /* sentences: cut at their end; names are cut in the middle */
};

struct column {
    const char *name;  /* snake_case, with its unit: lag_time_ms. The array ends with NULL */
    const char *title; /* heading, upper case and short */
    enum cell_type type;
    unsigned flags;
    uint8_t min_width; /* columns on screen; 0: by type */
    uint8_t weight;    /* share of spare width; 0: takes none */
    const char *help;  /* what it is, with its unit and where the number comes from */
};

/* What a key opens from a row. target is a kind's name (scoped to the row), "@COLUMN" (the address in
 * that cell), "@name" (the source of that name), "@detail" or "@log". The first link is Enter's. The array ends with a NULL key. */
struct link {
    const char *key;
    const char *title;
    const char *target;
};

/* The first rule whose condition (a filter expression over the row; @name is a threshold of the
 * configuration) holds decides a row's health; none: ok. In why, {column} is replaced by that cell
 * as people read it. The array ends with a NULL when. */
struct health_rule {
    const char *when;
    enum health health;
    const char *why;
};

struct kind {
    const char *name;    /* SYSTEM.PLURAL, or the plural alone for hosts, alerts, problems ... */
    const char *aliases; /* separated by blanks */
    const char *title;   /* heading of the name column */
    bool nameless;       /* names are for scripts: people read other columns */
    const char *help;    /* one sentence */
    enum shape shape;
    const char *scope;   /* kind whose rows own these rows; NULL: the source itself */
    bool scope_optional; /* also listed for the whole source */
    const struct column *columns;
    const char *sort; /* "-lag,name": column names, - is descending */
    const struct link *links;
    const char *const *inputs; /* derived kinds: names of the kinds that feed it, or "*" */
    const char *feed;          /* of its connector; NULL: its rows come with another kind's */
    const struct health_rule *health;
    const char *since; /* time column that says since when the row's health is as it is */
    const char *trend; /* the number that CELL_SERIES columns show, and charts at first */
    const struct action *actions;
};

/* The part of the name that addresses use: "groups" of kafka.groups. */
const char *kind_segment(const struct kind *k);

/* Index of a column, a pseudo column (COLUMN_NAME ...), or COLUMN_UNKNOWN. */
int kind_column(const struct kind *k, const char *name);
int column_index(const struct column *columns, const char *name);
/* The description of a real or pseudo column. */
const struct column *kind_column_info(const struct kind *k, int column);
const struct column *column_info(const struct column *columns, int column);
size_t column_count(const struct column *columns);
/* Whether it is an amount that the history keeps, and no id: what charts and trends can show. */
bool column_has_past(const struct column *column);
/* All names, real and pseudo, for messages and completion: a NULL-terminated array (g_free). */
const char **column_names(const struct column *columns);

/* The kind of a field list, one row per field (columns group, value): what show() fills. And the
 * kind of log lines (columns time, level, text): what follow() streams. */
extern const struct kind kind_detail;
extern const struct kind kind_log;
enum { DETAIL_GROUP, DETAIL_VALUE };
enum { LOG_TIME, LOG_LEVEL, LOG_TEXT };

/* -- the registry of all kinds of all connectors ------------------------------------------------- */

struct connector;
struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *r);
/* Adds a connector and its kinds; it is borrowed. */
void registry_add(struct registry *r, const struct connector *c);
const struct connector *registry_connector(const struct registry *r, const char *name);
guint registry_connector_count(const struct registry *r);
const struct connector *registry_connector_at(const struct registry *r, guint i);
guint registry_kind_count(const struct registry *r);
const struct kind *registry_kind_at(const struct registry *r, guint i);
const struct connector *registry_owner(const struct registry *r, const struct kind *k);
/* By full name, alias, or the plural alone where only one system has it. On failure *error names the
 * candidates or the nearest name. */
const struct kind *registry_kind(const struct registry *r, const char *word, GError **error);
/* The kind of an address's last part, in the system of its source; NULL when there is none. */
const struct kind *registry_kind_of(
    const struct registry *r, const struct connector *c, const struct rid *rid);

/* Walks every table: unique names, existing links, feeds, inputs and sort columns, rules that parse,
 * help everywhere, keys unique in their scope and none of them a destructive control key. Returns
 * the number of faults and appends one line per fault. */
unsigned kind_check(const struct registry *r, GString *faults);

#endif

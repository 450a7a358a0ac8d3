/* A view draws the rows of one kind in one shape: table, tree, detail, log or chart. It owns what the
 * user does to the rows (cursor, filter, sort, folds) and nothing else: it never fetches, and what it
 * draws is a pure function of what it was given. There is one class per shape; a class registers
 * itself with VIEW(). The drawing thread only. */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "arrange.h"
#include "choice.h"
#include "store.h"
#include "surface.h"

struct view;

/* A thing a view can do: one row drives its key, `:name`, help and completion. The array ends with a
 * NULL name. */
struct view_command {
    const char *name;
    const char *keys; /* default keys, separated by blanks */
    const char *help;
    void (*run)(struct view *v); /* NULL: it needs an argument, which the console asks for */
    /* `:name ARGUMENT` (not empty); false with *error. NULL: it takes none. */
    gboolean (*run_with)(struct view *v, const char *argument, GError **error);
};

/* A question to the history: how a column of some rows went, in points spans of equal length from
 * from_ms to to_ms, which begin at multiples of that length. */
struct series_wish {
    const struct kind *kind;
    int column; /* of kind: a number that is kept */
    unsigned count;
    const char *const *addresses; /* of the rows; borrowed until the view is called again */
    int64_t from_ms, to_ms;       /* to_ms may lie ahead: the last span is then not over yet */
    uint32_t points;
};

/* What it knows. All of it is borrowed during the call. */
struct series_answer {
    struct series_wish wish;            /* what was asked */
    const struct series *const *series; /* by address; NULL: nothing is known of that row */
    int64_t since_ms;                   /* what the history goes back to; 0: not known */
    const struct event_mark *events;    /* what happened in that time, oldest first */
    unsigned event_count;
    const char *error; /* why there is no answer (series is then NULL), or NULL */
};

/* What a chart is of. */
#define CHART_ROWS_MAX 4
struct chart_rows {
    unsigned count;
    const char *address[CHART_ROWS_MAX];
    const char *name[CHART_ROWS_MAX]; /* clean */
    int column;                       /* to begin with; COLUMN_UNKNOWN: the kind's trend */
};

struct view_class {
    enum shape shape;
    const struct view_command *commands;
    struct view *(*create)(const struct kind *k);
    void (*free)(struct view *v);
    /* New data: what the store knows of the view's kind and scope (entries: const struct
     * store_entry*, borrowed during the call). */
    void (*update)(struct view *v, const GPtrArray *entries);
    /* A chunk of lines (log), or the object (detail) with the server's own text; error: why not. */
    void (*take)(struct view *v, const struct snapshot *s, const char *raw, const GError *error);
    /* Works off what is pending for about budget_us; true when there is more to do. */
    bool (*step)(struct view *v, int64_t budget_us, int64_t now_ms);
    void (*draw)(struct view *v, struct surface *s, int64_t now_ms);
    /* The row that Enter, d, y and l are about; false: none. */
    bool (*selected)(const struct view *v, const struct snapshot **s, size_t *row);
    /* The address that Enter opens where the cursor is on one (the links of a detail); false: none. */
    bool (*link)(const struct view *v, GString *address);
    /* What a copy of the chosen place is as text: the path of a node, the value of a field. Appends
     * nothing where there is nothing; NULL in a class that has none. */
    void (*copy_text)(const struct view *v, GString *out);
    /* Applies a filter (log: a search). NULL in a class that has none. */
    gboolean (*filter)(struct view *v, const char *text, GError **error);
    const char *(*filter_text)(const struct view *v);
    gboolean (*sort)(struct view *v, const char *columns, GError **error);
    const char *(*sort_text)(const struct view *v);
    /* Which columns, as in choice.h; "" is the kind's own choice. NULL in a class without columns. */
    gboolean (*columns)(struct view *v, const char *choice, GError **error);
    const char *(*columns_text)(const struct view *v);
    /* The columns that are drawn now, the name among them. */
    void (*columns_drawn)(const struct view *v, struct choice *out);
    /* The cursor goes to the row of this address, at once or when it comes. */
    void (*select)(struct view *v, const char *address);
    /* Addresses of the rows that are marked and shown (char*, owned array). */
    GPtrArray *(*marked)(const struct view *v);
    /* Closes the innermost thing that esc closes inside the view; false: nothing is left. */
    bool (*escape)(struct view *v);
    /* What it shows, as plain text without anything around it: for copying and saving. */
    void (*text)(const struct view *v, GString *out, int64_t now_ms);
    /* The rows as they are arranged, for export; NULL in a class that arranges none. */
    const struct arrange *(*arranged)(const struct view *v);
    /* "38/412  sort -lag": what the title says about the rows. */
    void (*status)(const struct view *v, GString *out);
    /* What the view lacks of the past; false: nothing. Whoever asks the history for it asks one thing
     * at a time: not again before the answer was taken. NULL in a class that shows no past. */
    bool (*wants_series)(struct view *v, struct series_wish *out, int64_t now_ms);
    void (*take_series)(struct view *v, const struct series_answer *answer);
    /* Charts: what to show, once, after create (all borrowed). */
    void (*show_rows)(struct view *v, const struct chart_rows *rows);
};

/* How people want to read, the same in all views. */
struct view_settings {
    GTimeZone *zone; /* of times; NULL: UTC */
};

struct view {
    const struct view_class *class;
    const struct kind *kind;
    const struct view_settings *settings; /* borrowed; set right after create */
    char *note;                           /* what a command has to say; taken by the console */
    bool note_is_error;
};

#define VIEW(name)                                                                                 \
    static const struct view_class *const name##_entry                                             \
        __attribute__((used, section("weir_views"))) = &name##_view

/* The class of a shape. */
const struct view_class *view_class_of(enum shape shape);
/* A view of a kind; settings outlives it. */
struct view *view_new(const struct kind *k, const struct view_settings *settings);
/* The same in another shape than the kind's own: a chart. */
struct view *view_new_as(
    enum shape shape, const struct kind *k, const struct view_settings *settings);
void view_free(struct view *v); /* accepts NULL */
/* Says something on the bottom line: a result, or (complain) why there is none. */
void view_say(struct view *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
void view_complain(struct view *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Whether a filter leaves rows out. */
bool view_is_filtered(const struct view *v);

#endif

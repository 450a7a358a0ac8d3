/* A view draws the rows of one kind in one shape: table, tree, detail or log. It owns what the user
 * does to the rows (cursor, filter, sort, folds) and nothing else: it never fetches, and what it draws
 * is a pure function of what it was given. There is one class per shape; a class registers itself with
 * VIEW(). The drawing thread only. */
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
void view_free(struct view *v); /* accepts NULL */
/* Says something on the bottom line: a result, or (complain) why there is none. */
void view_say(struct view *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
void view_complain(struct view *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Whether a filter leaves rows out. */
bool view_is_filtered(const struct view *v);

#endif

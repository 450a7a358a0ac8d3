/* What the files of the log view share: log.c (data and commands), log_move.c (search and jumps),
 * log_draw.c. Nothing outside includes this, but for tests. */
#ifndef VIEWS_LOG_VIEW_H
#define VIEWS_LOG_VIEW_H

#include "list.h"
#include "log_lines.h"
#include "log_save.h"

#define LOG_BYTES_MAX  (64 * 1024 * 1024) /* of one log view, its indices included */
#define LOG_GAP_MS     60000              /* a span that is always marked */
#define LOG_GAP_MIN_MS 5000
#define LOG_GAP_TIMES  10 /* so many times the median are marked as well, from the minimum on */

enum log_jump { JUMP_NONE, JUMP_HERE, JUMP_NEXT, JUMP_PREVIOUS };

struct log {
    struct list_view list_view; /* the list's lines are those of log_lines_rows */
    struct log_lines *lines;
    bool follow, wrap, relative;
    int left;  /* columns scrolled to the side */
    bool kept; /* cursor and top are: */
    struct log_key cursor, top;
    struct log_key paused; /* the last line when following ended */
    bool paused_any;
    enum log_jump pending; /* goes there as soon as the search knows where it is */
    unsigned ended;        /* streams */
    char *error;
    struct log_save *save;
};

static inline struct log *as_log(struct view *v)
{
    return (struct log *)(void *)v;
}

static inline const struct log *as_const_log(const struct view *v)
{
    return (const struct log *)(const void *)v;
}

/* -- log_move.c: all keep the cursor on its line, whatever comes, goes or is hidden. ------------------ */

void log_sync(struct log *l);             /* after lines changed */
void log_moved(struct list_view *v);      /* after the cursor was moved */
void log_keep(struct log *l);             /* where cursor and top are now is where they stay */
void log_go(struct log *l, uint32_t id);  /* unfolds what hides the line */
void log_pause(struct log *l);            /* ends following */
guint log_unseen(const struct log *l);    /* lines that came since following ended */
bool log_resolve(struct log *l);          /* what is pending; true: the cursor moved */
guint log_hit_index(const struct log *l); /* of the cursor among the hits, from 1; 0: none */
void log_next_match(struct view *v);
void log_previous_match(struct view *v);
void log_next_error(struct view *v);
void log_previous_error(struct view *v);
void log_root_cause(struct view *v);
gboolean log_search(struct view *v, const char *text, GError **error);
const char *log_search_text(const struct view *v);

void log_draw(struct view *v, struct surface *s, int64_t now_ms);

#endif

/* The console's own state, shared by the files of tui/ that make it up: console.c (events),
 * frames.c (what is open), commands.c (keys and `:`), screen.c (drawing). Nothing outside includes
 * this. All of it belongs to the drawing thread. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "curses.h"
#include "keymap.h"
#include "prompt.h"
#include "session.h"
#include "view.h"

/* One thing that is open: a view, what it shows, and what it needs while it is on top. */
struct frame {
    struct view *view;
    const struct kind *kind;
    struct rid *scope; /* NULL: all sources; without parts: one source; else what owns the rows */
    guint64 ask;       /* id of the show or log that fills it, 0: the store does */
    const struct source *ask_source;
    bool subscribed;
    bool changed; /* the store knows something that the view was not given yet */
};

struct app {
    struct session *session;
    struct terminal *terminal;
    struct theme *theme;
    struct terminal_options options;
    struct keymap *keymap;
    struct prompt *prompt;
    GString *paste;
    GPtrArray *frames; /* struct frame, the home first, the one that is seen last */
    GMainLoop *loop;
    char *message;
    bool message_is_error;
    int64_t message_ms;
    char *filter_before; /* what a cancelled filter prompt restores */
    bool started;        /* the lanes run */
    bool discovering;
    bool repaint; /* draw as if nothing were on the screen */
    bool resized;
    guint paint_timer, step_idle, drain_watch;
    int64_t painted_us; /* monotonic */
};

#define MESSAGE_MS    8000
#define MESSAGE_STAYS (G_MAXINT64 / 2) /* as message_ms */

/* -- frames.c ------------------------------------------------------------------------------------ */

struct frame *app_top(const struct app *a);
bool app_is_home(const struct app *a);
/* Opens a kind; scope NULL: all sources. Takes take_scope. */
void frame_open_kind(struct app *a, const struct kind *k, struct rid *take_scope);
/* Opens what an address names, the way Enter on its row would. */
void frame_open_rid(struct app *a, const struct rid *rid);
void frame_open_detail(struct app *a, const struct rid *rid, bool raw);
void frame_open_log(struct app *a, const struct rid *rid);
/* A table over rows of the program's own (help). Takes take_s. */
void frame_open_local(struct app *a, struct snapshot *take_s);
/* Opens what a link of the selected row's kind says. */
void frame_open_link(struct app *a, const struct link *link);
void frame_back(struct app *a);
void frame_home(struct app *a);
void frame_free(struct frame *f);
/* What the selected row is about, or NULL. */
struct rid *frame_selected(const struct frame *f);
/* The same; where no row is, what the rows would belong to. */
struct rid *frame_selected_or_owner(const struct frame *f);
/* Gives the top view what the store knows. */
void frame_update(struct app *a, struct frame *f);
/* Mail for frames: snapshots mark them changed, replies and chunks go to their view. */
void frames_take(struct app *a, const struct mail *m);
const struct link *kind_link(const struct kind *k, const char *key);

/* -- commands.c ---------------------------------------------------------------------------------- */

struct app_command {
    const char *name;
    const char *keys;
    const char *help;
    void (*run)(struct app *a);
};
extern const struct app_command app_commands[];

void app_key(struct app *a, const char *key);
/* Runs a line typed after `:`. */
void app_run_line(struct app *a, const char *line);
/* A command by name, of the top view or the program; false: there is none. */
bool app_run_command(struct app *a, const char *name);
/* Names of all commands of all views, for the user's keys; NULL-terminated (g_free). */
const char **app_command_names(void);

/* -- help.c -------------------------------------------------------------------------------------- */

void help_open(struct app *a);
bool help_is(const struct frame *f);

/* -- screen.c ------------------------------------------------------------------------------------ */

void screen_draw(struct app *a, struct surface *s, int64_t now_ms);
/* Rows of the screen that belong to the top view. */
int screen_source_lines(const struct app *a, int height);

/* -- console.c ----------------------------------------------------------------------------------- */

void app_say(struct app *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
void app_complain(struct app *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
void app_quit(struct app *a);
/* Draws at the next opportunity, at most 30 times a second. */
void app_dirty(struct app *a);

#endif

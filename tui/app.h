/* The console's own state, shared by the files of tui/ that make it up: console.c (events),
 * frames.c (what is open), commands.c (keys and `:`), screen.c (drawing). Nothing outside includes
 * this. All of it belongs to the drawing thread. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "curses.h"
#include "keymap.h"
#include "overlay.h"
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
    bool local; /* its view holds all there is */
    bool subscribed;
    bool changed; /* the store knows something that the view was not given yet */
};

/* A way through the platform: what is open, and what one went back from. */
struct tab {
    GPtrArray *frames;  /* struct frame, the home first, the one that is seen last */
    GPtrArray *forward; /* struct frame, the one that comes next last */
    bool came_back;     /* the newest step was one back */
};

/* A column in the chooser, ticked or not. */
struct column_tick {
    int column;
    int width; /* 0: as it comes */
    bool shown;
};

struct app {
    const struct cli *cli;
    int stderr_fd; /* as it was before libraries could print there */
    struct session *session;
    struct terminal *terminal;
    char *theme; /* its name, or "auto" */
    struct terminal_options options;
    struct keymap *keymap;
    struct prompt *prompt;
    GString *paste;
    struct view_settings settings;
    GPtrArray *tabs;   /* struct tab, at least one */
    guint tab;         /* the one that is seen */
    GPtrArray *frames; /* of that one, borrowed */
    GMainLoop *loop;
    char *message;
    bool message_is_error;
    int64_t message_ms;
    char *filter_before; /* what a cancelled filter prompt restores */
    bool started;        /* the lanes run */
    bool discovering;
    bool repaint; /* draw as if nothing were on the screen */
    bool resized;
    const struct overlay *overlay; /* NULL: none is open */
    struct {
        const char *title;
        const struct menu_entry *entries;
        int at;
    } menu;
    struct {
        GArray *ticks; /* struct column_tick */
        guint at;
    } chooser;
    struct {
        bool on;
        int share; /* percent of the screen */
    } preview;
    struct {
        guint64 id; /* of the question that is under way, or 0 */
        struct view *view;
        struct series_wish wish;
        char **addresses; /* of the wish */
    } past;
    bool plain; /* the terminal shows plain text, and the next key takes it back */
    struct state *state;
    GPtrArray *messages; /* struct said, the newest last */
    bool away;           /* the terminal is lent to another program */
    bool behind;         /* a frame was left out because the terminal has not shown the last ones */
    guint paint_timer, step_idle, drain_watch, key_watch, late_timer;
    unsigned hint_keys; /* keys until the hint of the first run goes */
    int64_t painted_us; /* monotonic */
    char *log_path;     /* where stderr goes */
    int64_t log_seen;   /* bytes of it */
    unsigned log_lines; /* since the start */
};

#define TABS_MAX      9
#define PREVIEW_SHARE 40
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
/* Asks anew for what a detail shows; it stays on the screen until the answer comes. */
void frame_ask_again(struct app *a, struct frame *f);
void frame_open_log(struct app *a, const struct rid *rid);
/* A table over rows of the program's own (help). Takes take_s. */
void frame_open_local(struct app *a, struct snapshot *take_s);
/* Opens what a link of the selected row's kind says. */
void frame_open_link(struct app *a, const struct link *link);
void frame_back(struct app *a);
void frame_forward(struct app *a);
void frame_home(struct app *a);
/* Opens the list in which what owns the selected row stands; of a problem, the thing itself. */
void frame_open_owner(struct app *a);
/* The store's entries that a frame shows (borrowed, owned array); none of what was asked for it. */
GPtrArray *frame_entries(const struct app *a, const struct frame *f);
/* A link that opens the same view with its filter and sort: weir://prod:events/groups?filter=lag%3E10. */
char *frame_link(const struct app *a, const struct frame *f);
/* Opens a kind, an address, the rows that a thing owns (events/groups/enrich-v2/offsets), or a link.
 * False and *error when the text is none of them. */
bool frame_open_address(struct app *a, const char *text, GError **error);
void frame_open_home(struct app *a);
/* A chart of rows of a frame, which goes on being polled for it. */
void frame_open_chart(struct app *a, const struct frame *of, const struct chart_rows *rows);
/* The same view once more, where it has a link. */
void frame_open_same(struct app *a, const struct frame *from);
/* A frame becomes the one that is seen, or is not any more: only what is seen is polled. */
void frame_show(struct app *a, struct frame *f);
void frame_cover(struct app *a, struct frame *f);
void frame_free(struct frame *f);
/* What the selected row is about, or NULL. */
struct rid *frame_selected(const struct frame *f);
/* The same; where no row is, what the rows would belong to. */
struct rid *frame_selected_or_owner(const struct frame *f);
/* Gives the top view what the store knows. */
void frame_update(struct app *a, struct frame *f);
/* The lanes run: what is on the screen is asked for from now on. */
void frames_started(struct app *a);
/* Mail for frames: snapshots mark them changed, replies and chunks go to their view. */
void frames_take(struct app *a, const struct mail *m);
const struct link *kind_link(const struct kind *k, const char *key);

/* -- pager.c ------------------------------------------------------------------------------------- */

/* Lends the terminal to $PAGER with the text of the top view; the lanes go on meanwhile. */
void pager_open(struct app *a);

/* -- tabs.c -------------------------------------------------------------------------------------- */

void tabs_init(struct app *a);
void tab_open(struct app *a);
void tab_close(struct app *a);
void tab_next(struct app *a);
void tab_previous(struct app *a);
/* Between this place and the one before it. */
void tab_toggle_last(struct app *a);
/* The frames that one went back from: dropped when one goes elsewhere. */
void tab_forget_forward(struct app *a);
void tab_keep_forward(struct app *a, struct frame *take_f);
struct frame *tab_take_forward(struct app *a); /* NULL: there is none */
/* "1:problems 2:groups*", or nothing with one tab. */
void tabs_append(const struct app *a, GString *out);

/* -- row.c --------------------------------------------------------------------------------------- */

/* Every column of the selected row as fields of kind_detail; NULL: none is selected. Not sealed. */
struct snapshot *row_detail(const struct frame *f);
/* The pane beside a wide view. */
void preview_toggle(struct app *a);
void preview_wider(struct app *a);
void preview_narrower(struct app *a);
/* Columns of the screen that it takes; 0: none. */
int preview_width(const struct app *a, int width);
void preview_draw(struct app *a, struct surface *s, int64_t now_ms);

/* -- commands.c ---------------------------------------------------------------------------------- */

struct app_command {
    const char *name;
    const char *keys;
    const char *help;
    void (*run)(struct app *a);
    /* The same with what follows the name after `:`, never empty; NULL: it takes nothing. */
    void (*run_with)(struct app *a, const char *argument);
    /* Whether it can do it now; else why not, as a clause. NULL: always. */
    bool (*enabled)(struct app *a, GString *why);
};
extern const struct app_command app_commands[];

void app_key(struct app *a, const char *key);
/* Runs a line typed after `:`. */
void app_run_line(struct app *a, const char *line);
/* A command by name, of the top view or the program; false: there is none. */
bool app_run_command(struct app *a, const char *name);
/* Names of all commands of all views, for the user's keys; NULL-terminated (g_free). */
const char **app_command_names(void);

/* -- complete.c ---------------------------------------------------------------------------------- */

/* Fills the prompt's list with what fits the text so far. */
void complete(struct app *a);

/* -- copy.c -------------------------------------------------------------------------------------- */

void copy_open(struct app *a);
/* The open view as plain text on the bare terminal, until a key. */
void plain_open(struct app *a);
void plain_close(struct app *a);
/* "FORMAT [FILE]": the arranged rows; and the view's text. Never over a file that is there. */
void export_rows(struct app *a, const char *argument);
void save_screen(struct app *a, const char *argument);

/* -- lists.c ------------------------------------------------------------------------------------- */

struct said {
    int64_t at_ms;
    bool error;
    char *text;
};
void said_free(struct said *s);
void messages_open(struct app *a);
void environments_open(struct app *a);
/* Opens weir anew on another environment of the configuration. */
void environment_change(struct app *a, const char *name);
/* Keeps the open view under a name, or forgets it; and the list of them. */
void bookmark_toggle(struct app *a);
void bookmark_name(struct app *a, const char *name);
void bookmarks_open(struct app *a);
/* Enter on a row of one of these lists; false: the frame is none of them. */
bool lists_enter(struct app *a);

/* -- keys.c -------------------------------------------------------------------------------------- */

/* What views of a shape are called where their keys are listed. */
extern const char *const view_scopes[];

/* -- past.c -------------------------------------------------------------------------------------- */

/* Asks the history for what the open view wishes to know, when nothing is under way. */
void past_ask(struct app *a);
void past_take(struct app *a, const struct mail *m);
/* A chart of the selected row, or of the marked ones; of a column by name ("": the kind's trend). */
void chart_open(struct app *a);
void chart_open_column(struct app *a, const char *column);

/* -- state.c ------------------------------------------------------------------------------------- */

/* What is kept from run to run, per environment: sort and columns of kinds, bookmarks. Reads
 * view.json; when that is broken it is left alone, nothing is kept, and a message says where. */
void state_open(struct app *a);
void state_free(struct state *s); /* accepts NULL */
/* Whether this user is shown a thing for the first time; it is noted. After state_open. */
bool state_first_time(struct app *a, const char *name);
void state_note_sort(struct app *a, const struct kind *k, const char *sort);
void state_note_columns(struct app *a, const struct kind *k, const char *columns);
/* Puts what is kept of its kind into a new view. */
void state_apply(struct app *a, struct view *v);
/* Names and links, NULL-terminated pairs (g_ptr_array_unref). */
GPtrArray *state_bookmarks(const struct app *a);
/* link NULL: forgets it. */
void state_bookmark(struct app *a, const char *name, const char *link);

/* -- help.c -------------------------------------------------------------------------------------- */

void help_open(struct app *a);
bool help_is(const struct frame *f);

/* -- keys.c -------------------------------------------------------------------------------------- */

void keys_open(struct app *a);
bool keys_is(const struct frame *f);

/* -- screen.c ------------------------------------------------------------------------------------ */

void screen_draw(struct app *a, struct surface *s, int64_t now_ms);
/* Rows of the screen that belong to the top view. */
int screen_source_lines(const struct app *a, int height);

/* -- stderr.c ------------------------------------------------------------------------------------ */

/* Standard error goes to the log from now on. log: a path, or NULL for the usual one. */
void stderr_redirect(struct app *a, const char *log);
/* Counts what was printed there since, and says so when it has become more. */
void stderr_watch(struct app *a);

/* -- console.c ----------------------------------------------------------------------------------- */

/* The parts of an app that start empty. app_clear frees what it holds, but for its session. */
void app_init(struct app *a);
void app_clear(struct app *a);
void app_say(struct app *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
void app_complain(struct app *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What the top view has to say. */
void app_take_note(struct app *a);
/* Stops and starts drawing and reading keys, while another program has the terminal. */
void app_lend(struct app *a);
void app_take_back(struct app *a);
/* Draws in the theme that is chosen, which "auto" asks the terminal for. */
void app_apply_theme(struct app *a);
void app_quit(struct app *a);
void app_restart(struct app *a, const char *environment);
/* Bytes for the terminal beside the frames. */
void app_send(struct app *a, const char *bytes);
/* Draws at the next opportunity, at most 30 times a second. */
void app_dirty(struct app *a);

#endif

#include "scale_session.h"

#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 160,
    STEP_MS = 5, /* in which the screen and the trace are looked at */
    FIRST_SCREEN_MS = 10000,
    TYPED_MAX = 50,
    RETRY_MS = 50,
    QUIET_MS = 1000,
    KEY_GAP_MS = 50,
    KEY_TIMEOUT_MS = 1000,
    STRIDE = 20, /* keys into one direction */
    MARKS = 3,   /* columns of a row before its text: health, cursor, blank */
};

struct scale_session {
    struct scale_sim *sim;
    struct pty *pty;
    guint first_request;
};

/* -- marks ----------------------------------------------------------------------------------------- */

static void mark_free(gpointer data)
{
    struct scale_mark *m = data;
    g_regex_unref(m->regex);
    g_free(m->name);
    g_free(m);
}

GPtrArray *scale_marks_new(void)
{
    return g_ptr_array_new_with_free_func(mark_free);
}

void scale_marks_add(GPtrArray *marks, const char *name, guint count, const char *regex)
{
    struct scale_mark *m = g_new0(struct scale_mark, 1);
    m->name = g_strdup(name);
    m->count = count;
    m->regex = g_regex_new(regex, G_REGEX_MULTILINE | G_REGEX_OPTIMIZE, 0, NULL);
    g_assert_nonnull(m->regex);
    g_ptr_array_add(marks, m);
}

static bool matches(const struct scale_mark *m, const char *text)
{
    guint count = 0;
    g_autoptr(GMatchInfo) info = NULL;
    g_regex_match(m->regex, text, 0, &info);
    while (g_match_info_matches(info) && ++count < m->count)
        g_match_info_next(info, NULL);
    return count >= m->count;
}

/* Whether all have been seen by now. */
static bool look(struct scale_session *s, GPtrArray *marks)
{
    bool all = true;
    int64_t now = pty_now_ns();
    g_autofree char *text = pty_text(s->pty);
    for (guint i = 0; i < marks->len; i++) {
        struct scale_mark *m = marks->pdata[i];
        if (m->at_ns == 0 && matches(m, text))
            m->at_ns = now;
        all = all && m->at_ns != 0;
    }
    return all;
}

/* -- the session ----------------------------------------------------------------------------------- */

/* weir's session goes before others of this machine, where the kernel weighs sessions (autogroup): the
 * platform would be other machines, and what else runs here is not what is measured. What weir's own
 * threads take from each other stays. */
static void prefer(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/autogroup", pid);
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fputs("-15", file);
    fclose(file); /* refused to who is not root: then the figures are as they are */
}

static bool spawn(struct scale_session *s, const char *weir, int height, GError **error)
{
    g_autofree char *pattern = g_build_filename(scale_sim_folder(s->sim), "home-XXXXXX", NULL);
    const char *home = g_mkdtemp(pattern);
    g_autoptr(GPtrArray) env = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(env, g_strdup_printf("HOME=%s", home));
    g_ptr_array_add(env, g_strdup_printf("XDG_CONFIG_HOME=%s/.config", home));
    g_ptr_array_add(env, g_strdup_printf("XDG_STATE_HOME=%s/.local/state", home));
    g_ptr_array_add(env, g_strdup_printf("XDG_DATA_HOME=%s/.local/share", home));
    g_ptr_array_add(env, g_strdup_printf("XDG_CACHE_HOME=%s/.cache", home));
    g_ptr_array_add(env, NULL);
    const char *const argv[] = {weir, "--ascii", "--config", scale_sim_config(s->sim), NULL};
    const struct pty_spec spec = {
        .argv = argv, .env = (const char *const *)env->pdata, .width = WIDTH, .height = height};
    s->pty = pty_spawn(&spec, error);
    if (s->pty)
        prefer(pty_pid(s->pty));
    return s->pty != NULL;
}

/* As a person would: again, while the connectors are being loaded. */
static bool type_command(struct scale_session *s, const char *typed, GError **error)
{
    for (int i = 0; i < TYPED_MAX; i++) {
        pty_type(s->pty, typed);
        if (pty_wait(s->pty, "^ \\S+ > ", RETRY_MS, NULL))
            return true;
    }
    return pty_wait(s->pty, "^ \\S+ > ", RETRY_MS, error);
}

struct scale_session *scale_session_start(
    struct scale_sim *sim, const char *weir, int height, const char *typed, GError **error)
{
    AUTO(scale_session) s = g_new0(struct scale_session, 1);
    s->sim = sim;
    scale_sim_read_trace(sim);
    s->first_request = scale_sim_requests(sim);
    if (!spawn(s, weir, height, error) || !pty_wait(s->pty, "^ NOW", FIRST_SCREEN_MS, error))
        return NULL;
    if (typed && !type_command(s, typed, error))
        return NULL;
    return g_steal_pointer(&s);
}

void scale_session_free(struct scale_session *s)
{
    if (!s)
        return;
    pty_free(s->pty);
    g_free(s);
}

struct pty *scale_session_pty(struct scale_session *s)
{
    return s->pty;
}

static int64_t age_at(const struct scale_session *s, int64_t now_ns)
{
    return (now_ns - pty_stats(s->pty)->started_ns) / 1000000;
}

int64_t scale_session_age_ms(const struct scale_session *s)
{
    return age_at(s, pty_now_ns());
}

void scale_session_run_until(struct scale_session *s, int64_t age_ms, GPtrArray *marks)
{
    uint64_t seen = 0;
    while (scale_session_age_ms(s) < age_ms && !pty_has_ended(s->pty)) {
        scale_sim_read_trace(s->sim);
        uint64_t bytes = pty_stats(s->pty)->bytes;
        if (marks && bytes != seen && look(s, marks))
            return;
        seen = bytes;
        pty_run_for(s->pty, STEP_MS * INT64_C(1000000));
    }
}

double scale_session_mark_ms(const struct scale_session *s, const struct scale_mark *m)
{
    return m->at_ns ? (double)(m->at_ns - pty_stats(s->pty)->started_ns) / 1e6 : -1;
}

int scale_session_chain(
    const struct scale_session *s, enum scale_service service, const struct scale_mark *m)
{
    return m->at_ns ? scale_sim_chain(s->sim, s->first_request, service, m->at_ns) : -1;
}

bool scale_session_has_loaded(const struct scale_session *s, enum scale_service service)
{
    return scale_sim_is_quiet(s->sim, s->first_request, service, QUIET_MS);
}

/* -- keys ------------------------------------------------------------------------------------------ */

/* The row with the cursor, without what may change by itself. */
struct selected {
    struct scale_session *session;
    const struct scale_keys *keys;
    int y; /* -1: there is none */
    char *text;
    bool is_first, is_last;
};

static bool has_cursor(const char *row)
{
    return strlen(row) > MARKS && row[1] == '>' && row[2] == ' ';
}

static bool row_begins(const struct pty *p, int y, const char *text)
{
    g_autofree char *row = pty_row(p, y);
    return strlen(row) > MARKS && g_str_has_prefix(row + MARKS, text);
}

static void find_selected(struct selected *at)
{
    struct pty *p = at->session->pty;
    int width, height;
    pty_size(p, &width, &height);
    g_clear_pointer(&at->text, g_free);
    at->y = -1;
    for (int y = 1; y + 1 < height && at->y < 0; y++) {
        g_autofree char *row = pty_row(p, y);
        if (!has_cursor(row))
            continue;
        at->y = y;
        at->text = g_strndup(row + MARKS, (gsize)at->keys->text_columns);
    }
    if (at->y < 0)
        return;
    g_autofree char *below = pty_row(p, at->y + 1);
    at->is_first = row_begins(p, at->y - 1, at->keys->header);
    at->is_last = at->y + 2 >= height - 1 || strlen(below) <= MARKS;
}

/* Another row has the cursor, or the cursor another place: the key has been painted. */
static bool has_moved(struct pty *p, void *data)
{
    (void)p;
    const struct selected *before = data;
    struct selected now = {.session = before->session, .keys = before->keys};
    find_selected(&now);
    bool moved = now.y >= 0 && strcmp(now.text, before->text) != 0;
    g_free(now.text);
    return moved;
}

/* How long the main thread has been ready to run and was not let. */
static double waited_ms(const struct scale_session *s)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/schedstat", pty_pid(s->pty));
    g_autofree char *text = NULL;
    char *second = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_ascii_strtoull(text, &second, 10);
    return (double)g_ascii_strtoull(second, NULL, 10) / 1e6;
}

/* begin_ns: the moment at which a late key was due, for whoever presses 20 keys a second waits from
 * then on; 0: it is in time. */
static void press(
    struct scale_session *s, struct scale_keys *keys, struct selected *at, int64_t begin_ns)
{
    keys->up = at->is_first ? false : at->is_last || keys->up;
    pty_mark(s->pty);
    pty_key(s->pty, keys->up ? "up" : "down");
    if (!pty_wait_for(s->pty, has_moved, at, KEY_TIMEOUT_MS, NULL)) {
        keys->missed++;
        return;
    }
    const struct pty_stats *stats = pty_stats(s->pty);
    double ms = (double)(stats->last_byte_ns - (begin_ns ? begin_ns : stats->marked_ns)) / 1e6;
    g_array_append_val(keys->paint_ms, ms);
}

void scale_session_press(struct scale_session *s, struct scale_keys *keys, int64_t age_ms,
    bool while_loading, enum scale_service service)
{
    struct selected at = {.session = s, .keys = keys};
    int64_t due = pty_now_ns();
    double waited = waited_ms(s);
    for (int i = 1; scale_session_age_ms(s) < age_ms && !pty_has_ended(s->pty); i++) {
        scale_sim_read_trace(s->sim);
        if (while_loading && scale_session_has_loaded(s, service))
            break;
        int64_t early = due - pty_now_ns();
        pty_run_for(s->pty, MAX(early, 0));
        find_selected(&at);
        if (at.y >= 0 && (!at.is_first || !at.is_last))
            press(s, keys, &at, early < 0 ? due : 0);
        if (i % STRIDE == 0)
            keys->up = !keys->up;
        due += KEY_GAP_MS * INT64_C(1000000);
    }
    keys->waited_ms += waited_ms(s) - waited;
    g_free(at.text);
}

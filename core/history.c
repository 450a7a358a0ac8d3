/* Writing: who may, into which file, and a snapshot as a frame. */
#include "history_private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "config.h"
#include "error.h"
#include "rid.h"

#define STREAMS_MAX 512  /* whose newest frame is kept in memory; the next of others is a key */
#define MOVED_MAX   0.25 /* of all rows: beyond it a key is smaller */

/* The newest frame of a stream in today's file. */
struct stream {
    gint64 id;
    struct grid *frame;
    int64_t at_ms, key_ms;
};

static void stream_free(gpointer data)
{
    struct stream *s = data;
    grid_free(s->frame);
    g_free(s);
}

char *history_folder(void)
{
    return config_state_path("history");
}

struct history *history_open(const struct history_options *o)
{
    struct history *h = g_new0(struct history, 1);
    h->folder = g_strdup(o->folder);
    h->environment = g_strdup(o->environment);
    h->bytes_max = o->bytes_max ? o->bytes_max : HISTORY_BYTES_MAX;
    h->free_min = o->free_min > 0 ? o->free_min : HISTORY_FREE_MIN;
    h->lock = -1;
    h->streams = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, stream_free);
    return h;
}

static void close_today(struct history *h)
{
    history_file_close(h->today);
    h->today = NULL;
    g_clear_pointer(&h->day, g_free);
    g_hash_table_remove_all(h->streams);
}

void history_close(struct history *h)
{
    if (!h)
        return;
    close_today(h);
    if (h->lock >= 0)
        close(h->lock);
    g_hash_table_unref(h->streams);
    g_free(h->thinned);
    g_free(h->folder);
    g_free(h->environment);
    g_free(h);
}

/* -- days ---------------------------------------------------------------------------------------- */

char *history_day_of(int64_t at_ms)
{
    g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(at_ms / 1000);
    return t ? g_date_time_format(t, "%Y-%m-%d") : g_strdup("1970-01-01");
}

int64_t history_day_start(const char *day)
{
    g_autofree char *text = g_strconcat(day, "T00:00:00Z", NULL);
    g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(text, NULL);
    return t ? g_date_time_to_unix(t) * 1000 : 0;
}

char *history_path(const struct history *h, const char *day)
{
    g_autofree char *name = g_strconcat(day, ".db", NULL);
    return g_build_filename(h->folder, name, NULL);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *history_days(const struct history *h)
{
    GPtrArray *days = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(h->folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (strlen(name) != strlen("2026-06-12.db") || !g_str_has_suffix(name, ".db"))
            continue;
        g_autofree char *day = g_strndup(name, strlen("2026-06-12"));
        if (history_day_start(day) > 0)
            g_ptr_array_add(days, g_steal_pointer(&day));
    }
    g_ptr_array_sort(days, by_name);
    return days;
}

/* Moves a file that is not to be used out of the way, and says so instead of why. */
static void set_aside(const char *path, GError **error)
{
    g_autofree char *aside = NULL;
    for (unsigned n = 1; !aside || g_file_test(aside, G_FILE_TEST_EXISTS); n++) {
        g_free(aside);
        aside = g_strdup_printf("%s.damaged-%u", path, n);
    }
    static const char *const more[] = {"", "-wal", "-shm"};
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
        g_autofree char *from = g_strconcat(path, more[i], NULL);
        g_autofree char *to = g_strconcat(aside, more[i], NULL);
        if (g_rename(from, to) != 0 && i == 0)
            return;
    }
    g_autofree char *name = g_path_get_basename(aside);
    g_autofree char *why = g_strdup((*error)->message);
    g_clear_error(error);
    weir_fail(
        error, WEIR_ERROR_PROTOCOL, "%s; it was set aside as %s, and a new one begins", why, name);
}

struct history_file *history_day_open(
    struct history *h, const char *day, bool write, GError **error)
{
    g_autofree char *path = history_path(h, day);
    g_autoptr(GError) wrong = NULL;
    bool make = write && g_file_test(path, G_FILE_TEST_EXISTS);
    struct history_file *f = history_file_open(path, make, &wrong);
    if (!f && h->lock >= 0 && g_error_matches(wrong, WEIR_ERROR, WEIR_ERROR_PROTOCOL))
        set_aside(path, &wrong);
    if (!f)
        g_propagate_error(error, g_steal_pointer(&wrong));
    return f;
}

/* -- who writes, and whether there is room --------------------------------------------------------- */

bool history_writes(struct history *h)
{
    if (h->lock >= 0)
        return true;
    g_autofree char *name = g_strconcat(h->environment, ".lock", NULL);
    g_autofree char *path = g_build_filename(h->folder, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        h->lock = fd;
    else if (fd >= 0)
        close(fd);
    return h->lock >= 0;
}

static bool has_room(const struct history *h, GError **error)
{
    struct statvfs v;
    if (statvfs(h->folder, &v) != 0 || v.f_blocks == 0)
        return true; /* whoever writes finds out */
    double free_percent = 100.0 * (double)v.f_bavail / (double)v.f_blocks;
    return free_percent >= h->free_min ||
           weir_fail(error, WEIR_ERROR_UNREACHABLE,
               "less than %.0f %% of the disk of %s is free: nothing is recorded", h->free_min,
               h->folder);
}

static bool may_write(const struct history *h, GError **error)
{
    if (g_mkdir_with_parents(h->folder, 0700) != 0 || access(h->folder, W_OK | X_OK) != 0)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE, "%s cannot be written: %s", h->folder,
            g_strerror(errno));
    return has_room(h, error);
}

static bool open_today(struct history *h, int64_t now_ms, GError **error)
{
    g_autofree char *day = history_day_of(now_ms);
    if (h->today && strcmp(day, h->day) == 0)
        return true;
    close_today(h);
    g_autofree char *path = history_path(h, day);
    g_autoptr(GError) wrong = NULL;
    h->today = history_file_open(path, true, &wrong);
    if (!h->today && g_error_matches(wrong, WEIR_ERROR, WEIR_ERROR_PROTOCOL))
        set_aside(path, &wrong);
    if (!h->today) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return false;
    }
    h->day = g_steal_pointer(&day);
    return true;
}

/* -- a snapshot as a frame ------------------------------------------------------------------------- */

bool history_wants(const struct kind *k)
{
    return k->shape == SHAPE_TABLE || k->shape == SHAPE_TREE;
}

struct writer {
    struct history_file *file;
    GError **error;
    bool failed;
};

/* The number of a text, cut where it is too long. */
static guint32 text_id(struct writer *w, const char *text)
{
    gsize length = strnlen(text, HISTORY_TEXT_MAX + 1);
    g_autofree char *cut = NULL;
    if (length > HISTORY_TEXT_MAX) {
        const char *end = g_utf8_find_prev_char(text, text + HISTORY_TEXT_MAX + 1);
        cut = g_strndup(text, end ? (gsize)(end - text) : HISTORY_TEXT_MAX);
    }
    guint32 id = w->failed ? 0 : history_file_text_id(w->file, cut ? cut : text, true, w->error);
    w->failed |= id == 0;
    return id;
}

static void set_number(struct grid *f, guint32 field, size_t row, int64_t value)
{
    f->tag[field][row] = CELL_INT;
    f->value[field][row] = value;
}

static void set_text(struct writer *w, struct grid *f, guint32 field, size_t row, const char *text)
{
    if (!text)
        return;
    f->tag[field][row] = CELL_TEXT;
    f->value[field][row] = text_id(w, text);
}

/* A strip as text: state, health, when, how long; marks apart by the separators of ASCII. */
static guint32 states_id(struct writer *w, const struct states *states)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (uint32_t i = 0; i < states->count; i++)
        g_string_append_printf(text, "%s\037%d\037%" G_GINT64_FORMAT "\037%" G_GINT64_FORMAT "\036",
            states->mark[i].state, (int)states->mark[i].health, states->mark[i].at_ms,
            states->mark[i].ms);
    return text_id(w, text->str);
}

static void set_cell(struct writer *w, struct grid *f, guint32 field, size_t row, struct cell cell)
{
    unsigned more = cell.type == CELL_NONE ? (unsigned)cell.absent : (unsigned)cell.quality;
    int64_t value = 0;
    switch (cell.type) {
    case CELL_NONE: break;
    case CELL_BOOL: value = cell.b; break;
    case CELL_REAL:
    case CELL_PERCENT: memcpy(&value, &cell.r, sizeof value); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: value = text_id(w, cell.text); break;
    case CELL_STATES: value = states_id(w, cell.states); break;
    case CELL_SERIES:
    case CELL_GANTT: /* made out of the history */
        cell.type = CELL_NONE;
        more = ABSENT_NOT_ASKED;
        break;
    default: value = cell.i; break;
    }
    f->tag[field][row] = (uint8_t)((unsigned)cell.type | more << 4);
    f->value[field][row] = value;
}

static void set_row(struct writer *w, struct grid *f, const struct snapshot *s, size_t row)
{
    const struct row *r = snapshot_row(s, row);
    f->key[row] = text_id(w, r->key);
    set_number(f, GRID_AT, row, r->at_ms == snapshot_at(s) ? 0 : r->at_ms);
    set_number(f, GRID_PARENT, row, r->parent == ROW_NONE ? 0 : (int64_t)r->parent + 1);
    set_number(f, GRID_PHASE, row, r->phase);
    set_number(f, GRID_HEALTH, row, r->health);
    set_text(w, f, GRID_WHY, row, r->why);
    set_text(w, f, GRID_ERROR, row, r->error);
    set_text(w, f, GRID_ADDRESS, row, r->address);
}

static struct grid *make_grid(struct writer *w, const struct snapshot *s)
{
    const struct column *columns = snapshot_column_table(s);
    g_autoptr(GString) names = g_string_new(NULL);
    guint32 fields = GRID_COLUMNS;
    for (const struct column *c = columns; c->name && fields < GRID_FIELDS_MAX; c++) {
        if (c->flags & COLUMN_F_PRIVATE)
            continue;
        g_string_append_printf(names, "%s ", c->name);
        fields++;
    }
    guint32 rows = (guint32)MIN(snapshot_count(s), GRID_CELLS_MAX / fields);
    struct grid *f = grid_new(fields, rows);
    f->columns = text_id(w, names->str);
    f->incomplete = snapshot_incomplete(s) ? text_id(w, snapshot_incomplete(s)) : 0;
    for (guint32 row = 0; row < rows && !w->failed; row++)
        set_row(w, f, s, row);
    guint32 field = GRID_COLUMNS;
    for (int c = 0; columns[c].name && field < fields; c++) {
        if (columns[c].flags & COLUMN_F_PRIVATE)
            continue;
        for (guint32 row = 0; row < rows && !w->failed; row++)
            set_cell(w, f, field, row, snapshot_cell(s, row, c));
        field++;
    }
    return f;
}

/* -- recording ------------------------------------------------------------------------------------- */

static bool needs_key(const struct stream *s, const struct grid *now, int64_t at_ms)
{
    return !s->frame || s->frame->columns != now->columns || s->frame->fields != now->fields ||
           at_ms <= s->at_ms || at_ms >= s->key_ms + HISTORY_KEY_MS ||
           grid_moved_rows(s->frame, now) > MOVED_MAX * MAX(now->rows, 1);
}

static struct stream *stream_of(struct history *h, const struct snapshot *s, GError **error)
{
    g_autofree char *scope = rid_print(snapshot_scope(s));
    g_autofree char *name = g_strconcat(snapshot_kind(s)->name, " ", scope, NULL);
    struct stream *stream = g_hash_table_lookup(h->streams, name);
    if (stream)
        return stream;
    gint64 id =
        history_file_stream(h->today, h->environment, snapshot_kind(s)->name, scope, true, error);
    if (!id)
        return NULL;
    if (g_hash_table_size(h->streams) >= STREAMS_MAX)
        g_hash_table_remove_all(h->streams);
    stream = g_new0(struct stream, 1);
    stream->id = id;
    g_hash_table_insert(h->streams, g_steal_pointer(&name), stream);
    return stream;
}

static bool record(struct history *h, const struct snapshot *s, GError **error)
{
    struct stream *stream = stream_of(h, s, error);
    if (!stream)
        return false;
    if (stream->frame && stream->at_ms == snapshot_at(s))
        return true;
    struct writer w = {.file = h->today, .error = error};
    struct grid *now = make_grid(&w, s);
    if (w.failed) {
        grid_free(now);
        return false;
    }
    bool key = needs_key(stream, now, snapshot_at(s));
    g_autoptr(GByteArray) data = key ? grid_encode_key(now) : grid_encode_delta(stream->frame, now);
    const struct history_frame frame = {
        snapshot_at(s), key ? -1 : stream->at_ms, 0, data->data, data->len};
    grid_free(stream->frame);
    stream->frame = now;
    stream->at_ms = snapshot_at(s);
    if (key)
        stream->key_ms = stream->at_ms;
    return history_file_put(h->today, stream->id, &frame, error);
}

bool history_record(struct history *h, const GPtrArray *snapshots, int64_t now_ms, GError **error)
{
    if (!may_write(h, error))
        return false;
    if (!history_writes(h))
        return true;
    if (!open_today(h, now_ms, error))
        return false;
    g_autoptr(GError) wrong = NULL;
    bool ok = history_file_begin(h->today, &wrong);
    for (guint i = 0; ok && i < snapshots->len; i++)
        ok = record(h, g_ptr_array_index(snapshots, i), &wrong);
    if (ok && history_file_commit(h->today, &wrong))
        return true;
    /* What memory holds was not written: begin with keys again. */
    g_autofree char *path = history_path(h, h->day);
    close_today(h);
    if (g_error_matches(wrong, WEIR_ERROR, WEIR_ERROR_PROTOCOL))
        set_aside(path, &wrong);
    g_propagate_error(error, g_steal_pointer(&wrong));
    return false;
}

/* -- doctor ---------------------------------------------------------------------------------------- */

void history_usage(const struct history *h, unsigned *files, int64_t *bytes)
{
    *files = 0;
    *bytes = 0;
    g_autoptr(GDir) dir = g_dir_open(h->folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(h->folder, name, NULL);
        struct stat st;
        if (!strstr(name, ".db") || strstr(name, ".damaged") || stat(path, &st) != 0)
            continue;
        *files += g_str_has_suffix(name, ".db") ? 1 : 0;
        *bytes += st.st_size;
    }
}

bool history_check(const struct history *h, int64_t now_ms, GError **error)
{
    if (!may_write(h, error))
        return false;
    g_autofree char *day = history_day_of(now_ms);
    g_autofree char *path = history_path(h, day);
    g_autoptr(GError) wrong = NULL;
    AUTO(history_file) f = history_file_open(path, false, &wrong);
    if (f || g_error_matches(wrong, WEIR_ERROR, WEIR_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&wrong));
    return false;
}

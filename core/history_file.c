#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

#define APPLICATION_ID 0x77656972 /* "weir" */
#define BUSY_MS        2000       /* another environment's weir writes into the same file */
#define SHRINK_PAGES   "64"
#define KNOWN_BYTES    (4 << 20) /* of texts whose number is kept in memory */
#define KNOWN_LENGTH   256       /* of one */

enum statement {
    FIND_TEXT,
    ADD_TEXT,
    GET_TEXT,
    FIND_STREAM,
    ADD_STREAM,
    STREAMS,
    PUT,
    FRAMES,
    KEY_BEFORE,
    KEY_BELOW,
    NEWEST,
    OLDEST,
    DELETE,
    DELETE_ALL,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [FIND_TEXT] = "SELECT id, text FROM dict WHERE hash = ?",
    [ADD_TEXT] = "INSERT INTO dict (hash, text) VALUES (?, ?)",
    [GET_TEXT] = "SELECT text FROM dict WHERE id = ?",
    [FIND_STREAM] = "SELECT id FROM stream WHERE env = ? AND kind = ? AND scope = ?",
    [ADD_STREAM] = "INSERT INTO stream (env, kind, scope) VALUES (?, ?, ?)",
    [STREAMS] = "SELECT id, kind, scope FROM stream WHERE env = ? ORDER BY id",
    [PUT] = "INSERT INTO frame (stream, at, prev, tier, data) VALUES (?, ?, ?, ?, ?)",
    [FRAMES] = "SELECT at, prev, tier, data FROM frame WHERE stream = ? AND at >= ? AND at < ? "
               "ORDER BY at",
    [KEY_BEFORE] = "SELECT at FROM frame WHERE stream = ? AND at <= ? AND prev IS NULL "
                   "ORDER BY at DESC LIMIT 1",
    [KEY_BELOW] = "SELECT at FROM frame WHERE stream = ? AND at >= ? AND tier < ? "
                  "AND prev IS NULL ORDER BY at LIMIT 1",
    [NEWEST] = "SELECT max(at) FROM frame WHERE stream = ?",
    [OLDEST] = "SELECT min((SELECT min(at) FROM frame WHERE stream = stream.id)) FROM stream",
    [DELETE] = "DELETE FROM frame WHERE stream = ? AND at >= ? AND at < ?",
    [DELETE_ALL] = "DELETE FROM frame WHERE at >= ? AND at < ?",
};

static const char schema[] =
    "PRAGMA page_size = 16384;" /* frames are some kB: they fill large pages better */
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA journal_mode = WAL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, env TEXT NOT NULL,"
    "  kind TEXT NOT NULL, scope TEXT NOT NULL, UNIQUE (env, kind, scope));"
    "CREATE TABLE IF NOT EXISTS dict (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text BLOB);"
    "CREATE INDEX IF NOT EXISTS dict_hash ON dict (hash);"
    "CREATE TABLE IF NOT EXISTS frame (stream INTEGER NOT NULL, at INTEGER NOT NULL, prev INTEGER,"
    "  tier INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS frame_at ON frame (stream, at, prev, tier);"
    "CREATE TABLE IF NOT EXISTS event (t INTEGER NOT NULL, env TEXT NOT NULL, fp TEXT, type TEXT,"
    "  who TEXT, json TEXT);"
    "INSERT OR IGNORE INTO meta VALUES ('schema', '1'), ('tool', 'weir " WEIR_VERSION "');"
    "PRAGMA application_id = 2003134834;"
    "COMMIT;";

struct history_file {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statement[STATEMENTS];
    GHashTable *known; /* text to number */
    gsize known_bytes;
    bool in_transaction;
};

G_STATIC_ASSERT(APPLICATION_ID == 2003134834);
G_STATIC_ASSERT(HISTORY_SCHEMA == 1);

static bool fail(const struct history_file *f, int code, GError **error)
{
    const char *what = f->db ? sqlite3_errmsg(f->db) : sqlite3_errstr(code);
    switch (code & 255) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return weir_fail(
            error, WEIR_ERROR_PROTOCOL, "%s is damaged or no history of weir (%s)", f->path, what);
    case SQLITE_FULL:
        return weir_fail(
            error, WEIR_ERROR_UNREACHABLE, "the disk is full: %s cannot grow", f->path);
    default:
        return weir_fail(
            error, WEIR_ERROR_UNREACHABLE, "%s cannot be used as history: %s", f->path, what);
    }
}

static bool run(struct history_file *f, const char *sql, GError **error)
{
    int code = sqlite3_exec(f->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || fail(f, code, error);
}

/* -- opening ------------------------------------------------------------------------------------- */

/* The only number that a query gives, or -1. */
static gint64 ask_number(struct history_file *f, const char *sql, GError **error)
{
    sqlite3_stmt *s = NULL;
    gint64 n = -1;
    int code = sqlite3_prepare_v2(f->db, sql, -1, &s, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    else if (code != SQLITE_DONE)
        fail(f, code, error);
    sqlite3_finalize(s);
    return n;
}

/* Ours, and of a schema that we know; or empty. */
static bool check(struct history_file *f, bool *empty, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    /* In this order: another weir may make the tables, and with them the id, at this moment. */
    gint64 tables = ask_number(f, "SELECT count(*) FROM sqlite_schema", &wrong);
    gint64 id = wrong ? 0 : ask_number(f, "PRAGMA application_id", &wrong);
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return false;
    }
    *empty = tables == 0;
    if (*empty)
        return true;
    if (id != APPLICATION_ID)
        return weir_fail(
            error, WEIR_ERROR_PROTOCOL, "%s is a database, but no history of weir", f->path);
    gint64 own = ask_number(f, "SELECT value FROM meta WHERE key = 'schema'", &wrong);
    if (wrong)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "%s is damaged (%s)", f->path, wrong->message);
    if (own > HISTORY_SCHEMA)
        return weir_fail(error, WEIR_ERROR_UNSUPPORTED,
            "%s was written by a newer weir (schema %d, this one knows %d)", f->path, (int)own,
            HISTORY_SCHEMA);
    if (own < HISTORY_SCHEMA)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "%s has no schema", f->path);
    return true;
}

static bool prepare(struct history_file *f, GError **error)
{
    for (unsigned i = 0; i < STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(
            f->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &f->statement[i], NULL);
        if (code == SQLITE_ERROR) /* a table or a column is not there */
            return weir_fail(
                error, WEIR_ERROR_PROTOCOL, "%s is damaged (%s)", f->path, sqlite3_errmsg(f->db));
        if (code != SQLITE_OK)
            return fail(f, code, error);
    }
    return true;
}

static bool open_database(struct history_file *f, bool make, GError **error)
{
    int code = sqlite3_open_v2(f->path, &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return fail(f, code, error);
    sqlite3_busy_timeout(f->db, BUSY_MS);
    sqlite3_extended_result_codes(f->db, 1);
    bool empty;
    if (!check(f, &empty, error))
        return false;
    if (empty && !make)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND, "%s is empty", f->path);
    if (empty && !run(f, schema, error))
        return false;
    return run(f,
               make ? "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304"
                    : "PRAGMA query_only = 1",
               error) &&
           prepare(f, error);
}

struct history_file *history_file_open(const char *path, bool make, GError **error)
{
    /* Made by us first, so that nobody else can read it for a moment. */
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
    if (fd < 0) {
        weir_fail(error, errno == ENOENT ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_UNREACHABLE,
            "%s cannot be opened: %s", path, g_strerror(errno));
        return NULL;
    }
    close(fd);
    AUTO(history_file) f = g_new0(struct history_file, 1);
    f->path = g_strdup(path);
    f->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return open_database(f, make, error) ? g_steal_pointer(&f) : NULL;
}

void history_file_close(struct history_file *f)
{
    if (!f)
        return;
    if (f->in_transaction)
        run(f, "ROLLBACK", NULL);
    for (unsigned i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(f->statement[i]);
    sqlite3_close(f->db);
    g_hash_table_unref(f->known);
    g_free(f->path);
    g_free(f);
}

bool history_file_begin(struct history_file *f, GError **error)
{
    f->in_transaction = run(f, "BEGIN IMMEDIATE", error);
    return f->in_transaction;
}

bool history_file_commit(struct history_file *f, GError **error)
{
    if (!run(f, "COMMIT", error))
        return false;
    f->in_transaction = false;
    return true;
}

/* -- statements ---------------------------------------------------------------------------------- */

static sqlite3_stmt *begin_numbers(
    struct history_file *f, enum statement which, unsigned count, const gint64 *numbers)
{
    sqlite3_stmt *s = f->statement[which];
    for (unsigned i = 0; i < count; i++)
        sqlite3_bind_int64(s, (int)i + 1, numbers[i]);
    return s;
}
#define BEGIN(f, which, ...)                                                                       \
    begin_numbers(                                                                                 \
        f, which, sizeof((gint64[]){__VA_ARGS__}) / sizeof(gint64), (const gint64[]){__VA_ARGS__})

/* Steps a statement that gives no row, and ends it. */
static bool finish(struct history_file *f, sqlite3_stmt *s, GError **error)
{
    int code = sqlite3_step(s);
    bool ok = code == SQLITE_DONE || code == SQLITE_ROW || fail(f, code, error);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return ok;
}

/* The first number of the first row, or fallback where there is none or it is NULL. */
static gint64 number_of(sqlite3_stmt *s, gint64 fallback)
{
    gint64 n = fallback;
    if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) == SQLITE_INTEGER)
        n = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return n;
}

/* -- texts --------------------------------------------------------------------------------------- */

static gint64 hash_of(const char *text, gsize length)
{
    guint64 h = 14695981039346656037U; /* FNV-1a */
    for (gsize i = 0; i < length; i++)
        h = (h ^ (guint8)text[i]) * 1099511628211U;
    return (gint64)h;
}

static guint32 find_text(struct history_file *f, gint64 hash, const char *text, gsize length)
{
    sqlite3_stmt *s = BEGIN(f, FIND_TEXT, hash);
    guint32 id = 0;
    while (id == 0 && sqlite3_step(s) == SQLITE_ROW) {
        const void *own = sqlite3_column_blob(s, 1);
        if (sqlite3_column_bytes(s, 1) == (int)length &&
            (length == 0 || memcmp(own, text, length) == 0))
            id = (guint32)sqlite3_column_int64(s, 0);
    }
    sqlite3_reset(s);
    return id;
}

static void know(struct history_file *f, const char *text, gsize length, guint32 id)
{
    if (length > KNOWN_LENGTH)
        return;
    if (f->known_bytes > KNOWN_BYTES) {
        g_hash_table_remove_all(f->known);
        f->known_bytes = 0;
    }
    g_hash_table_insert(f->known, g_strdup(text), GUINT_TO_POINTER(id));
    f->known_bytes += length + 1 + 32;
}

guint32 history_file_text_id(struct history_file *f, const char *text, bool make, GError **error)
{
    guint32 id = GPOINTER_TO_UINT(g_hash_table_lookup(f->known, text));
    if (id)
        return id;
    gsize length = strlen(text);
    gint64 hash = hash_of(text, length);
    id = find_text(f, hash, text, length);
    if (!id && make) {
        sqlite3_stmt *s = BEGIN(f, ADD_TEXT, hash);
        sqlite3_bind_blob(s, 2, text, (int)length, SQLITE_STATIC);
        if (!finish(f, s, error))
            return 0;
        gint64 row = sqlite3_last_insert_rowid(f->db);
        if (row >= G_MAXUINT32) {
            fail(f, SQLITE_FULL, error);
            return 0;
        }
        id = (guint32)row;
    }
    if (id)
        know(f, text, length, id);
    return id;
}

char *history_file_text(struct history_file *f, guint32 id)
{
    sqlite3_stmt *s = BEGIN(f, GET_TEXT, id);
    char *text = NULL;
    if (sqlite3_step(s) == SQLITE_ROW) {
        const char *bytes = sqlite3_column_blob(s, 0);
        text = g_strndup(bytes ? bytes : "", (gsize)sqlite3_column_bytes(s, 0));
    }
    sqlite3_reset(s);
    return text;
}

/* -- streams ------------------------------------------------------------------------------------- */

void history_stream_free(struct history_stream *s)
{
    g_free(s->kind);
    g_free(s->scope);
    g_free(s);
}

GPtrArray *history_file_streams(struct history_file *f, const char *env, GError **error)
{
    sqlite3_stmt *s = f->statement[STREAMS];
    sqlite3_bind_text(s, 1, env, -1, SQLITE_STATIC);
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)history_stream_free);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct history_stream *one = g_new0(struct history_stream, 1);
        const char *kind = (const char *)sqlite3_column_text(s, 1);
        const char *scope = (const char *)sqlite3_column_text(s, 2);
        *one = (struct history_stream){
            sqlite3_column_int64(s, 0), g_strdup(kind ? kind : ""), g_strdup(scope ? scope : "")};
        g_ptr_array_add(all, one);
    }
    sqlite3_reset(s);
    if (code != SQLITE_DONE) {
        fail(f, code, error);
        g_clear_pointer(&all, g_ptr_array_unref);
    }
    return all;
}

static sqlite3_stmt *begin_stream(struct history_file *f, enum statement which, const char *env,
    const char *kind, const char *scope)
{
    sqlite3_stmt *s = f->statement[which];
    sqlite3_bind_text(s, 1, env, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, scope, -1, SQLITE_STATIC);
    return s;
}

gint64 history_file_stream(struct history_file *f, const char *env, const char *kind,
    const char *scope, bool make, GError **error)
{
    gint64 id = number_of(begin_stream(f, FIND_STREAM, env, kind, scope), 0);
    if (id || !make)
        return id;
    if (!finish(f, begin_stream(f, ADD_STREAM, env, kind, scope), error))
        return 0;
    return sqlite3_last_insert_rowid(f->db);
}

/* -- frames -------------------------------------------------------------------------------------- */

bool history_file_put(
    struct history_file *f, gint64 stream, const struct history_frame *frame, GError **error)
{
    sqlite3_stmt *s = BEGIN(f, PUT, stream, frame->at_ms, frame->prev_ms, frame->tier);
    if (frame->prev_ms < 0)
        sqlite3_bind_null(s, 3);
    sqlite3_bind_blob64(s, 5, frame->data, frame->length, SQLITE_STATIC);
    return finish(f, s, error);
}

bool history_file_frames(struct history_file *f, gint64 stream, int64_t from_ms, int64_t to_ms,
    history_each each, void *data, GError **error)
{
    sqlite3_stmt *s = BEGIN(f, FRAMES, stream, from_ms, to_ms);
    bool more = true;
    int code = SQLITE_DONE;
    while (more && (code = sqlite3_step(s)) == SQLITE_ROW) {
        bool key = sqlite3_column_type(s, 1) == SQLITE_NULL;
        struct history_frame frame = {sqlite3_column_int64(s, 0),
            key ? -1 : sqlite3_column_int64(s, 1), sqlite3_column_int(s, 2),
            sqlite3_column_blob(s, 3), (gsize)sqlite3_column_bytes(s, 3)};
        more = each(&frame, data);
    }
    bool ok = !more || code == SQLITE_DONE || fail(f, code, error);
    sqlite3_reset(s);
    return ok;
}

int64_t history_file_key_before(struct history_file *f, gint64 stream, int64_t at_ms)
{
    return number_of(BEGIN(f, KEY_BEFORE, stream, at_ms), -1);
}

int64_t history_file_key_below(struct history_file *f, gint64 stream, int64_t from_ms, int tier)
{
    return number_of(BEGIN(f, KEY_BELOW, stream, from_ms, tier), -1);
}

int64_t history_file_newest(struct history_file *f, gint64 stream)
{
    return number_of(BEGIN(f, NEWEST, stream), -1);
}

int64_t history_file_oldest(struct history_file *f)
{
    return number_of(f->statement[OLDEST], -1);
}

bool history_file_delete(
    struct history_file *f, gint64 stream, int64_t from_ms, int64_t to_ms, GError **error)
{
    return finish(f,
        stream ? BEGIN(f, DELETE, stream, from_ms, to_ms) : BEGIN(f, DELETE_ALL, from_ms, to_ms),
        error);
}

void history_file_shrink(struct history_file *f)
{
    run(f, "PRAGMA incremental_vacuum(" SHRINK_PAGES ")", NULL);
}

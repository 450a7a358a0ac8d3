/* The queries of a coordinator, whole although it is asked in parts.
 *
 * What waits and runs is read with every poll; what has failed or finished changes only by growing, is
 * the larger part by far, and is read every DONE_MS, or as soon as a query has left the live ones, but
 * never so often that the coordinator is busy with it for more than a tenth of the time. The rows are
 * published together out of what is held. A query that is in neither list keeps its last row, with its
 * age, until the lists of the dead have been read; when it is not there either, the coordinator has
 * forgotten it, and the row says so for a while. */
#include "list.h"

#include <string.h>

#include "clock.h"

#define DONE_MS          15000
#define DONE_CHEAP_MS    100 /* a transfer that costs the coordinator little */
#define DONE_SHARE       10  /* transfer time times this is the least wait */
#define GONE_SHOWN_MS    60000
#define RECENT_MS        300000 /* of failed_5m */
#define STALL_SAMPLES    12     /* one minute of polls */
#define STALL_SAMPLE_MAX 0xfffu

/* Whether one running query's splits all waited, poll by poll, the newest in bit 0. */
struct stall {
    unsigned bits, samples;
    int64_t since_ms; /* 0: it does not stall */
    bool bound;       /* it stalled already when it was first seen */
    bool seen;        /* in this poll */
};

struct done {
    const char *state;
    struct query_list *list; /* NULL: never read */
    int64_t due_ms;          /* monotonic */
    int64_t transfer_ms;
    int64_t began_ms; /* wall clock, of the newest good read */
    guint hash;       /* of the body, so that an unchanged one is not taken apart again */
    gsize length;
    char *missing; /* why it is not there or old, one clause; or NULL */
};

enum { FAILED, FINISHED, DONE_LISTS };

struct queries {
    struct query_list *live; /* NULL: never read */
    struct query_list *lost;
    struct done done[DONE_LISTS];
    GHashTable *stalls; /* id to struct stall */
};

static const char *const live_states[] = {"QUEUED", "WAITING_FOR_RESOURCES", "DISPATCHING",
    "PLANNING", "STARTING", "RUNNING", "FINISHING"};

/* -- the kind ------------------------------------------------------------------------------------- */

static const struct column columns[] = {
    [Q_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 9, 0,
        "in Trino's own words, QUEUED to FINISHED or FAILED"},
    [Q_USER] = {"user", "USER", CELL_TEXT, 0, 8, 1, "who runs it"},
    [Q_SOURCE_NAME] = {"source_name", "CLIENT", CELL_TEXT, 0, 8, 1,
        "what the client calls itself (X-Trino-Source)"},
    [Q_GROUP] = {"resource_group", "GROUP", CELL_TEXT, COLUMN_F_HIDDEN, 8, 1,
        "the resource group it was put into"},
    [Q_QUEUED] = {"queued_ms", "QUEUED", CELL_SPAN_MS, 0, 6, 0,
        "how long it waited, or has waited so far, to be let run"},
    [Q_ELAPSED] = {"elapsed_ms", "ELAPSED", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "since it was created, until its end"},
    [Q_CPU] = {"cpu_ms", "CPU", CELL_SPAN_MS, COLUMN_F_RECORD, 6, 0, "CPU time of all its tasks"},
    [Q_PROGRESS] = {"progress", "DONE", CELL_PERCENT, 0, 6, 0,
        "completed splits of those known so far: it may fall while more are found"},
    [Q_MEMORY] = {"memory_bytes", "MEMORY", CELL_BYTES, COLUMN_F_RECORD, 6, 0,
        "user and revocable memory that it holds now, on all nodes"},
    [Q_PEAK_MEMORY] = {"peak_memory_bytes", "PEAK", CELL_BYTES, COLUMN_F_HIDDEN, 6, 0,
        "the most memory it held at once"},
    [Q_READ_BYTES] = {"read_bytes", "READ", CELL_BYTES, COLUMN_F_RECORD, 6, 0,
        "bytes that its connectors read from storage (0 where they do not count)"},
    [Q_READ_ROWS] = {"read_rows", "ROWS", CELL_INT, COLUMN_F_RECORD | COLUMN_F_HIDDEN, 6, 0,
        "rows that it read"},
    [Q_SPLITS_DONE] = {"splits_done", "SPLITS", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "splits that are completed"},
    [Q_SPLITS_TOTAL] = {"splits_total", "OF", CELL_INT, COLUMN_F_HIDDEN, 5, 0,
        "splits known so far"},
    [Q_BLOCKED] = {"blocked", "BLOCKED", CELL_PERCENT, 0, 7, 0,
        "while it runs: splits that wait, of those begun (for input of other stages, memory, or a "
        "client that does not fetch)"},
    [Q_ERROR] = {"error", "ERROR", CELL_TEXT, 0, 10, 2, "name of the error it failed with"},
    [Q_SQL] = {"sql", "SQL", CELL_TEXT, COLUMN_F_PRIVATE, 20, 6,
        "its statement, on one line and at most 4 KiB of it"},
    [Q_SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_AGE, 5, 0,
        "since when it is as it is: queued, running, blocked, ended"},
    [Q_CREATED] = {"created", "CREATED", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_HIDDEN, 7, 0,
        "when the coordinator took it"},
    [Q_ENDED] = {"ended", "ENDED", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_HIDDEN, 5, 0,
        "when it finished or failed"},
    [Q_ERROR_TYPE] = {"error_type", "ERROR TYPE", CELL_TEXT, COLUMN_F_HIDDEN, 10, 0,
        "USER_ERROR, or the system's: INTERNAL_ERROR, INSUFFICIENT_RESOURCES, EXTERNAL"},
    [Q_TYPE] = {"query_type", "TYPE", CELL_TEXT, COLUMN_F_HIDDEN, 8, 0,
        "SELECT, INSERT, DATA_DEFINITION ..."},
    [Q_TAGS] = {"client_tags", "TAGS", CELL_TEXT, COLUMN_F_HIDDEN, 8, 1,
        "tags that the client gave it"},
    [Q_CATALOG] = {"catalog", "CATALOG", CELL_TEXT, COLUMN_F_HIDDEN, 8, 0, "the session's catalog"},
    [Q_SCHEMA] = {"schema", "SCHEMA", CELL_TEXT, COLUMN_F_HIDDEN, 8, 0, "the session's schema"},
    [Q_PLANNING] = {"planning_ms", "PLANNING", CELL_SPAN_MS, COLUMN_F_HIDDEN, 8, 0,
        "time spent on planning it"},
    [Q_SPILLED] = {"spilled_bytes", "SPILLED", CELL_BYTES, COLUMN_F_HIDDEN, 7, 0,
        "bytes it put on disk for want of memory"},
    [Q_WRITTEN] = {"written_bytes", "WRITTEN", CELL_BYTES, COLUMN_F_HIDDEN, 7, 0,
        "bytes that its connectors wrote"},
    [Q_SPLITS_RUNNING] = {"splits_running", "RUNNING", CELL_INT, COLUMN_F_HIDDEN, 7, 0,
        "splits that are begun and do not wait"},
    [Q_SPLITS_QUEUED] = {"splits_queued", "PENDING", CELL_INT, COLUMN_F_HIDDEN, 7, 0,
        "splits that are not begun"},
    [Q_SPLITS_BLOCKED] = {"splits_blocked", "WAITING", CELL_INT, COLUMN_F_HIDDEN, 7, 0,
        "splits that are begun and wait"},
    [Q_BLOCKED_FOR] = {"blocked_ms", "BLOCKED FOR", CELL_SPAN_MS, COLUMN_F_HIDDEN | COLUMN_F_WINDOW,
        11, 0,
        "for how long all its begun splits have waited in most polls; not known before the second"},
    [Q_LIVE] = {"live", "LIVE", CELL_BOOL, COLUMN_F_HIDDEN, 4, 0, "neither finished nor failed"},
    [Q_STALLED] = {"stalled", "STALLED", CELL_BOOL, COLUMN_F_HIDDEN, 7, 0,
        "none of its begun splits works at this moment"},
    [Q_COLUMNS] = {0},
};

static const struct link links[] = {
    {"enter", "stages", "trino.stages"},
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule health[] = {
    {"state=FAILED error_type=INTERNAL_ERROR | state=FAILED error_type=INSUFFICIENT_RESOURCES | "
     "state=FAILED error_type=EXTERNAL",
        HEALTH_FAIL, "failed by the system: {error}"},
    {"state=QUEUED queued_ms>@trino_queued_warn | "
     "state=WAITING_FOR_RESOURCES queued_ms>@trino_queued_warn",
        HEALTH_WARN, "waits for {queued_ms} in {resource_group}"},
    {"blocked>@trino_blocked_warn blocked_ms>=@trino_blocked_for", HEALTH_WARN,
        "its splits have waited for {blocked_ms}: for memory, or for a client that does not fetch"},
    {"stalled=yes blocked_ms=none elapsed_ms>@trino_blocked_for", HEALTH_UNKNOWN,
        "its splits wait at this moment; one look cannot tell for how long"},
    {0},
};

const struct kind trino_queries_kind = {
    .name = "trino.queries",
    .aliases = "query q",
    .title = "QUERY",
    .help = "queries that wait, run or have ended, as long as the coordinator remembers them",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .sort = "-health,-live,-created",
    .links = links,
    .feed = "cluster",
    .health = health,
    .since = "since",
};

/* -- reading -------------------------------------------------------------------------------------- */

struct queries *queries_new(void)
{
    struct queries *q = g_new0(struct queries, 1);
    q->done[FAILED].state = "FAILED";
    q->done[FINISHED].state = "FINISHED";
    q->stalls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return q;
}

void queries_free(struct queries *q)
{
    if (!q)
        return;
    list_free(q->live);
    list_free(q->lost);
    for (unsigned i = 0; i < DONE_LISTS; i++) {
        list_free(q->done[i].list);
        g_free(q->done[i].missing);
    }
    g_hash_table_unref(q->stalls);
    g_free(q);
}

static bool add_reply(struct trino *t, const struct http_request *q, const struct http_reply *r,
    struct query_list *list, GError **error)
{
    g_autoptr(GError) broken = NULL;
    if (!trino_check_status(t, q, r, error))
        return false;
    if (list_add_reply(list, r->body->str, r->body->len, r->cut, &broken))
        return true;
    return weir_fail(error, (enum weir_error)broken->code,
        "GET %s/v1/query: %s; is url that of a Trino coordinator?", t->url, broken->message);
}

static bool send_and_add(
    struct trino *t, const struct http_request *q, guint n, struct query_list *list, GError **error)
{
    struct http_reply r[G_N_ELEMENTS(live_states)] = {0};
    bool ok = n == 0 || http_send_many(t->http, q, n, 4, r, error);
    for (guint i = 0; i < n; i++) {
        ok = ok && add_reply(t, &q[i], &r[i], list, error);
        http_reply_clear(&r[i]);
    }
    t->let_in |= ok;
    return ok;
}

/* One request for all states where the server can (before 470 it answers [] to two). */
static struct query_list *read_live(struct lane *l, struct trino *t, GError **error)
{
    struct http_request q[G_N_ELEMENTS(live_states)] = {0};
    char *paths[G_N_ELEMENTS(live_states)] = {0};
    bool together = t->major >= TRINO_VERSION_STATES;
    guint n = together ? 1 : G_N_ELEMENTS(live_states);
    g_autoptr(GString) all = g_string_new("/v1/query");
    for (guint i = 0; i < G_N_ELEMENTS(live_states); i++) {
        g_string_append_printf(all, "%cstate=%s", i ? '&' : '?', live_states[i]);
        paths[i] = g_strdup_printf("/v1/query?state=%s", live_states[i]);
        q[i].path = paths[i];
    }
    if (together)
        q[0].path = all->str;
    struct query_list *list = list_new(lane_now_ms(l));
    /* Seven wrong passwords at once would lock an account: the first is sent alone. */
    guint first = t->let_in ? n : 1;
    bool ok = send_and_add(t, q, first, list, error) &&
              send_and_add(t, q + first, n - first, list, error);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        g_free(paths[i]);
    if (ok) {
        list_trim(list);
        return list;
    }
    list_free(list);
    return NULL;
}

static bool is_known(const struct queries *q, const char *id)
{
    return list_find(q->live, id) || list_find(q->done[FAILED].list, id) ||
           list_find(q->done[FINISHED].list, id);
}

/* Keeps the rows of what was live before this poll and is not now. */
static void note_lost(struct queries *q, const struct query_list *before, int64_t now_ms)
{
    struct query_list *lost = list_new(now_ms);
    for (guint i = 0; q->lost && i < q->lost->items->len; i++) {
        const struct query *old = &g_array_index(q->lost->items, struct query, i);
        bool shown = old->gone_ms == 0 || now_ms - old->gone_ms < GONE_SHOWN_MS;
        if (shown && !is_known(q, old->id))
            list_add_copy(lost, old);
    }
    for (guint i = 0; before && i < before->items->len; i++) {
        const struct query *old = &g_array_index(before->items, struct query, i);
        if (is_known(q, old->id) || list_find(lost, old->id))
            continue;
        struct query *copy = list_add_copy(lost, old);
        copy->lost_ms = now_ms;
        copy->at_ms = before->at_ms;
    }
    list_free(q->lost);
    q->lost = lost;
}

static bool any_sought(const struct queries *q)
{
    for (guint i = 0; q->lost && i < q->lost->items->len; i++)
        if (g_array_index(q->lost->items, struct query, i).gone_ms == 0)
            return true;
    return false;
}

/* What is lost and was in neither list of the dead, read after it got lost, is gone. */
static void settle_lost(struct queries *q, const struct trino *t, int64_t now_ms)
{
    for (guint i = q->lost ? q->lost->items->len : 0; i-- > 0;) {
        struct query *lost = &g_array_index(q->lost->items, struct query, i);
        bool looked = q->done[FAILED].began_ms >= lost->lost_ms &&
                      q->done[FINISHED].began_ms >= lost->lost_ms;
        if (lost->gone_ms == 0 && (looked || t->restarted_ms >= lost->at_ms))
            lost->gone_ms = now_ms;
    }
}

static void set_missing(struct done *d, char *take_text)
{
    g_free(d->missing);
    d->missing = take_text;
}

/* A list that cannot be had is no failure of the feed: its absence is said in the snapshot. */
static void read_done(struct lane *l, struct trino *t, struct done *d)
{
    g_autofree char *path = g_strdup_printf("/v1/query?state=%s", d->state);
    struct http_request q = {.path = path, .body_max = LIST_DONE_MAX, .cut_body = true};
    struct http_reply r = {0};
    g_autoptr(GError) error = NULL;
    int64_t start = clock_mono_ms();
    int64_t began_ms = lane_now_ms(l);
    bool ok = http_send(t->http, &q, &r, &error);
    d->transfer_ms = clock_mono_ms() - start;
    guint hash = ok ? g_str_hash(r.body->str) : 0;
    if (ok && d->list && hash == d->hash && r.body->len == d->length && r.status == 200) {
        d->list->at_ms = began_ms;
    } else if (ok) {
        struct query_list *list = list_new(began_ms);
        ok = add_reply(t, &q, &r, list, &error);
        list_trim(list);
        list_free(ok ? d->list : list);
        d->list = ok ? list : d->list;
        d->hash = hash;
        d->length = ok ? r.body->len : 0;
    }
    if (ok) {
        d->began_ms = began_ms;
        set_missing(d, d->list->cut
                           ? g_strdup_printf("only %u of the %s queries are read: the "
                                             "coordinator remembers more than %d MiB of them",
                                 d->list->items->len, d->state, LIST_DONE_MAX / 1048576)
                           : NULL);
    } else {
        set_missing(d, g_strdup_printf("%s queries: %s", d->state, error->message));
    }
    d->due_ms = clock_mono_ms() + MAX(DONE_MS, d->transfer_ms * DONE_SHARE);
    http_reply_clear(&r);
}

static void read_due(struct lane *l, struct trino *t)
{
    struct queries *q = t->queries;
    bool sought = any_sought(q);
    for (unsigned i = 0; i < DONE_LISTS; i++) {
        struct done *d = &q->done[i];
        /* A query has ended: look for it now, unless looking is dear. */
        int64_t least_ms = d->transfer_ms > DONE_CHEAP_MS ? d->transfer_ms * DONE_SHARE : 0;
        int64_t early = d->due_ms - MAX(DONE_MS - least_ms, 0);
        bool due = !d->list || clock_mono_ms() >= (sought && !d->missing ? early : d->due_ms);
        if (due && lane_left_ms(l) > 0)
            read_done(l, t, d);
    }
}

/* -- for how long a query stalls ------------------------------------------------------------------ */

static unsigned count_bits(unsigned bits)
{
    unsigned n = 0;
    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

/* The clock starts with a poll that finds every begun split waiting. Polls that find one at work stop
 * it when they are half of the last minute's: a client that takes a page now and then wakes a split
 * for a moment, and is what keeps the query from going on. */
static void sample_stall(struct stall *s, bool stalled, int64_t now_ms)
{
    s->bits = (s->bits << 1 | stalled) & STALL_SAMPLE_MAX;
    s->samples = MIN(s->samples + 1, STALL_SAMPLES);
    if (stalled && s->since_ms == 0) {
        s->since_ms = now_ms;
        s->bound = s->samples == 1;
    } else if (!stalled && 2 * count_bits(s->bits) <= s->samples) {
        s->since_ms = 0;
    }
    s->seen = true;
}

static void set_blocked_for(struct query *q, const struct stall *s, int64_t now_ms)
{
    if (s->since_ms == 0) {
        q->cell[Q_BLOCKED_FOR] = (struct cell){.type = CELL_SPAN_MS};
    } else if (s->samples > 1) {
        q->cell[Q_BLOCKED_FOR] = (struct cell){.type = CELL_SPAN_MS,
            .quality = s->bound ? BOUND : EXACT,
            .i = MAX(now_ms - s->since_ms, 0)};
        q->cell[Q_SINCE] = (struct cell){.type = CELL_TIME_MS, .i = s->since_ms};
    }
}

static gboolean was_not_seen(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    (void)data;
    struct stall *s = value;
    bool seen = s->seen;
    s->seen = false;
    return !seen;
}

static void sample_stalls(struct queries *q, int64_t now_ms)
{
    for (guint i = 0; i < q->live->items->len; i++) {
        struct query *query = &g_array_index(q->live->items, struct query, i);
        if (query->cell[Q_STALLED].type != CELL_BOOL)
            continue;
        struct stall *s = g_hash_table_lookup(q->stalls, query->id);
        if (!s) {
            s = g_new0(struct stall, 1);
            g_hash_table_insert(q->stalls, g_strdup(query->id), s);
        }
        sample_stall(s, query->cell[Q_STALLED].b, now_ms);
        set_blocked_for(query, s, now_ms);
    }
    g_hash_table_foreach_remove(q->stalls, was_not_seen, NULL);
}

bool queries_read(struct lane *l, struct trino *t, GError **error)
{
    struct queries *q = t->queries;
    struct query_list *live = read_live(l, t, error);
    if (!live)
        return false;
    struct query_list *before = q->live;
    q->live = live;
    sample_stalls(q, live->at_ms);
    note_lost(q, before, live->at_ms);
    list_free(before);
    read_due(l, t);
    note_lost(q, NULL, live->at_ms);
    settle_lost(q, t, live->at_ms);
    return true;
}

/* -- publishing ----------------------------------------------------------------------------------- */

static enum phase phase_of(const struct query *q)
{
    const struct cell *state = &q->cell[Q_STATE];
    if (state->type != CELL_STATE)
        return PHASE_OFF;
    if (strcmp(state->text, "QUEUED") == 0 || strcmp(state->text, "WAITING_FOR_RESOURCES") == 0)
        return PHASE_WAIT;
    if (strcmp(state->text, "FINISHED") == 0)
        return PHASE_DONE;
    if (strcmp(state->text, "FAILED") != 0)
        return PHASE_RUN;
    const struct cell *type = &q->cell[Q_ERROR_TYPE];
    return type->type == CELL_TEXT && strcmp(type->text, "USER_ERROR") == 0 ? PHASE_OFF
                                                                            : PHASE_DONE;
}

static bool is_partial(const struct query_list *l)
{
    return l && (l->left_out > 0 || l->cut);
}

static void add_gone(struct snapshot *s, size_t row, const struct query *q, const struct trino *t)
{
    static const char forgotten[] =
        "gone from the coordinator's memory (it keeps 100 queries or 15 min); how it ended was not "
        "seen";
    static const char restarted[] = "lost when the coordinator restarted";
    static const char cut[] = "it has ended, and is not among those that weir holds";
    const struct done *done = t->queries->done;
    bool left_out = is_partial(done[FAILED].list) || is_partial(done[FINISHED].list);
    const char *why = t->restarted_ms >= q->at_ms ? restarted : left_out ? cut : forgotten;
    snapshot_set_error(s, row, why);
    snapshot_set_health(s, row, HEALTH_UNKNOWN, why);
    snapshot_set_phase(s, row, PHASE_OFF);
    snapshot_set_int(s, row, Q_SINCE, q->gone_ms);
    snapshot_set_bool(s, row, Q_LIVE, false);
}

static void add_query(
    struct snapshot *s, const struct query *q, int64_t at_ms, const struct trino *t)
{
    size_t row = snapshot_add(s, q->id);
    for (int c = 0; c < Q_COLUMNS; c++)
        snapshot_set_cell(s, row, c, q->cell[c]);
    snapshot_set_at(s, row, q->at_ms > 0 ? q->at_ms : at_ms);
    snapshot_set_phase(s, row, phase_of(q));
    if (q->gone_ms > 0)
        add_gone(s, row, q, t);
}

/* Rows of a list that no newer list has as well. */
static void add_list(
    struct snapshot *s, const struct query_list *l, const struct queries *q, const struct trino *t)
{
    for (guint i = 0; l && i < l->items->len; i++) {
        const struct query *item = &g_array_index(l->items, struct query, i);
        bool ended = list_find(q->done[FAILED].list, item->id) ||
                     list_find(q->done[FINISHED].list, item->id);
        if (l != q->live || !ended)
            add_query(s, item, l->at_ms, t);
    }
}

static void say_missing(GString *text, const struct query_list *l, const char *missing)
{
    const char *between = text->len > 0 && (missing || (l && l->left_out)) ? "; " : "";
    if (missing)
        g_string_append_printf(text, "%s%s", between, missing);
    else if (l && l->left_out)
        g_string_append_printf(text, "%scut at the newest %d of a state", between, LIST_ROWS_MAX);
}

void queries_publish(struct lane *l, struct trino *t, struct batch *out)
{
    struct queries *q = t->queries;
    (void)l;
    if (!q->live)
        return;
    struct snapshot *s = batch_snapshot(out, &trino_queries_kind);
    g_autoptr(GString) missing = g_string_new(NULL);
    add_list(s, q->live, q, t);
    add_list(s, q->lost, q, t);
    say_missing(missing, q->live, NULL);
    for (unsigned i = 0; i < DONE_LISTS; i++) {
        add_list(s, q->done[i].list, q, t);
        say_missing(missing, q->done[i].list, q->done[i].missing);
    }
    if (missing->len > 0)
        snapshot_set_incomplete(s, missing->str);
    batch_publish(out, s);
}

static void count_live(const struct query *q, struct query_counts *out)
{
    const char *state = q->cell[Q_STATE].type == CELL_STATE ? q->cell[Q_STATE].text : "";
    bool running = strcmp(state, "RUNNING") == 0;
    out->running += running;
    out->queued += phase_of(q) == PHASE_WAIT;
    if (running && q->cell[Q_STALLED].type == CELL_BOOL)
        out->blocked += q->cell[Q_STALLED].b;
    else if (running)
        out->blocked_known = false;
    if (q->cell[Q_MEMORY].type == CELL_BYTES)
        out->memory_bytes += q->cell[Q_MEMORY].i;
    else
        out->memory_known = false;
}

void queries_count(const struct queries *q, int64_t now_ms, struct query_counts *out)
{
    *out = (struct query_counts){.memory_known = true, .blocked_known = true};
    for (guint i = 0; q->live && i < q->live->items->len; i++)
        count_live(&g_array_index(q->live->items, struct query, i), out);
    const struct query_list *failed = q->done[FAILED].list;
    out->failed_bound = !failed || failed->left_out > 0;
    for (guint i = 0; failed && i < failed->items->len; i++) {
        const struct query *item = &g_array_index(failed->items, struct query, i);
        const struct cell *ended = &item->cell[Q_ENDED];
        if (ended->type != CELL_TIME_MS || ended->i < now_ms - RECENT_MS)
            continue;
        out->failed++;
        out->failed_system += phase_of(item) == PHASE_DONE;
    }
    if (!failed)
        out->failed = out->failed_system = -1;
}

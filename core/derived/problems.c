/* problems: every row of every source-wide snapshot that fails, warns, or cannot be seen; the worst
 * first, then the oldest. Rows that only a drill-down fetched are left out: they are parts of a row
 * that is judged already, and would come and go with what somebody happens to look at.
 *
 * Since when: the kind's own time column where it has one (a run's end, a source's change of state),
 * else the first time this weir saw it, which is a bound and marked so. */
#include <string.h>

#include "lane.h"
#include "rid.h"
#include "sources.h"
#include "status.h"

enum {
    SEVERITY,
    SYSTEM,
    FROM,
    WHAT,
    ABOUT,
    SINCE,
    AGE,
    COUNT,
    HITS,
    DEADLINE,
    STATE,
    OWNER,
    CAUSE,
    RANK
};

static const struct column columns[] = {
    [SEVERITY] = {"severity", "SEV", CELL_STATE, COLUMN_F_RECORD, 5, 0,
        "error (fails), warn, info (cannot be seen)"},
    [SYSTEM] = {"system", "SYSTEM", CELL_TEXT, 0, 7, 0, "which kind of system it is about"},
    [FROM] = {"from", "SOURCE", CELL_TEXT, 0, 8, 0,
        "the source it was read from, where several are of one system"},
    [WHAT] = {"what", "WHAT", CELL_TEXT, COLUMN_F_PROSE, 20, 10,
        "the thing, and what is wrong with it"},
    [ABOUT] = {"about", "ABOUT", CELL_LINK, COLUMN_F_HIDDEN, 16, 4, "address of the thing"},
    [SINCE] = {"since", "AGE", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_RECORD, 5, 0,
        "since when; > where it may be longer: weir saw it first then"},
    [AGE] = {"age_ms", "AGE", CELL_SPAN_MS, COLUMN_F_HIDDEN, 6, 0, "how long it has lasted"},
    [COUNT] = {"count", "COUNT", CELL_INT, COLUMN_F_HIDDEN, 5, 0, "how often it came"},
    [HITS] = {"hits", "HITS", CELL_INT, COLUMN_F_HIDDEN, 5, 0, "things downstream of it"},
    [DEADLINE] = {"deadline", "DEADLINE", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "the nearest deadline that it endangers"},
    [STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_HIDDEN, 5, 0, "open, acked or silenced"},
    [OWNER] = {"owner", "WHO", CELL_TEXT, COLUMN_F_HIDDEN, 6, 0, "who has it"},
    [CAUSE] = {"cause", "CAUSE", CELL_LINK, COLUMN_F_HIDDEN, 10, 0, "the problem that it follows"},
    [RANK] = {"rank", "#", CELL_REAL, COLUMN_F_HIDDEN, 3, 0, "place in the list, 1 is the worst"},
    {0},
};

static const struct link links[] = {
    {"enter", "open", "@about"},
    {0},
};

static const char *const inputs[] = {"*", NULL};

static const struct kind problems_kind = {
    .name = "problems",
    .aliases = "problem now p",
    .title = "PROBLEM",
    .nameless = true,
    .help = "what is wrong now, over all systems, the worst first",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .sort = "rank",
    .links = links,
    .inputs = inputs,
    .feed = "problems",
};

/* What the lane remembers between runs: since when each problem is there. */
struct memory {
    GHashTable *first_seen; /* address to struct seen */
    guint64 round;
};

struct seen {
    int64_t at_ms;
    guint64 round; /* of the newest run that had it */
};

struct problem {
    const struct snapshot *snapshot;
    size_t row;
    char *address;
    int64_t since_ms;
    bool bound;
    bool twin;  /* its source is not the only one of its system */
    bool stale; /* its source does not answer: this is what was, not what is */
};

static void problem_free(gpointer data)
{
    struct problem *p = data;
    g_free(p->address);
    g_free(p);
}

static struct memory *memory_of(struct lane *l)
{
    struct memory *m = lane_data(l);
    if (!m) {
        m = g_new0(struct memory, 1);
        m->first_seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        lane_set_data(l, m);
    }
    return m;
}

static void forget(void *memory)
{
    g_hash_table_unref(((struct memory *)memory)->first_seen);
    g_free(memory);
}

/* When the row says that it began, or 0. */
static int64_t own_since(const struct snapshot *s, size_t row)
{
    const struct kind *k = snapshot_kind(s);
    if (!k->since)
        return 0;
    struct cell cell = snapshot_cell(s, row, kind_column(k, k->since));
    return cell.type == CELL_TIME_MS ? cell.i : 0;
}

static void find_since(struct memory *m, struct problem *p, int64_t now_ms)
{
    struct seen *seen = g_hash_table_lookup(m->first_seen, p->address);
    if (!seen) {
        seen = g_new0(struct seen, 1);
        seen->at_ms = now_ms;
        g_hash_table_insert(m->first_seen, g_strdup(p->address), seen);
    }
    seen->round = m->round;
    int64_t own = own_since(p->snapshot, p->row);
    p->since_ms = own ? own : seen->at_ms;
    p->bound = !own;
}

static gboolean is_over(gpointer address, gpointer seen, gpointer memory)
{
    (void)address;
    return ((struct seen *)seen)->round != ((struct memory *)memory)->round;
}

/* NULL for weir itself. */
static const struct source_status *status_of(const GPtrArray *statuses, const char *source)
{
    for (guint i = 0; i < statuses->len; i++) {
        const struct source_status *status = g_ptr_array_index(statuses, i);
        if (strcmp(status->name, source) == 0)
            return status;
    }
    return NULL;
}

static bool answers(const struct source_status *status)
{
    return !status || status->state == SOURCE_OK || status->state == SOURCE_SLOW;
}

/* Whether another source is of the same system: then the row must say which. */
static bool has_twin(const GPtrArray *statuses, const struct source_status *own)
{
    guint same = 0;
    for (guint i = 0; own && i < statuses->len; i++) {
        const struct source_status *status = g_ptr_array_index(statuses, i);
        same += strcmp(status->type, own->type) == 0;
    }
    return same > 1;
}

/* What is off alarms nobody, and what is not known yet is not blind. */
static bool is_problem(const struct row *r)
{
    return r->health > HEALTH_UNKNOWN ? r->phase != PHASE_OFF
                                      : r->health == HEALTH_UNKNOWN && r->phase > PHASE_WAIT;
}

static void collect(
    struct lane *l, const struct snapshot *s, const GPtrArray *statuses, GPtrArray *problems)
{
    const struct source_status *status = status_of(statuses, snapshot_scope(s)->source);
    bool stale = !answers(status) || snapshot_remembered(s);
    bool twin = has_twin(statuses, status);
    for (size_t row = 0; row < snapshot_count(s); row++) {
        if (!is_problem(snapshot_row(s, row)))
            continue;
        struct problem *p = g_new0(struct problem, 1);
        GString *address = g_string_new(NULL);
        snapshot_append_address(s, row, address);
        *p = (struct problem){.snapshot = s, .row = row, .twin = twin, .stale = stale};
        p->address = g_string_free(address, FALSE);
        find_since(memory_of(l), p, lane_now_ms(l));
        g_ptr_array_add(problems, p);
    }
}

static gint worse_first(gconstpointer pa, gconstpointer pb)
{
    const struct problem *a = *(struct problem *const *)pa;
    const struct problem *b = *(struct problem *const *)pb;
    int order = (int)snapshot_row(b->snapshot, b->row)->health -
                (int)snapshot_row(a->snapshot, a->row)->health;
    if (order == 0) /* what is, before what was */
        order = (int)a->stale - (int)b->stale;
    if (order == 0)
        order = (a->since_ms > b->since_ms) - (a->since_ms < b->since_ms);
    return order ? order : strcmp(a->address, b->address);
}

static const char *severity_of(enum health health)
{
    return health == HEALTH_FAIL ? "error" : health == HEALTH_WARN ? "warn" : "info";
}

static char *system_of(const struct kind *k)
{
    const char *dot = strchr(k->name, '.');
    return dot ? g_strndup(k->name, (gsize)(dot - k->name)) : g_strdup(k->name);
}

/* "task boom in lab_fail_chain seed__0: try 1 failed": the thing, what it belongs to, its fault. */
static char *what_is_wrong(const struct problem *p)
{
    const struct kind *k = snapshot_kind(p->snapshot);
    const struct row *r = snapshot_row(p->snapshot, p->row);
    const char *word = k->aliases ? k->aliases : kind_segment(k);
    GString *out = g_string_new_len(word, (gssize)strcspn(word, " "));
    g_string_append_printf(out, " %s", r->name);
    AUTO(rid) rid = rid_parse(p->address, NULL);
    for (unsigned i = 0; rid && i + 1 < rid->count; i++)
        g_string_append_printf(out, "%s%s", i ? " " : " in ", rid->part[i].name);
    g_string_append_printf(out, ": %s", r->why ? r->why : r->error ? r->error : "cannot be seen");
    return g_string_free(out, FALSE);
}

static void add_problem(struct snapshot *out, const struct problem *p, guint rank, int64_t now_ms)
{
    const struct row *r = snapshot_row(p->snapshot, p->row);
    const struct kind *k = snapshot_kind(p->snapshot);
    size_t row = snapshot_add(out, p->address);
    g_autofree char *system = system_of(k);
    g_autofree char *what = what_is_wrong(p);
    snapshot_set_text(out, row, SEVERITY, severity_of(r->health));
    snapshot_set_text(out, row, SYSTEM, system);
    if (p->twin)
        snapshot_set_text(out, row, FROM, snapshot_scope(p->snapshot)->source);
    snapshot_set_text(out, row, WHAT, what);
    snapshot_set_text(out, row, ABOUT, p->address);
    snapshot_set_int(out, row, SINCE, p->since_ms);
    int64_t age_ms;
    if (__builtin_sub_overflow(now_ms, p->since_ms, &age_ms)) /* a server may send any time */
        age_ms = G_MAXINT64;
    snapshot_set_int(out, row, AGE, MAX(age_ms, 0));
    if (p->bound) {
        snapshot_set_quality(out, row, SINCE, BOUND);
        snapshot_set_quality(out, row, AGE, BOUND);
    }
    snapshot_set_text(out, row, STATE, "open");
    snapshot_set_real(out, row, RANK, rank);
    snapshot_set_at(out, row, r->at_ms);
    snapshot_set_health(out, row, r->health, r->why);
    if (p->stale)
        snapshot_set_error(out, row, "its source does not answer: this is what was");
}

static bool fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    (void)error;
    g_autoptr(GPtrArray) statuses = lane_statuses(l);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(problem_free);
    struct memory *m = memory_of(l);
    m->round++;
    const struct snapshot *sources = lane_seal(l, sources_snapshot(statuses, lane_now_ms(l)));
    collect(l, sources, statuses, problems);
    for (guint i = 0; i < lane_input_count(l); i++)
        collect(l, lane_input(l, i), statuses, problems);
    g_hash_table_foreach_remove(m->first_seen, is_over, m);
    g_ptr_array_sort(problems, worse_first);
    struct snapshot *s = batch_snapshot(out, &problems_kind);
    for (guint i = 0; i < problems->len; i++)
        add_problem(s, g_ptr_array_index(problems, i), i + 1, lane_now_ms(l));
    batch_publish(out, s);
    snapshot_unref(sources);
    return true;
}

static const char *const feed_kinds[] = {"problems", NULL};

static const struct derived problems_derived = {
    .kind = &problems_kind,
    .feed = {.name = "problems", .when = FEED_DERIVED, .kinds = feed_kinds, .fetch = fetch},
    .forget = forget,
};
DERIVED(problems);

/* The kind trino.nodes: what is held of the nodes, as rows. */
#include "node.h"

#include <math.h>
#include <string.h>

static const char *const state_names[] = {
    "active", "joining", "announced", "leaving", "failed", "gone"};
static const enum phase state_phases[] = {
    PHASE_RUN, PHASE_WAIT, PHASE_RUN, PHASE_WAIT, PHASE_OFF, PHASE_OFF};

/* -- the kind ------------------------------------------------------------------------------------- */

enum {
    VERSION,
    COORDINATOR,
    STATE,
    SINCE,
    LAST_RESPONSE,
    FAILURES,
    CPU,
    HEAP,
    HEAP_MAX,
    HEAP_PERCENT,
    POOL,
    POOL_MAX,
    MEMORY,
    PROCESSORS,
    UPTIME,
    URL,
    HEAP_HIGH_FOR,
};

static const struct column columns[] = {
    [VERSION] = {"version", "VERSION", CELL_TEXT, 0, 7, 0, "of Trino on this node"},
    [COORDINATOR] = {"coordinator", "COORD", CELL_BOOL, 0, 5, 0, "whether it is a coordinator"},
    [STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 9, 0,
        "active; joining (no heartbeat answered yet); announced (its heartbeats may not be read); "
        "leaving (no longer announced, still answers); failed (announced, does not answer); gone"},
    [SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_AGE, 5, 0,
        "since when its state is this, as far as weir saw it"},
    [LAST_RESPONSE] = {"last_response", "ANSWERED", CELL_TIME_MS, COLUMN_F_AGE, 8, 0,
        "when it last answered the coordinator's heartbeat, as far as weir saw it"},
    [FAILURES] = {"failures", "FAILURES", CELL_PERCENT, COLUMN_F_RECORD, 8, 0,
        "heartbeats that failed, of the newest (a decaying count)"},
    [CPU] = {"cpu", "CPU", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "of the whole machine, used by this node's process"},
    [HEAP] = {"heap_bytes", "HEAP", CELL_BYTES, COLUMN_F_RECORD, 6, 0,
        "Java heap in use, garbage included"},
    [HEAP_MAX] = {"heap_max_bytes", "OF", CELL_BYTES, 0, 6, 0, "the most the heap may grow to"},
    [HEAP_PERCENT] = {"heap", "HEAP%", CELL_PERCENT, COLUMN_F_HIDDEN, 5, 0,
        "heap in use, of the most"},
    [POOL] = {"pool_bytes", "POOL", CELL_BYTES, COLUMN_F_RECORD, 6, 0,
        "memory that queries have reserved on it"},
    [POOL_MAX] = {"pool_max_bytes", "OF", CELL_BYTES, 0, 6, 0,
        "memory that queries may reserve on it"},
    [MEMORY] = {"memory", "POOL%", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "memory reserved, of what may be"},
    [PROCESSORS] = {"processors", "CPUS", CELL_INT, COLUMN_F_HIDDEN, 4, 0,
        "processors that it may use"},
    [UPTIME] = {"uptime_ms", "UPTIME", CELL_SPAN_MS, 0, 6, 0, "since it was started"},
    [URL] = {"url", "URL", CELL_TEXT, 0, 16, 2, "where the coordinator reaches it"},
    [HEAP_HIGH_FOR] = {"heap_high_ms", "HEAP HIGH", CELL_SPAN_MS, COLUMN_F_HIDDEN, 9, 0,
        "for how long its heap has been over 90 % at every look"},
    {0},
};

static const struct link links[] = {
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule health[] = {
    {"state=failed", HEALTH_FAIL,
        "it does not answer the coordinator: {failures} of its newest heartbeats failed"},
    {"state=gone", HEALTH_FAIL, "it is gone: no longer announced, and it does not answer"},
    {"memory>@trino_memory_warn", HEALTH_WARN, "queries have reserved {memory} of its memory"},
    {"heap_high_ms>=1m", HEALTH_WARN, "its heap has been over 90 % full for {heap_high_ms}"},
    {"state=announced", HEALTH_UNKNOWN,
        "it is announced, but whether it answers is for users with a management right to see"},
    {0},
};

const struct kind trino_nodes_kind = {
    .name = "trino.nodes",
    .aliases = "node n",
    .title = "NODE",
    .help = "coordinator and workers, as the coordinator sees them",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .sort = "-health,-coordinator,name",
    .links = links,
    .feed = "cluster",
    .health = health,
    .since = "since",
};

/* -- publishing --------------------------------------------------------------------------------------- */

static void set_share(struct snapshot *s, size_t row, int column, int64_t part, int64_t all)
{
    snapshot_set_real(
        s, row, column, part >= 0 && all > 0 ? 100.0 * (double)part / (double)all : NAN);
}

static void add_load(struct snapshot *s, size_t row, const struct node *node, int64_t now_ms)
{
    const struct load *load = &node->load;
    if (load->at_ms == 0)
        return; /* only the coordinator was asked */
    snapshot_set_real(s, row, CPU, load->cpu * 100.0);
    snapshot_set_optional_int(s, row, HEAP, load->heap, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, HEAP_MAX, load->heap_max, ABSENT_NO_VALUE);
    set_share(s, row, HEAP_PERCENT, load->heap, load->heap_max);
    snapshot_set_optional_int(s, row, POOL, load->pool, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, POOL_MAX, load->pool_max, ABSENT_NO_VALUE);
    set_share(s, row, MEMORY, load->pool, load->pool_max);
    snapshot_set_optional_int(s, row, PROCESSORS, load->processors, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, UPTIME, load->uptime_ms, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, HEAP_HIGH_FOR,
        node->heap_high_ms > 0 ? now_ms - node->heap_high_ms : 0, ABSENT_NO_VALUE);
}

static void add_beat(struct snapshot *s, size_t row, const struct nodes *n, const struct node *node)
{
    enum absent why = n->beats_denied ? ABSENT_DENIED : ABSENT_NO_VALUE;
    if (node->last_response_ms > 0)
        snapshot_set_int(s, row, LAST_RESPONSE, node->last_response_ms);
    else
        snapshot_set_absent(s, row, LAST_RESPONSE, why);
    if (isnan(node->failures))
        snapshot_set_absent(s, row, FAILURES, why);
    else
        snapshot_set_real(s, row, FAILURES, node->failures * 100.0);
}

static void add_node(
    struct snapshot *s, const struct nodes *n, const struct node *node, int64_t now_ms)
{
    size_t row = snapshot_add(s, node->id);
    snapshot_set_text(s, row, STATE, state_names[node->state]);
    snapshot_set_phase(s, row, state_phases[node->state]);
    if (node->version)
        snapshot_set_text(s, row, VERSION, node->version);
    if (node->version) /* else it is an address, and nobody said what it is */
        snapshot_set_bool(s, row, COORDINATOR, node->coordinator);
    if (node->url)
        snapshot_set_text(s, row, URL, node->url);
    if (node->since_ms > 0)
        snapshot_set_int(s, row, SINCE, node->since_ms);
    else
        snapshot_set_absent(s, row, SINCE, ABSENT_NO_VALUE);
    add_beat(s, row, n, node);
    add_load(s, row, node, now_ms);
}

void nodes_publish(struct lane *l, struct trino *t, struct batch *out)
{
    const struct nodes *n = t->nodes;
    if (!n->read)
        return;
    struct snapshot *s = batch_snapshot(out, &trino_nodes_kind);
    g_autoptr(GList) ids = g_list_sort(g_hash_table_get_keys(n->by_id), (GCompareFunc)strcmp);
    for (GList *i = ids; i; i = i->next)
        add_node(s, n, g_hash_table_lookup(n->by_id, i->data), lane_now_ms(l));
    if (n->missing)
        snapshot_set_incomplete(s, n->missing);
    batch_publish(out, s);
}

static void add_detail(struct snapshot *detail, const char *name, struct cell cell)
{
    size_t row = snapshot_add(detail, name);
    snapshot_set_text(detail, row, DETAIL_GROUP, "node");
    snapshot_set_cell(detail, row, DETAIL_VALUE, cell);
}

static struct cell words(const char *text)
{
    return text ? (struct cell){.type = CELL_TEXT, .text = text}
                : (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
}

bool nodes_detail(const struct nodes *n, const char *id, struct snapshot *detail)
{
    const struct node *node = g_hash_table_lookup(n->by_id, id);
    if (!node)
        return false;
    struct cell none = {
        .type = CELL_NONE, .absent = n->beats_denied ? ABSENT_DENIED : ABSENT_NO_VALUE};
    struct cell answered = {.type = CELL_TIME_MS, .i = node->last_response_ms};
    struct cell failures = {.type = CELL_PERCENT, .r = node->failures * 100.0};
    add_detail(
        detail, "state", (struct cell){.type = CELL_STATE, .text = state_names[node->state]});
    add_detail(detail, "coordinator", (struct cell){.type = CELL_BOOL, .b = node->coordinator});
    add_detail(detail, "version", words(node->version));
    add_detail(detail, "url", words(node->url));
    add_detail(detail, "last_response", node->last_response_ms > 0 ? answered : none);
    add_detail(detail, "failures", isnan(node->failures) ? none : failures);
    return true;
}

void nodes_totals(const struct nodes *n, struct node_totals *out)
{
    *out = (struct node_totals){
        .nodes = -1, .memory_limit = n->limit, .no_limit = n->no_limit, .no_nodes = n->no_nodes};
    if (!n->read || !n->inventory_known)
        return;
    out->nodes = 0;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, n->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct node *node = value;
        out->nodes += node->state == NODE_ACTIVE || node->state == NODE_ANNOUNCED;
        out->lost += node->state == NODE_FAILED || node->state == NODE_GONE;
    }
}

/* The feed that is always polled: /v1/info first, because a coordinator that is starting answers
 * everything else with nonsense, then queries and nodes, and one row that sums them up. */
#include "trino.h"

#include <math.h>

enum {
    VERSION,
    UPTIME,
    NODES,
    NODES_LOST,
    RUNNING,
    QUEUED,
    BLOCKED,
    FAILED_5M,
    SYSTEM_FAILED_5M,
    MEMORY,
    MEMORY_LIMIT,
    MEMORY_PERCENT,
};

static const struct column columns[] = {
    [VERSION] = {"version", "VERSION", CELL_TEXT, 0, 7, 0, "of Trino, as the coordinator says"},
    [UPTIME] = {"uptime_ms", "UPTIME", CELL_SPAN_MS, 0, 7, 0, "since the coordinator was started"},
    [NODES] = {"nodes", "NODES", CELL_INT, COLUMN_F_RECORD, 5, 0,
        "that are active, the coordinator among them"},
    [NODES_LOST] = {"nodes_lost", "LOST", CELL_INT, COLUMN_F_RECORD, 5, 0,
        "nodes that do not answer the coordinator, or left in the last minutes"},
    [RUNNING] = {"running", "RUNNING", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "queries in state RUNNING, the blocked ones among them"},
    [QUEUED] = {"queued", "QUEUED", CELL_INT, COLUMN_F_RECORD, 6, 0,
        "queries that wait to be let run, or for resources"},
    [BLOCKED] = {"blocked", "BLOCKED", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "running queries of which no split works at this moment"},
    [FAILED_5M] = {"failed_5m", "FAILED 5M", CELL_INT, COLUMN_F_RECORD, 9, 0,
        "queries that ended FAILED in the last five minutes, users' errors and cancels among them"},
    [SYSTEM_FAILED_5M] = {"system_failed_5m", "BY SYSTEM", CELL_INT, COLUMN_F_RECORD, 9, 0,
        "of these, the ones that the system failed: internal, external, out of resources"},
    [MEMORY] = {"memory_bytes", "MEMORY", CELL_BYTES, COLUMN_F_RECORD, 7, 0,
        "that the live queries hold, on all nodes"},
    [MEMORY_LIMIT] = {"memory_limit_bytes", "OF", CELL_BYTES, 0, 7, 0,
        "that queries may hold on all nodes together: the sum of their pools"},
    [MEMORY_PERCENT] = {"memory", "MEMORY%", CELL_PERCENT, COLUMN_F_RECORD, 7, 0,
        "memory held, of the limit"},
    {0},
};

static const struct link links[] = {
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule health[] = {
    {"nodes=0", HEALTH_FAIL, "no node is active: no query can run"},
    {"memory>@trino_memory_warn", HEALTH_WARN,
        "queries hold {memory} of the cluster's {memory_limit_bytes}"},
    {0},
};

const struct kind trino_cluster_kind = {
    .name = "trino.cluster",
    .aliases = "",
    .title = "CLUSTER",
    .help = "one row: what the cluster does, and what it has left",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .links = links,
    .feed = "cluster",
    .health = health,
};

static void set_counts(struct snapshot *s, size_t row, const struct query_counts *c)
{
    snapshot_set_int(s, row, RUNNING, c->running);
    snapshot_set_int(s, row, QUEUED, c->queued);
    if (c->blocked_known)
        snapshot_set_int(s, row, BLOCKED, c->blocked);
    else
        snapshot_set_absent(s, row, BLOCKED, ABSENT_NO_VALUE);
    if (c->failed < 0) {
        snapshot_set_absent(s, row, FAILED_5M, ABSENT_FAILED);
        snapshot_set_absent(s, row, SYSTEM_FAILED_5M, ABSENT_FAILED);
        return;
    }
    snapshot_set_int(s, row, FAILED_5M, c->failed);
    snapshot_set_int(s, row, SYSTEM_FAILED_5M, c->failed_system);
    if (c->failed_bound) {
        snapshot_set_quality(s, row, FAILED_5M, BOUND);
        snapshot_set_quality(s, row, SYSTEM_FAILED_5M, BOUND);
    }
}

static void set_memory(
    struct snapshot *s, size_t row, const struct query_counts *c, const struct node_totals *n)
{
    if (c->memory_known)
        snapshot_set_int(s, row, MEMORY, c->memory_bytes);
    else
        snapshot_set_absent(s, row, MEMORY, ABSENT_NO_VALUE);
    if (n->memory_limit > 0)
        snapshot_set_int(s, row, MEMORY_LIMIT, n->memory_limit);
    else
        snapshot_set_absent(s, row, MEMORY_LIMIT, n->no_limit);
    if (c->memory_known && n->memory_limit > 0)
        snapshot_set_real(
            s, row, MEMORY_PERCENT, 100.0 * (double)c->memory_bytes / (double)n->memory_limit);
    else
        snapshot_set_absent(
            s, row, MEMORY_PERCENT, n->memory_limit > 0 ? ABSENT_NO_VALUE : n->no_limit);
}

static void publish_cluster(struct lane *l, const struct trino *t, struct batch *out)
{
    struct query_counts counts;
    struct node_totals nodes;
    queries_count(t->queries, lane_now_ms(l) + t->skew_ms, &counts);
    nodes_totals(t->nodes, &nodes);
    struct snapshot *s = batch_snapshot(out, &trino_cluster_kind);
    size_t row = snapshot_add(s, t->environment);
    snapshot_set_text(s, row, VERSION, t->version);
    snapshot_set_phase(s, row, PHASE_RUN);
    if (t->uptime_ms >= 0)
        snapshot_set_int(s, row, UPTIME, t->uptime_ms);
    if (nodes.nodes >= 0) {
        snapshot_set_int(s, row, NODES, nodes.nodes);
        snapshot_set_int(s, row, NODES_LOST, nodes.lost);
    } else {
        snapshot_set_absent(s, row, NODES, nodes.no_nodes);
        snapshot_set_absent(s, row, NODES_LOST, nodes.no_nodes);
    }
    set_counts(s, row, &counts);
    set_memory(s, row, &counts, &nodes);
    batch_publish(out, s);
}

bool trino_fetch_cluster(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    struct trino *t = lane_data(l);
    if (!trino_read_info(l, t, error))
        return false;
    /* The queries first: what they may be asked for decides whether it makes sense to go on. */
    if (!queries_read(l, t, error))
        return false;
    queries_publish(l, t, out);
    if (!nodes_read(l, t, error))
        return false;
    nodes_publish(l, t, out);
    publish_cluster(l, t, out);
    return true;
}

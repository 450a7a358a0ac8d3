/* sources: how every configured system is doing, one row each. Its input is no snapshot but the
 * engine's own account of what was asked and what came back. */
#include "sources.h"

#include "lane.h"
#include "rid.h"
#include "status.h"

enum { TYPE, STATE, VERSION, LATENCY, SINCE, LAST_OK, NEXT_TRY, ERROR, REQUESTS, BYTES };

static const struct column columns[] = {
    [TYPE] = {"type", "TYPE", CELL_TEXT, 0, 8, 0, "which connector speaks to it"},
    [STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 10, 0,
        "connecting, ok, slow, failing or denied"},
    [VERSION] = {"version", "VERSION", CELL_TEXT, 0, 7, 0, "of the server, as it says itself"},
    [LATENCY] = {"latency_ms", "LATENCY", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "of one request, smoothed over the last few"},
    [SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_AGE, 5, 0, "since when its state is this"},
    [LAST_OK] = {"last_ok", "LAST OK", CELL_TIME_MS, COLUMN_F_AGE, 7, 0,
        "when it last answered as it should"},
    [NEXT_TRY] = {"next_try", "NEXT TRY", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "when it is asked again, while it fails"},
    [ERROR] = {"error", "ERROR", CELL_TEXT, COLUMN_F_PROSE, 20, 6,
        "what went wrong, and what to do"},
    [REQUESTS] = {"requests_per_min", "REQ/MIN", CELL_REAL, COLUMN_F_RECORD, 7, 0,
        "requests that weir sent in the last minute"},
    [BYTES] = {"bytes_per_min", "BYTES/MIN", CELL_BYTES, COLUMN_F_RECORD, 9, 0,
        "bytes that weir sent and received in the last minute"},
    {0},
};

static const struct link links[] = {
    {"enter", "open", "@name"},
    {0},
};

static const struct health_rule health[] = {
    {"state=failing", HEALTH_FAIL, "{error}"},
    {"state=denied", HEALTH_FAIL, "{error}"},
    {"state=slow", HEALTH_WARN, "a request takes {latency_ms}"},
    {"state=connecting", HEALTH_UNKNOWN, "no answer yet"},
    {"error!=none", HEALTH_WARN, "{error}"},
    {0},
};

static const char *const inputs[] = {"*", NULL};

static const struct kind sources_kind = {
    .name = "sources",
    .aliases = "source src",
    .title = "SOURCE",
    .help = "how every configured system is doing",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .links = links,
    .inputs = inputs,
    .feed = "sources",
    .health = health,
    .since = "since",
};

static void set_time(struct snapshot *s, size_t row, int column, int64_t at_ms)
{
    if (at_ms > 0)
        snapshot_set_int(s, row, column, at_ms);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

static void set_optional(struct snapshot *s, size_t row, int column, const char *text)
{
    if (text)
        snapshot_set_text(s, row, column, text);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

static void add_source(struct snapshot *s, const struct source_status *status, int64_t now_ms)
{
    size_t row = snapshot_add(s, status->name);
    snapshot_set_text(s, row, TYPE, status->type);
    snapshot_set_text(s, row, STATE, status_name(status->state));
    set_optional(s, row, VERSION, status->version);
    set_optional(s, row, ERROR, status->error ? status->error : status->partial);
    set_time(s, row, SINCE, status->since_ms);
    set_time(s, row, LAST_OK, status->last_ok_ms);
    set_time(s, row, NEXT_TRY, status->next_try_ms);
    if (status->latency_ms >= 0)
        snapshot_set_int(s, row, LATENCY, status->latency_ms);
    else
        snapshot_set_absent(s, row, LATENCY, ABSENT_NO_VALUE);
    snapshot_set_real(s, row, REQUESTS, status_requests_per_min(status, now_ms));
    snapshot_set_int(s, row, BYTES, (int64_t)status_bytes_per_min(status, now_ms));
    snapshot_set_phase(s, row, status->state == SOURCE_CONNECTING ? PHASE_WAIT : PHASE_RUN);
}

struct snapshot *sources_snapshot(const GPtrArray *statuses, int64_t now_ms)
{
    AUTO(rid) scope = rid_source("weir");
    struct snapshot *s = snapshot_new(&sources_kind, scope, now_ms);
    for (guint i = 0; i < statuses->len; i++)
        add_source(s, g_ptr_array_index(statuses, i), now_ms);
    return s;
}

const struct kind *sources_kind_table(void)
{
    return &sources_kind;
}

static bool fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    (void)error;
    g_autoptr(GPtrArray) statuses = lane_statuses(l);
    batch_publish(out, sources_snapshot(statuses, lane_now_ms(l)));
    return true;
}

static const char *const feed_kinds[] = {"sources", NULL};

static const struct derived sources_derived = {
    .kind = &sources_kind,
    .feed = {.name = "sources", .when = FEED_DERIVED, .kinds = feed_kinds, .fetch = fetch},
};
DERIVED(sources);

/* The loops. A poll asks every host and publishes what has come a few times on the way; it ends when
 * all have answered, or when those that have not are silent. A silent host is not waited for: its
 * connection, or its answer, goes on in the next poll, and its row says how old it is. */
#include "clock.h"
#include "error.h"
#include "hosts.h"
#include "rid.h"

#define PUBLISH_MS 300 /* between two publications of one poll */
#define SLICE_MS   100 /* longest wait without a look at the lane */
/* Without a byte from anyone who is waited for: when nothing comes later, in the first poll of many,
 * and in the others. */
#define PATIENCE_ONCE_MS 10000
#define PATIENCE_COLD_MS 3000
#define PATIENCE_MS      1000
#define POLL_MAX_MS      3000 /* of all others: drill-downs wait behind it */
#define RESERVE_MS       500  /* for publishing, before the lane's deadline */

struct round {
    struct hosts *all;
    struct host *only;             /* NULL: all */
    struct batch *out;             /* NULL: nothing is published */
    int64_t until_ms, patience_ms; /* monotonic; span */
    int64_t published_ms;
    int64_t wake_ms; /* monotonic: when to look again at the latest */
    bool changed;
};

struct host *hosts_find(const struct hosts *all, const char *name, GError **error)
{
    for (guint i = 0; i < all->all->len; i++) {
        struct host *h = g_ptr_array_index(all->all, i);
        if (g_strcmp0(h->name, name) == 0)
            return h;
    }
    weir_fail(error, WEIR_ERROR_NOT_FOUND, "%s has no host %s; `weir get hosts` lists them",
        source_name(lane_source(all->lane)), name ? name : "");
    return NULL;
}

static void publish(struct round *r)
{
    r->changed = false;
    r->published_ms = clock_mono_ms();
    if (!r->out)
        return;
    struct snapshot *s = batch_snapshot(r->out, &hosts_kind);
    rows_hosts(r->all, s);
    batch_publish(r->out, s);
}

/* Steps every host of the round. Whether somebody is worth waiting for: an answer due later, a turn
 * that has not come, or a sign of life within the patience. */
static bool step_all(struct round *r, int64_t begun_ms)
{
    int64_t now = clock_mono_ms();
    bool worth = false;
    r->wake_ms = now + SLICE_MS;
    for (guint i = 0; i < r->all->all->len; i++) {
        struct host *h = g_ptr_array_index(r->all->all, i);
        if (r->only && h != r->only)
            continue;
        r->changed |= host_step(r->all, h);
        if (!r->out) /* one answer is enough */
            h->second_ms = 0;
        if (!host_is_open(h))
            continue;
        if (h->second_ms > 0)
            r->wake_ms = MIN(r->wake_ms, h->second_ms);
        int64_t heard = MAX(shell_progress_ms(h->shell), begun_ms);
        worth |= h->second_ms > 0 || shell_state(h->shell) == SHELL_WAITING ||
                 now - heard < r->patience_ms;
    }
    return worth;
}

static void run(struct round *r)
{
    int64_t begun = clock_mono_ms();
    while (step_all(r, begun) && clock_mono_ms() < r->until_ms && !lane_cancelled(r->all->lane)) {
        if (r->changed && clock_mono_ms() - r->published_ms >= PUBLISH_MS)
            publish(r);
        int64_t wake = MIN(r->wake_ms, r->until_ms);
        shell_poll(r->all->shells, MAX(wake - clock_mono_ms(), 0));
    }
}

static int64_t lane_end_ms(struct lane *l)
{
    return clock_mono_ms() + MAX(lane_left_ms(l) - RESERVE_MS, 0);
}

static void poll_all(struct hosts *all, struct batch *out)
{
    struct round r = {.all = all, .out = out, .until_ms = lane_end_ms(all->lane)};
    r.patience_ms = lane_is_once(all->lane) ? PATIENCE_ONCE_MS
                    : all->warm             ? PATIENCE_MS
                                            : PATIENCE_COLD_MS;
    if (all->warm)
        r.until_ms = MIN(r.until_ms, clock_mono_ms() + POLL_MAX_MS);
    for (guint i = 0; i < all->all->len; i++)
        host_begin(g_ptr_array_index(all->all, i));
    if (!all->warm)
        publish(&r);
    run(&r);
    for (guint i = 0; i < all->all->len; i++)
        host_end(g_ptr_array_index(all->all, i));
    all->warm = true;
    publish(&r);
}

bool hosts_ask(struct hosts *all, struct host *h, GError **error)
{
    struct round r = {.all = all, .only = h, .until_ms = lane_end_ms(all->lane)};
    r.patience_ms = PATIENCE_ONCE_MS;
    AUTO(sample) had = h->full ? sample_ref(h->full) : NULL;
    h->full_until_ms = clock_mono_ms() + HOSTS_FULL_MS;
    host_begin(h);
    run(&r);
    host_park(h);
    if (h->full && h->full != had)
        return true;
    /* Not UNREACHABLE: that would be said of the whole source. */
    return weir_fail(error, h->trouble == TROUBLE_DENIED ? WEIR_ERROR_DENIED : WEIR_ERROR_TIMEOUT,
        "%s: %s", h->name, h->error ? h->error : "no answer to the probe yet");
}

void hosts_ask_all(struct hosts *all)
{
    struct round r = {.all = all, .until_ms = lane_end_ms(all->lane)};
    r.patience_ms = r.until_ms;
    for (guint i = 0; i < all->all->len; i++)
        host_begin(g_ptr_array_index(all->all, i));
    run(&r);
    for (guint i = 0; i < all->all->len; i++)
        host_park(g_ptr_array_index(all->all, i));
}

/* -- one host's kinds ---------------------------------------------------------------------------- */

static void publish_held(const struct host *h, struct batch *out)
{
    struct snapshot *s = NULL;
    if (h->now) {
        s = batch_snapshot(out, &hosts_disks_kind);
        rows_disks(h, s);
        batch_publish(out, s);
    }
    if (h->full) {
        s = batch_snapshot(out, &hosts_processes_kind);
        rows_processes(h, s);
        batch_publish(out, s);
    }
}

static bool fetch_host(struct hosts *all, const char *name, struct batch *out, GError **error)
{
    struct host *h = hosts_find(all, name, error);
    if (!h)
        return false;
    bool watched = h->full && clock_mono_ms() < h->full_until_ms;
    h->full_until_ms = clock_mono_ms() + HOSTS_FULL_MS;
    publish_held(h, out);
    /* As long as it is watched, the polls bring its processes. */
    if (watched)
        return true;
    g_autoptr(GError) why = NULL;
    if (!hosts_ask(all, h, &why)) {
        if (h->now && h->full) /* what is held says itself how old it is */
            return true;
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    publish_held(h, out);
    bool time = lane_left_ms(all->lane) > HOSTS_SECOND_MS + 2 * RESERVE_MS;
    if (!h->full_before && time && lane_wait(all->lane, HOSTS_SECOND_MS) && hosts_ask(all, h, NULL))
        publish_held(h, out);
    return true;
}

bool hosts_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct hosts *all = lane_data(l);
    if (scope->count > 0)
        return fetch_host(all, rid_name(scope, "hosts"), out, error);
    poll_all(all, out);
    return true;
}

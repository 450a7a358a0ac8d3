/* The rules are evaluated as Prometheus does, every EVERY_MS of the world's clock: what holds is
 * pending, what has held for the rule's time fires, what holds no more is gone. */
#include "alerts.h"

#include <string.h>

#include "flows_model.h"
#include "kafka.h"
#include "machines.h"
#include "quantity.h"
#include "warehouse.h"

#define EVERY_MS 15000
#define MINUTE   60000LL
#define HOUR     (60 * MINUTE)

#define MANY_BEHIND 300000.0
#define QUEUED_LONG (2 * MINUTE)
#define MEMORY_FULL 0.95
#define DISK_FULL   0.90

struct finding; /* what a rule's find puts its alerts into */

struct alert_rule {
    const char *name, *severity;
    const char *label; /* that names the thing; NULL: there is one thing */
    const char *job;
    const char *expression;
    int64_t for_ms;
    void (*find)(const struct world *w, const struct finding *f);
};

struct finding {
    const struct world *w;
    struct alerts *alerts;
    const struct alert_rule *rule;
};

/* -- holding -------------------------------------------------------------------------------------- */

static void alert_free(gpointer data)
{
    struct alert *a = data;
    g_free(a->what);
    g_free(a->fingerprint);
    g_free(a->summary);
    g_free(a->description);
    g_free(a);
}

static struct alert *find_or_add(const struct finding *f, const char *what)
{
    g_autofree char *key = g_strdup_printf("%s/%s", f->rule->name, what);
    struct alert *a = g_hash_table_lookup(f->alerts->by_key, key);
    if (a)
        return a;
    a = g_new0(struct alert, 1);
    a->rule = f->rule;
    a->what = g_strdup(what);
    a->severity = f->rule->severity;
    a->since_ms = f->w->now_ms;
    a->starts_ms = INT64_MIN;
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    a->fingerprint = g_strndup(hash, 16);
    g_hash_table_insert(f->alerts->by_key, g_steal_pointer(&key), a);
    return a;
}

/* The rule holds for that thing. */
static struct alert *holds(
    const struct finding *f, const char *what, char *take_summary, char *take_description)
{
    struct alert *a = find_or_add(f, what);
    a->seen = true;
    g_free(a->summary);
    g_free(a->description);
    a->summary = take_summary;
    a->description = take_description;
    if (a->starts_ms == INT64_MIN && f->w->now_ms - a->since_ms >= f->rule->for_ms)
        a->starts_ms = f->w->now_ms;
    return a;
}

static char *span_text(int64_t ms)
{
    GString *out = g_string_new(NULL);
    quantity_append_span(out, ms);
    return g_string_free(out, FALSE);
}

/* -- rules ---------------------------------------------------------------------------------------- */

static void find_always(const struct world *w, const struct finding *f)
{
    (void)w;
    holds(f, "", g_strdup("the alerting works"),
        g_strdup("This alert always fires. When it does not, alerts do not arrive."));
}

static void find_certificate(const struct world *w, const struct finding *f)
{
    int64_t days = 12 - (w->now_ms - w->zero_ms) / (24 * HOUR);
    holds(f, "dp-b02:9093", g_strdup_printf("certificate expires in %d days", (int)days),
        g_strdup("The certificate of the listener SSL is to be renewed by its owner."));
}

static double lag_of(const struct group *g)
{
    double sum = 0;
    for (guint i = 0; g->readings && i < g->readings->len; i++) {
        const struct reading *r = &g_array_index(g->readings, struct reading, i);
        sum += MAX(r->partition->end - r->committed, 0);
    }
    return sum;
}

static void find_lag(const struct world *w, const struct finding *f)
{
    for (guint i = 0; i < w->kafka->groups->len; i++) {
        const struct group *g = g_ptr_array_index(w->kafka->groups, i);
        double lag = lag_of(g);
        if (lag > MANY_BEHIND)
            holds(f, g->name, g_strdup_printf("%s is %.0f records behind", g->name, lag),
                g_strdup_printf("The consumer group %s is more than %.0f records behind the end "
                                "of its topics.",
                    g->name, MANY_BEHIND));
    }
}

static void find_under_replicated(const struct world *w, const struct finding *f)
{
    int count = kafka_under_replicated(w->kafka);
    if (count > 0)
        holds(f, "", g_strdup_printf("%d partitions are under-replicated", count),
            g_strdup("Replicas have left the set of those in sync: a broker is down or slow."));
}

static bool has_word(const char *words, const char *word)
{
    g_auto(GStrv) all = g_strsplit(words ? words : "", " ", -1);
    return g_strv_contains((const char *const *)all, word);
}

static void add_failed(const char *dag, const char *run, int64_t at_ms, void *data)
{
    const struct finding *f = data;
    (void)at_ms;
    struct alert *a = holds(f, dag, g_strdup_printf("DAG %s has failed", dag),
        g_strdup_printf("The newest run that has ended, %s, failed.", run));
    const struct dag *d = flows_find(f->w->flows, dag);
    if (d && has_word(d->tags, "finance"))
        a->severity = "critical";
}

static void find_failed_dags(const struct world *w, const struct finding *f)
{
    struct finding copy = *f;
    flows_each_failed(w->flows, add_failed, &copy);
}

static void find_stale(const struct world *w, const struct finding *f)
{
    for (guint i = 0; i < flows_table_count(w->flows); i++) {
        const struct table *t = flows_table(w->flows, i);
        int64_t age_ms = w->now_ms - t->updated_ms;
        if (t->fresh_ms <= 0 || age_ms <= t->fresh_ms)
            continue;
        g_autofree char *age = span_text(age_ms);
        g_autofree char *limit = span_text(t->fresh_ms);
        holds(f, t->name, g_strdup_printf("%s was last loaded %s ago", t->name, age),
            g_strdup_printf("It must not be older than %s. The DAG %s loads it.", limit, t->dag));
    }
}

static void find_down(const struct world *w, const struct finding *f)
{
    for (guint i = 0; i < machines_count(w->machines); i++) {
        const struct machine *m = machines_at(w->machines, i);
        if (m->down)
            holds(f, m->name, g_strdup_printf("%s does not answer", m->name),
                g_strdup_printf("The node exporter of %s (%s) is down.", m->name, m->role));
    }
}

static void find_full_disks(const struct world *w, const struct finding *f)
{
    for (guint i = 0; i < machines_count(w->machines); i++) {
        const struct machine *m = machines_at(w->machines, i);
        if (!m->down && m->disk_share > DISK_FULL)
            holds(f, m->name,
                g_strdup_printf("/data of %s is %.0f %% full", m->name, 100 * m->disk_share),
                g_strdup_printf("More than %.0f %% of /data are in use.", 100 * DISK_FULL));
    }
}

static void find_queue(const struct world *w, const struct finding *f)
{
    int64_t oldest_ms;
    int count = warehouse_queued(w->warehouse, &oldest_ms);
    if (count == 0 || w->now_ms - oldest_ms <= QUEUED_LONG)
        return;
    g_autofree char *age = span_text(w->now_ms - oldest_ms);
    holds(f, "", g_strdup_printf("%d Trino queries wait, the oldest for %s", count, age),
        g_strdup("Queries wait for their resource group for more than two minutes."));
}

static void find_memory(const struct world *w, const struct finding *f)
{
    double share = warehouse_memory(w->warehouse);
    if (share > MEMORY_FULL)
        holds(f, "", g_strdup_printf("%.0f %% of Trino's memory is reserved", 100 * share),
            g_strdup("Queries will be blocked, or killed, for want of memory."));
}

static const struct alert_rule rules[] = {
    {"Watchdog", "info", NULL, "prometheus", "vector(1)", 0, find_always},
    {"CertificateExpires", "warning", "instance", "blackbox",
        "probe_ssl_earliest_cert_expiry - time() < 86400 * 14", 0, find_certificate},
    {"KafkaConsumerLag", "critical", "group", "kafka-lag",
        "sum by (group) (kafka_consumergroup_lag) > 300000", 3 * MINUTE, find_lag},
    {"KafkaUnderReplicated", "warning", NULL, "kafka",
        "sum(kafka_server_replicamanager_underreplicatedpartitions) > 0", 2 * MINUTE,
        find_under_replicated},
    {"AirflowDagFailed", "warning", "dag", "airflow", "airflow_dag_last_run_failed == 1", 0,
        find_failed_dags},
    {"TableStale", "critical", "table", "freshness",
        "time() - table_updated_seconds > table_fresh_seconds", MINUTE, find_stale},
    {"HostDown", "warning", "instance", "node", "up{job=\"node\"} == 0", MINUTE, find_down},
    {"DiskFull", "warning", "instance", "node",
        "1 - node_filesystem_avail_bytes{mountpoint=\"/data\"} / node_filesystem_size_bytes > 0.9",
        5 * MINUTE, find_full_disks},
    {"TrinoQueue", "warning", NULL, "trino", "trino_oldest_queued_seconds > 120", MINUTE,
        find_queue},
    {"TrinoMemory", "warning", NULL, "trino",
        "1 - trino_memory_free_distributed_bytes / trino_memory_total_distributed_bytes > 0.95",
        2 * MINUTE, find_memory},
};

/* -- silences ------------------------------------------------------------------------------------- */

static void matcher_clear(gpointer data)
{
    struct matcher *m = data;
    g_free(m->name);
    g_free(m->value);
}

GArray *matchers_new(void)
{
    GArray *matchers = g_array_new(FALSE, FALSE, sizeof(struct matcher));
    g_array_set_clear_func(matchers, matcher_clear);
    return matchers;
}

static void silence_free(gpointer data)
{
    struct silence *s = data;
    g_free(s->id);
    g_free(s->comment);
    g_free(s->author);
    g_array_unref(s->matchers);
    g_free(s);
}

static bool value_fits(const struct matcher *m, const char *value)
{
    bool equal;
    if (m->is_regex) {
        g_autofree char *whole = g_strdup_printf("^(?:%s)$", m->value);
        equal = g_regex_match_simple(whole, value, 0, 0);
    } else {
        equal = strcmp(m->value, value) == 0;
    }
    return equal == m->is_equal;
}

struct fitting {
    const struct matcher *matcher;
    const char *value;
};

static void note_value(const char *name, const char *value, void *data)
{
    struct fitting *f = data;
    if (strcmp(name, f->matcher->name) == 0)
        f->value = value;
}

/* A label that is not there is an empty one. */
bool matchers_fit(const GArray *matchers, const struct alert *a)
{
    for (guint i = 0; i < matchers->len; i++) {
        struct fitting f = {&g_array_index(matchers, struct matcher, i), ""};
        alert_each_label(a, note_value, &f);
        if (!value_fits(f.matcher, f.value))
            return false;
    }
    return true;
}

const char *silence_state(const struct silence *s, int64_t now_ms)
{
    return now_ms < s->starts_ms ? "pending" : now_ms < s->ends_ms ? "active" : "expired";
}

struct silence *alerts_silence(const struct world *w, const char *id)
{
    const GPtrArray *all = w->alerts->silences;
    for (guint i = 0; i < all->len; i++) {
        struct silence *s = g_ptr_array_index(all, i);
        if (strcmp(s->id, id) == 0)
            return s;
    }
    return NULL;
}

static struct silence *add_silence(const struct world *w, struct alerts *a, GArray *take_matchers,
    int64_t starts_ms, int64_t ends_ms, const char *author)
{
    struct silence *s = g_new0(struct silence, 1);
    guint n = a->made++ * 8;
    guint part[8];
    for (guint i = 0; i < G_N_ELEMENTS(part); i++)
        part[i] = (guint)world_pick(w, "silence.id", n + i, 0, 0xffff);
    s->id = g_strdup_printf("%04x%04x-%04x-4%03x-8%03x-%04x%04x%04x", part[0], part[1], part[2],
        part[3] & 0xfff, part[4] & 0xfff, part[5], part[6], part[7]);
    s->author = g_strdup(author);
    s->comment = g_strdup("");
    s->matchers = take_matchers;
    s->starts_ms = starts_ms;
    s->ends_ms = ends_ms;
    s->updated_ms = w->now_ms;
    g_ptr_array_add(a->silences, s);
    return s;
}

struct silence *alerts_add_silence(
    struct world *w, GArray *take_matchers, int64_t starts_ms, int64_t ends_ms, const char *author)
{
    return add_silence(w, w->alerts, take_matchers, starts_ms, ends_ms, author);
}

/* -- life ----------------------------------------------------------------------------------------- */

struct alerts *alerts_new(const struct world *w)
{
    struct alerts *a = g_new0(struct alerts, 1);
    a->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, alert_free);
    a->silences = g_ptr_array_new_with_free_func(silence_free);
    struct matcher m = {g_strdup("alertname"), g_strdup("CertificateExpires"), false, true};
    GArray *matchers = matchers_new();
    g_array_append_val(matchers, m);
    struct silence *s =
        add_silence(w, a, matchers, w->now_ms - 40 * HOUR, w->zero_ms + 80 * HOUR, "maria");
    s->updated_ms = s->starts_ms;
    g_free(s->comment);
    s->comment = g_strdup("OPS-1423: certificates are renewed on Monday");
    return a;
}

void alerts_free(struct alerts *a)
{
    if (!a)
        return;
    g_hash_table_unref(a->by_key);
    g_ptr_array_unref(a->silences);
    g_free(a);
}

static gboolean is_over(gpointer key, gpointer value, gpointer data)
{
    struct alert *a = value;
    bool over = !a->seen;
    (void)key;
    (void)data;
    a->seen = false;
    return over;
}

void alerts_step(struct world *w)
{
    if (w->now_ms / WORLD_STEP_MS % (EVERY_MS / WORLD_STEP_MS) != 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        struct finding f = {w, w->alerts, &rules[i]};
        rules[i].find(w, &f);
    }
    g_hash_table_foreach_remove(w->alerts->by_key, is_over, NULL);
}

/* -- looking -------------------------------------------------------------------------------------- */

const char *alert_name(const struct alert *a)
{
    return a->rule->name;
}

const char *alert_expression(const struct alert *a)
{
    return a->rule->expression;
}

void alert_each_label(const struct alert *a,
    void (*visit)(const char *name, const char *value, void *data), void *data)
{
    visit("alertname", a->rule->name, data);
    visit("cluster", "data-platform", data);
    if (a->rule->label)
        visit(a->rule->label, a->what, data);
    visit("job", a->rule->job, data);
    visit("severity", a->severity, data);
}

static gint by_fingerprint(gconstpointer a, gconstpointer b)
{
    const struct alert *x = *(const struct alert *const *)a, *y = *(const struct alert *const *)b;
    return strcmp(x->fingerprint, y->fingerprint);
}

GPtrArray *alerts_firing(const struct world *w)
{
    GPtrArray *out = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, w->alerts->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const struct alert *)value)->starts_ms != INT64_MIN)
            g_ptr_array_add(out, value);
    g_ptr_array_sort(out, by_fingerprint);
    return out;
}

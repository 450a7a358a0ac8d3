/* What recording costs: bytes and time per frame, and the time to read a trend or what was known last,
 * on a made-up platform of 6,400 fields (1,000 partitions, 500 DAGs, 200 hosts, 180 queries) of which
 * 34 % change every 5 s.
 *
 *     build/bench-history [HOURS]     (24) */
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "connector.h"
#include "history.h"
#include "history_file.h"
#include "rid.h"

#define FROM_MS 1781222400000 /* 2026-06-12T00:00:00Z */

static const struct column partition_columns[] = {
    {"begin", "BEGIN", CELL_INT, 0, 6, 0, "offset"},
    {"end", "END", CELL_INT, 0, 6, 0, "offset"},
    {"lag", "LAG", CELL_INT, 0, 6, 0, "messages"},
    {0},
};
static const struct column dag_columns[] = {
    {"last_state", "STATE", CELL_STATE, 0, 6, 0, "state"},
    {"running", "RUN", CELL_INT, 0, 6, 0, "runs"},
    {"last_duration_ms", "TOOK", CELL_SPAN_MS, 0, 6, 0, "span"},
    {0},
};
static const struct column host_columns[] = {
    {"state", "STATE", CELL_STATE, 0, 6, 0, "state"},
    {"cpu", "CPU", CELL_PERCENT, 0, 6, 0, "percent"},
    {"memory", "MEM", CELL_PERCENT, 0, 6, 0, "percent"},
    {"load1", "LOAD", CELL_REAL, 0, 6, 0, "load"},
    {"disk", "DISK", CELL_PERCENT, 0, 6, 0, "percent"},
    {0},
};
static const struct column query_columns[] = {
    {"state", "STATE", CELL_STATE, 0, 6, 0, "state"},
    {"elapsed_ms", "ELAPSED", CELL_SPAN_MS, 0, 6, 0, "span"},
    {"cpu_ms", "CPU", CELL_SPAN_MS, 0, 6, 0, "span"},
    {"read_rows", "ROWS", CELL_INT, 0, 6, 0, "rows"},
    {"memory_bytes", "MEM", CELL_BYTES, 0, 6, 0, "bytes"},
    {0},
};
static const struct kind partitions = {.name = "bench.partitions", .columns = partition_columns};
static const struct kind dags = {.name = "bench.dags", .columns = dag_columns};
static const struct kind hosts = {.name = "bench.hosts", .columns = host_columns};
static const struct kind queries = {.name = "bench.queries", .columns = query_columns};
static const struct kind *const kinds[] = {&partitions, &dags, &hosts, &queries, NULL};
static const struct connector connector = {.name = "bench", .kinds = kinds};

/* The numbers of the platform; a tick of 5 s changes a third of them. */
struct platform {
    GRand *rand;
    int64_t end[1000], lag[1000], took[500], elapsed[180], cpu[180], rows[180], memory[180];
    int running[500];
    double load[200][4];
};

static void tick(struct platform *p)
{
    for (unsigned i = 0; i < 700; i++)
        p->end[i] += g_rand_int_range(p->rand, 1, 3000);
    for (unsigned i = 0; i < 400; i++)
        p->lag[i] = MAX(0, p->lag[i] + g_rand_int_range(p->rand, -500, 520));
    for (unsigned i = 0; i < 10; i++) {
        int dag = g_rand_int_range(p->rand, 0, 500);
        p->running[dag] ^= 1;
        p->took[dag] = g_rand_int_range(p->rand, 1000, 900000);
    }
    for (unsigned i = 0; i < 200; i++)
        for (unsigned j = 0; j < 3; j++)
            p->load[i][j] = g_rand_int_range(p->rand, 0, 1000) / 10.0;
    for (unsigned i = 0; i < 150; i++) {
        p->elapsed[i] += 5000 + g_rand_int_range(p->rand, 0, 30);
        p->cpu[i] += g_rand_int_range(p->rand, 0, 20000);
        p->rows[i] += g_rand_int_range(p->rand, 0, 1000000);
    }
}

static struct snapshot *begin(const struct kind *k, int64_t now_ms)
{
    AUTO(rid) scope = rid_source("s");
    return snapshot_new(k, scope, now_ms);
}

static size_t add(struct snapshot *s, const char *what, unsigned i)
{
    char name[64];
    g_snprintf(name, sizeof name, "%s-%04u.of.the.platform", what, i);
    return snapshot_add(s, name);
}

static void snapshots(const struct platform *p, int64_t now_ms, GPtrArray *out)
{
    struct snapshot *s = begin(&partitions, now_ms);
    for (unsigned i = 0; i < 1000; i++) {
        size_t row = add(s, "topic", i);
        snapshot_set_int(s, row, 0, 1000 + i);
        snapshot_set_int(s, row, 1, p->end[i]);
        snapshot_set_int(s, row, 2, p->lag[i]);
    }
    g_ptr_array_add(out, (gpointer)snapshot_seal(s));
    s = begin(&dags, now_ms);
    for (unsigned i = 0; i < 500; i++) {
        size_t row = add(s, "dag", i);
        snapshot_set_text(s, row, 0, p->running[i] ? "running" : "success");
        snapshot_set_int(s, row, 1, p->running[i]);
        snapshot_set_int(s, row, 2, p->took[i]);
    }
    g_ptr_array_add(out, (gpointer)snapshot_seal(s));
    s = begin(&hosts, now_ms);
    for (unsigned i = 0; i < 200; i++) {
        size_t row = add(s, "host", i);
        snapshot_set_text(s, row, 0, "up");
        for (int j = 0; j < 4; j++)
            snapshot_set_real(s, row, 1 + j, p->load[i][j]);
    }
    g_ptr_array_add(out, (gpointer)snapshot_seal(s));
    s = begin(&queries, now_ms);
    for (unsigned i = 0; i < 180; i++) {
        size_t row = add(s, "20260612_110203_000", i);
        snapshot_set_text(s, row, 0, i < 150 ? "RUNNING" : "QUEUED");
        snapshot_set_int(s, row, 1, p->elapsed[i]);
        snapshot_set_int(s, row, 2, p->cpu[i]);
        snapshot_set_int(s, row, 3, p->rows[i]);
        snapshot_set_int(s, row, 4, p->memory[i]);
    }
    g_ptr_array_add(out, (gpointer)snapshot_seal(s));
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double wall_ms(void)
{
    return (double)g_get_monotonic_time() / 1e3;
}

struct sizes {
    double packed, raw;
    unsigned frames, keys;
};

static bool weigh(const struct history_frame *f, void *data)
{
    struct sizes *s = data;
    s->packed += (double)f->length;
    s->raw += (double)ZSTD_getFrameContentSize(f->data, f->length);
    s->frames++;
    s->keys += f->prev_ms < 0;
    return true;
}

static void print_sizes(const char *folder, unsigned frames)
{
    g_autofree char *path = g_build_filename(folder, "2026-06-12.db", NULL);
    AUTO(history_file) f = history_file_open(path, false, NULL);
    g_autoptr(GPtrArray) streams = history_file_streams(f, "e", NULL);
    struct sizes all = {0};
    for (guint i = 0; i < streams->len; i++)
        history_file_frames(
            f, ((struct history_stream *)streams->pdata[i])->id, 0, INT64_MAX, weigh, &all, NULL);
    g_print("bytes per frame of 6,400 fields  %8.0f   (without zstd %.0f; %u keys of %u)\n",
        all.packed / frames, all.raw / frames, all.keys, all.frames);
}

static void read_trends(struct history *h, int64_t from_ms, int64_t to_ms)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < 50; i++)
        g_ptr_array_add(addresses, g_strdup_printf("s/partitions/topic-%04u.of.the.platform", i));
    g_ptr_array_add(addresses, NULL);
    const struct series_query q = {
        &partitions, 2, SERIES_MEAN, from_ms, to_ms, 120, (const char *const *)addresses->pdata};
    double wall = wall_ms();
    g_autoptr(GHashTable) all = history_series(h, &q, NULL, NULL);
    g_print("trend of 50 rows over all, ms     %8.1f   (%u rows found)\n", wall_ms() - wall,
        g_hash_table_size(all));
}

int main(int argc, char **argv)
{
    unsigned hours = argc > 1 ? (unsigned)g_ascii_strtoull(argv[1], NULL, 10) : 24;
    unsigned frames = hours * 720;
    g_autofree char *folder = g_dir_make_tmp("weir-bench-XXXXXX", NULL);
    struct registry *registry = registry_new();
    registry_add(registry, &connector);
    const struct history_options o = {.folder = folder, .environment = "e"};
    struct history *h = history_open(&o);
    struct platform *p = g_new0(struct platform, 1);
    p->rand = g_rand_new_with_seed(1);
    double cpu = 0, wall = 0, worst = 0;
    int64_t now = FROM_MS;
    for (unsigned i = 0; i < frames; i++, now += 5000) {
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
        g_autoptr(GError) error = NULL;
        tick(p);
        snapshots(p, now, all);
        double before_cpu = cpu_ms(), before = wall_ms();
        if (!history_record(h, all, MIN(now, FROM_MS + HISTORY_DAY_MS - 1), &error))
            g_error("%s", error->message);
        cpu += cpu_ms() - before_cpu;
        wall += wall_ms() - before;
        worst = MAX(worst, wall_ms() - before);
    }
    history_close(h);
    h = history_open(&o);
    print_sizes(folder, frames);
    unsigned files;
    int64_t bytes;
    history_usage(h, &files, &bytes);
    g_print("MB for %2u h                       %8.1f\n", hours, (double)bytes / 1e6);
    g_print("ms per frame, CPU                 %8.2f\n", cpu / frames);
    g_print("ms per frame, wall                %8.2f   (worst %.1f)\n", wall / frames, worst);
    read_trends(h, FROM_MS, now);
    wall = wall_ms();
    g_autoptr(GPtrArray) last = history_last(h, registry, now);
    g_print(
        "what was known last, ms           %8.1f   (%u snapshots)\n", wall_ms() - wall, last->len);
    wall = wall_ms();
    bool more;
    unsigned parts = 0;
    for (worst = 0; parts < 50; parts++) {
        double before = wall_ms();
        history_thin(h, now + 2 * HISTORY_DAY_MS, &more, NULL);
        worst = MAX(worst, wall_ms() - before);
        if (!more)
            break;
    }
    g_print("one part of thinning, ms          %8.1f   (worst %.1f)\n", (wall_ms() - wall) / parts,
        worst);
    history_close(h);
    registry_free(registry);
    g_rand_free(p->rand);
    g_free(p);
    const char *const rm[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, (char **)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    return 0;
}

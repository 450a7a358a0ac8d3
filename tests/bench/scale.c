/*
 * The scale bench: weir on a simulated platform of the size that people complain about. Per round trip
 * of the network weir-sim is started once, and weir several times, cold, in an emulated terminal with
 * empty XDG folders:
 *
 *     the list of problems, untouched: what a cold start and then a minute cost both sides
 *     a tall terminal on each table: when what was waited for stands on the screen
 *     the list of problems and that of the DAGs, with a cursor key every 50 ms while they fill, and
 *     the same keys once they are full, which is the baseline
 *
 * Times of one round are as noisy as the machine is busy: the table shows the median of all rounds.
 * Nothing is judged but by the words beside the figures: the exit status is 0, and 2 for wrong options.
 */
#include "proc.h"
#include "scale_cost.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum {
    HEIGHT = 45,
    TALL = 260, /* 200 hosts, or all problems that matter, on one screen */
    TALLER = 480,
    PANE_MS = 40000, /* after which what has not appeared is absent */
    LOADING_MS = 45000,
    SETTLE_MS = 5000,
    REST_MS = 10000,
    SEEN_MS = 700, /* for each table that is opened before memory is read */
    COLUMNS_MAX = 8,
};

#define CHAIN_LIMIT    8
#define TELLING_RTT_MS 50 /* from which on a round trip is longer than what a server computes */
#define HOSTS_LIMIT_MS 5000
#define HOSTS_RTT_MS   20
#define MEMORY_LIMIT   120 /* MB */
#define KEY_LIMIT_MS   8
#define RATE_LIMIT     0.5
#define FLIGHT_LIMIT   2

struct options {
    char *weir, *sim, *part, *without, *rtts, *plot, *at, *scale;
    int rounds, cold_s, after_s, minute_s;
    int rtt[COLUMNS_MAX], columns;
    int dags, hosts, queries; /* of scale */
};

/* One round trip: its simulation and where the figures go. */
struct column {
    const struct options *o;
    struct scale_sim *sim;
    struct scale_report *report;
    int rtt_ms;
    bool last; /* the longest round trip, on which chains can be told best */
};

/* -- what is waited for ---------------------------------------------------------------------------- */

enum share { ONE, DAGS, HOSTS };

/* A row of the screen that matches, or as many as there are. */
static const struct wanted {
    const char *pane, *name, *regex;
    enum share share;
    bool chained; /* Airflow's round trips until then are counted */
} wanted[] = {
    {"now", "NOW: Airflow ok", "^o scheduler +\\S+ +ok", ONE, false},
    {"now", "NOW: Trino ok", "^o warehouse +\\S+ +ok", ONE, false},
    {"now", "NOW: Kafka ok", "^o events +\\S+ +ok", ONE, false},
    {"now", "NOW: Alertmanager ok", "^o alerts +\\S+ +ok", ONE, false},
    {"now", "NOW: hosts ok", "^o cluster +\\S+ +ok", ONE, false},
    {"problems", "first problem of Airflow", "^[X!?][> ] +(error|warn) +airflow ", ONE, true},
    {"problems", "first problem of Trino", "^[X!?][> ] +(error|warn) +trino ", ONE, false},
    {"problems", "first problem of Kafka", "^[X!?][> ] +(error|warn) +kafka ", ONE, false},
    {"problems", "first problem of hosts", "^[X!?][> ] +(error|warn) +hosts ", ONE, false},
    {"problems", "first alert", "^[X!?][> ] +(error|warn) +alerts ", ONE, false},
    {"runs", "runs: the active ones", "^..  ?\\S+ +\\S+ +running ", ONE, true},
    {"dags", "dags: first page", "> dags .* [1-9][0-9]* rows", ONE, false},
    {"dags", "dags: all", "> dags .* %d rows", DAGS, false},
    {"queries", "queries: first rows", "> queries .* [1-9][0-9]* rows", ONE, false},
    {"hosts", "hosts: first one", "^.. dp-\\S+ +cluster +up ", ONE, false},
    {"hosts", "hosts: 99 % of them", "^.. dp-\\S+ +cluster +up ", HOSTS, false},
};

static const struct pane {
    const char *name, *typed;
    int height;
} panes[] = {
    {"problems", NULL, TALLER},
    {"runs", ":runs\r", HEIGHT},
    {"dags", ":dags\r", HEIGHT},
    {"queries", ":queries\r", HEIGHT},
    {"hosts", ":hosts\r", TALL},
};

static bool is_left_out(const struct options *o, const char *regex)
{
    return o->without && strcmp(o->without, "events") == 0 &&
           (strstr(regex, "kafka") || strstr(regex, "events"));
}

static GPtrArray *marks_of(const struct options *o, const char *pane)
{
    GPtrArray *marks = scale_marks_new();
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const struct wanted *w = &wanted[i];
        if (strcmp(w->pane, pane) != 0 || is_left_out(o, w->regex))
            continue;
        g_auto(GStrv) around = g_strsplit(w->regex, "%d", 2);
        g_autofree char *all = g_strdup_printf("%d", o->dags);
        g_autofree char *regex = g_strjoinv(all, around);
        scale_marks_add(
            marks, w->name, w->share == HOSTS ? (guint)(o->hosts * 99 / 100) : 1, regex);
    }
    return marks;
}

static const struct wanted *wanted_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (strcmp(wanted[i].name, name) == 0)
            return &wanted[i];
    g_assert_not_reached();
}

static void report_chain(
    const struct column *c, const struct scale_session *s, const struct scale_mark *m)
{
    int links = scale_session_chain(s, SCALE_AIRFLOW, m);
    if (links < 0)
        return;
    scale_report_add(c->report,
        &(struct scale_figure){.section = "round trips on end that Airflow is asked, at most",
            .name = m->name,
            .value = links,
            .limit = c->last ? CHAIN_LIMIT : 0,
            .target = "<= 8 (told best by the longest)"});
}

static void report_marks(
    const struct column *c, const struct scale_session *s, const GPtrArray *marks)
{
    for (guint i = 0; i < marks->len; i++) {
        const struct scale_mark *m = marks->pdata[i];
        const struct wanted *w = wanted_of(m->name);
        double ms = scale_session_mark_ms(s, m);
        bool judged = w->share == HOSTS;
        if (ms >= 0)
            scale_report_add(c->report,
                &(struct scale_figure){.section = "ms from the start until it is on the screen",
                    .name = m->name,
                    .value = round(ms),
                    .limit = judged && c->rtt_ms == HOSTS_RTT_MS ? HOSTS_LIMIT_MS : 0,
                    .target = judged ? "<= 5000 at 20 ms" : NULL});
        if (w->chained)
            report_chain(c, s, m);
    }
}

/* -- sessions -------------------------------------------------------------------------------------- */

/* "2610 of 24000": what the table's title says, beside what the platform has. */
static void report_queries(const struct column *c, struct scale_session *s)
{
    g_autofree char *title = pty_row(scale_session_pty(s), 0);
    g_autoptr(GRegex) regex = g_regex_new("> queries .* ([0-9]+) rows", 0, 0, NULL);
    g_autoptr(GMatchInfo) info = NULL;
    if (!g_regex_match(regex, title, 0, &info))
        return;
    g_autofree char *rows = g_match_info_fetch(info, 1);
    g_autofree char *text = g_strdup_printf("%s of %d", rows, c->o->queries);
    scale_report_add(c->report, &(struct scale_figure){.section = "Trino's queries",
                                    .name = "rows that weir holds",
                                    .value = g_ascii_strtod(rows, NULL),
                                    .text = text});
}

static bool run_pane(const struct column *c, const struct pane *p, GError **error)
{
    g_autoptr(GPtrArray) marks = marks_of(c->o, p->name);
    AUTO(scale_session)
    s = scale_session_start(c->sim, c->o->weir, p->height, p->typed, error);
    if (!s)
        return false;
    scale_session_run_until(s, PANE_MS, marks);
    report_marks(c, s, marks);
    if (strcmp(p->name, "queries") == 0) {
        scale_session_run_until(s, scale_session_age_ms(s) + SETTLE_MS, NULL);
        report_queries(c, s);
    }
    return true;
}

static void report_memory(const struct column *c, struct scale_session *s, const char *name)
{
    struct proc_memory memory;
    if (proc_memory(pty_pid(scale_session_pty(s)), &memory))
        scale_report_add(
            c->report, &(struct scale_figure){.section = "weir's private memory, MB",
                           .name = name,
                           .value = round((double)memory.private_dirty_bytes / 1e5) / 10,
                           .limit = MEMORY_LIMIT,
                           .target = "<= 120"});
}

static void open_all(struct scale_session *s)
{
    for (size_t i = 0; i < G_N_ELEMENTS(panes); i++) {
        if (panes[i].typed)
            pty_type(scale_session_pty(s), panes[i].typed);
        scale_session_run_until(s, scale_session_age_ms(s) + SEEN_MS, NULL);
    }
}

static void report_minute(
    const struct column *c, const struct scale_cost *from, const struct scale_cost *to)
{
    double factor = 60.0 / c->o->minute_s;
    g_autofree char *section =
        g_strdup_printf("a minute from %d s on%s: requests / bytes / connections / most in flight",
            c->o->after_s, c->o->minute_s == 60 ? "" : ", extrapolated from less");
    scale_cost_report(from, to, factor, section, c->report);
    const struct scale_traffic *a = &from->traffic[SCALE_AIRFLOW], *b = &to->traffic[SCALE_AIRFLOW];
    scale_report_add(c->report, &(struct scale_figure){.section = section,
                                    .name = "requests/s of Airflow",
                                    .value = (double)(b->requests - a->requests) / c->o->minute_s,
                                    .limit = RATE_LIMIT,
                                    .target = "<= 0.5"});
    scale_report_add(c->report, &(struct scale_figure){.section = section,
                                    .name = "most in flight at Airflow",
                                    .value = (double)b->in_flight_max,
                                    .limit = FLIGHT_LIMIT,
                                    .target = "<= 2"});
    const struct scale_traffic *t = &from->traffic[SCALE_TRINO], *u = &to->traffic[SCALE_TRINO];
    g_autofree char *bytes = scale_amount((double)(u->bytes - t->bytes) * factor);
    scale_report_add(c->report, &(struct scale_figure){.section = "Trino's queries",
                                    .name = "bytes that Trino sends a minute",
                                    .value = (double)(u->bytes - t->bytes) * factor,
                                    .text = bytes});
}

/* The first session of a simulation, so that its maxima are those of the cold start. */
static bool run_untouched(const struct column *c, GError **error)
{
    const struct options *o = c->o;
    struct scale_cost start = {0}, cold = {0}, from = {0}, to = {0};
    g_autoptr(GPtrArray) marks = marks_of(o, "now");
    AUTO(scale_session) s = scale_session_start(c->sim, o->weir, HEIGHT, NULL, error);
    if (!s)
        return false;
    g_autofree char *section = g_strdup_printf(
        "cold start, %d s: requests / bytes / connections / most in flight", o->cold_s);
    start.thread_cpu_s = g_hash_table_new(g_str_hash, g_str_equal);
    scale_session_run_until(s, o->cold_s * 1000, marks);
    scale_session_run_until(s, o->cold_s * 1000, NULL);
    report_marks(c, s, marks);
    bool ok = scale_cost_take(&cold, c->sim, s, error);
    if (ok)
        scale_cost_report(&start, &cold, 1, section, c->report);
    report_memory(c, s, "after the cold start");
    scale_session_run_until(s, o->after_s * 1000, NULL);
    ok = ok && scale_cost_take(&from, c->sim, s, error);
    scale_session_run_until(s, scale_session_age_ms(s) + o->minute_s * 1000, NULL);
    ok = ok && scale_cost_take(&to, c->sim, s, error);
    if (ok)
        report_minute(c, &from, &to);
    report_memory(c, s, "after the minute");
    open_all(s);
    report_memory(c, s, "and every table opened");
    scale_cost_clear(&start);
    scale_cost_clear(&cold);
    scale_cost_clear(&from);
    scale_cost_clear(&to);
    return ok;
}

/* -- keys ------------------------------------------------------------------------------------------ */

#define KEYS_SECTION "key to paint, ms: p50/p99/max n=keys-those unanswered"

static void report_keys(
    const struct column *c, const char *name, const struct scale_keys *k, bool judged)
{
    double p50 = 0, p99 = 0, max = 0;
    if (!scale_rank(k->paint_ms, 0.5, &p50) || !scale_rank(k->paint_ms, 0.99, &p99) ||
        !scale_rank(k->paint_ms, 1, &max))
        return;
    g_autofree char *text =
        g_strdup_printf("%.1f/%.1f/%.0f n=%u-%u", p50, p99, max, k->paint_ms->len, k->missed);
    g_autofree char *waits = g_strdup_printf("%s: ms without CPU/key", name);
    scale_report_add(c->report, &(struct scale_figure){.section = KEYS_SECTION,
                                    .name = name,
                                    .value = p99,
                                    .limit = judged ? KEY_LIMIT_MS : 0,
                                    .target = judged ? "p99 <= 8" : NULL,
                                    .text = text});
    scale_report_add(c->report, &(struct scale_figure){.section = KEYS_SECTION,
                                    .name = waits,
                                    .value = k->waited_ms / (k->paint_ms->len + k->missed)});
}

/* All rounds' keys of a table in one heap, while it fills and when it is full. */
static bool run_keys(const struct column *c, const char *typed, const char *header,
    int text_columns, struct scale_keys keys[2], GError **error)
{
    AUTO(scale_session) s = scale_session_start(c->sim, c->o->weir, HEIGHT, typed, error);
    if (!s)
        return false;
    for (int i = 0; i < 2; i++) {
        keys[i].header = header;
        keys[i].text_columns = text_columns;
    }
    scale_session_press(s, &keys[0], LOADING_MS, true, SCALE_AIRFLOW);
    scale_session_run_until(s, scale_session_age_ms(s) + SETTLE_MS, NULL);
    keys[1].up = keys[0].up;
    scale_session_press(s, &keys[1], scale_session_age_ms(s) + REST_MS, false, SCALE_AIRFLOW);
    return true;
}

static bool run_all_keys(
    const struct column *c, const char *table, const char *typed, const char *header, int columns)
{
    g_autoptr(GError) error = NULL;
    struct scale_keys keys[2] = {0};
    for (int i = 0; i < 2; i++)
        keys[i].paint_ms = g_array_new(FALSE, FALSE, sizeof(double));
    bool ok = true;
    for (int round = 0; ok && round < c->o->rounds; round++)
        ok = run_keys(c, typed, header, columns, keys, &error);
    if (!ok)
        printf("%s\n", error->message);
    g_autofree char *loading = g_strdup_printf("%s, loading", table);
    g_autofree char *rest = g_strdup_printf("%s, at rest", table);
    g_autofree char *ratio = g_strdup_printf("%s: ratio of the p99", table);
    report_keys(c, loading, &keys[0], true);
    report_keys(c, rest, &keys[1], false);
    double busy, calm;
    if (scale_rank(keys[0].paint_ms, 0.99, &busy) && scale_rank(keys[1].paint_ms, 0.99, &calm) &&
        calm > 0)
        scale_report_add(c->report,
            &(struct scale_figure){.section = KEYS_SECTION, .name = ratio, .value = busy / calm});
    g_array_unref(keys[0].paint_ms);
    g_array_unref(keys[1].paint_ms);
    return ok;
}

/* -- all ------------------------------------------------------------------------------------------- */

static bool is_part(const struct options *o, const char *part)
{
    return !o->part || strcmp(o->part, part) == 0;
}

static bool run_column(const struct column *c, GError **error)
{
    fprintf(stderr, "round trip %d ms\n", c->rtt_ms);
    if (is_part(c->o, "cost") && !run_untouched(c, error))
        return false;
    for (int round = 0; is_part(c->o, "times") && round < c->o->rounds; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(panes); i++)
            if (!run_pane(c, &panes[i], error))
                return false;
    }
    return !is_part(c->o, "keys") || (run_all_keys(c, "NOW", NULL, "SEV", 90) &&
                                         run_all_keys(c, "dags", ":dags\r", "DAG", 24));
}

static void run_all(const struct options *o, struct scale_report *report)
{
    for (int i = 0; i < o->columns; i++) {
        const struct scale_spec spec = {.program = o->sim,
            .plot = o->plot,
            .at = o->at,
            .scale = o->scale,
            .without = o->without,
            .rtt_ms = o->rtt[i]};
        g_autoptr(GError) error = NULL;
        AUTO(scale_sim) sim = scale_sim_start(&spec, &error);
        const struct column c = {.o = o,
            .sim = sim,
            .report = report,
            .rtt_ms = o->rtt[i],
            .last = i == o->columns - 1 && o->rtt[i] >= TELLING_RTT_MS};
        scale_report_begin_column(report, o->rtt[i]);
        if (!sim || (!run_column(&c, &error) && error))
            printf("round trip %d ms: %s\n", o->rtt[i], error->message);
    }
}

static bool parse_options(struct options *o, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"weir", 0, 0, G_OPTION_ARG_FILENAME, &o->weir, "Default: build/weir", "FILE"},
        {"sim", 0, 0, G_OPTION_ARG_FILENAME, &o->sim, "Default: build/weir-sim", "FILE"},
        {"part", 0, 0, G_OPTION_ARG_STRING, &o->part, "Only this", "cost|times|keys"},
        {"rtt", 0, 0, G_OPTION_ARG_STRING, &o->rtts, "Default: 0,20,100, rising", "MS,..."},
        {"scale", 0, 0, G_OPTION_ARG_STRING, &o->scale, "of weir-sim; default: what is full",
            "..."},
        {"plot", 0, 0, G_OPTION_ARG_STRING, &o->plot, "Default: enrich-lag", "PLOT"},
        {"at", 0, 0, G_OPTION_ARG_STRING, &o->at, "Default: +95m", "+SPAN"},
        {"without", 0, 0, G_OPTION_ARG_STRING, &o->without, "Leave a source out", "NAME"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &o->rounds, "Starts per table; default: 3", "N"},
        {"cold", 0, 0, G_OPTION_ARG_INT, &o->cold_s, "Of the cold start; default: 30", "SECONDS"},
        {"after", 0, 0, G_OPTION_ARG_INT, &o->after_s, "When the minute begins; default: 60",
            "SECONDS"},
        {"minute", 0, 0, G_OPTION_ARG_INT, &o->minute_s,
            "How much of it is measured; default: 60, less is extrapolated", "SECONDS"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- weir on a large platform");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

/* "name=7" among the words of the scale; 0: it is not there. */
static int scale_of(const char *scale, const char *name)
{
    g_autofree char *key = g_strconcat(name, "=", NULL);
    const char *found = strstr(scale, key);
    return found ? (int)g_ascii_strtoll(found + strlen(key), NULL, 10) : 0;
}

static bool check_options(struct options *o)
{
    g_auto(GStrv) words = g_strsplit(o->rtts, ",", COLUMNS_MAX + 1);
    o->columns = (int)g_strv_length(words);
    bool fine = o->columns > 0 && o->columns <= COLUMNS_MAX;
    for (int i = 0; fine && i < o->columns; i++) {
        gint64 ms = 0;
        fine = g_ascii_string_to_signed(words[i], 10, 0, 10000, &ms, NULL);
        o->rtt[i] = (int)ms;
    }
    o->dags = scale_of(o->scale, "dags");
    o->hosts = scale_of(o->scale, "hosts");
    o->queries = scale_of(o->scale, "queries");
    return fine && o->rounds > 0 && o->cold_s > 0 && o->after_s >= o->cold_s && o->minute_s > 0;
}

int main(int argc, char **argv)
{
    struct options o = {.weir = "build/weir",
        .sim = "build/weir-sim",
        .rtts = "0,20,100",
        .plot = "enrich-lag",
        .at = "+95m",
        .scale = "dags=5000,runs=50,groups=1000,partitions=10000,queries=24000,hosts=200",
        .rounds = 3,
        .cold_s = 30,
        .after_s = 60,
        .minute_s = 60};
    g_autoptr(GError) error = NULL;
    if (!parse_options(&o, &argc, &argv, &error) || !check_options(&o)) {
        fprintf(stderr, "bench-scale: %s\n", error ? error->message : "wrong options; see --help");
        return 2;
    }
    /* As in tty.c: its children run under the usual scheduler. */
    const struct sched_param priority = {.sched_priority = 1};
    bool realtime = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
    AUTO(scale_report) report = scale_report_new();
    run_all(&o, report);
    g_autofree char *table = scale_report_table(report);
    g_autofree char *lines = scale_report_lines(report);
    printf("%s; medians of %d starts; cold and minute: one each; %u processors; harness: %s\n\n%s\n"
           "%s",
        o.scale, o.rounds, g_get_num_processors(),
        realtime ? "SCHED_FIFO" : "not real-time (SCHED_FIFO was refused)", table, lines);
    return 0;
}

/*
 * The terminal benchmark: what full-screen programs cost the person in front of them and the line
 * between. It runs a list of programs under the terminal harness of the tests, in rounds, so that
 * what else the machine does hits all of them alike, and the floor (floor.c) first and last in
 * every round: compare ratios to the floor, and trust no figure on which the two runs of the floor
 * disagree.
 *
 * Per program: starts (first byte, content, bytes, writes), quits, keys (time to paint, bytes,
 * writes, changed cells), and in the last round an idle window, memory, and a slow line. Times are
 * taken when read(2) returns on the PTY's master. The harness asks for SCHED_FIFO, so that a busy
 * machine does not delay its time stamps; its children run under the usual scheduler. Programs see
 * a fresh HOME. Nothing is judged: the exit status is 1 when a program could not be run and 2 for
 * wrong options.
 */
#include "measure.h"
#include "report.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

struct options {
    char *size, *spec, *floor, **programs;
    int rounds, starts, keys, idle_s;
    gboolean given_only;
    struct settings settings;
};

/* One program in the list, with all that was measured of it. */
struct entrant {
    struct program *program;
    struct samples *samples;
    char *failure; /* why it could not be run; it is left out from then on */
};

static void entrant_free(void *data)
{
    struct entrant *e = data;
    program_free(e->program);
    samples_free(e->samples);
    g_free(e->failure);
    g_free(e);
}

static void enter(GPtrArray *list, struct program *take_program)
{
    struct entrant *e = g_new0(struct entrant, 1);
    e->program = take_program;
    e->samples = samples_new();
    g_ptr_array_add(list, e);
}

static bool parse_options(struct options *o, int *argc, char ***argv, GError **error)
{
    struct settings *s = &o->settings;
    const GOptionEntry entries[] = {
        {"program", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &o->programs,
            "A program, for example weir:down*20,up*20:build/weir", "NAME:KEYS:COMMAND"},
        {"spec", 's', 0, G_OPTION_ARG_FILENAME, &o->spec,
            "More programs, with content, setup, quit, env, cwd (program.h)", "FILE"},
        {"given-only", 0, 0, G_OPTION_ARG_NONE, &o->given_only, "Leave out htop and lazygit", NULL},
        {"floor", 0, 0, G_OPTION_ARG_FILENAME, &o->floor, "Default: bench-floor beside this",
            "FILE"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &o->size, "Default: 160x45", "WxH"},
        {"term", 0, 0, G_OPTION_ARG_STRING, &s->term, "Default: xterm-256color", "NAME"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &o->rounds, "Default: 5", "N"},
        {"starts", 0, 0, G_OPTION_ARG_INT, &o->starts, "Per program, of all rounds; default: 15",
            "N"},
        {"keys", 0, 0, G_OPTION_ARG_INT, &o->keys, "Per program, of all rounds; default: 200", "N"},
        {"idle", 0, 0, G_OPTION_ARG_INT, &o->idle_s, "The idle window; default: 10", "SECONDS"},
        {"while", 0, 0, G_OPTION_ARG_STRING, &s->load,
            "Run this while keys are measured, again and again", "COMMAND"},
        {"rate", 0, 0, G_OPTION_ARG_INT, &s->slow_bytes_per_second, "The slow line; default: 20000",
            "BYTES/S"},
        {"rtt", 0, 0, G_OPTION_ARG_INT, &s->slow_rtt_ms, "Its round trip; default: 100", "MS"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- what terminal programs cost");
    g_autofree char *help = report_help();
    g_option_context_set_description(context, help);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static bool check_options(struct options *o, GError **error)
{
    g_auto(GStrv) size = g_strsplit(o->size ? o->size : "160x45", "x", 2);
    guint64 width = 0, height = 0;
    bool valid = size[0] && size[1] &&
                 g_ascii_string_to_unsigned(size[0], 10, 20, 1000, &width, NULL) &&
                 g_ascii_string_to_unsigned(size[1], 10, 5, 500, &height, NULL);
    o->settings.width = (int)width;
    o->settings.height = (int)height;
    o->settings.idle_ms = o->idle_s * 1000;
    valid = valid && o->rounds > 0 && o->starts >= 0 && o->keys >= 0 && o->idle_s >= 0 &&
            o->idle_s <= 3600 && o->settings.slow_bytes_per_second > 0 &&
            o->settings.slow_rtt_ms >= 0;
    if (!valid)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
            "numbers must not be negative, rounds and rate not 0, the size like 160x45");
    return valid;
}

static char *floor_path(const struct options *o)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : ".");
    return o->floor ? g_strdup(o->floor) : g_build_filename(folder, "bench-floor", NULL);
}

/* All programs in the order in which they run: the floor first and last. */
static GPtrArray *make_list(const struct options *o, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(entrant_free);
    g_autoptr(GPtrArray) programs = g_ptr_array_new();
    g_autofree char *floor = floor_path(o);
    g_ptr_array_add(programs, program_floor("floor", floor));
    bool fine = true;
    for (char **text = o->programs; fine && text && *text; text++) {
        struct program *p = program_parse(*text, error);
        fine = p != NULL;
        if (p)
            g_ptr_array_add(programs, p);
    }
    if (fine && o->spec)
        fine = program_load(programs, o->spec, error);
    if (fine && !o->given_only)
        program_add_installed(programs, o->settings.home);
    g_ptr_array_add(programs, program_floor("floor-after", floor));
    for (guint i = 0; i < programs->len; i++)
        enter(list, programs->pdata[i]);
    return fine ? g_steal_pointer(&list) : NULL;
}

/* The share of `total` that falls to one round: all rounds together make the total. */
static int share(int total, int rounds, int round)
{
    return total * (round + 1) / rounds - total * round / rounds;
}

static bool run_round(const struct options *o, int round, struct entrant *e, GError **error)
{
    const struct settings *s = &o->settings;
    bool last = round == o->rounds - 1;
    for (int i = share(o->starts, o->rounds, round); i > 0; i--) {
        if (!measure_start(s, e->program, e->samples, error))
            return false;
    }
    int keys = share(o->keys, o->rounds, round);
    if (keys + last > 0 && !measure_keys(s, e->program, keys, last, e->samples, error))
        return false;
    return !last || measure_slow(s, e->program, e->samples, error);
}

static void run_all(const struct options *o, GPtrArray *list)
{
    for (int round = 0; round < o->rounds; round++) {
        for (guint i = 0; i < list->len; i++) {
            struct entrant *e = list->pdata[i];
            g_autoptr(GError) error = NULL;
            if (e->failure)
                continue;
            fprintf(stderr, "round %d of %d: %s\n", round + 1, o->rounds, e->program->name);
            if (!run_round(o, round, e, &error))
                e->failure = g_strdup(error->message);
        }
    }
}

/* The child scheduler class is the usual one again: SCHED_RESET_ON_FORK. */
static bool become_realtime(void)
{
    struct sched_param priority = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
}

static void print_conditions(const struct options *o, bool realtime)
{
    const struct settings *s = &o->settings;
    struct utsname machine;
    g_autofree char *load = NULL;
    g_file_get_contents("/proc/loadavg", &load, NULL, NULL);
    printf("size %dx%d, %d starts, %d keys, %d rounds, idle %d s, slow line %d B/s and %d ms\n",
        s->width, s->height, o->starts, o->keys, o->rounds, o->idle_s, s->slow_bytes_per_second,
        s->slow_rtt_ms);
    printf("machine: %s, %u processors, load before %s\n",
        uname(&machine) == 0 ? machine.release : "?", g_get_num_processors(),
        load ? g_strchomp(load) : "unknown");
    printf("harness: %s\n", realtime ? "SCHED_FIFO" : "not real-time (SCHED_FIFO was refused)");
    if (s->load)
        printf("while keys are measured: %s\n", s->load);
}

/* Returns how many programs could not be run. */
static int print_results(GPtrArray *list)
{
    AUTO(samples) floor = samples_new();
    g_autofree struct report_column *columns = g_new0(struct report_column, list->len);
    int failures = 0;
    for (guint i = 0; i < list->len; i++) {
        const struct entrant *e = list->pdata[i];
        columns[i] = (struct report_column){e->program->name, e->samples};
        if (i == 0 || i == list->len - 1)
            samples_add_all(floor, e->samples);
        failures += e->failure != NULL;
        if (e->failure)
            printf("\n%s could not be run: %s\n", e->program->name, e->failure);
    }
    g_autofree char *table = report_table(columns, list->len, floor);
    g_autofree char *lines = report_lines(columns, list->len, floor);
    printf("\n%s\n%s", table, lines);
    return failures;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int run(struct options *o)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = make_list(o, &error);
    if (!list) {
        fprintf(stderr, "bench-tty: %s\n", error->message);
        return EXIT_USAGE;
    }
    bool realtime = become_realtime();
    print_conditions(o, realtime);
    run_all(o, list);
    return print_results(list) > 0;
}

int main(int argc, char **argv)
{
    struct options o = {.rounds = 5, .starts = 15, .keys = 200, .idle_s = 10};
    o.settings.slow_bytes_per_second = 20000;
    o.settings.slow_rtt_ms = 100;
    g_autoptr(GError) error = NULL;
    if (!parse_options(&o, &argc, &argv, &error) || !check_options(&o, &error)) {
        fprintf(stderr, "bench-tty: %s\n", error->message);
        return EXIT_USAGE;
    }
    g_autofree char *home = g_dir_make_tmp("bench-tty-XXXXXX", &error);
    if (!home) {
        fprintf(stderr, "bench-tty: %s\n", error->message);
        return 1;
    }
    o.settings.home = home;
    int status = run(&o);
    nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

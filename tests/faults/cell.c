#include "cell.h"

#include <string.h>

#include "auto.h"

#define OK_STATES  "(ok|slow) .* ago$" /* and nothing is missing */
#define DRILL_ROWS 5                   /* of which each cell opens another */
/* Under a sanitizer everything takes longer, and what takes longer than weir's timeouts would fail. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define USUAL_SPEED 8
#define SPEED_CUT   4
#define KEY_MS      5000
#else
#define USUAL_SPEED 40
#define SPEED_CUT   1
#define KEY_MS      1000
#endif
/* A host's other problems are no concern here: its clock is off, since ours runs faster. */
#define HOST_FAILS "(unreachable|no answer|its command|its shell|its answer)"
#define SAID_SINCE "^[?] (old, read|never read).*, failing for "
#define PATIENCE   (pty_patience_ms() * 2) /* slow clocks need it */
#define LOOK_NS    (20 * 1000 * 1000)      /* between two looks at the platform's counters */

struct ground *ground_new(bool tls)
{
    struct ground *g = g_new0(struct ground, 1);
    const struct platform_spec spec = {.plot = "enrich-lag", .at = "+95m", .tls = tls};
    g->platform = platform_new(&spec);
    g->longest_in = "";
    return g;
}

void ground_close(struct ground *g)
{
    if (!g->weir)
        return;
    platform_go(g->weir, "q");
    pty_assert_exit(g->weir, 0);
    pty_assert_clean(g->weir);
    g_clear_pointer(&g->weir, pty_free);
}

void ground_free(struct ground *g)
{
    ground_close(g);
    platform_free(g->platform);
    g_free(g);
}

bool ground_wait_all_ok(struct ground *g, GError **error)
{
    bool ok = true;
    for (const struct target *t = targets; t->service && ok; t++)
        ok = platform_wait_row(g->weir, t, OK_STATES, PATIENCE, error);
    return ok;
}

static void start_weir(struct ground *g, int speed)
{
    const struct platform_run run = {.speed = speed};
    ground_close(g);
    g->weir = platform_open(g->platform, &run);
    g->speed = speed;
}

void ground_open(struct ground *g, int speed)
{
    if (g->weir && g->speed == speed)
        return;
    start_weir(g, speed);
    PTY_ASSERT(g->weir, ground_wait_all_ok(g, &pty_error_));
}

/* -- keys ------------------------------------------------------------------------------------------ */

static bool press(struct ground *g, const char *key, const char *effect, GError **error)
{
    int64_t before = pty_now_ns();
    pty_key(g->weir, key);
    if (!pty_wait(g->weir, effect, KEY_MS, error))
        return false;
    g->longest_ns = MAX(g->longest_ns, pty_now_ns() - before);
    return true;
}

bool ground_probe_keys(struct ground *g, const char *fault, GError **error)
{
    int64_t before = g->longest_ns;
    bool ok = press(g, ":", "^:[^a-z]*$", error) && press(g, "x", "^:x", error) &&
              press(g, "esc", "[?] (help|lists) ", error);
    if (g->longest_ns > before)
        g->longest_in = fault;
    return ok;
}

/* -- the parts of a cell --------------------------------------------------------------------------- */

struct run {
    struct ground *ground;
    struct pty *weir;
    const struct cell *cell;
    const struct expectation *expect;
    gint64 asked[8]; /* each target, when the fault began */
    char *said;      /* the source's row while it lasted */
};

static bool go_home(struct run *r, GError **error)
{
    pty_key(r->weir, "N");
    return pty_wait(r->weir, "^ NOW ", PATIENCE, error);
}

static bool open_table(struct run *r, GError **error)
{
    g_autofree char *title = g_strdup_printf("^ simulated > %s ",
        strchr(r->cell->target->kind, '.') ? strchr(r->cell->target->kind, '.') + 1
                                           : r->cell->target->kind);
    platform_go(r->weir, r->cell->target->kind);
    return pty_wait(r->weir, title, PATIENCE, error);
}

static void begin_fault(struct run *r)
{
    for (const struct target *t = targets; t->service; t++)
        r->asked[t - targets] = platform_asked(r->ground->platform, t);
    platform_fault(r->ground->platform, r->cell->target, r->cell->fault->name);
}

/* Until the platform has been asked for so many things more by everybody else. */
static bool others_are_asked(struct run *r, GError **error)
{
    int64_t deadline = pty_now_ns() + PATIENCE * 1000000LL;
    for (const struct target *t = targets; t->service;) {
        bool more = platform_asked(r->ground->platform, t) > r->asked[t - targets];
        if (more || t == r->cell->target) {
            t++;
            continue;
        }
        if (pty_now_ns() > deadline) {
            g_set_error(error, PTY_ERROR, PTY_ERROR_TIMEOUT, "%s is not asked any more", t->source);
            return false;
        }
        pty_run_for(r->weir, LOOK_NS);
    }
    return true;
}

static bool others_are_ok(struct run *r, GError **error)
{
    bool ok = true;
    for (const struct target *t = targets; t->service && ok; t++)
        ok = t == r->cell->target || platform_wait_row(r->weir, t, OK_STATES, PATIENCE, error);
    return ok;
}

/* A fault that leaves the source ok has to have been met before that means anything. */
static bool wait_met(struct run *r, GError **error)
{
    gint64 wanted = r->asked[r->cell->target - targets] + 2;
    int64_t deadline = pty_now_ns() + PATIENCE * 1000000LL;
    while (platform_asked(r->ground->platform, r->cell->target) < wanted) {
        if (pty_now_ns() > deadline) {
            g_set_error(error, PTY_ERROR, PTY_ERROR_TIMEOUT, "the source is not asked any more");
            return false;
        }
        pty_run_for(r->weir, LOOK_NS);
    }
    return true;
}

/* A source of hosts is ok as long as it can ask; a host that does not answer is a problem of its own. */
static bool wait_said(struct run *r, GError **error)
{
    if (!target_is_hosts(r->cell->target) || r->expect->fine)
        return platform_wait_row(r->weir, r->cell->target, r->expect->row, PATIENCE, error);
    g_autofree char *regex = g_strdup_printf("^.* host dp-b01: .*(%s)", r->expect->row);
    return pty_wait(r->weir, regex, PATIENCE, error);
}

static void note_said(struct run *r)
{
    g_autofree char *text = pty_text(r->weir);
    g_autoptr(GRegex) problem =
        g_regex_new("^.* host dp-b01: " HOST_FAILS ".*$", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_free(r->said);
    r->said = target_is_hosts(r->cell->target) && g_regex_match(problem, text, 0, &match)
                  ? g_match_info_fetch(match, 0)
                  : platform_row(r->weir, r->cell->target);
}

/* On the list of problems, while the fault lasts. */
static bool check_home(struct run *r, GError **error)
{
    bool ok = (!r->expect->fine || wait_met(r, error)) && wait_said(r, error);
    note_said(r);
    return ok && ground_probe_keys(r->ground, r->cell->fault->name, error) &&
           others_are_asked(r, error) && others_are_ok(r, error);
}

/* A view of a source that fails says so: since when and why, or by the mark of each host's row. */
static bool wait_marked(struct run *r, const char *banner, GError **error)
{
    if (target_is_hosts(r->cell->target))
        banner = "^[?]";
    return r->expect->fine || pty_wait(r->weir, banner, PATIENCE, error);
}

/* In the table of a source that fails: it says so, and what was there stays. */
static bool check_table(struct run *r, bool had_rows, GError **error)
{
    const char *banner =
        had_rows ? "^[?] old, read .*, failing for " : "^[?] never read, failing for ";
    return wait_marked(r, banner, error) &&
           (!had_rows || pty_wait(r->weir, r->cell->target->row, PATIENCE, error)) &&
           ground_probe_keys(r->ground, r->cell->fault->name, error);
}

static pty_predicate is_whole;
static bool is_whole(struct pty *p, void *data)
{
    g_autofree char *text = pty_text(p);
    return g_regex_match_simple(data, text, G_REGEX_MULTILINE, 0) &&
           !g_regex_match_simple("^[?] (old|never)|^[?]> ", text, G_REGEX_MULTILINE, 0);
}

/* The view fills by itself, and no longer says that anything is old. */
static bool wait_whole(struct run *r, const char *rows, GError **error)
{
    return pty_wait_for(r->weir, is_whole, (char *)rows, PATIENCE, error);
}

static pty_predicate is_well;
static bool is_well(struct pty *p, void *data)
{
    const struct target *t = data;
    g_autofree char *text = pty_text(p);
    g_autofree char *row = platform_row(p, t);
    return row && g_regex_match_simple(OK_STATES, row, 0, 0) &&
           !g_regex_match_simple(" host dp-[a-z0-9]+: " HOST_FAILS, text, 0, 0);
}

/* On the list of problems: the source is ok by itself. */
static bool wait_well(struct run *r, GError **error)
{
    return pty_wait_for(r->weir, is_well, (struct target *)r->cell->target, PATIENCE, error);
}

static bool mend(struct run *r, GError **error)
{
    platform_fault(r->ground->platform, r->cell->target, "off");
    return wait_well(r, error);
}

/* -- the moments ----------------------------------------------------------------------------------- */

static bool run_start(struct run *r, GError **error)
{
    begin_fault(r);
    start_weir(r->ground, cell_speed(r->cell));
    r->weir = r->ground->weir;
    return pty_wait(r->weir, "^ NOW ", PATIENCE, error) && check_home(r, error) &&
           open_table(r, error) && check_table(r, false, error) && go_home(r, error) &&
           mend(r, error) && open_table(r, error) && wait_whole(r, r->cell->target->whole, error) &&
           go_home(r, error);
}

static bool run_open(struct run *r, GError **error)
{
    if (!open_table(r, error) || !wait_whole(r, r->cell->target->whole, error))
        return false;
    begin_fault(r);
    return check_table(r, true, error) && go_home(r, error) && check_home(r, error) &&
           mend(r, error) && open_table(r, error) && wait_whole(r, r->cell->target->whole, error) &&
           go_home(r, error);
}

/* Another one in each cell: what has been read before would be there, if old. */
static void open_a_row(struct run *r)
{
    if (r->cell->target->filter) {
        pty_type(r->weir, "/");
        pty_type(r->weir, r->cell->target->filter);
        pty_key(r->weir, "enter");
    }
    for (unsigned i = r->ground->drilled++ % DRILL_ROWS; i > 0; i--)
        pty_key(r->weir, "j");
    pty_key(r->weir, "enter");
}

static bool run_drill(struct run *r, GError **error)
{
    begin_fault(r);
    if (!check_home(r, error) || !open_table(r, error) ||
        !pty_wait(r->weir, r->cell->target->row, PATIENCE, error))
        return false;
    open_a_row(r);
    g_autofree char *title = g_strdup_printf(
        r->cell->target->asked_once ? "^ simulated .* > detail " : "^ simulated > %s > ",
        r->cell->target->source);
    if (!pty_wait(r->weir, title, PATIENCE, error) ||
        !wait_marked(r, r->cell->target->asked_once ? "^(GET )?http.*: [^ ]" : SAID_SINCE, error) ||
        !ground_probe_keys(r->ground, r->cell->fault->name, error))
        return false;
    platform_fault(r->ground->platform, r->cell->target, "off");
    if (r->cell->target->asked_once) {
        /* The source is well before somebody asks again. */
        if (!go_home(r, error) || !wait_well(r, error) || !open_table(r, error))
            return false;
        pty_key(r->weir, "enter");
    }
    return wait_whole(r, r->cell->target->scoped, error) && go_home(r, error) &&
           wait_well(r, error);
}

int cell_speed(const struct cell *c)
{
    const struct expectation *e = expectation_of(c->fault);
    int speed = e && e->speed ? e->speed : USUAL_SPEED;
    return e && e->speed > USUAL_SPEED ? speed / SPEED_CUT : speed;
}

char *cell_run(struct ground *g, const struct cell *c)
{
    static bool (*const moments[])(struct run *, GError **) = {run_start, run_open, run_drill};
    struct run r = {.ground = g, .cell = c, .expect = expectation_of(c->fault)};
    if (!r.expect)
        return g_strdup("nothing in expect.c says what weir should say of it");
    if (c->moment != MOMENT_START)
        ground_open(g, cell_speed(c));
    g_autoptr(GError) error = NULL;
    int64_t began = pty_now_ns();
    r.weir = g->weir;
    bool ok = moments[c->moment](&r, &error);
    platform_fault(g->platform, c->target, "off");
    g_test_message("%s %s %s, %.1f s: %s", c->target->service, c->fault->name,
        moment_names[c->moment], (double)(pty_now_ns() - began) / 1e9, r.said ? r.said : "-");
    g_free(r.said);
    if (!ok)
        g_clear_pointer(&g->weir, pty_free);
    return ok ? NULL : g_strdup(error->message);
}

/* How the whole screen looks: title, sources, the open view, and the bottom line. No terminal: the
 * console's state is made here and its keys are pressed by calling it. */
#include "app.h"
#include "keys.h"
#include "screens/demo.h"
#include "screens/golden.h"
#include "sources.h"
#include "unit/configs.h"

static const char *const feed_kinds[] = {"demo.groups", "demo.offsets", "demo.plan", NULL};
static const struct feed feeds[] = {{"groups", 5000, FEED_ALWAYS, false, feed_kinds, NULL}, {0}};
static const struct kind *const kinds[] = {&groups_kind, &offsets_kind, &plan_kind, NULL};
static const struct connector demo = {
    .name = "demo", .title = "Demo", .help = "a demo", .kinds = kinds, .feeds = feeds};

struct fixture {
    struct config_result file;
    struct session session;
    struct app app;
};

/* -- what is known --------------------------------------------------------------------------------- */

static void put(struct fixture *f, struct snapshot *take_s)
{
    const struct snapshot *s = snapshot_seal(take_s);
    store_put(f->session.store, s);
    snapshot_unref(s);
}

static void put_sources(struct fixture *f)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)status_free);
    struct source_status *s = status_new("events", "demo", ROWS_NOW_MS - 3600000);
    status_count(s, 12, 34567, 23, ROWS_NOW_MS - 5000);
    status_succeed(s, ROWS_NOW_MS - 5000);
    s->version = g_strdup("4.3.1");
    g_ptr_array_add(all, s);
    s = status_new("warehouse-of-the-whole-company", "demo", ROWS_NOW_MS - 7200000);
    status_fail(s, WEIR_ERROR_UNREACHABLE,
        "https://trino.example:8443: connection refused; is the coordinator running?", 5000, 0.5,
        ROWS_NOW_MS - 600000);
    g_ptr_array_add(all, s);
    s = status_new("scheduler", "demo", ROWS_NOW_MS);
    g_ptr_array_add(all, s);
    struct snapshot *snapshot = sources_snapshot(all, ROWS_NOW_MS);
    snapshot_set_health(snapshot, 1, HEALTH_FAIL, "connection refused");
    snapshot_set_health(snapshot, 2, HEALTH_UNKNOWN, "no answer yet");
    put(f, snapshot);
    g_ptr_array_unref(all);
}

static void put_problems(struct fixture *f)
{
    static const struct {
        const char *severity, *system, *what, *about;
        enum health health;
        int64_t age_ms;
    } rows[] = {{"error", "demo", "groups enrich-v2: STALLED: commits stopped while messages came",
                    "events/groups/enrich-v2", HEALTH_FAIL, 21720000},
        {"error", "sources", "sources warehouse: connection refused", "weir/sources/warehouse",
            HEALTH_FAIL, 600000},
        {"warn", "demo", "groups search-indexer: falling behind by 45 a second",
            "events/groups/search-indexer", HEALTH_WARN, 65000},
        {"info", "demo", "groups audit: cannot be seen", "events/groups/audit", HEALTH_UNKNOWN,
            4000}};
    const struct kind *k = registry_kind(f->session.registry, "problems", NULL);
    AUTO(rid) scope = rid_source("weir");
    struct snapshot *s = snapshot_new(k, scope, ROWS_NOW_MS);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t row = snapshot_add(s, rows[i].about);
        snapshot_set_text(s, row, kind_column(k, "severity"), rows[i].severity);
        snapshot_set_text(s, row, kind_column(k, "system"), rows[i].system);
        snapshot_set_text(s, row, kind_column(k, "what"), rows[i].what);
        snapshot_set_text(s, row, kind_column(k, "about"), rows[i].about);
        snapshot_set_int(s, row, kind_column(k, "since"), ROWS_NOW_MS - rows[i].age_ms);
        snapshot_set_real(s, row, kind_column(k, "rank"), i + 1);
        snapshot_set_health(s, row, rows[i].health, rows[i].what);
    }
    put(f, s);
}

/* -- the console without a terminal ---------------------------------------------------------------- */

/* What a test's configuration says beside its sources. */
struct wish {
    const char *keys;
    bool simulated;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    const struct wish *wish = data;
    g_autofree char *text =
        g_strdup_printf("environments:\n  prod-eu:\n    simulated: %s\n    sources:\n"
                        "      events: {type: demo}\n      warehouse: {type: demo}\nkeys: {%s}\n",
            wish->simulated ? "true" : "false", wish->keys ? wish->keys : "");
    *f = (struct fixture){.file = config_read(text, NULL)};
    struct session *s = &f->session;
    s->config = f->file.config;
    s->environment = config_environment(s->config);
    s->registry = registry_new();
    registry_add(s->registry, derived_connector());
    registry_add(s->registry, &demo);
    g_assert_true(config_check_sources(s->config, s->registry, f->file.faults));
    s->engine = engine_new(s->environment);
    s->store = store_new(s->registry);
    g_autoptr(GString) complaints = g_string_new(NULL);
    g_autofree const char **names = app_command_names();
    f->app = (struct app){.session = s,
        .keymap = keymap_new(config_keys(s->config), names, complaints),
        .started = true};
    g_assert_cmpstr(complaints->str, ==, "");
    g_autofree struct keymap_command *table = keys_table();
    keymap_settle(f->app.keymap, table);
    app_init(&f->app);
    const struct kind *problems = registry_kind(s->registry, "problems", NULL);
    frame_open_kind(&f->app, problems, rid_source("weir"));
}

static void tear_down(struct fixture *f, gconstpointer said)
{
    (void)said;
    app_clear(&f->app);
    engine_free(f->session.engine);
    store_free(f->session.store);
    registry_free(f->session.registry);
    config_result_clear(&f->file);
}

/* Gives the top view what is known, and works off what is pending. */
static void settle(struct fixture *f)
{
    struct frame *top = app_top(&f->app);
    frame_update(&f->app, top);
    while (top->view->class->step && top->view->class->step(top->view, 1000000, ROWS_NOW_MS))
        ;
}

static struct cells *draw(struct fixture *f, int width, int height, bool ascii)
{
    struct cells *c = cells_new(width, height, ascii);
    screen_draw(&f->app, &c->surface, ROWS_NOW_MS);
    settle(f);
    cells_clear(c);
    screen_draw(&f->app, &c->surface, ROWS_NOW_MS);
    return c;
}

static void looks(struct fixture *f, const char *name, int width, int height)
{
    settle(f);
    AUTO(cells) c = draw(f, width, height, false);
    golden_is(name, c);
}

static void looks_both(struct fixture *f, const char *name)
{
    g_autofree char *small = g_strconcat(name, "-80x24", NULL);
    g_autofree char *large = g_strconcat(name, "-160x45", NULL);
    looks(f, small, 80, 24);
    looks(f, large, 160, 45);
}

static void press(struct fixture *f, const char *keys)
{
    g_auto(GStrv) words = g_strsplit(keys, " ", -1);
    for (char **key = words; *key; key++) {
        app_key(&f->app, *key);
        settle(f);
    }
    if (f->app.message_ms) /* the fake clock does not move */
        f->app.message_ms = ROWS_NOW_MS;
}

static void type(struct fixture *f, const char *text)
{
    for (; *text; text++) {
        const char key[] = {*text, 0};
        press(f, *text == ' ' ? "space" : key);
    }
}

static void fill(struct fixture *f)
{
    put_sources(f);
    put_problems(f);
    put(f, demo_groups("events", 10));
}

/* -- the screens ----------------------------------------------------------------------------------- */

static void the_first_frame(struct fixture *f, gconstpointer said)
{
    (void)said;
    looks_both(f, "console-first");
}

static void the_list_of_problems(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    looks_both(f, "console-now");
    AUTO(cells) c = draw(f, 80, 24, true);
    golden_is("console-now-ascii", c);
    looks(f, "console-now-40x8", 40, 8);
}

static void no_problem_at_all(struct fixture *f, gconstpointer said)
{
    (void)said;
    const struct kind *k = registry_kind(f->session.registry, "problems", NULL);
    AUTO(rid) scope = rid_source("weir");
    put(f, snapshot_new(k, scope, ROWS_NOW_MS));
    looks(f, "console-calm", 80, 24);
}

static void a_kind_is_opened_by_its_name(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    press(f, ":");
    looks(f, "console-prompt-empty", 80, 24);
    type(f, "gr");
    looks(f, "console-prompt", 80, 24);
    press(f, "tab");
    looks(f, "console-prompt-chosen", 80, 24);
    press(f, "enter");
    g_assert_true(app_top(&f->app)->kind == &groups_kind);
    looks_both(f, "console-kind");
    press(f, "esc");
    g_assert_true(app_is_home(&f->app));
}

static void typing_filters_and_esc_takes_it_back(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    app_run_line(&f->app, "demo.groups");
    press(f, "/");
    type(f, "worker");
    looks(f, "console-filtering", 80, 24);
    press(f, "esc");
    g_assert_cmpstr(app_top(&f->app)->view->class->filter_text(app_top(&f->app)->view), ==, "");
    press(f, "/");
    type(f, "lagg>5");
    press(f, "enter");
    looks(f, "console-filter-wrong", 80, 24);
    press(f, "/ ctrl-u");
    type(f, "worker");
    press(f, "enter");
    looks(f, "console-filtered", 80, 24);
    press(f, "esc");
    g_assert_false(app_is_home(&f->app)); /* the first one clears the filter */
    press(f, "esc");
    g_assert_true(app_is_home(&f->app));
}

static void sorting_is_chosen_from_a_list(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    app_run_line(&f->app, "demo.groups");
    press(f, "o");
    type(f, "mem");
    looks(f, "console-sorting", 80, 24);
    press(f, "tab enter");
    looks(f, "console-sorted", 80, 24);
}

static void enter_leads_down_and_esc_back(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    app_run_line(&f->app, "demo.groups");
    press(f, "j enter");
    g_assert_true(app_top(&f->app)->kind == &offsets_kind);
    looks(f, "console-scope-loading", 80, 24);
    AUTO(rid) scope = rid_copy(app_top(&f->app)->scope);
    struct snapshot *s = snapshot_new(&offsets_kind, scope, ROWS_NOW_MS - 15000);
    demo_row(s, "orders:0", "", HEALTH_OK, 12);
    put(f, s);
    looks(f, "console-scope", 80, 24);
    press(f, "esc");
    g_assert_cmpuint(f->app.frames->len, ==, 2);
    g_assert_true(app_top(&f->app)->kind == &groups_kind);
}

static void help_lists_what_the_keys_do(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    app_run_line(&f->app, "demo.groups");
    press(f, "?");
    looks_both(f, "console-help");
    press(f, "/");
    type(f, "sort");
    press(f, "enter");
    looks(f, "console-help-searched", 80, 24);
    press(f, "esc esc");
    g_assert_true(app_top(&f->app)->kind == &groups_kind);
}

static void the_users_keys_stand_in_hints_and_help(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    looks(f, "console-own-keys", 80, 24);
    press(f, "F");
    g_assert_cmpint(f->app.prompt->mode, ==, PROMPT_FILTER);
    press(f, "esc /");
    g_assert_cmpint(f->app.prompt->mode, ==, PROMPT_OFF); /* the old key is free */
    press(f, "ctrl-x");
    looks(f, "console-own-keys-help", 80, 24);
}

static void a_simulated_platform_says_so_and_help_begins_with_a_tour(
    struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    looks(f, "console-simulated", 80, 24);
    press(f, "?");
    looks_both(f, "console-tour");
    press(f, "j enter"); /* leads to a source that this platform does not even have */
    g_assert_true(f->app.message_is_error || !app_is_home(&f->app));
    press(f, "esc ? enter");
    g_assert_true(app_is_home(&f->app));
}

static void what_cannot_be_done_is_said(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    static const struct {
        const char *line, *words;
    } cases[] = {{"zookeeper", "no kind \"zookeeper\""}, {"demo.offsets", "belong to one of"},
        {"nowhere/groups/x", "no source \"nowhere\""}, {"events/zebras/x", "demo has no zebras"},
        {"events/groupz", ""}, {"events/offsets", ""}, {"weir://other:events/groups", ""}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        app_run_line(&f->app, cases[i].line);
        g_assert_true(f->app.message_is_error);
        ASSERT_CONTAINS(f->app.message, cases[i].words);
        g_assert_true(app_is_home(&f->app));
    }
    f->app.message_ms = ROWS_NOW_MS;
    app_complain(&f->app,
        "\033[31mhostile\033[0m: a message that is longer than the line it has to "
        "stand on, so that its end is not to be seen");
    f->app.message_ms = ROWS_NOW_MS;
    looks(f, "console-message", 80, 24);
    f->app.message_ms = ROWS_NOW_MS - MESSAGE_MS - 1; /* it has been there long enough */
    looks(f, "console-message-over", 80, 24);
}

static void any_size_can_be_drawn(struct fixture *f, gconstpointer said)
{
    (void)said;
    fill(f);
    for (int pass = 0; pass < 3; pass++) {
        for (int width = 1; width < 100; width += pass ? 7 : 1) {
            for (int height = 1; height < 30; height += pass ? 3 : 1) {
                AUTO(cells) c = draw(f, width, height, height % 2);
                g_assert_cmpint(c->cursor_x, <, width);
            }
        }
        press(f, pass ? "esc ?" : ":");
    }
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    static const struct wish plain, own = {.keys = "filter: F, help: ctrl-x"},
                                    simulated = {.simulated = true};
#define CONSOLE(name, said, test)                                                                  \
    g_test_add("/console/" name, struct fixture, said, set_up, test, tear_down)
    CONSOLE("the-first-frame", &plain, the_first_frame);
    CONSOLE("the-list-of-problems", &plain, the_list_of_problems);
    CONSOLE("no-problem-at-all", &plain, no_problem_at_all);
    CONSOLE("a-kind-is-opened-by-its-name", &plain, a_kind_is_opened_by_its_name);
    CONSOLE("typing-filters-and-esc-takes-it-back", &plain, typing_filters_and_esc_takes_it_back);
    CONSOLE("sorting-is-chosen-from-a-list", &plain, sorting_is_chosen_from_a_list);
    CONSOLE("enter-leads-down-and-esc-back", &plain, enter_leads_down_and_esc_back);
    CONSOLE("help-lists-what-the-keys-do", &plain, help_lists_what_the_keys_do);
    CONSOLE("the-users-keys-stand-in-hints-and-help", &own, the_users_keys_stand_in_hints_and_help);
    CONSOLE("a-simulated-platform-says-so-and-help-begins-with-a-tour", &simulated,
        a_simulated_platform_says_so_and_help_begins_with_a_tour);
    CONSOLE("what-cannot-be-done-is-said", &plain, what_cannot_be_done_is_said);
    CONSOLE("any-size-can-be-drawn", &plain, any_size_can_be_drawn);
    return g_test_run();
}

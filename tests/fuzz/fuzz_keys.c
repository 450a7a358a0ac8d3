/* Any keys on the whole console, over made-up rows and without a terminal: the input is a key a line;
 * what is no key is pasted; "!" and a size changes the screen's, "=" renews the data. */
#include "app.h"
#include "fuzz/fuzz.h"
#include "input.h"
#include "screens/demo.h"
#include "sources.h"
#include "text.h"

#define KEYS_MAX 64 /* per input: none may take long */

static const char yaml[] =
    "environments: {e: {class: dev, sources: {events: {type: demo}, more: {type: demo}}}}\n";
static const char *const feed_kinds[] = {"demo.groups", "demo.offsets", "demo.plan", NULL};
static const struct feed feeds[] = {{"groups", 5000, FEED_ALWAYS, false, feed_kinds, NULL}, {0}};
static const struct kind *const kinds[] = {&groups_kind, &offsets_kind, &plan_kind, NULL};
static const struct connector demo = {
    .name = "demo", .title = "Demo", .help = "a demo", .kinds = kinds, .feeds = feeds};

static void put(struct session *s, struct snapshot *take_s)
{
    const struct snapshot *sealed = snapshot_seal(take_s);
    store_put(s->store, sealed);
    snapshot_unref(sealed);
}

static void put_data(struct session *s, unsigned round)
{
    g_autoptr(GPtrArray) statuses = engine_statuses(s->engine);
    put(s, sources_snapshot(statuses, ROWS_NOW_MS));
    put(s, demo_groups("events", (int)(round * 7 % 40)));
    put(s, demo_groups("more", (int)(round * 3 % 5)));
    AUTO(rid) weir = rid_source("weir");
    const struct kind *k = registry_kind(s->registry, "problems", NULL);
    struct snapshot *problems = snapshot_new(k, weir, ROWS_NOW_MS);
    static const char *const about[] = {"events/groups/billing", "weir/sources/more", "bad address",
        "events/groups/a%2Fb/offsets/orders:0", "nowhere/groups/x"};
    for (unsigned i = 0; i < G_N_ELEMENTS(about); i++) {
        size_t row = snapshot_add(problems, about[i]);
        snapshot_set_text(problems, row, kind_column(k, "about"), about[i]);
        snapshot_set_text(problems, row, kind_column(k, "what"), "日本語 \033[31m");
    }
    put(s, problems);
    if (round > 0)
        put(s, demo_plan());
}

static struct app *app_over(struct session *s)
{
    static const char *const no_keys[] = {NULL};
    g_autofree const char **names = app_command_names();
    g_autoptr(GString) complaints = g_string_new(NULL);
    struct app *a = g_new0(struct app, 1);
    *a = (struct app){.session = s, .started = true};
    app_init(a);
    a->keymap = keymap_new(no_keys, names, complaints);
    frame_open_kind(a, registry_kind(s->registry, "problems", NULL), rid_source("weir"));
    return a;
}

/* What would end the process, or reach beyond it: files, clipboards, other programs, the terminal. */
static const char *const outside[] = {"q", "q!", "quit", "close", "plain", "pager", "copy", "save",
    "export", "save-screen", "ctx", "preview", "theme", NULL};
static const char *const outside_keys[] = {"Y", "|", "c", "S", "p", NULL};

static bool reaches_out(const struct app *a, const char *key)
{
    if (a->prompt->mode == PROMPT_OFF && strcmp(key, "q") == 0)
        return app_is_home(a);
    if (a->prompt->mode == PROMPT_OFF && g_strv_contains(outside_keys, key))
        return true;
    if (strcmp(key, "enter") != 0)
        return false;
    if (a->prompt->mode == PROMPT_COMMAND) {
        g_autofree char *line = g_strstrip(g_strdup(a->prompt->text->str));
        line[strcspn(line, " ")] = '\0';
        return g_strv_contains(outside, line);
    }
    const struct snapshot *s;
    size_t row;
    struct view *v = app_top(a)->view;
    return help_is(app_top(a)) && v->class->selected(v, &s, &row) &&
           g_strv_contains(outside, snapshot_row(s, row)->name);
}

static void press(struct app *a, const char *line)
{
    if (input_is_key(line)) {
        if (!reaches_out(a, line))
            app_key(a, line);
        return;
    }
    g_string_truncate(a->paste, 0);
    text_clean(line, -1, a->paste); /* what the terminal's reader does */
    app_key(a, KEY_PASTE);
}

static void draw(struct app *a, unsigned size)
{
    struct frame *top = app_top(a);
    frame_update(a, top);
    if (top->view->class->step)
        top->view->class->step(top->view, 100, ROWS_NOW_MS);
    AUTO(cells) c = cells_new((int)(size % 97) + 1, (int)(size / 97 % 40) + 1, size % 2);
    screen_draw(a, &c->surface, ROWS_NOW_MS);
    g_assert_cmpint(c->cursor_x, <, c->surface.width);
    g_autofree char *text = cells_text(c, true);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strchr(text, '\033'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct session s = {.config = config_load(fuzz_file(yaml, strlen(yaml)), NULL, faults)};
    s.environment = config_environment(s.config);
    s.registry = registry_new();
    registry_add(s.registry, derived_connector());
    registry_add(s.registry, &demo);
    config_check_sources(s.config, s.registry, faults);
    s.engine = engine_new(s.environment);
    s.store = store_new(s.registry);
    put_data(&s, 0);
    struct app *a = app_over(&s);
    unsigned screen = 80 + 97 * 24, round = 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", KEYS_MAX + 1);
    for (unsigned i = 0; lines[i] && i < KEYS_MAX; i++) {
        if (lines[i][0] == '!' && lines[i][1])
            screen = (unsigned)g_ascii_strtoull(lines[i] + 1, NULL, 10);
        else if (strcmp(lines[i], "=") == 0)
            put_data(&s, ++round % 8);
        else
            press(a, lines[i]);
        draw(a, screen);
    }
    app_clear(a);
    g_free(a);
    engine_free(s.engine);
    store_free(s.store);
    registry_free(s.registry);
    config_free(s.config);
    return 0;
}

#include <stdarg.h>
#include <string.h>

#include "action.h"
#include "arrange.h"
#include "connector.h"
#include "filter.h"
#include "quantity.h"
#include "rid.h"

struct check {
    const struct registry *registry;
    const struct connector *connector;
    const struct kind *kind;
    GString *faults;
    unsigned count;
};

static void fault(struct check *c, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fault(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(c->faults, "%s: ", c->kind ? c->kind->name : c->connector->name);
    g_string_append_vprintf(c->faults, format, args);
    g_string_append_c(c->faults, '\n');
    va_end(args);
    c->count++;
}

static bool is_word(const char *text)
{
    return text && *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void check_trend(struct check *c)
{
    const char *trend = c->kind->trend;
    int column = trend ? column_index(c->kind->columns, trend) : COLUMN_UNKNOWN;
    if (trend && (column < 0 || !column_has_past(&c->kind->columns[column])))
        fault(c, "its trend %s is no amount that is recorded", trend);
}

static void check_columns(struct check *c)
{
    const struct column *columns = c->kind->columns;
    for (int i = 0; columns[i].name; i++) {
        if (!is_word(columns[i].name) || !columns[i].title || !columns[i].help)
            fault(c, "column %s: bad name, no title or no help", columns[i].name);
        if (column_index(columns, columns[i].name) != i)
            fault(c, "column %s: stands twice", columns[i].name);
        bool pseudo = column_index((const struct column[]){{0}}, columns[i].name) < COLUMN_UNKNOWN;
        if (pseudo)
            fault(c, "column %s: every row has one of that name", columns[i].name);
        bool span = g_str_has_suffix(columns[i].name, "_ms");
        if (span != (columns[i].type == CELL_SPAN_MS))
            fault(c, "column %s: spans, and only they, end in _ms", columns[i].name);
        bool bytes = g_str_has_suffix(columns[i].name, "_bytes");
        if (bytes && columns[i].type != CELL_BYTES)
            fault(c, "column %s: ends in _bytes but counts something else", columns[i].name);
    }
    g_autoptr(GError) error = NULL;
    AUTO(arrange) a = arrange_new();
    if (c->kind->sort && !arrange_set_sort(a, c->kind->sort, columns, &error))
        fault(c, "%s", error->message);
    if (c->kind->since && kind_column(c->kind, c->kind->since) == COLUMN_UNKNOWN)
        fault(c, "no column %s for its since", c->kind->since);
    check_trend(c);
}

/* Keys that end, stop or freeze programs elsewhere: no link and no action may take them. */
static bool is_dangerous(const char *key)
{
    static const char *const keys[] = {"ctrl-c", "ctrl-z", "ctrl-s", "ctrl-q", "ctrl-\\", "ctrl-a",
        "ctrl-b", "ctrl-k", "ctrl-d", NULL};
    return g_strv_contains(keys, key);
}

static void check_target(struct check *c, const struct link *link)
{
    const char *target = link->target;
    static const char *const fixed[] = {"@detail", "@log", "@name", NULL};
    if (g_strv_contains(fixed, target))
        return;
    if (target[0] == '@') {
        int column = kind_column(c->kind, target + 1);
        if (column == COLUMN_UNKNOWN || kind_column_info(c->kind, column)->type != CELL_LINK)
            fault(c, "link %s: %s is no column of addresses", link->key, target + 1);
        return;
    }
    const struct kind *to = registry_kind(c->registry, target, NULL);
    if (!to || strcmp(to->name, target) != 0)
        fault(c, "link %s: there is no kind %s", link->key, target);
    else if (g_strcmp0(to->scope, c->kind->name) != 0)
        fault(c, "link %s: %s does not belong to a row of this kind", link->key, target);
}

static void check_links(struct check *c)
{
    for (const struct link *l = c->kind->links; l && l->key; l++) {
        if (!l->title || !*l->title)
            fault(c, "link %s: no title", l->key);
        if (is_dangerous(l->key))
            fault(c, "link %s: that key ends or freezes programs", l->key);
        for (const struct link *other = c->kind->links; other < l; other++)
            if (strcmp(other->key, l->key) == 0)
                fault(c, "link %s: the key is taken twice", l->key);
        check_target(c, l);
    }
}

static bool any_threshold(const char *name, double *value, void *registry)
{
    for (guint i = 0; i < registry_connector_count(registry); i++) {
        const struct option *o = registry_connector_at(registry, i)->thresholds;
        for (; o && o->name; o++) {
            if (strcmp(o->name, name) == 0) {
                *value = 0;
                return true;
            }
        }
    }
    return false;
}

static void check_why(struct check *c, const struct health_rule *rule)
{
    for (const char *p = rule->why ? strchr(rule->why, '{') : NULL; p; p = strchr(p + 1, '{')) {
        g_autofree char *name = g_strndup(p + 1, strcspn(p + 1, "}"));
        if (kind_column(c->kind, name) == COLUMN_UNKNOWN)
            fault(c, "rule %s: its sentence names no column: %s", rule->when, name);
    }
}

static void check_health(struct check *c)
{
    for (const struct health_rule *rule = c->kind->health; rule && rule->when; rule++) {
        g_autoptr(GError) error = NULL;
        AUTO(filter)
        f = filter_parse(rule->when, c->kind->columns, any_threshold, (void *)c->registry, &error);
        if (!f)
            fault(c, "rule %s: %s", rule->when, error->message);
        else if (filter_searches(f))
            fault(c, "rule %s: a rule compares columns, it does not search", rule->when);
        if (!rule->why && rule->health != HEALTH_OK)
            fault(c, "rule %s: no sentence", rule->when);
        check_why(c, rule);
    }
}

static const struct feed *feed_named(const struct connector *c, const char *name)
{
    for (const struct feed *f = c->feeds; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static void check_feed(struct check *c)
{
    const struct kind *k = c->kind;
    const struct feed *f = k->feed ? feed_named(c->connector, k->feed) : NULL;
    if (!f)
        fault(c, "there is no feed %s", k->feed ? k->feed : "(none)");
    else if (!g_strv_contains(f->kinds, k->name))
        fault(c, "feed %s does not list it", k->feed);
    if (k->scope && !registry_kind(c->registry, k->scope, NULL))
        fault(c, "its scope %s is no kind", k->scope);
    for (const char *const *input = k->inputs; input && *input; input++)
        if (strcmp(*input, "*") != 0 && !registry_kind(c->registry, *input, NULL))
            fault(c, "its input %s is no kind", *input);
    if ((k->inputs != NULL) != (f && f->when == FEED_DERIVED))
        fault(c, "inputs and a derived feed belong together");
}

static bool action_has_key(const struct action *a, const char *key)
{
    g_auto(GStrv) keys = g_strsplit(a->keys ? a->keys : "", " ", -1);
    return g_strv_contains((const char *const *)keys, key);
}

static void check_action_keys(struct check *c, const struct action *a)
{
    g_auto(GStrv) keys = g_strsplit(a->keys ? a->keys : "", " ", -1);
    for (char **key = keys; *key; key++) {
        if (is_dangerous(*key))
            fault(c, "action %s: its key ends or freezes programs", a->name);
        bool taken = false;
        for (const struct link *l = c->kind->links; l && l->key; l++)
            taken |= strcmp(l->key, *key) == 0;
        for (const struct action *other = c->kind->actions; other < a; other++)
            taken |= action_has_key(other, *key);
        if (taken)
            fault(c, "action %s: the key %s is taken twice", a->name, *key);
    }
}

static void check_actions(struct check *c)
{
    for (const struct action *a = c->kind->actions; a && a->name; a++) {
        if (!a->help || !*a->help)
            fault(c, "action %s: no help", a->name);
        for (const struct action *other = c->kind->actions; other < a; other++)
            if (strcmp(other->name, a->name) == 0)
                fault(c, "action %s: stands twice", a->name);
        check_action_keys(c, a);
    }
}

/* What stands before the dot is the connector's name, or that of a kind of its own which has the plural
 * alone: alerts.silences of alerts, whatever system they are read from. */
static void check_prefix(struct check *c)
{
    const char *dot = strchr(c->kind->name, '.');
    if (!dot)
        return;
    g_autofree char *prefix = g_strndup(c->kind->name, (gsize)(dot - c->kind->name));
    bool own = strcmp(prefix, c->connector->name) == 0;
    for (const struct kind *const *k = c->connector->kinds; *k; k++)
        own |= strcmp(prefix, (*k)->name) == 0;
    if (!own)
        fault(c, "its name must begin with %s.", c->connector->name);
}

static void check_kind(struct check *c)
{
    const struct kind *k = c->kind;
    if (!k->title || !k->help || !k->columns) {
        fault(c, "no title, help or columns");
        return;
    }
    unsigned same = 0;
    for (guint i = 0; i < registry_kind_count(c->registry); i++)
        same += strcmp(registry_kind_at(c->registry, i)->name, k->name) == 0;
    if (same != 1)
        fault(c, "stands %u times", same);
    check_prefix(c);
    check_columns(c);
    check_links(c);
    check_health(c);
    check_feed(c);
    check_actions(c);
}

static void check_options(struct check *c, const struct option *options)
{
    for (const struct option *o = options; o && o->name; o++)
        if (!is_word(o->name) || !o->help)
            fault(c, "option %s: bad name or no help", o->name);
}

/* Rules compare with thresholds: each needs a number from the start. */
static void check_thresholds(struct check *c)
{
    check_options(c, c->connector->thresholds);
    for (const struct option *o = c->connector->thresholds; o && o->name; o++) {
        double number;
        int64_t ms;
        const char *text = o->fallback ? o->fallback : "";
        bool span = o->type == OPTION_SPAN && quantity_parse_span(text, false, &ms);
        if (!span && !(o->type == OPTION_NUMBER && quantity_parse_number(text, &number)))
            fault(c, "threshold %s: neither a number nor a span with a default", o->name);
    }
}

static void check_connector(struct check *c)
{
    check_options(c, c->connector->options);
    check_thresholds(c);
    for (const struct feed *f = c->connector->feeds; f && f->name; f++) {
        if (!f->fetch || !f->kinds || !f->kinds[0])
            fault(c, "feed %s: no fetch or no kinds", f->name);
        if (f->when != FEED_DERIVED && f->poll_ms < 1000)
            fault(c, "feed %s: polls more than once a second", f->name);
        for (const char *const *k = f->kinds; k && *k; k++)
            if (!registry_kind(c->registry, *k, NULL))
                fault(c, "feed %s: there is no kind %s", f->name, *k);
    }
    for (const struct kind *const *k = c->connector->kinds; *k; k++) {
        c->kind = *k;
        check_kind(c);
    }
}

unsigned kind_check(const struct registry *r, GString *faults)
{
    unsigned count = 0;
    for (guint i = 0; i < registry_connector_count(r); i++) {
        struct check c = {r, registry_connector_at(r, i), NULL, faults, 0};
        check_connector(&c);
        count += c.count;
    }
    return count;
}

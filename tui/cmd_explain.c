/* weir explain: what a kind, a column or a key of the configuration is, in words, out of the tables
 * that also filter, draw and check. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "connector.h"
#include "prose.h"
#include "quantity.h"
#include "tables.h"
#include "text.h"

#define TERMS 18 /* column at which the text beside a term begins */

static const char *const type_words[] = {
    [CELL_BOOL] = "yes or no",
    [CELL_INT] = "whole number",
    [CELL_REAL] = "number",
    [CELL_TEXT] = "text",
    [CELL_TIME_MS] = "time",
    [CELL_SPAN_MS] = "span; milliseconds for scripts",
    [CELL_BYTES] = "bytes",
    [CELL_PERCENT] = "percent",
    [CELL_STATE] = "state",
    [CELL_LINK] = "address",
    [CELL_SERIES] = "a number over time",
    [CELL_STATES] = "past states, oldest first",
    [CELL_GANTT] = "spans over time",
};

static const char *const shape_words[] = {"a table", "a tree", "a list of fields", "a log"};

struct explain {
    struct prose prose;
    const struct registry *registry;
};

/* -- a rule in words ----------------------------------------------------------------------------- */

static const struct option *find_threshold(const struct registry *r, const char *name)
{
    for (guint i = 0; i < registry_connector_count(r); i++)
        for (const struct option *o = registry_connector_at(r, i)->thresholds; o && o->name; o++)
            if (strcmp(o->name, name) == 0)
                return o;
    return NULL;
}

/* What a column is compared with; of a threshold its name and its default. */
static void append_value(const struct registry *r, const char *value, GString *out)
{
    const struct option *o = *value == '@' ? find_threshold(r, value + 1) : NULL;
    if (o)
        g_string_append_printf(out, "%s (threshold, %s)", o->name, o->fallback);
    else
        g_string_append(out, value);
}

/* One term of a filter expression. */
static void append_term(const struct registry *r, const char *term, GString *out)
{
    static const struct {
        const char *sign, *words;
    } signs[] = {{">=", "is at least"}, {"<=", "is at most"}, {"!=", "is not"}, {">", "is above"},
        {"<", "is below"}, {"=", "is"}, {":", "contains"}};
    gsize n = strcspn(term, "<>=!:");
    if (*term == '!') {
        g_string_append(out, "not ");
        append_term(r, term + 1, out);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (!g_str_has_prefix(term + n, signs[i].sign))
            continue;
        const char *value = term + n + strlen(signs[i].sign);
        g_string_append_len(out, term, (gssize)n);
        if (strcmp(value, "none") == 0) {
            g_string_append(out, *signs[i].sign == '!' ? " is known" : " is absent");
            return;
        }
        g_string_append_printf(out, " %s ", signs[i].words);
        append_value(r, value, out);
        return;
    }
    g_string_append(out, term);
}

static char *rule_words(const struct registry *r, const struct health_rule *rule)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) terms = g_strsplit(rule->when, " ", -1);
    bool joined = true;
    for (char **term = terms; *term; term++) {
        if (strcmp(*term, "|") == 0) {
            g_string_append(out, ", or ");
            joined = true;
            continue;
        }
        g_string_append(out, joined ? "" : " and ");
        append_term(r, *term, out);
        joined = false;
    }
    if (rule->why)
        g_string_append_printf(out, ": \"%s\"", rule->why);
    return g_string_free(out, FALSE);
}

/* -- a kind -------------------------------------------------------------------------------------- */

static char *column_words(const struct column *c)
{
    static const struct {
        unsigned flag;
        const char *words;
    } notes[] = {{COLUMN_F_HIDDEN, "shown when asked for"},
        {COLUMN_F_WINDOW, "needs samples over time"}, {COLUMN_F_PRIVATE, "never recorded"}};
    GString *out = g_string_new(c->help);
    g_string_append_printf(out, " (%s", type_words[c->type]);
    for (unsigned i = 0; i < G_N_ELEMENTS(notes); i++)
        if (c->flags & notes[i].flag)
            g_string_append_printf(out, "; %s", notes[i].words);
    g_string_append_c(out, ')');
    return g_string_free(out, FALSE);
}

static void explain_column(struct explain *e, const struct column *c)
{
    g_autofree char *words = column_words(c);
    prose_term(&e->prose, 2, TERMS + 4, c->name, words);
}

static char *scope_words(const struct kind *k)
{
    if (!k->scope)
        return g_strdup("a source");
    return g_strdup_printf("one of %s: --scope ADDRESS%s", k->scope,
        k->scope_optional ? "; without it, those of the whole source" : "");
}

static void explain_health(struct explain *e, const struct kind *k)
{
    if (!k->health)
        return;
    prose_heading(&e->prose, "\nHealth: the first that holds; else ok");
    for (const struct health_rule *rule = k->health; rule->when; rule++) {
        g_autofree char *words = rule_words(e->registry, rule);
        prose_term(&e->prose, 2, 12, health_name(rule->health), words);
    }
}

static char *link_words(const struct link *l)
{
    if (strcmp(l->target, "@detail") == 0)
        return g_strdup_printf("%s: the whole of it", l->title);
    if (strcmp(l->target, "@log") == 0)
        return g_strdup_printf("%s: its log", l->title);
    if (strcmp(l->target, "@name") == 0)
        return g_strdup_printf("%s: the source of that name", l->title);
    if (*l->target == '@')
        return g_strdup_printf("%s: the thing that column %s names", l->title, l->target + 1);
    return g_strdup_printf("%s: its %s", l->title, l->target);
}

static void explain_links(struct explain *e, const struct kind *k)
{
    if (!k->links || !k->links->key)
        return;
    prose_heading(&e->prose, "\nKeys");
    for (const struct link *l = k->links; l->key; l++) {
        g_autofree char *words = link_words(l);
        prose_term(&e->prose, 2, 12, l->key, words);
    }
}

static void explain_facts(struct explain *e, const struct kind *k)
{
    const struct connector *owner = registry_owner(e->registry, k);
    g_autofree char *system = g_strdup_printf("%s (type: %s)", owner->title, owner->name);
    g_autofree char *scope = scope_words(k);
    prose_term(&e->prose, 2, TERMS, "system", system);
    prose_term(&e->prose, 2, TERMS, "belongs to", scope);
    prose_term(&e->prose, 2, TERMS, "drawn as", shape_words[k->shape]);
    if (k->aliases)
        prose_term(&e->prose, 2, TERMS, "also called", k->aliases);
    if (k->sort)
        prose_term(&e->prose, 2, TERMS, "sorted by", k->sort);
    for (const struct feed *f = owner->feeds; k->feed && f && f->name; f++) {
        if (strcmp(f->name, k->feed) != 0)
            continue;
        g_autoptr(GString) every = g_string_new("every ");
        quantity_append_span(every, f->poll_ms);
        g_string_append(every, f->when == FEED_WHILE_OPEN ? " while it is shown" : "");
        prose_term(&e->prose, 2, TERMS, "read",
            f->when == FEED_DERIVED ? "when what it is made of changes" : every->str);
    }
}

static void explain_kind(struct explain *e, const struct kind *k)
{
    prose_heading(&e->prose, k->name);
    prose_paragraph(&e->prose, 2, k->help);
    explain_facts(e, k);
    prose_heading(&e->prose, "\nColumns");
    for (const struct column *c = k->columns; c->name; c++)
        explain_column(e, c);
    prose_heading(&e->prose, "\nColumns that every row has");
    for (int c = COLUMN_SOURCE; c < COLUMN_UNKNOWN; c++)
        explain_column(e, kind_column_info(k, c));
    explain_health(e, k);
    explain_links(e, k);
}

static void list_kinds(struct explain *e)
{
    for (guint i = 0; i < registry_connector_count(e->registry); i++) {
        const struct connector *c = registry_connector_at(e->registry, i);
        g_autofree char *title =
            g_strdup_printf("%s%s (type: %s)", i ? "\n" : "", c->title, c->name);
        prose_heading(&e->prose, title);
        for (const struct kind *const *k = c->kinds; *k; k++)
            prose_term(&e->prose, 2, TERMS + 4, (*k)->name, (*k)->help);
    }
    g_string_append(e->prose.out, "\n");
    prose_paragraph(&e->prose, 0,
        "weir explain KIND, KIND.COLUMN or config says more. This version has no actions and no "
        "checks.");
}

/* -- the configuration --------------------------------------------------------------------------- */

static void explain_options(struct explain *e, const char *title, const struct option *o)
{
    if (!o || !o->name)
        return;
    prose_heading(&e->prose, title);
    for (; o->name; o++) {
        g_autoptr(GString) text = g_string_new(o->help);
        g_string_append_printf(text, " (%s", option_type_words(o->type));
        if (o->flags & OPTION_F_REQUIRED)
            g_string_append(text, "; it must be given");
        if (o->fallback)
            g_string_append_printf(text, "; default %s", o->fallback);
        if (o->flags & OPTION_F_LATER)
            g_string_append(text, "; not in this version");
        g_string_append_c(text, ')');
        prose_term(&e->prose, 2, TERMS + 4, o->name, text->str);
    }
}

static void explain_config(struct explain *e)
{
    prose_paragraph(&e->prose, 0,
        "--config FILE, else $WEIR_CONFIG, else $XDG_CONFIG_HOME/weir/weir.yaml (~/.config), else "
        "/etc/weir/weir.yaml. weir reads it and never writes it; `weir config init` makes a first "
        "one, `weir config check` names what is wrong.");
    explain_options(e, "\nThe file", config_options);
    explain_options(e, "\nEach of environments", environment_options);
    explain_options(e, "\nEach of sources", source_options);
    for (guint i = 0; i < registry_connector_count(e->registry); i++) {
        const struct connector *c = registry_connector_at(e->registry, i);
        g_autofree char *title = g_strdup_printf("\n%s, type: %s", c->title, c->name);
        explain_options(e, title, c->options);
    }
    explain_options(e, "\nSources that speak HTTP", http_options);
    for (guint i = 0; i < registry_connector_count(e->registry); i++) {
        const struct connector *c = registry_connector_at(e->registry, i);
        g_autofree char *title = g_strdup_printf("\nthresholds of %s", c->title);
        explain_options(e, title, c->thresholds);
    }
}

/* -- words --------------------------------------------------------------------------------------- */

static const char *near_name(const struct registry *r, const char *word)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < registry_kind_count(r); i++) {
        g_ptr_array_add(names, (gpointer)registry_kind_at(r, i)->name);
        g_ptr_array_add(names, (gpointer)kind_segment(registry_kind_at(r, i)));
    }
    g_ptr_array_add(names, "config");
    g_ptr_array_add(names, "check");
    g_ptr_array_add(names, NULL);
    return text_nearest(word, (const char *const *)names->pdata);
}

static int unknown_word(const struct registry *r, const char *word)
{
    const char *near = near_name(r, word);
    if (near)
        cli_complain("there is no \"%s\" to explain; did you mean \"%s\"?", word, near);
    else
        cli_complain("there is no \"%s\" to explain (this version has no actions); `weir explain` "
                     "lists the kinds",
            word);
    return EXIT_USAGE;
}

/* KIND.COLUMN: the word up to its last point is a kind. */
static int explain_dotted(struct explain *e, const char *word)
{
    const char *point = strrchr(word, '.');
    g_autofree char *head = point ? g_strndup(word, (gsize)(point - word)) : NULL;
    const struct kind *k = head ? registry_kind(e->registry, head, NULL) : NULL;
    if (!k)
        return unknown_word(e->registry, word);
    int column = kind_column(k, point + 1);
    if (column != COLUMN_UNKNOWN) {
        g_autofree char *title = g_strdup_printf("%s.%s", k->name, point + 1);
        prose_heading(&e->prose, title);
        explain_column(e, kind_column_info(k, column));
        return EXIT_FINE;
    }
    g_autofree const char **names = column_names(k->columns);
    const char *near = text_nearest(point + 1, names);
    if (!near && near_name(e->registry, word))
        return unknown_word(e->registry, word);
    if (near)
        cli_complain("%s has no column \"%s\"; did you mean \"%s\"?", k->name, point + 1, near);
    else
        cli_complain(
            "%s has no column \"%s\"; `weir explain %s` lists them", k->name, point + 1, k->name);
    return EXIT_USAGE;
}

static int explain_word(struct explain *e, const char *word)
{
    g_autoptr(GError) error = NULL;
    const struct kind *k = registry_kind(e->registry, word, &error);
    if (strcmp(word, "config") == 0) {
        explain_config(e);
    } else if (strcmp(word, "check") == 0 || strcmp(word, "action") == 0) {
        g_string_append_printf(e->prose.out, "This version of weir has no %ss.\n", word);
    } else if (k) {
        explain_kind(e, k);
    } else if (g_strcmp0(near_name(e->registry, word), word) == 0) { /* several systems have it */
        cli_complain("%s", error->message);
        return EXIT_USAGE;
    } else {
        return explain_dotted(e, word);
    }
    return EXIT_FINE;
}

bool cli_bold(const struct cli *cli)
{
    const char *term = g_getenv("TERM");
    if (cli->color && strcmp(cli->color, "auto") != 0)
        return strcmp(cli->color, "always") == 0;
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

int cmd_explain(const struct cli *cli)
{
    const char *word = cli_argument(cli, 0);
    struct registry *r = tables_load(false);
    if (!r)
        return EXIT_USAGE;
    g_autoptr(GString) out = g_string_new(NULL);
    struct explain e = {.prose = {.out = out, .bold = cli_bold(cli)}, .registry = r};
    int status = EXIT_FINE;
    if (word)
        status = explain_word(&e, word);
    else
        list_kinds(&e);
    registry_free(r);
    cli_print(out);
    return status;
}

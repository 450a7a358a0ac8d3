#include "health.h"

#include <string.h>

#include "config.h"
#include "filter.h"
#include "quantity.h"

struct health_rules {
    const struct kind *kind;
    GPtrArray *filters; /* one per rule of the kind's table */
};

static bool threshold(const char *name, double *value, void *environment)
{
    return environment && environment_threshold(environment, name, value);
}

struct health_rules *health_compile(
    const struct kind *k, const struct environment *e, GError **error)
{
    struct health_rules *r = g_new0(struct health_rules, 1);
    r->kind = k;
    r->filters = g_ptr_array_new_with_free_func((GDestroyNotify)filter_free);
    for (const struct health_rule *rule = k->health; rule && rule->when; rule++) {
        struct filter *f =
            filter_parse(rule->when, k->columns, threshold, (struct environment *)e, error);
        if (!f) {
            health_rules_free(r);
            return NULL;
        }
        g_ptr_array_add(r->filters, f);
    }
    return r;
}

void health_rules_free(struct health_rules *r)
{
    if (!r)
        return;
    g_ptr_array_unref(r->filters);
    g_free(r);
}

/* Replaces each {column} by the cell as people read it. */
static char *sentence(
    const struct kind *k, const char *why, const struct snapshot *s, size_t row, int64_t now_ms)
{
    GString *out = g_string_new(NULL);
    const char *open;
    while ((open = strchr(why, '{'))) {
        const char *close = strchr(open, '}');
        if (!close)
            break;
        g_string_append_len(out, why, open - why);
        g_autofree char *name = g_strndup(open + 1, (gsize)(close - open - 1));
        int column = kind_column(k, name);
        if (column != COLUMN_UNKNOWN)
            quantity_append_cell(
                out, kind_column_info(k, column), snapshot_cell(s, row, column), now_ms);
        why = close + 1;
    }
    g_string_append(out, why);
    return g_string_free(out, FALSE);
}

void health_apply(const struct health_rules *r, struct snapshot *s, int64_t now_ms)
{
    for (size_t row = 0; r->filters->len > 0 && row < snapshot_count(s); row++) {
        if (snapshot_row(s, row)->health_set)
            continue;
        for (guint i = 0; i < r->filters->len; i++) {
            if (!filter_match(g_ptr_array_index(r->filters, i), s, row, now_ms))
                continue;
            const struct health_rule *rule = &r->kind->health[i];
            g_autofree char *why = rule->why ? sentence(r->kind, rule->why, s, row, now_ms) : NULL;
            snapshot_set_health(s, row, rule->health, why);
            break;
        }
    }
}

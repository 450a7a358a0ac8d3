#include "scale_report.h"

#include <math.h>
#include <string.h>

enum { NAME_WIDTH = 34, CELL_WIDTH = 25 };

struct cell {
    GArray *values; /* NULL: absent */
    char *text;
    double limit;
};

struct row {
    char *section, *name, *target;
    GPtrArray *cells; /* struct cell, one per column begun so far, NULL: absent */
};

struct scale_report {
    GArray *columns; /* of int: round trips in ms */
    GPtrArray *rows;
};

static void cell_free(gpointer data)
{
    struct cell *c = data;
    if (!c)
        return;
    g_array_unref(c->values);
    g_free(c->text);
    g_free(c);
}

static void row_free(gpointer data)
{
    struct row *row = data;
    g_free(row->section);
    g_free(row->name);
    g_free(row->target);
    g_ptr_array_unref(row->cells);
    g_free(row);
}

struct scale_report *scale_report_new(void)
{
    struct scale_report *r = g_new0(struct scale_report, 1);
    r->columns = g_array_new(FALSE, FALSE, sizeof(int));
    r->rows = g_ptr_array_new_with_free_func(row_free);
    return r;
}

void scale_report_free(struct scale_report *r)
{
    if (!r)
        return;
    g_array_unref(r->columns);
    g_ptr_array_unref(r->rows);
    g_free(r);
}

void scale_report_begin_column(struct scale_report *r, int rtt_ms)
{
    g_array_append_val(r->columns, rtt_ms);
}

static struct row *find_row(struct scale_report *r, const struct scale_figure *f)
{
    for (guint i = 0; i < r->rows->len; i++) {
        struct row *row = r->rows->pdata[i];
        if (strcmp(row->section, f->section) == 0 && strcmp(row->name, f->name) == 0)
            return row;
    }
    struct row *row = g_new0(struct row, 1);
    row->section = g_strdup(f->section);
    row->name = g_strdup(f->name);
    row->cells = g_ptr_array_new_with_free_func(cell_free);
    g_ptr_array_add(r->rows, row);
    return row;
}

void scale_report_add(struct scale_report *r, const struct scale_figure *f)
{
    struct row *row = find_row(r, f);
    guint place = r->columns->len - 1;
    g_ptr_array_set_size(row->cells, (gint)MAX(row->cells->len, r->columns->len));
    struct cell *c = row->cells->pdata[place];
    if (!c) {
        row->cells->pdata[place] = c = g_new0(struct cell, 1);
        c->values = g_array_new(FALSE, FALSE, sizeof(double));
    }
    if (f->target && !row->target)
        row->target = g_strdup(f->target);
    g_array_append_val(c->values, f->value);
    g_free(c->text);
    c->text = g_strdup(f->text);
    c->limit = f->limit;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool scale_rank(const GArray *doubles, double share, double *value)
{
    if (doubles->len == 0)
        return false;
    g_autoptr(GArray) sorted = g_array_copy((GArray *)doubles);
    g_array_sort(sorted, compare);
    double place = ceil(share * (double)sorted->len);
    *value = g_array_index(sorted, double, place < 1 ? 0 : (guint)place - 1);
    return true;
}

char *scale_amount(double value)
{
    static const char units[] = {'\0', 'k', 'M', 'G'};
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units) {
        value /= 1000;
        unit++;
    }
    return g_strdup_printf("%.*f%.1s", unit > 0 && value < 99.95 ? 1 : 0, value, &units[unit]);
}

static const char *verdict(const struct cell *c, double value)
{
    return c->limit <= 0 ? NULL : value <= c->limit ? "ok" : "MISSED";
}

/* The figure as text, "-" where it is absent; *how: "ok", "MISSED" or NULL. */
static char *figure(const struct row *row, guint column, const char **how)
{
    const struct cell *c = column < row->cells->len ? row->cells->pdata[column] : NULL;
    double value = 0;
    *how = NULL;
    if (!c || !scale_rank(c->values, 0.5, &value))
        return g_strdup("-");
    *how = verdict(c, value);
    if (c->text)
        return g_strdup(c->text);
    return g_strdup_printf("%.*f", value < 10 && value != floor(value) ? 2 : 0, value);
}

static void append_row(GString *out, const struct scale_report *r, const struct row *row)
{
    g_string_append_printf(out, "  %-*s", NAME_WIDTH - 2, row->name);
    for (guint i = 0; i < r->columns->len; i++) {
        const char *how;
        g_autofree char *text = figure(row, i, &how);
        g_autofree char *both = g_strdup_printf("%s%s%s", text, how ? " " : "", how ? how : "");
        g_string_append_printf(out, " %-*s", CELL_WIDTH - 1, both);
    }
    if (row->target)
        g_string_append_printf(out, " %s", row->target);
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

/* The rows of the section that row begins. */
static void append_section(GString *out, const struct scale_report *r, const struct row *first)
{
    g_string_append_printf(out, "%s\n", first->section);
    for (guint i = 0; i < r->rows->len; i++) {
        const struct row *row = r->rows->pdata[i];
        if (strcmp(row->section, first->section) == 0)
            append_row(out, r, row);
    }
}

char *scale_report_table(const struct scale_report *r)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    g_string_append_printf(out, "%-*s", NAME_WIDTH, "round trip");
    for (guint i = 0; i < r->columns->len; i++) {
        g_autofree char *head = g_strdup_printf("%d ms", g_array_index(r->columns, int, i));
        g_string_append_printf(out, " %-*s", CELL_WIDTH - 1, head);
    }
    g_string_append(out, " target\n");
    for (guint i = 0; i < r->rows->len; i++) {
        const struct row *row = r->rows->pdata[i];
        if (g_hash_table_add(shown, row->section))
            append_section(out, r, row);
    }
    return g_string_free(out, FALSE);
}

char *scale_report_lines(const struct scale_report *r)
{
    GString *out = g_string_new("figure\trtt_ms\tvalue\ttarget\n");
    for (guint i = 0; i < r->rows->len; i++) {
        const struct row *row = r->rows->pdata[i];
        for (guint column = 0; column < r->columns->len; column++) {
            const char *how;
            g_autofree char *text = figure(row, column, &how);
            g_string_append_printf(out, "%s: %s\t%d\t%s\t%s\n", row->section, row->name,
                g_array_index(r->columns, int, column), text, how ? how : "-");
        }
    }
    return g_string_free(out, FALSE);
}

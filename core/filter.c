#include "filter.h"

#include <string.h>

#include "error.h"
#include "quantity.h"
#include "text.h"

enum op { OP_WORD, OP_HAS, OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE };

struct term {
    enum op op;
    bool negate;
    bool none;     /* =none */
    int column;    /* not for OP_WORD */
    char *text;    /* lower case for OP_WORD and OP_HAS */
    GRegex *regex; /* instead of text */
    double value;  /* of OP_GT .. OP_LE, and of OP_EQ on numbers */
    bool is_number;
    bool is_age; /* a time column compared with a span */
};

/* Alternatives of conjunctions: rows of terms, split at each `|`. */
struct filter {
    struct term term[FILTER_TERMS_MAX];
    bool starts_alternative[FILTER_TERMS_MAX];
    unsigned count;
};

struct parser {
    const char *p;
    const struct column *columns;
    filter_threshold lookup;
    void *data;
    struct filter *f;
};

static const struct {
    const char *text;
    enum op op;
} ops[] = {{">=", OP_GE}, {"<=", OP_LE}, {"!=", OP_NE}, {">", OP_GT}, {"<", OP_LT}, {"=", OP_EQ},
    {":", OP_HAS}, {0}};

static void skip_blanks(struct parser *ps)
{
    ps->p += strspn(ps->p, " \t");
}

/* A value up to the next blank or `|`, or between quotes. */
static char *take_value(struct parser *ps, GError **error)
{
    if (*ps->p != '"') {
        gsize n = strcspn(ps->p, " \t|");
        char *value = g_strndup(ps->p, n);
        ps->p += n;
        return value;
    }
    const char *end = strchr(ps->p + 1, '"');
    if (!end) {
        weir_fail(error, WEIR_ERROR_USAGE, "filter: the quote at \"%s\" is not closed", ps->p);
        return NULL;
    }
    char *value = g_strndup(ps->p + 1, (gsize)(end - ps->p - 1));
    ps->p = end + 1;
    return value;
}

/* "/regex/" at the parser's place; a slash inside is written \/. */
static GRegex *take_regex(struct parser *ps, GError **error)
{
    const char *start = ++ps->p;
    while (*ps->p && *ps->p != '/')
        ps->p += ps->p[0] == '\\' && ps->p[1] ? 2 : 1;
    g_autofree char *pattern = g_strndup(start, (gsize)(ps->p - start));
    if (*ps->p == '/')
        ps->p++; /* a missing slash at the end is what one has while typing */
    g_autoptr(GError) regex_error = NULL;
    GRegex *regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &regex_error);
    if (!regex)
        weir_fail(error, WEIR_ERROR_USAGE, "filter: /%s/: %s", pattern, regex_error->message);
    return regex;
}

static char *lower(const char *text)
{
    GString *out = g_string_new(NULL);
    text_append_lower(out, text);
    return g_string_free(out, FALSE);
}

static gboolean unknown_column(const char *name, const struct column *columns, GError **error)
{
    g_autofree const char **names = column_names(columns);
    g_autofree char *all = g_strjoinv(" ", (char **)names);
    const char *near = text_nearest(name, names);
    return weir_fail(error, WEIR_ERROR_USAGE,
        near ? "filter: no column \"%s\"; did you mean \"%s\"? There are: %s"
             : "filter: no column \"%s\"%.0s. There are: %s",
        name, near ? near : "", all);
}

static enum cell_type term_type(const struct parser *ps, int column)
{
    return column_info(ps->columns, column)->type;
}

/* The right side of a comparison with a column of numbers, in the column's own unit. */
static gboolean parse_number(struct parser *ps, struct term *t, const char *value, GError **error)
{
    enum cell_type type = term_type(ps, t->column);
    int64_t ms;
    if (value[0] == '@') {
        if (!ps->lookup || !ps->lookup(value + 1, &t->value, ps->data))
            return weir_fail(error, WEIR_ERROR_USAGE, "filter: no threshold \"%s\"", value);
        t->is_age = type == CELL_TIME_MS; /* a threshold of times is a span */
    } else if (type == CELL_BOOL && (g_str_equal(value, "true") || g_str_equal(value, "yes"))) {
        t->value = 1;
    } else if (type == CELL_BOOL && (g_str_equal(value, "false") || g_str_equal(value, "no"))) {
        t->value = 0;
    } else if (type == CELL_TIME_MS && quantity_parse_time(value, &ms)) {
        t->value = (double)ms;
    } else if ((type == CELL_TIME_MS || type == CELL_SPAN_MS) &&
               quantity_parse_span(value, type == CELL_SPAN_MS, &ms)) {
        t->value = (double)ms;
        t->is_age = type == CELL_TIME_MS;
    } else if (type == CELL_TIME_MS || type == CELL_SPAN_MS ||
               !quantity_parse_number(value, &t->value)) {
        return weir_fail(error, WEIR_ERROR_USAGE, "filter: \"%s\" is no %s", value,
            type == CELL_SPAN_MS   ? "span (10s, 5m, 2h)"
            : type == CELL_TIME_MS ? "time (2026-06-12T11:00:00Z) or age (2h)"
            : type == CELL_BOOL    ? "yes or no"
                                   : "number (10, 10k, 64KiB)");
    }
    t->is_number = true;
    return TRUE;
}

static gboolean parse_comparison(struct parser *ps, struct term *t, GError **error)
{
    if (*ps->p == '/' && t->op == OP_HAS) {
        t->regex = take_regex(ps, error);
        return t->regex != NULL;
    }
    g_autofree char *value = take_value(ps, error);
    if (!value)
        return FALSE;
    bool ordered = t->op != OP_HAS && t->op != OP_EQ && t->op != OP_NE;
    if ((t->op == OP_EQ || t->op == OP_NE) && g_str_equal(value, "none")) {
        t->none = true;
        return TRUE;
    }
    if (quantity_is_number(term_type(ps, t->column)) && t->op != OP_HAS)
        return parse_number(ps, t, value, error);
    if (ordered)
        return weir_fail(error, WEIR_ERROR_USAGE,
            "filter: \"%s\" holds text; compare it with : (contains) or =",
            column_info(ps->columns, t->column)->name);
    t->text = t->op == OP_HAS ? lower(value) : g_steal_pointer(&value);
    return TRUE;
}

static bool is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

/* Whether "name op" stands at p: a column comparison rather than a word. */
static gsize comparison_at(const char *p, enum op *op)
{
    gsize n = 0;
    while (is_name_char(p[n]))
        n++;
    if (n == 0 || !g_ascii_isalpha(p[0]))
        return 0;
    for (unsigned i = 0; ops[i].text; i++) {
        if (g_str_has_prefix(p + n, ops[i].text)) {
            *op = ops[i].op;
            return n;
        }
    }
    return 0;
}

static gboolean parse_term(struct parser *ps, struct term *t, GError **error)
{
    while (*ps->p == '!' && ps->p[1] && ps->p[1] != '=') {
        t->negate = !t->negate;
        ps->p++;
    }
    gsize n = comparison_at(ps->p, &t->op);
    if (n > 0) {
        g_autofree char *name = g_strndup(ps->p, n);
        t->column = column_index(ps->columns, name);
        if (t->column == COLUMN_UNKNOWN)
            return unknown_column(name, ps->columns, error);
        ps->p += n;
        for (unsigned i = 0; ops[i].text; i++)
            if (ops[i].op == t->op)
                ps->p += strlen(ops[i].text);
        return parse_comparison(ps, t, error);
    }
    t->op = OP_WORD;
    if (*ps->p == '/') {
        t->regex = take_regex(ps, error);
        return t->regex != NULL;
    }
    g_autofree char *word = take_value(ps, error);
    if (!word)
        return FALSE;
    t->text = lower(word);
    return TRUE;
}

static gboolean parse_all(struct parser *ps, GError **error)
{
    bool alternative = false;
    for (skip_blanks(ps); *ps->p; skip_blanks(ps)) {
        if (*ps->p == '|') {
            alternative = true;
            ps->p++;
            continue;
        }
        if (ps->f->count == FILTER_TERMS_MAX)
            return weir_fail(
                error, WEIR_ERROR_USAGE, "filter: more than %d terms", FILTER_TERMS_MAX);
        unsigned i = ps->f->count++;
        ps->f->starts_alternative[i] = alternative && i > 0;
        alternative = false;
        if (!parse_term(ps, &ps->f->term[i], error))
            return FALSE;
    }
    return TRUE;
}

struct filter *filter_parse(const char *text, const struct column *columns, filter_threshold lookup,
    void *data, GError **error)
{
    if (strlen(text) > FILTER_TEXT_MAX || !g_utf8_validate(text, -1, NULL)) {
        weir_fail(
            error, WEIR_ERROR_USAGE, "filter: longer than %d bytes or not UTF-8", FILTER_TEXT_MAX);
        return NULL;
    }
    struct parser ps = {text, columns, lookup, data, g_new0(struct filter, 1)};
    if (!parse_all(&ps, error)) {
        filter_free(ps.f);
        return NULL;
    }
    return ps.f;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        g_free(f->term[i].text);
        if (f->term[i].regex)
            g_regex_unref(f->term[i].regex);
    }
    g_free(f);
}

static bool match_number(const struct term *t, struct cell cell, int64_t now_ms)
{
    double value = quantity_value(cell);
    if (t->is_age)
        value = (double)now_ms - value;
    switch (t->op) {
    case OP_EQ: return value == t->value;
    case OP_NE: return value != t->value;
    case OP_GT: return value > t->value;
    case OP_GE: return value >= t->value;
    case OP_LT: return value < t->value;
    default: return value <= t->value;
    }
}

static bool match_text(const struct term *t, const char *text)
{
    if (t->regex)
        return g_regex_match(t->regex, text, 0, NULL);
    if (t->op == OP_EQ)
        return strcmp(text, t->text) == 0;
    if (t->op == OP_NE)
        return strcmp(text, t->text) != 0;
    g_autofree char *lowered = lower(text);
    return strstr(lowered, t->text) != NULL;
}

/* The text that `:` and `=` see of a cell that is no text itself. */
static bool match_printed(
    const struct term *t, const struct snapshot *s, size_t row, struct cell cell)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (t->column == COLUMN_ADDRESS)
        snapshot_append_address(s, row, text);
    else
        quantity_append_plain(text, cell);
    return match_text(t, text->str);
}

static bool match_cell(const struct term *t, const struct snapshot *s, size_t row, int64_t now_ms)
{
    struct cell cell = snapshot_cell(s, row, t->column);
    bool absent = cell.type == CELL_NONE && t->column != COLUMN_ADDRESS;
    if (t->none)
        return absent == (t->op == OP_EQ);
    if (absent)
        return false;
    if (t->is_number)
        return quantity_is_number(cell.type) && match_number(t, cell, now_ms);
    if (cell.type == CELL_TEXT || cell.type == CELL_STATE)
        return match_text(t, cell.text);
    return match_printed(t, s, row, cell);
}

/* One of the texts of a haystack, by itself: ^ and $ mean its ends. */
static bool match_any(const GRegex *regex, const char *haystack)
{
    for (const char *p = haystack;; p++) {
        gsize n = strcspn(p, "\n");
        if (g_regex_match_full(regex, p, (gssize)n, 0, 0, NULL, NULL))
            return true;
        p += n;
        if (!*p)
            return false;
    }
}

static bool match_term(const struct term *t, const struct snapshot *s, size_t row, int64_t now_ms)
{
    bool hit;
    if (t->op != OP_WORD)
        hit = match_cell(t, s, row, now_ms);
    else if (t->regex)
        hit = match_any(t->regex, snapshot_haystack(s, row));
    else
        hit = strstr(snapshot_haystack(s, row), t->text) != NULL;
    return hit != t->negate;
}

bool filter_match(const struct filter *f, const struct snapshot *s, size_t row, int64_t now_ms)
{
    bool all = true;
    for (unsigned i = 0; i < f->count; i++) {
        if (f->starts_alternative[i]) {
            if (all)
                return true;
            all = true;
        }
        all = all && match_term(&f->term[i], s, row, now_ms);
    }
    return all;
}

bool filter_is_empty(const struct filter *f)
{
    return f->count == 0;
}

bool filter_searches(const struct filter *f)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->term[i].op == OP_WORD)
            return true;
    return false;
}

bool filter_narrows(const struct filter *narrow, const struct filter *wide)
{
    if (wide->count == 0)
        return true;
    if (wide->count != 1 || narrow->count != 1)
        return false;
    const struct term *n = &narrow->term[0];
    const struct term *w = &wide->term[0];
    return n->op == OP_WORD && w->op == OP_WORD && !n->regex && !w->regex && !n->negate &&
           !w->negate && strstr(n->text, w->text) != NULL;
}

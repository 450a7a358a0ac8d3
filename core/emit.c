#include "emit.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "quantity.h"
#include "rid.h"
#include "text.h"

const char *const emit_format_names[] = {"table", "wide", "json", "ndjson", "csv", "md", NULL};

bool emit_format_parse(const char *name, enum emit_format *format)
{
    for (unsigned i = 0; emit_format_names[i]; i++) {
        if (strcmp(emit_format_names[i], name) == 0) {
            *format = i;
            return true;
        }
    }
    return false;
}

/* The columns to print, in order; COLUMN_UNKNOWN-terminated. */
static int *choose(const struct emit *e)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int));
    static const int script[] = {COLUMN_SOURCE, COLUMN_NAME, COLUMN_ADDRESS, COLUMN_AT,
        COLUMN_HEALTH, COLUMN_PHASE, COLUMN_WHY};
    bool people = e->format == EMIT_TABLE || e->format == EMIT_WIDE || e->format == EMIT_MD;
    int end = COLUMN_UNKNOWN;
    for (unsigned i = 0; e->chosen && e->chosen[i] != COLUMN_UNKNOWN; i++)
        g_array_append_val(list, e->chosen[i]);
    for (unsigned i = 0; !e->chosen && i < G_N_ELEMENTS(script); i++) {
        bool usual = (script[i] == COLUMN_NAME && !e->kind->nameless) ||
                     (script[i] == COLUMN_HEALTH && !e->kind->nameless) ||
                     (script[i] == COLUMN_SOURCE && e->with_source);
        if (!people || usual)
            g_array_append_val(list, script[i]);
    }
    for (int c = 0; !e->chosen && e->columns[c].name; c++)
        if (!people || e->format == EMIT_WIDE || !(e->columns[c].flags & COLUMN_F_HIDDEN))
            g_array_append_val(list, c);
    int why = COLUMN_WHY;
    if (!e->chosen && e->format == EMIT_WIDE)
        g_array_append_val(list, why);
    g_array_append_val(list, end);
    return (int *)g_array_free(list, FALSE);
}

static const char *title(const struct emit *e, int column)
{
    return column == COLUMN_NAME ? e->kind->title : column_info(e->columns, column)->title;
}

static void append_text(
    GString *out, const struct emit *e, const struct snapshot *s, size_t row, int column)
{
    if (column == COLUMN_ADDRESS)
        snapshot_append_address(s, row, out);
    else
        quantity_append_cell(
            out, column_info(e->columns, column), snapshot_cell(s, row, column), e->now_ms);
}

/* -- tables -------------------------------------------------------------------------------------- */

static void append_padded(GString *out, const char *text, int width, bool right)
{
    int pad = MAX(width - text_width(text), 0);
    g_string_append_printf(out, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

static size_t row_count(const struct emit *e, const struct arrange *a)
{
    return MIN(arrange_known(a), e->limit);
}

/* All cells as text, row by row, headings first. */
static GPtrArray *cell_texts(const struct emit *e, const struct arrange *a, const int *columns)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (const int *c = columns; *c != COLUMN_UNKNOWN; c++)
        g_ptr_array_add(texts, g_strdup(title(e, *c)));
    for (size_t place = 0; place < row_count(e, a); place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(a, place, &s, &row);
        for (const int *c = columns; *c != COLUMN_UNKNOWN; c++) {
            GString *text = g_string_new(NULL);
            append_text(text, e, s, row, *c);
            g_ptr_array_add(texts, g_string_free(text, FALSE));
        }
    }
    return texts;
}

static void emit_table(GString *out, const struct emit *e, const struct arrange *a)
{
    g_autofree int *columns = choose(e);
    guint n = 0;
    while (columns[n] != COLUMN_UNKNOWN)
        n++;
    g_autoptr(GPtrArray) texts = cell_texts(e, a, columns);
    g_autofree int *width = g_new0(int, MAX(n, 1));
    for (guint i = 0; i < texts->len; i++)
        width[i % n] = MAX(width[i % n], text_width(g_ptr_array_index(texts, i)));
    for (guint i = 0; i < texts->len; i++) {
        bool right = quantity_is_number(column_info(e->columns, columns[i % n])->type);
        bool last = i % n == n - 1;
        append_padded(out, g_ptr_array_index(texts, i), last && !right ? 0 : width[i % n], right);
        g_string_append(out, last ? "\n" : "  ");
    }
}

/* A pipe would end the cell, a backslash might escape it. */
static void append_md(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '|' || *p == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
}

static void emit_md(GString *out, const struct emit *e, const struct arrange *a)
{
    g_autofree int *columns = choose(e);
    guint n = 0;
    while (columns[n] != COLUMN_UNKNOWN)
        n++;
    g_autoptr(GPtrArray) texts = cell_texts(e, a, columns);
    for (guint i = 0; i < texts->len; i++) {
        g_string_append(out, i % n == 0 ? "| " : " ");
        append_md(out, g_ptr_array_index(texts, i));
        g_string_append(out, i % n == n - 1 ? " |\n" : " |");
        if (i != n - 1)
            continue;
        for (guint c = 0; c < n; c++)
            g_string_append(out,
                quantity_is_number(column_info(e->columns, columns[c])->type) ? "|--:" : "|---");
        g_string_append(out, "|\n");
    }
}

/* -- csv ----------------------------------------------------------------------------------------- */

/* A text that a spreadsheet would run as a formula gets an apostrophe in front. */
static void append_csv(GString *out, const char *text, bool is_text)
{
    bool formula = is_text && *text && strchr("=+-@", *text);
    if (!formula && !strpbrk(text, "\",\r\n")) {
        g_string_append(out, text);
        return;
    }
    g_string_append(out, formula ? "\"'" : "\"");
    for (const char *p = text; *p; p++)
        g_string_append(out, *p == '"' ? "\"\"" : (char[]){*p, 0});
    g_string_append_c(out, '"');
}

static void emit_csv(GString *out, const struct emit *e, const struct arrange *a)
{
    g_autofree int *columns = choose(e);
    for (const int *c = columns; *c != COLUMN_UNKNOWN; c++)
        g_string_append_printf(
            out, "%s%s", c == columns ? "" : ",", column_info(e->columns, *c)->name);
    g_string_append_c(out, '\n');
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t place = 0; place < row_count(e, a); place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(a, place, &s, &row);
        for (const int *c = columns; *c != COLUMN_UNKNOWN; c++) {
            struct cell cell = snapshot_cell(s, row, *c);
            g_string_truncate(text, 0);
            if (*c == COLUMN_ADDRESS)
                snapshot_append_address(s, row, text);
            else
                quantity_append_plain(text, cell);
            if (c != columns)
                g_string_append_c(out, ',');
            append_csv(out, text->str, !quantity_is_number(cell.type));
        }
        g_string_append_c(out, '\n');
    }
}

/* -- json ---------------------------------------------------------------------------------------- */

/* Null when no calendar knows it. */
static cJSON *json_time(int64_t at_ms)
{
    g_autoptr(GString) text = g_string_new(NULL);
    quantity_append_iso(text, at_ms);
    return text->len ? cJSON_CreateString(text->str) : cJSON_CreateNull();
}

static cJSON *json_states(const struct states *states)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < states->count; i++) {
        const struct state_mark *mark = &states->mark[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "state", mark->state);
        cJSON_AddStringToObject(item, "health", health_name(mark->health));
        cJSON_AddItemToObject(item, "at", json_time(mark->at_ms));
        if (mark->ms >= 0)
            cJSON_AddNumberToObject(item, "ms", (double)mark->ms);
        else
            cJSON_AddNullToObject(item, "ms");
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *json_cell(struct cell cell)
{
    switch (cell.type) {
    case CELL_BOOL: return cJSON_CreateBool(cell.b);
    case CELL_TIME_MS: return json_time(cell.i);
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: return cJSON_CreateString(cell.text);
    case CELL_STATES: return json_states(cell.states);
    case CELL_INT:
    case CELL_SPAN_MS:
    case CELL_BYTES:
    case CELL_REAL:
    case CELL_PERCENT: {
        g_autoptr(GString) number = g_string_new(NULL);
        quantity_append_plain(number, cell);
        return cJSON_CreateRaw(number->str); /* a double would round large integers */
    }
    default: return cJSON_CreateNull();
    }
}

static void add_quality(cJSON **object, const char *name, enum quality quality)
{
    static const char *const names[] = {"exact", "sampled", "estimate", "bound"};
    if (!*object)
        *object = cJSON_CreateObject();
    cJSON_AddStringToObject(*object, name, names[quality]);
}

static cJSON *json_row(
    const struct emit *e, const int *columns, const struct snapshot *s, size_t row)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *absent = NULL;
    cJSON *quality = NULL;
    for (const int *c = columns; *c != COLUMN_UNKNOWN; c++) {
        const char *name = column_info(e->columns, *c)->name;
        struct cell cell = snapshot_cell(s, row, *c);
        if (*c == COLUMN_ADDRESS) {
            g_autoptr(GString) address = g_string_new(NULL);
            snapshot_append_address(s, row, address);
            cJSON_AddStringToObject(object, name, address->str);
            continue;
        }
        cJSON_AddItemToObject(object, name, json_cell(cell));
        if (cell.type == CELL_NONE && *c >= 0) {
            if (!absent)
                absent = cJSON_CreateObject();
            cJSON_AddStringToObject(absent, name, absent_name(cell.absent));
        } else if (cell.type != CELL_NONE && cell.quality != EXACT) {
            add_quality(&quality, name, cell.quality);
        }
    }
    if (snapshot_row(s, row)->error) /* "error" is a column of several kinds */
        cJSON_AddStringToObject(object, "read_error", snapshot_row(s, row)->error);
    if (absent)
        cJSON_AddItemToObject(object, "absent", absent);
    if (quality)
        cJSON_AddItemToObject(object, "quality", quality);
    return object;
}

static void append_json(GString *out, cJSON *take_json)
{
    char *text = cJSON_PrintUnformatted(take_json);
    g_string_append(out, text);
    cJSON_free(text);
    cJSON_Delete(take_json);
}

void emit_row_json(GString *out, const struct emit *e, const struct snapshot *s, size_t row)
{
    g_autofree int *columns = choose(e);
    append_json(out, json_row(e, columns, s, row));
}

static cJSON *json_sources(const struct emit *e)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < e->source_count; i++) {
        const struct emit_source *source = &e->sources[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "source", source->source);
        cJSON_AddStringToObject(item, "state", source->state);
        cJSON_AddItemToObject(
            item, "at", source->at_ms ? json_time(source->at_ms) : cJSON_CreateNull());
        cJSON_AddItemToObject(
            item, "error", source->error ? cJSON_CreateString(source->error) : cJSON_CreateNull());
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* The object of the contract: what it is, whether it is whole, and the rows, one a line. */
static void emit_json(GString *out, const struct emit *e, const struct arrange *a)
{
    cJSON *head = cJSON_CreateObject();
    cJSON_AddStringToObject(head, "kind", e->kind->name);
    cJSON_AddItemToObject(head, "at", json_time(e->now_ms));
    cJSON_AddBoolToObject(head, "complete", !e->incomplete[0]);
    if (e->incomplete[0])
        cJSON_AddItemToObject(head, "incomplete",
            cJSON_CreateStringArray(e->incomplete, (int)g_strv_length((char **)e->incomplete)));
    cJSON_AddItemToObject(head, "sources", json_sources(e));
    append_json(out, head);
    g_string_truncate(out, out->len - 1); /* the closing brace: the rows follow */
    g_string_append(out, ",\"rows\":[");
    g_autofree int *columns = choose(e);
    for (size_t place = 0; place < row_count(e, a); place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(a, place, &s, &row);
        g_string_append(out, place ? ",\n" : "\n");
        append_json(out, json_row(e, columns, s, row));
    }
    g_string_append(out, "]}\n");
}

static void emit_ndjson(GString *out, const struct emit *e, const struct arrange *a)
{
    g_autofree int *columns = choose(e);
    for (size_t place = 0; place < row_count(e, a); place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(a, place, &s, &row);
        append_json(out, json_row(e, columns, s, row));
        g_string_append_c(out, '\n');
    }
}

void emit_rows(GString *out, const struct emit *e, const struct arrange *a)
{
    g_assert(arrange_known(a) == arrange_count(a));
    switch (e->format) {
    case EMIT_TABLE:
    case EMIT_WIDE: emit_table(out, e, a); break;
    case EMIT_JSON: emit_json(out, e, a); break;
    case EMIT_NDJSON: emit_ndjson(out, e, a); break;
    case EMIT_CSV: emit_csv(out, e, a); break;
    case EMIT_MD: emit_md(out, e, a); break;
    }
}

/* -- one object ---------------------------------------------------------------------------------- */

static void detail_json(GString *out, const struct snapshot *s)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *group = object;
    const char *group_name = "";
    for (size_t row = 0; row < snapshot_count(s); row++) {
        struct cell in = snapshot_cell(s, row, DETAIL_GROUP);
        const char *name = in.type == CELL_TEXT ? in.text : "";
        if (strcmp(name, group_name) != 0) {
            group_name = name;
            group = *name ? cJSON_GetObjectItemCaseSensitive(object, name) : object;
            if (!cJSON_IsObject(group))
                group = cJSON_AddObjectToObject(object, name);
        }
        cJSON_AddItemToObject(
            group, snapshot_row(s, row)->name, json_cell(snapshot_cell(s, row, DETAIL_VALUE)));
    }
    char *text = cJSON_Print(object);
    g_string_append(out, text);
    g_string_append_c(out, '\n');
    cJSON_free(text);
    cJSON_Delete(object);
}

void emit_detail(GString *out, const struct snapshot *s, bool json, int64_t now_ms)
{
    if (json) {
        detail_json(out, s);
        return;
    }
    const char *group_name = "";
    for (size_t row = 0; row < snapshot_count(s); row++) {
        struct cell in = snapshot_cell(s, row, DETAIL_GROUP);
        const char *name = in.type == CELL_TEXT ? in.text : "";
        if (*name && strcmp(name, group_name) != 0)
            g_string_append_printf(out, "%s:\n", name);
        group_name = name;
        g_string_append_printf(out, "%s%s: ", *name ? "  " : "", snapshot_row(s, row)->name);
        quantity_append_cell(
            out, &kind_detail.columns[DETAIL_VALUE], snapshot_cell(s, row, DETAIL_VALUE), now_ms);
        g_string_append_c(out, '\n');
    }
}

static void new_line(GString *out, int depth)
{
    g_string_append_printf(out, "\n%*s", depth * 2, "");
}

/* Appends a string literal and returns what follows it. */
static const char *append_literal(GString *out, const char *p)
{
    const char *start = p++;
    while (*p && *p != '"')
        p += p[0] == '\\' && p[1] ? 2 : 1;
    p += *p == '"';
    g_string_append_len(out, start, p - start);
    return p;
}

/* A map or list and nothing behind it: a line of a log may begin like one. */
static bool is_json(const char *text)
{
    if (*text != '{' && *text != '[')
        return false;
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    cJSON_Delete(json);
    return json != NULL;
}

void emit_json_lines(GString *out, const char *json)
{
    int depth = 0;
    const char *p = json + strspn(json, " \t\r\n");
    if (!is_json(p)) {
        g_string_append(out, json);
        return;
    }
    while (*p) {
        if (*p == '"') {
            p = append_literal(out, p);
            continue;
        }
        bool opens = *p == '{' || *p == '[';
        bool closes = *p == '}' || *p == ']';
        if (closes && --depth >= 0 && out->len && !strchr("{[", out->str[out->len - 1]))
            new_line(out, depth);
        depth = MAX(depth, 0);
        if (!g_ascii_isspace(*p))
            g_string_append_c(out, *p);
        p++;
        if (opens)
            depth = MIN(depth + 1, 64);
        const char *next = p + strspn(p, " \t\r\n");
        if ((opens && !strchr("}]", *next)) || p[-1] == ',')
            new_line(out, depth);
        if (p[-1] == ':')
            g_string_append_c(out, ' ');
        p = next;
    }
}

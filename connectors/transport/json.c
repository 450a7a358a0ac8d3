#include "json.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "kind.h"
#include "quantity.h"

#define EXACT_MAX        9007199254740992.0 /* 2^53: from here on doubles skip integers */
#define EXACT_DIGITS     16                 /* of 2^53; fewer are always exact */
#define DETAIL_LINES_MAX 200                /* of one text */

/* -- parsing ------------------------------------------------------------------------------------- */

/* One pass over the text before cJSON sees it. It copies only when something must be changed: up to
 * `copied` the text stands in `out` already. */
struct scan {
    const char *text;
    gsize length, at, copied;
    GString *out; /* NULL: nothing was changed yet */
    unsigned depth, values;
    bool open; /* the text ends within a string */
};

static void copy_until(struct scan *s, gsize end)
{
    if (!s->out)
        s->out = g_string_sized_new(s->length + 64);
    g_string_append_len(s->out, s->text + s->copied, (gssize)(end - s->copied));
    s->copied = end;
}

/* At the opening quote; ends behind the closing one (or at the end: cJSON says what is wrong). */
static void scan_string(struct scan *s)
{
    for (s->at++; s->at < s->length && s->text[s->at] != '"'; s->at++) {
        if (s->text[s->at] != '\\')
            continue;
        if (s->length - s->at >= 6 && memcmp(s->text + s->at, "\\u0000", 6) == 0) {
            copy_until(s, s->at);
            g_string_append(s->out, "\\u2400");
            s->copied += 6;
        }
        s->at++; /* what is escaped, be it a quote */
    }
    s->open = s->at >= s->length;
    s->at = MIN(s->at + 1, s->length);
}

static bool is_inexact(const char *digits, gsize n)
{
    if (n != EXACT_DIGITS)
        return n > EXACT_DIGITS;
    return memcmp(digits, "9007199254740992", EXACT_DIGITS) > 0;
}

/* At the first character of a number. */
static void scan_number(struct scan *s)
{
    gsize start = s->at;
    gsize digits = start + (s->text[start] == '-');
    bool whole = true;
    for (; s->at < s->length && strchr("+-.eE0123456789", s->text[s->at]) && s->text[s->at];
         s->at++)
        if (s->at >= digits)
            whole &= g_ascii_isdigit(s->text[s->at]);
    if (!whole || !is_inexact(s->text + digits, s->at - digits))
        return;
    copy_until(s, start);
    g_string_append_c(s->out, '"');
    copy_until(s, s->at);
    g_string_append_c(s->out, '"');
}

static bool scan(struct scan *s, GError **error)
{
    while (s->at < s->length) {
        char c = s->text[s->at];
        if (c == '"') {
            scan_string(s);
            continue;
        }
        if (c == '-' || g_ascii_isdigit(c)) {
            scan_number(s);
            continue;
        }
        s->at++;
        bool opens = c == '{' || c == '[';
        s->depth += opens;
        s->depth -= (c == '}' || c == ']') && s->depth > 0;
        s->values += opens || c == ',';
        if (s->depth > JSON_DEPTH_MAX)
            return weir_fail(error, WEIR_ERROR_TOO_LARGE,
                "JSON nested deeper than %d levels at byte %" G_GSIZE_FORMAT, JSON_DEPTH_MAX,
                s->at);
        if (s->values > JSON_VALUES_MAX)
            return weir_fail(error, WEIR_ERROR_TOO_LARGE,
                "JSON of more than %d values at byte %" G_GSIZE_FORMAT, JSON_VALUES_MAX, s->at);
    }
    if (s->out)
        copy_until(s, s->length);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* offset: where cJSON stopped, in the text it saw. */
static cJSON *broken(const struct scan *s, gsize offset, GError **error)
{
    if (s->open || s->depth > 0 || s->length == 0)
        weir_fail(
            error, WEIR_ERROR_PROTOCOL, "JSON that breaks off at byte %" G_GSIZE_FORMAT, s->length);
    else
        weir_fail(error, WEIR_ERROR_PROTOCOL, "no valid JSON at byte %" G_GSIZE_FORMAT,
            MIN(offset, s->length));
    return NULL;
}

cJSON *json_parse(const char *text, gsize length, GError **error)
{
    const char *bad;
    if (!g_utf8_validate_len(text, length, &bad)) {
        weir_fail(error, WEIR_ERROR_PROTOCOL, "JSON that is not UTF-8 at byte %" G_GSIZE_FORMAT,
            (gsize)(bad - text));
        return NULL;
    }
    struct scan s = {.text = text, .length = length};
    bool fits = scan(&s, error);
    const char *use = s.out ? s.out->str : text;
    gsize n = s.out ? s.out->len : length;
    const char *end = use;
    cJSON *json = fits && n > 0 ? cJSON_ParseWithLengthOpts(use, n, &end, FALSE) : NULL;
    gsize offset = (gsize)(end - use);
    while (json && offset < n && is_space(use[offset]))
        offset++;
    if (fits && (!json || offset != n)) {
        cJSON_Delete(json);
        json = broken(&s, offset, error);
    }
    if (s.out)
        g_string_free(s.out, TRUE);
    return json;
}

/* -- elements of a list --------------------------------------------------------------------------- */

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && is_space(*p))
        p++;
    return p;
}

/* Behind the value that begins at p, or NULL when it does not end. Whether it is valid JSON is for
 * json_parse to say; here only brackets and strings count. */
static const char *skip_value(const char *p, const char *end)
{
    unsigned depth = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            for (p++; p < end && *p != '"'; p++)
                p += *p == '\\';
            if (p >= end)
                return NULL;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (depth > 0 && (*p == '}' || *p == ']')) {
            depth--;
            if (depth == 0)
                return p + 1;
        } else if (depth == 0 && (*p == ',' || *p == ']')) {
            return p;
        }
        if (*p == '"' && depth == 0)
            return p + 1;
    }
    return NULL;
}

bool json_next_element(
    const char **at, const char *end, const char **element, gsize *length, GError **error)
{
    const char *p = skip_space(*at, end);
    if (p < end && (*p == '[' || *p == ',')) {
        bool first = *p == '[';
        p = skip_space(p + 1, end);
        if (p < end && *p == ']' && first) {
            *at = p;
            return false;
        }
    } else if (p < end && *p == ']') {
        return false;
    } else {
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            p < end ? "the answer is no JSON list" : "the answer breaks off within its list");
    }
    const char *after = skip_value(p, end);
    if (!after || after == p)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "the answer breaks off within its list");
    *element = p;
    *length = (gsize)(after - p);
    *at = after;
    return true;
}

enum json_list_end json_take_elements(const struct json_list *list, GError **error)
{
    const char *at = list->text, *end = at + list->length;
    struct json_element e;
    g_autoptr(GError) broken = NULL;
    bool any = false;
    for (; json_next_element(&at, end, &e.text, &e.length, &broken); any = true) {
        AUTO(cJSON) json = json_parse(e.text, e.length, error);
        if (!json)
            return JSON_LIST_BROKEN;
        if (!any && !cJSON_IsObject(json))
            return JSON_LIST_OTHER;
        e.json = json;
        if (!list->take(&e, list->data))
            return JSON_LIST_CUT;
    }
    if (list->cut)
        return any ? JSON_LIST_CUT : JSON_LIST_NOTHING;
    if (!broken)
        return JSON_LIST_WHOLE;
    g_propagate_error(error, g_steal_pointer(&broken));
    return JSON_LIST_BROKEN;
}

/* -- getters ------------------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *name, gsize length)
{
    if (!cJSON_IsObject(object))
        return NULL;
    for (const cJSON *i = object->child; i; i = i->next)
        if (i->string && strncmp(i->string, name, length) == 0 && i->string[length] == '\0')
            return i;
    return NULL;
}

const cJSON *json_get(const cJSON *object, const char *path)
{
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(path, '.')) {
        object = member(object, path, (gsize)(dot - path));
        path = dot + 1;
    }
    return member(object, path, strlen(path));
}

const char *json_text(const cJSON *object, const char *path)
{
    const cJSON *value = json_get(object, path);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static bool to_int(const cJSON *value, int64_t *out)
{
    if (cJSON_IsNumber(value)) {
        double d = value->valuedouble;
        if (!(fabs(d) <= EXACT_MAX) || d != trunc(d))
            return false;
        *out = (int64_t)d;
        return true;
    }
    gint64 n;
    if (!cJSON_IsString(value) ||
        !g_ascii_string_to_signed(value->valuestring, 10, G_MININT64, G_MAXINT64, &n, NULL))
        return false;
    *out = n;
    return true;
}

bool json_int(const cJSON *object, const char *path, int64_t *out)
{
    return to_int(json_get(object, path), out);
}

static bool to_real(const cJSON *value, double *out)
{
    double d = 0;
    if (cJSON_IsNumber(value)) {
        d = value->valuedouble;
    } else if (cJSON_IsString(value) && strspn(value->valuestring, "+-.eE0123456789") > 0) {
        char *end;
        d = g_ascii_strtod(value->valuestring, &end);
        if (*end)
            return false;
    } else {
        return false;
    }
    if (!isfinite(d))
        return false;
    *out = d;
    return true;
}

bool json_real(const cJSON *object, const char *path, double *out)
{
    return to_real(json_get(object, path), out);
}

bool json_bool(const cJSON *object, const char *path, bool *out)
{
    const cJSON *value = json_get(object, path);
    if (!cJSON_IsBool(value))
        return false;
    *out = cJSON_IsTrue(value);
    return true;
}

bool json_time(const cJSON *object, const char *path, int64_t *out)
{
    const char *text = json_text(object, path);
    return text && quantity_parse_time(text, out);
}

const cJSON *json_first(const cJSON *array)
{
    return cJSON_IsArray(array) ? array->child : NULL;
}

/* -- cells --------------------------------------------------------------------------------------- */

static bool span_of(const cJSON *value, struct cell *cell)
{
    double seconds;
    if (!to_real(value, &seconds) || fabs(seconds) > EXACT_MAX / 1000)
        return false;
    cell->i = (int64_t)llround(seconds * 1000);
    return true;
}

void json_cell(struct snapshot *s, size_t row, int column, const cJSON *object, const char *path)
{
    const cJSON *value = json_get(object, path);
    struct cell cell = {.type = snapshot_column_table(s)[column].type};
    bool there = false;
    switch (cell.type) {
    case CELL_BOOL:
        there = cJSON_IsBool(value);
        cell.b = cJSON_IsTrue(value);
        break;
    case CELL_INT:
    case CELL_BYTES: there = to_int(value, &cell.i); break;
    case CELL_REAL:
    case CELL_PERCENT: there = to_real(value, &cell.r); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK:
        there = cJSON_IsString(value);
        cell.text = there ? value->valuestring : NULL;
        break;
    case CELL_TIME_MS: there = json_time(object, path, &cell.i); break;
    case CELL_SPAN_MS: there = span_of(value, &cell); break;
    case CELL_NONE:
    case CELL_SERIES:
    case CELL_STATES:
    case CELL_GANTT: g_assert_not_reached();
    }
    if (there)
        snapshot_set_cell(s, row, column, cell);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

/* -- an object whole ----------------------------------------------------------------------------- */

struct detail {
    struct snapshot *s;
    const char *group; /* "" at the top */
};

static void add_row(struct detail *d, const char *name, struct cell cell)
{
    if (snapshot_count(d->s) >= JSON_DETAIL_ROWS_MAX) {
        snapshot_set_incomplete(d->s, "cut at 2,000 fields; --raw has all");
        return;
    }
    size_t row = snapshot_add(d->s, name);
    snapshot_set_text(d->s, row, DETAIL_GROUP, d->group);
    snapshot_set_cell(d->s, row, DETAIL_VALUE, cell);
}

static void add_lines(struct detail *d, const char *name, const char *text)
{
    gsize n = strlen(text);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    g_autofree char *whole = g_strndup(text, n);
    g_auto(GStrv) lines = g_strsplit(whole, "\n", DETAIL_LINES_MAX);
    for (guint i = 0; lines[i]; i++) {
        g_autofree char *numbered = i ? g_strdup_printf("%s:%u", name, i + 1) : NULL;
        add_row(d, i ? numbered : name, (struct cell){.type = CELL_TEXT, .text = lines[i]});
    }
}

static struct cell scalar_cell(const cJSON *value)
{
    struct cell cell = {.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    if (cJSON_IsBool(value)) {
        cell = (struct cell){.type = CELL_BOOL, .b = cJSON_IsTrue(value)};
    } else if (cJSON_IsString(value)) {
        const char *text = value->valuestring;
        int64_t at_ms;
        bool dated = strlen(text) > 18 && text[10] == 'T' && quantity_parse_time(text, &at_ms);
        if (dated)
            cell = (struct cell){.type = CELL_TIME_MS, .i = at_ms};
        else
            cell = (struct cell){.type = CELL_TEXT, .text = text};
    } else if (cJSON_IsNumber(value) && to_int(value, &cell.i)) {
        cell.type = CELL_INT;
        cell.quality = EXACT;
    } else if (cJSON_IsNumber(value) && isfinite(value->valuedouble)) {
        cell = (struct cell){.type = CELL_REAL, .r = value->valuedouble};
    }
    return cell;
}

static bool is_container(const cJSON *value)
{
    return cJSON_IsObject(value) || cJSON_IsArray(value);
}

static bool holds_containers(const cJSON *array)
{
    for (const cJSON *i = array->child; i; i = i->next)
        if (is_container(i))
            return true;
    return false;
}

/* Whether a member of the top level gets rows of its own group. */
static bool is_group(const cJSON *value)
{
    return is_container(value) && value->child &&
           (cJSON_IsObject(value) || holds_containers(value));
}

static void add_scalar(struct detail *d, const char *name, const cJSON *value)
{
    if (cJSON_IsString(value) && strchr(value->valuestring, '\n'))
        add_lines(d, name, value->valuestring);
    else
        add_row(d, name, scalar_cell(value));
}

static void add_joined(struct detail *d, const char *name, const cJSON *array)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const cJSON *i = array->child; i; i = i->next) {
        g_autofree char *number = cJSON_IsString(i) ? NULL : cJSON_PrintUnformatted(i);
        g_string_append(all, number ? number : i->valuestring);
        g_string_append(all, i->next ? ", " : "");
    }
    struct cell cell = {.type = CELL_TEXT, .text = all->str};
    if (!array->child)
        cell = (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    add_row(d, name, cell);
}

/* A value below its group, under its path there; JSON_DEPTH_MAX bounds the recursion. */
static void add_value(struct detail *d, const char *name, const cJSON *value)
{
    if (!is_container(value)) {
        add_scalar(d, name, value);
        return;
    }
    if (!value->child || (cJSON_IsArray(value) && !holds_containers(value))) {
        add_joined(d, name, value);
        return;
    }
    unsigned n = 0;
    for (const cJSON *i = value->child; i && !snapshot_incomplete(d->s); i = i->next, n++) {
        g_autofree char *path = cJSON_IsArray(value)
                                    ? g_strdup_printf("%s[%u]", name, n)
                                    : g_strconcat(name, *name ? "." : "", i->string, NULL);
        add_value(d, path, i);
    }
}

void json_detail(struct snapshot *detail, const cJSON *object)
{
    struct detail d = {detail, ""};
    if (!cJSON_IsObject(object)) {
        add_value(&d, "value", object);
        return;
    }
    for (const cJSON *i = object->child; i; i = i->next)
        if (!is_group(i))
            add_value(&d, i->string, i);
    for (const cJSON *i = object->child; i; i = i->next) {
        if (!is_group(i))
            continue;
        d.group = i->string;
        add_value(&d, cJSON_IsObject(i) ? "" : i->string, i);
    }
}

#include "fields.h"

#include <string.h>

#include "paint.h"
#include "rid.h"
#include "text.h"

#define LEFT        3        /* health, cursor, found */
#define INDENT      2        /* of the fields of a group */
#define GAP         2        /* between name and value */
#define VALUE_LEAST 8        /* columns */
#define EXACT_FROM  10000    /* numbers are shortened from here on */
#define LINE_FEED   "\u240a" /* what text_clean() made of one */

void fields_init(struct fields *f)
{
    *f = (struct fields){.folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .lines = g_array_new(FALSE, FALSE, sizeof(struct field_line)),
        .text = g_string_new(NULL)};
}

void fields_clear(struct fields *f)
{
    snapshot_unref(f->snapshot);
    g_hash_table_unref(f->folded);
    g_array_unref(f->lines);
    g_string_free(f->text, TRUE);
}

void fields_take(struct fields *f, const struct snapshot *s)
{
    const struct snapshot *old = f->snapshot;
    f->snapshot = snapshot_ref(s);
    snapshot_unref(old);
    g_array_set_size(f->lines, 0);
}

static const char *group_in(const struct snapshot *s, uint32_t field)
{
    struct cell group = snapshot_cell(s, field, DETAIL_GROUP);
    return group.type == CELL_TEXT ? group.text : "";
}

const char *fields_group(const struct fields *f, uint32_t field)
{
    return group_in(f->snapshot, field);
}

static uint32_t count_of(const struct fields *f)
{
    return f->snapshot ? (uint32_t)snapshot_count(f->snapshot) : 0;
}

/* -- values -------------------------------------------------------------------------------------- */

static void append_absent(GString *out, enum absent why)
{
    static const char *const words[] = {[ABSENT_NOT_ASKED] = "not asked",
        [ABSENT_NO_VALUE] = "none",
        [ABSENT_DENIED] = "denied",
        [ABSENT_FAILED] = "no answer"};
    g_string_append(out, words[why]);
}

/* What the short form leaves out: every digit of a number, how long ago a time is. */
static void append_exact(GString *out, struct cell cell, int64_t now_ms)
{
    bool exact = cell.quality == EXACT || cell.quality == SAMPLED;
    if (cell.type == CELL_BYTES) {
        g_string_append(out, ABS(cell.i) < 1024 ? " bytes" : "iB");
        if (exact && ABS(cell.i) >= 1024)
            g_string_append_printf(out, " (%" G_GINT64_FORMAT " bytes)", cell.i);
    } else if (cell.type == CELL_INT && exact && (cell.i >= EXACT_FROM || cell.i <= -EXACT_FROM)) {
        g_string_append_printf(out, " (%" G_GINT64_FORMAT ")", cell.i);
    } else if (cell.type == CELL_TIME_MS) {
        int64_t ago;
        if (__builtin_sub_overflow(now_ms, cell.i, &ago) || ago == G_MININT64)
            return;
        g_string_append(out, ago < 0 ? " (in " : " (");
        quantity_append_age(out, ABS(ago));
        g_string_append(out, ago < 0 ? ")" : " ago)");
    }
}

void fields_append_value(
    const struct fields *f, uint32_t field, const struct reader *reader, GString *out)
{
    struct cell cell = snapshot_cell(f->snapshot, field, DETAIL_VALUE);
    const struct row *r = snapshot_row(f->snapshot, field);
    if (cell.type == CELL_NONE) {
        append_absent(out, cell.absent);
    } else {
        quantity_append_cell_in(out, &kind_detail.columns[DETAIL_VALUE], cell, reader);
        append_exact(out, cell, reader->now_ms);
    }
    const char *why = r->error ? r->error : r->why;
    if (why && *why)
        g_string_append_printf(out, ": %s", why);
}

bool fields_append_link(const struct fields *f, uint32_t field, GString *out)
{
    struct cell cell = snapshot_cell(f->snapshot, field, DETAIL_VALUE);
    if (cell.type != CELL_LINK && cell.type != CELL_TEXT)
        return false;
    AUTO(rid) rid = rid_parse(cell.text, NULL);
    const struct rid *own = snapshot_scope(f->snapshot);
    bool meant = cell.type == CELL_LINK || g_str_has_prefix(cell.text, "weir://") ||
                 (rid && rid->count > 0 && strcmp(rid->source, own->source) == 0);
    if (rid && meant)
        g_string_append(out, cell.text);
    return rid && meant;
}

/* -- lines --------------------------------------------------------------------------------------- */

/* Bytes of the next line of a text in width columns, and in *skip what stands between it and the one
 * after: broken at its line feeds, else between words, else anywhere. */
static gsize next_line(const char *text, int width, gsize *skip)
{
    gsize fits = text_prefix(text, width, NULL);
    const char *feed = g_strstr_len(text, (gssize)fits + (gssize)strlen(LINE_FEED), LINE_FEED);
    *skip = 0;
    if (feed) {
        *skip = strlen(LINE_FEED);
        return (gsize)(feed - text);
    }
    if (!text[fits])
        return fits;
    for (gsize n = fits; n > fits / 3 && n > 0; n--) {
        if (text[n] == ' ') {
            *skip = 1;
            return n;
        }
        if (text[n - 1] == ',' || text[n - 1] == ' ')
            return n;
    }
    return fits ? fits : (gsize)(g_utf8_next_char(text) - text);
}

static void add_field(
    struct fields *f, uint32_t field, int width, const char *arrow, const struct reader *r)
{
    g_autoptr(GString) value = g_string_new(NULL);
    g_autoptr(GString) address = g_string_new(NULL);
    if (fields_append_link(f, field, address))
        g_string_append(value, arrow);
    fields_append_value(f, field, r, value);
    struct field_line line = {.field = field};
    const char *p = value->str;
    do {
        gsize skip;
        gsize n = next_line(p, width, &skip);
        line.from = f->text->len;
        g_string_append_len(f->text, p, (gssize)n);
        line.end = f->text->len;
        g_array_append_val(f->lines, line);
        line.part++;
        p += n + skip;
    } while (*p);
}

/* The line above a group; returns the first field behind the group. */
static uint32_t add_heading(struct fields *f, uint32_t field)
{
    const char *group = fields_group(f, field);
    struct field_line line = {.field = field,
        .heading = true,
        .folded = g_hash_table_contains(f->folded, group),
        .from = f->text->len};
    uint32_t end = field;
    size_t problems = 0;
    for (; end < count_of(f) && strcmp(fields_group(f, end), group) == 0; end++) {
        const struct row *r = snapshot_row(f->snapshot, end);
        uint8_t health = r->error ? MAX(r->health, HEALTH_UNKNOWN) : r->health;
        line.worst = MAX(line.worst, health);
        problems += health != HEALTH_OK;
    }
    line.problem = line.folded && problems > 0;
    g_string_append_printf(f->text, "%s%s", line.folded ? "+ " : "", group);
    if (line.folded) {
        g_string_append_c(f->text, ' ');
        paint_append_hidden(f->text, end - field, problems, line.worst);
    }
    line.end = f->text->len;
    g_array_append_val(f->lines, line);
    return end;
}

/* Names get what they need, up to two fifths of the screen. */
static void place_columns(struct fields *f, int width)
{
    int name_width = 0;
    bool grouped = false;
    for (uint32_t field = 0; field < count_of(f); field++) {
        bool inside = *fields_group(f, field);
        grouped |= inside;
        int own = text_width(snapshot_row(f->snapshot, field)->name) + (inside ? INDENT : 0);
        name_width = MAX(name_width, own);
    }
    f->name_x = LEFT + (grouped ? INDENT : 0);
    f->value_x = LEFT + MIN(name_width, MAX(width * 2 / 5, 4)) + GAP;
}

void fields_lay_out(struct fields *f, int width, bool ascii, const struct reader *r)
{
    g_array_set_size(f->lines, 0);
    g_string_truncate(f->text, 0);
    place_columns(f, width);
    int room = MAX(width - f->value_x, VALUE_LEAST);
    const char *arrow = ascii ? "-> " : "→ ";
    const char *group = "";
    for (uint32_t field = 0; field < count_of(f);) {
        const char *own = fields_group(f, field);
        if (*own && strcmp(own, group) != 0) {
            uint32_t end = add_heading(f, field);
            group = own;
            if (g_hash_table_contains(f->folded, own)) {
                field = end;
                continue;
            }
        }
        group = own;
        add_field(f, field++, room, arrow, r);
    }
}

const struct field_line *fields_line(const struct fields *f, size_t line)
{
    return &g_array_index(f->lines, struct field_line, line);
}

size_t fields_find(const struct fields *f, uint32_t field, uint32_t part, bool heading)
{
    size_t best = 0;
    for (size_t i = 0; i < f->lines->len; i++) {
        const struct field_line *line = fields_line(f, i);
        if (line->field > field)
            break;
        best = i;
        if (line->field == field && line->heading == heading && line->part >= part)
            break;
    }
    return best;
}

/* Equal names in one group are told apart by their order. */
uint32_t fields_same(const struct fields *f, uint32_t field, const struct snapshot *next)
{
    const char *group = fields_group(f, field);
    const char *name = snapshot_row(f->snapshot, field)->key;
    unsigned before = 0;
    for (uint32_t i = 0; i < field; i++)
        before += strcmp(snapshot_row(f->snapshot, i)->key, name) == 0 &&
                  strcmp(fields_group(f, i), group) == 0;
    uint32_t found = ROW_NONE;
    for (uint32_t i = 0; i < snapshot_count(next); i++) {
        if (strcmp(snapshot_row(next, i)->key, name) != 0 || strcmp(group_in(next, i), group) != 0)
            continue;
        found = i;
        if (before-- == 0)
            break;
    }
    return found;
}

void fields_fold(struct fields *f, uint32_t field, bool fold)
{
    const char *group = fields_group(f, field);
    if (!fold)
        g_hash_table_remove(f->folded, group);
    else if (*group)
        g_hash_table_add(f->folded, g_strdup(group));
}

void fields_fold_all(struct fields *f, bool fold)
{
    g_hash_table_remove_all(f->folded);
    for (uint32_t field = 0; fold && field < count_of(f); field++)
        fields_fold(f, field, true);
}

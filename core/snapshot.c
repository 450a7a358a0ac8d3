#include "model.h"

#include <math.h>
#include <string.h>

#include "kind.h"
#include "rid.h"
#include "text.h"

/* A tag holds a cell's type (low nibble) and, above it, the reason of its absence or its quality. */
#define TAG(type, more) (uint8_t)((unsigned)(type) | (unsigned)(more) << 4)

union payload {
    int64_t i;
    double r;
    const void *p;
};

struct snapshot {
    gint refs;
    bool sealed, remembered;
    const struct kind *kind;
    struct rid *scope;
    const struct column *columns;
    int column_count;
    int64_t at_ms;
    char *incomplete;
    size_t count, capacity;
    struct row *rows;
    union payload **payload; /* column arrays */
    uint8_t **tag;
    GStringChunk *text;
    size_t text_bytes;
    GHashTable *words; /* short repeated texts (states, hosts), while building */
    GString *scratch;
    GString *haystack;
    uint32_t *haystack_at;
    GPtrArray *strips; /* struct states */
    uint8_t name_width;
    uint8_t *width;  /* of each column's texts */
    size_t tally[4]; /* rows by health */
    bool *asked;     /* whether some cell of the column is more than "not asked" */
};

#define WORD_MAX  24 /* longer texts are rarely repeated */
#define WORDS_MAX 512

struct snapshot *snapshot_new(const struct kind *k, const struct rid *scope, int64_t now_ms)
{
    struct snapshot *s = g_new0(struct snapshot, 1);
    s->refs = 1;
    s->kind = k;
    s->scope = rid_copy(scope);
    s->at_ms = now_ms;
    s->text = g_string_chunk_new(16384);
    s->words = g_hash_table_new(g_str_hash, g_str_equal);
    s->scratch = g_string_sized_new(256);
    snapshot_columns(s, k->columns);
    return s;
}

void snapshot_columns(struct snapshot *s, const struct column *columns)
{
    g_assert(!s->sealed && s->count == 0);
    g_free(s->payload);
    g_free(s->tag);
    s->columns = columns;
    s->column_count = (int)column_count(columns);
    s->payload = g_new0(union payload *, (gsize)s->column_count);
    s->tag = g_new0(uint8_t *, (gsize)s->column_count);
}

static void resize(struct snapshot *s, size_t capacity)
{
    s->rows = g_renew(struct row, s->rows, capacity);
    for (int c = 0; c < s->column_count; c++) {
        s->payload[c] = g_renew(union payload, s->payload[c], capacity);
        s->tag[c] = g_renew(uint8_t, s->tag[c], capacity);
    }
    s->capacity = capacity;
}

static const char *keep_bytes(struct snapshot *s, const char *text, gsize length)
{
    if (length > WORD_MAX || g_hash_table_size(s->words) >= WORDS_MAX) {
        s->text_bytes += length + 1;
        return g_string_chunk_insert_len(s->text, text, (gssize)length);
    }
    char word[WORD_MAX + 1];
    memcpy(word, text, length);
    word[length] = '\0';
    char *kept = g_hash_table_lookup(s->words, word);
    if (!kept) {
        kept = g_string_chunk_insert_len(s->text, word, (gssize)length);
        s->text_bytes += length + 1;
        g_hash_table_add(s->words, kept);
    }
    return kept;
}

static const char *keep_clean(struct snapshot *s, const char *text, gssize length)
{
    gsize n = length < 0 ? strlen(text) : (gsize)length;
    if (text_is_clean(text, (gssize)n))
        return keep_bytes(s, text, n);
    g_string_truncate(s->scratch, 0);
    text_clean(text, (gssize)n, s->scratch);
    return keep_bytes(s, s->scratch->str, s->scratch->len);
}

const char *snapshot_keep(struct snapshot *s, const char *text)
{
    return keep_clean(s, text, -1);
}

size_t snapshot_add(struct snapshot *s, const char *key)
{
    return snapshot_add_len(s, key, -1);
}

size_t snapshot_add_len(struct snapshot *s, const char *key, gssize length)
{
    g_assert(!s->sealed);
    if (s->count == SNAPSHOT_ROWS_MAX) {
        snapshot_set_incomplete(s, "more rows than weir holds");
        return s->count - 1;
    }
    if (s->count == s->capacity)
        resize(s, s->capacity ? s->capacity * 2 : 32);
    gsize n = length < 0 ? strlen(key) : strnlen(key, (gsize)length);
    size_t row = s->count++;
    bool clean = text_is_clean(key, (gssize)n);
    struct row *r = &s->rows[row];
    *r = (struct row){.at_ms = s->at_ms, .parent = ROW_NONE, .phase = PHASE_DONE};
    r->key = clean ? keep_bytes(s, key, n) : g_string_chunk_insert_len(s->text, key, (gssize)n);
    r->name = clean ? r->key : keep_clean(s, key, (gssize)n);
    for (int c = 0; c < s->column_count; c++) {
        s->payload[c][row].i = 0;
        s->tag[c][row] = TAG(CELL_NONE, ABSENT_NOT_ASKED);
    }
    return row;
}

static void set(struct snapshot *s, size_t row, int column, union payload payload, uint8_t tag)
{
    g_assert(!s->sealed && row < s->count && column >= 0 && column < s->column_count);
    s->payload[column][row] = payload;
    s->tag[column][row] = tag;
}

void snapshot_set_bool(struct snapshot *s, size_t row, int column, bool value)
{
    set(s, row, column, (union payload){.i = value}, TAG(CELL_BOOL, EXACT));
}

void snapshot_set_int(struct snapshot *s, size_t row, int column, int64_t value)
{
    set(s, row, column, (union payload){.i = value}, TAG(s->columns[column].type, EXACT));
}

void snapshot_set_real(struct snapshot *s, size_t row, int column, double value)
{
    if (!isfinite(value))
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
    else
        set(s, row, column, (union payload){.r = value}, TAG(s->columns[column].type, EXACT));
}

void snapshot_set_text(struct snapshot *s, size_t row, int column, const char *text)
{
    snapshot_set_text_len(s, row, column, text, -1);
}

void snapshot_set_text_len(
    struct snapshot *s, size_t row, int column, const char *text, gssize length)
{
    union payload payload = {.p = keep_clean(s, text, length)};
    set(s, row, column, payload, TAG(s->columns[column].type, EXACT));
}

void snapshot_set_optional_text(struct snapshot *s, size_t row, int column, const char *text)
{
    if (text && *text)
        snapshot_set_text(s, row, column, text);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

void snapshot_set_optional_int(
    struct snapshot *s, size_t row, int column, int64_t value, enum absent why)
{
    if (value >= 0)
        snapshot_set_int(s, row, column, value);
    else
        snapshot_set_absent(s, row, column, why);
}

void snapshot_set_absent(struct snapshot *s, size_t row, int column, enum absent why)
{
    set(s, row, column, (union payload){.i = 0}, TAG(CELL_NONE, why));
}

void snapshot_set_quality(struct snapshot *s, size_t row, int column, enum quality quality)
{
    uint8_t *tag = &s->tag[column][row];
    if ((*tag & 15) != CELL_NONE)
        *tag = TAG(*tag & 15, quality);
}

void snapshot_set_cell(struct snapshot *s, size_t row, int column, struct cell cell)
{
    union payload payload = {.i = cell.i};
    switch (cell.type) {
    case CELL_NONE: snapshot_set_absent(s, row, column, cell.absent); return;
    case CELL_BOOL: payload.i = cell.b; break;
    case CELL_REAL:
    case CELL_PERCENT:
        if (!isfinite(cell.r)) {
            snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
            return;
        }
        payload.r = cell.r;
        break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: payload.p = keep_clean(s, cell.text, -1); break;
    case CELL_INT:
    case CELL_TIME_MS:
    case CELL_SPAN_MS:
    case CELL_BYTES: break;
    case CELL_SERIES:
    case CELL_STATES:
    case CELL_GANTT: g_assert_not_reached();
    }
    set(s, row, column, payload, TAG(cell.type, cell.quality));
}

void snapshot_set_states(
    struct snapshot *s, size_t row, int column, const struct state_mark *marks, uint32_t count)
{
    struct states *states = g_malloc(sizeof *states + count * sizeof marks[0]);
    states->count = count;
    for (uint32_t i = 0; i < count; i++) {
        states->mark[i] = marks[i];
        states->mark[i].state = keep_clean(s, marks[i].state, -1);
    }
    if (!s->strips)
        s->strips = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(s->strips, states);
    set(s, row, column, (union payload){.p = states}, TAG(CELL_STATES, EXACT));
}

void snapshot_set_address(struct snapshot *s, size_t row, const char *address)
{
    s->rows[row].address = g_string_chunk_insert(s->text, address);
}

void snapshot_set_at(struct snapshot *s, size_t row, int64_t at_ms)
{
    s->rows[row].at_ms = at_ms;
}

void snapshot_set_parent(struct snapshot *s, size_t row, uint32_t parent)
{
    s->rows[row].parent = parent < row ? parent : ROW_NONE;
}

void snapshot_set_phase(struct snapshot *s, size_t row, enum phase phase)
{
    s->rows[row].phase = (uint8_t)phase;
}

void snapshot_set_error(struct snapshot *s, size_t row, const char *error)
{
    s->rows[row].error = keep_clean(s, error, -1);
}

void snapshot_set_health(struct snapshot *s, size_t row, enum health health, const char *why)
{
    s->rows[row].health = (uint8_t)health;
    s->rows[row].health_set = true;
    s->rows[row].why = why && health != HEALTH_OK ? keep_clean(s, why, -1) : NULL;
}

void snapshot_set_incomplete(struct snapshot *s, const char *why)
{
    g_free(s->incomplete);
    s->incomplete = g_strdup(why);
}

void snapshot_set_remembered(struct snapshot *s)
{
    s->remembered = true;
}

/* Name, texts and states of one row; links are addresses and would match too much. */
static void append_haystack(struct snapshot *s, size_t row)
{
    text_append_lower(s->haystack, s->rows[row].name);
    for (int c = 0; c < s->column_count; c++) {
        unsigned type = s->tag[c][row] & 15;
        if (type != CELL_TEXT && type != CELL_STATE)
            continue;
        g_string_append_c(s->haystack, '\n');
        text_append_lower(s->haystack, s->payload[c][row].p);
    }
    g_string_append_c(s->haystack, '\0');
}

static uint8_t wider(uint8_t width, const char *text)
{
    int own = text_width(text);
    return (uint8_t)MIN(MAX(own, width), UINT8_MAX);
}

static void measure(struct snapshot *s)
{
    s->width = g_new0(uint8_t, (gsize)s->column_count);
    s->asked = g_new0(bool, (gsize)s->column_count);
    for (size_t row = 0; row < s->count; row++)
        s->name_width = wider(s->name_width, s->rows[row].name);
    for (int c = 0; c < s->column_count; c++) {
        for (size_t row = 0; row < s->count; row++) {
            unsigned type = s->tag[c][row] & 15;
            s->asked[c] |= s->tag[c][row] != TAG(CELL_NONE, ABSENT_NOT_ASKED);
            if (type == CELL_TEXT || type == CELL_STATE || type == CELL_LINK)
                s->width[c] = wider(s->width[c], s->payload[c][row].p);
        }
    }
}

const struct snapshot *snapshot_seal(struct snapshot *take_s)
{
    struct snapshot *s = take_s;
    measure(s);
    if (s->capacity > s->count + s->count / 8 && s->count > 0)
        resize(s, s->count);
    s->haystack = g_string_sized_new(s->count * 32 + 1);
    s->haystack_at = g_new(uint32_t, s->count);
    for (size_t row = 0; row < s->count; row++) {
        s->haystack_at[row] = (uint32_t)s->haystack->len;
        s->tally[s->rows[row].health]++;
        append_haystack(s, row);
    }
    if (s->haystack->allocated_len > 2 * s->haystack->len) {
        GString *fit = g_string_new_len(s->haystack->str, (gssize)s->haystack->len);
        g_string_free(s->haystack, TRUE);
        s->haystack = fit;
    }
    g_clear_pointer(&s->words, g_hash_table_unref);
    g_string_free(s->scratch, TRUE);
    s->scratch = NULL;
    s->sealed = true;
    return s;
}

static void snapshot_free(struct snapshot *s)
{
    for (int c = 0; c < s->column_count; c++) {
        g_free(s->payload[c]);
        g_free(s->tag[c]);
    }
    g_free(s->payload);
    g_free(s->tag);
    g_free(s->rows);
    g_free(s->incomplete);
    g_free(s->haystack_at);
    g_free(s->width);
    g_free(s->asked);
    rid_free(s->scope);
    g_string_chunk_free(s->text);
    g_clear_pointer(&s->words, g_hash_table_unref);
    g_clear_pointer(&s->strips, g_ptr_array_unref);
    if (s->scratch)
        g_string_free(s->scratch, TRUE);
    if (s->haystack)
        g_string_free(s->haystack, TRUE);
    g_free(s);
}

void snapshot_drop(struct snapshot *s)
{
    g_assert(!s->sealed);
    snapshot_free(s);
}

const struct snapshot *snapshot_ref(const struct snapshot *s)
{
    g_atomic_int_inc(&((struct snapshot *)s)->refs);
    return s;
}

void snapshot_unref(const struct snapshot *s)
{
    if (s && g_atomic_int_dec_and_test(&((struct snapshot *)s)->refs))
        snapshot_free((struct snapshot *)s);
}

const struct kind *snapshot_kind(const struct snapshot *s)
{
    return s->kind;
}

const struct rid *snapshot_scope(const struct snapshot *s)
{
    return s->scope;
}

const struct column *snapshot_column_table(const struct snapshot *s)
{
    return s->columns;
}

int64_t snapshot_at(const struct snapshot *s)
{
    return s->at_ms;
}

const char *snapshot_incomplete(const struct snapshot *s)
{
    return s->incomplete;
}

bool snapshot_remembered(const struct snapshot *s)
{
    return s->remembered;
}

size_t snapshot_count(const struct snapshot *s)
{
    return s->count;
}

const struct row *snapshot_row(const struct snapshot *s, size_t row)
{
    g_assert(row < s->count);
    return &s->rows[row];
}

static struct cell text_cell(enum cell_type type, const char *text)
{
    if (!text)
        return (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    return (struct cell){.type = type, .text = text};
}

static struct cell pseudo_cell(const struct snapshot *s, size_t row, int column)
{
    const struct row *r = &s->rows[row];
    switch (column) {
    case COLUMN_SOURCE: return text_cell(CELL_TEXT, s->scope->source);
    case COLUMN_NAME: return text_cell(CELL_TEXT, r->name);
    case COLUMN_ADDRESS: return text_cell(CELL_LINK, r->address);
    case COLUMN_AT: return (struct cell){.type = CELL_TIME_MS, .i = r->at_ms};
    case COLUMN_HEALTH: return text_cell(CELL_STATE, health_name(r->health));
    case COLUMN_PHASE: return text_cell(CELL_STATE, phase_name(r->phase));
    case COLUMN_WHY: return text_cell(CELL_TEXT, r->why);
    default: return (struct cell){.type = CELL_NONE, .absent = ABSENT_NOT_ASKED};
    }
}

struct cell snapshot_cell(const struct snapshot *s, size_t row, int column)
{
    g_assert(row < s->count);
    if (column < 0)
        return pseudo_cell(s, row, column);
    uint8_t tag = s->tag[column][row];
    union payload payload = s->payload[column][row];
    struct cell cell = {.type = tag & 15};
    switch (cell.type) {
    case CELL_NONE: cell.absent = tag >> 4; return cell;
    case CELL_BOOL: cell.b = payload.i != 0; break;
    case CELL_REAL:
    case CELL_PERCENT: cell.r = payload.r; break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: cell.text = payload.p; break;
    case CELL_STATES: cell.states = payload.p; break;
    default: cell.i = payload.i; break;
    }
    cell.quality = tag >> 4;
    return cell;
}

const char *snapshot_haystack(const struct snapshot *s, size_t row)
{
    g_assert(s->sealed && row < s->count);
    return s->haystack->str + s->haystack_at[row];
}

void snapshot_append_address(const struct snapshot *s, size_t row, GString *out)
{
    const struct row *r = snapshot_row(s, row);
    if (r->address) {
        g_string_append(out, r->address);
        return;
    }
    rid_append(out, s->scope);
    rid_append_part(out, kind_segment(s->kind), r->key);
}

struct rid *snapshot_rid(const struct snapshot *s, size_t row)
{
    g_autoptr(GString) address = g_string_new(NULL);
    snapshot_append_address(s, row, address);
    return rid_parse(address->str, NULL);
}

gssize snapshot_find(const struct snapshot *s, const char *key)
{
    for (size_t row = 0; row < s->count; row++)
        if (strcmp(s->rows[row].key, key) == 0)
            return (gssize)row;
    return -1;
}

int snapshot_width(const struct snapshot *s, int column)
{
    if (column >= 0)
        return s->width[column];
    return column == COLUMN_NAME     ? s->name_width
           : column == COLUMN_SOURCE ? text_width(s->scope->source)
                                     : 0;
}

bool snapshot_asked(const struct snapshot *s, int column)
{
    return column < 0 || s->asked[column];
}

void snapshot_tally(const struct snapshot *s, size_t tally[4])
{
    for (unsigned i = 0; i < G_N_ELEMENTS(s->tally); i++)
        tally[i] += s->tally[i];
}

size_t snapshot_bytes(const struct snapshot *s)
{
    size_t cells = (size_t)s->column_count * (sizeof(union payload) + 1);
    return s->capacity * (sizeof(struct row) + cells + sizeof(uint32_t)) + s->text_bytes +
           (s->haystack ? s->haystack->allocated_len : 0);
}

const char *health_name(enum health health)
{
    static const char *const names[] = {"ok", "unknown", "warn", "fail"};
    return names[health];
}

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {"off", "wait", "run", "done"};
    return names[phase];
}

const char *absent_name(enum absent absent)
{
    static const char *const names[] = {"not_asked", "no_value", "denied", "failed"};
    return names[absent];
}

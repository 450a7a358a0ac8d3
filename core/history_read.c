/* Reading: the newest of everything, and one column over time. A number over time is put into fine
 * spans first; frames that are rarer than those make the spans wider, so that what was read every
 * minute has no holes, and what was not read has. */
#include "history_private.h"

#include <math.h>
#include <string.h>

#include "arrange.h"
#include "rid.h"

#define CANCEL_EVERY  256 /* frames */
#define GAP_FRAMES    3   /* missing in a row, and nothing is known meanwhile */
#define SPAN_PER_STEP 1.5 /* width of a span, in usual distances of frames */

/* -- walking ------------------------------------------------------------------------------------- */

static bool walk_frame(const struct history_frame *f, void *data)
{
    struct history_walk *w = data;
    w->key = f->prev_ms < 0;
    bool moved = w->key;
    if (w->key) {
        grid_free(w->frame);
        w->frame = grid_decode_key(f->data, f->length, w->choose, w->data, NULL);
    } else if (!w->frame || f->prev_ms != w->at_ms) {
        return true; /* the clock was put back, or a frame is damaged: until the next key */
    } else if (!grid_apply_delta(w->frame, f->data, f->length, &moved, NULL)) {
        g_clear_pointer(&w->frame, grid_free);
    }
    if (!w->frame)
        return true;
    w->moved |= moved;
    w->at_ms = f->at_ms;
    w->tier = f->tier;
    if (f->at_ms < w->from_ms || !w->seen)
        return true;
    moved = w->moved;
    w->moved = false;
    return w->seen(w, moved);
}

bool history_walk_run(struct history_walk *w, struct history_file *f, gint64 stream, GError **error)
{
    history_walk_end(w);
    int64_t key = history_file_key_before(f, stream, w->from_ms);
    w->moved = true;
    return history_file_frames(
        f, stream, key >= 0 ? key : w->from_ms, w->to_ms, walk_frame, w, error);
}

void history_walk_end(struct history_walk *w)
{
    g_clear_pointer(&w->frame, grid_free);
}

/* -- texts --------------------------------------------------------------------------------------- */

struct words {
    struct history_file *file;
    GHashTable *text; /* number to text */
};

static void words_init(struct words *w, struct history_file *f)
{
    w->file = f;
    w->text = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

/* Borrowed; "" for a number that is not there. */
static const char *word(struct words *w, int64_t id)
{
    if (id <= 0 || id > G_MAXUINT32)
        return "";
    char *text = g_hash_table_lookup(w->text, GUINT_TO_POINTER((guint)id));
    if (!text) {
        text = history_file_text(w->file, (guint32)id);
        text = text ? text : g_strdup("");
        g_hash_table_insert(w->text, GUINT_TO_POINTER((guint)id), text);
    }
    return text;
}

/* -- the newest of everything -------------------------------------------------------------------- */

/* Columns of the kind, by field; -1: it has no such column (any more). */
static int *columns_of(const struct kind *k, const char *names, guint32 fields)
{
    int *column = g_new(int, fields);
    g_auto(GStrv) split = g_strsplit(names, " ", -1);
    guint n = g_strv_length(split);
    for (guint32 i = 0; i < fields; i++) {
        column[i] = -1;
        if (i >= GRID_COLUMNS && i - GRID_COLUMNS < n)
            column[i] = column_index(k->columns, split[i - GRID_COLUMNS]);
        if (column[i] >= 0 && k->columns[column[i]].flags & COLUMN_F_PRIVATE)
            column[i] = -1;
    }
    return column;
}

static void rebuild_states(struct snapshot *s, size_t row, int column, const char *text)
{
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(struct state_mark));
    g_auto(GStrv) parts = g_strsplit(text, "\036", -1);
    for (char **part = parts; *part && **part; part++) {
        g_auto(GStrv) values = g_strsplit(*part, "\037", 4);
        if (g_strv_length(values) < 4)
            continue;
        gint64 health = g_ascii_strtoll(values[1], NULL, 10);
        struct state_mark mark = {snapshot_keep(s, values[0]),
            (enum health)CLAMP(health, HEALTH_OK, HEALTH_FAIL),
            g_ascii_strtoll(values[2], NULL, 10), g_ascii_strtoll(values[3], NULL, 10)};
        g_array_append_val(marks, mark);
    }
    snapshot_set_states(s, row, column, (struct state_mark *)(void *)marks->data, marks->len);
}

static void rebuild_cell(struct snapshot *s, size_t row, int column, const struct grid *f,
    guint32 field, struct words *words)
{
    uint8_t tag = f->tag[field][row];
    int64_t value = f->value[field][row];
    struct cell cell = {.type = tag & 15};
    enum cell_type own = snapshot_column_table(s)[column].type;
    if (cell.type == CELL_NONE) {
        snapshot_set_absent(s, row, column, tag >> 4);
        return;
    }
    if (cell.type != own)
        return; /* the column is another by now */
    cell.quality = tag >> 4;
    switch (cell.type) {
    case CELL_BOOL: cell.b = value != 0; break;
    case CELL_REAL:
    case CELL_PERCENT: memcpy(&cell.r, &value, sizeof cell.r); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: cell.text = word(words, value); break;
    case CELL_STATES: rebuild_states(s, row, column, word(words, value)); return;
    case CELL_SERIES:
    case CELL_GANTT: return;
    default: cell.i = value; break;
    }
    snapshot_set_cell(s, row, column, cell);
}

static const char *row_text(const struct grid *f, guint32 field, size_t row, struct words *words)
{
    return (f->tag[field][row] & 15) == CELL_TEXT ? word(words, f->value[field][row]) : NULL;
}

static void rebuild_row(
    struct snapshot *s, const struct grid *f, guint32 row, const int *column, struct words *words)
{
    size_t at = snapshot_add(s, word(words, f->key[row]));
    int64_t parent = f->value[GRID_PARENT][row];
    const char *error = row_text(f, GRID_ERROR, row, words);
    const char *address = row_text(f, GRID_ADDRESS, row, words);
    if (f->value[GRID_AT][row])
        snapshot_set_at(s, at, f->value[GRID_AT][row]);
    if (parent > 0 && parent <= (int64_t)at)
        snapshot_set_parent(s, at, (uint32_t)(parent - 1));
    snapshot_set_phase(s, at, (enum phase)CLAMP(f->value[GRID_PHASE][row], PHASE_OFF, PHASE_DONE));
    snapshot_set_health(s, at,
        (enum health)CLAMP(f->value[GRID_HEALTH][row], HEALTH_OK, HEALTH_FAIL),
        row_text(f, GRID_WHY, row, words));
    if (error)
        snapshot_set_error(s, at, error);
    if (address)
        snapshot_set_address(s, at, address);
    for (guint32 field = GRID_COLUMNS; field < f->fields; field++)
        if (column[field] >= 0)
            rebuild_cell(s, at, column[field], f, field, words);
}

static const struct snapshot *rebuild(const struct kind *k, const struct rid *scope,
    const struct history_walk *w, struct words *words)
{
    const struct grid *f = w->frame;
    g_autofree int *column = columns_of(k, word(words, f->columns), f->fields);
    struct snapshot *s = snapshot_new(k, scope, w->at_ms);
    for (guint32 row = 0; row < f->rows; row++)
        rebuild_row(s, f, row, column, words);
    if (f->incomplete)
        snapshot_set_incomplete(s, word(words, f->incomplete));
    snapshot_set_remembered(s);
    return snapshot_seal(s);
}

/* Adds the newest frame of a stream, unless a newer file had one. */
static void add_last(GPtrArray *all, GHashTable *had, struct history_file *f,
    const struct history_stream *stream, const struct kind *k)
{
    AUTO(rid) scope = rid_parse(stream->scope, NULL);
    g_autofree char *name = g_strconcat(stream->kind, " ", stream->scope, NULL);
    if (!scope || scope->count > 0 || g_hash_table_contains(had, name))
        return;
    int64_t newest = history_file_newest(f, stream->id);
    struct history_walk w = {.from_ms = newest, .to_ms = newest + 1};
    if (newest >= 0 && history_walk_run(&w, f, stream->id, NULL) && w.frame) {
        struct words words;
        words_init(&words, f);
        g_ptr_array_add(all, (gpointer)rebuild(k, scope, &w, &words));
        g_hash_table_add(had, g_steal_pointer(&name));
        g_hash_table_unref(words.text);
    }
    history_walk_end(&w);
}

GPtrArray *history_last(struct history *h, const struct registry *r, int64_t now_ms)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    g_autoptr(GHashTable) had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) days = history_days(h);
    for (guint i = days->len; i-- > 0;) {
        const char *day = g_ptr_array_index(days, i);
        if (history_day_start(day) < now_ms - HISTORY_LAST_MS)
            break;
        AUTO(history_file) f = history_day_open(h, day, false, NULL);
        g_autoptr(GPtrArray) streams = f ? history_file_streams(f, h->environment, NULL) : NULL;
        for (guint j = 0; streams && j < streams->len; j++) {
            const struct history_stream *stream = g_ptr_array_index(streams, j);
            const struct kind *k = registry_kind(r, stream->kind, NULL);
            if (k && strcmp(k->name, stream->kind) == 0 && history_wants(k))
                add_last(all, had, f, stream, k);
        }
    }
    return all;
}

/* -- one column over time ------------------------------------------------------------------------ */

struct span {
    double sum, last;
    guint32 count;
};

/* From a frame on: what a row said. state NULL: it was not there, or said nothing. */
struct change {
    guint frame;
    const char *state;
    uint8_t health;
};

struct trace {
    const char *address;
    guint32 key, own; /* numbers of its key and of its address in the file that is read; 0: none */
    gint64 row;       /* in the frame that is read, or -1 */
    struct span *span;
    GArray *changes; /* struct change */
};

/* Rows of one owner: what one stream holds. */
struct query {
    const struct series_query *q;
    const char *owner; /* address */
    bool (*cancelled)(void *data);
    void *data;
    GArray *traces;      /* struct trace */
    GArray *times;       /* int64_t: of all frames that were read */
    GHashTable *strings; /* of states */
    struct words words;
    guint32 columns; /* those that field is of; 0: none yet */
    gint64 field;    /* of the column, or -1 */
    bool wanted[GRID_FIELDS_MAX];
    bool matched; /* some row was found */
    bool stop;
    int64_t step_ms;
};

static const bool *choose_fields(guint32 columns, void *data)
{
    struct query *query = data;
    const struct series_query *q = query->q;
    if (columns == query->columns)
        return query->wanted;
    query->columns = columns;
    query->field = q->column == COLUMN_HEALTH ? GRID_HEALTH : -1;
    memset(query->wanted, 0, sizeof query->wanted);
    g_auto(GStrv) names = g_strsplit(word(&query->words, columns), " ", GRID_FIELDS_MAX);
    for (guint32 i = 0; q->column >= 0 && names[i] && i < GRID_FIELDS_MAX - GRID_COLUMNS; i++)
        if (strcmp(names[i], q->kind->columns[q->column].name) == 0)
            query->field = GRID_COLUMNS + i;
    query->wanted[GRID_ADDRESS] = query->wanted[GRID_HEALTH] = true;
    if (query->field >= 0)
        query->wanted[query->field] = true;
    return query->wanted;
}

static void find_traces(struct query *query, const struct grid *f)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) owns = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < query->traces->len; i++) {
        struct trace *t = &g_array_index(query->traces, struct trace, i);
        t->row = -1;
        if (t->key)
            g_hash_table_insert(keys, GUINT_TO_POINTER(t->key), t);
        if (t->own)
            g_hash_table_insert(owns, GUINT_TO_POINTER(t->own), t);
    }
    for (guint32 row = 0; row < f->rows; row++) {
        guint32 own = (guint32)f->value[GRID_ADDRESS][row];
        struct trace *t = own ? g_hash_table_lookup(owns, GUINT_TO_POINTER(own))
                              : g_hash_table_lookup(keys, GUINT_TO_POINTER(f->key[row]));
        if (t && t->row < 0) {
            t->row = row;
            query->matched = true;
        }
    }
}

/* NAN where the cell holds no number. */
static double number_of(const struct grid *f, guint32 field, gint64 row)
{
    int64_t value = f->value[field][row];
    double real;
    switch (f->tag[field][row] & 15) {
    case CELL_BOOL:
    case CELL_INT:
    case CELL_TIME_MS:
    case CELL_SPAN_MS:
    case CELL_BYTES: return (double)value;
    case CELL_REAL:
    case CELL_PERCENT: memcpy(&real, &value, sizeof real); return real;
    default: return NAN;
    }
}

static const char *state_of(struct query *query, const struct grid *f, gint64 row)
{
    if (query->q->column == COLUMN_HEALTH)
        return health_name((enum health)CLAMP(f->value[GRID_HEALTH][row], HEALTH_OK, HEALTH_FAIL));
    unsigned type = f->tag[query->field][row] & 15;
    if (type != CELL_STATE && type != CELL_TEXT)
        return NULL;
    const char *text = word(&query->words, f->value[query->field][row]);
    char *kept = g_hash_table_lookup(query->strings, text);
    if (!kept) {
        kept = g_strdup(text);
        g_hash_table_add(query->strings, kept);
    }
    return kept;
}

static void see_state(struct query *query, struct trace *t, const struct grid *f)
{
    struct change now = {.frame = query->times->len - 1};
    if (t->row >= 0 && query->field >= 0) {
        now.state = state_of(query, f, t->row);
        now.health = (uint8_t)CLAMP(f->value[GRID_HEALTH][t->row], HEALTH_OK, HEALTH_FAIL);
    }
    const struct change *old =
        t->changes->len ? &g_array_index(t->changes, struct change, t->changes->len - 1) : NULL;
    if (!old || old->state != now.state || old->health != now.health)
        g_array_append_val(t->changes, now);
}

static bool see_frame(struct history_walk *w, bool moved)
{
    struct query *query = w->data;
    const struct series_query *q = query->q;
    g_array_append_val(query->times, w->at_ms);
    if (moved)
        find_traces(query, w->frame);
    int64_t at = (w->at_ms - q->from_ms) / query->step_ms;
    for (guint i = 0; i < query->traces->len; i++) {
        struct trace *t = &g_array_index(query->traces, struct trace, i);
        if (q->pick == SERIES_STATES) {
            see_state(query, t, w->frame);
        } else if (t->row >= 0 && query->field >= 0) {
            double n = number_of(w->frame, (guint32)query->field, t->row);
            if (isnan(n))
                continue;
            t->span[at].sum += n;
            t->span[at].last = n;
            t->span[at].count++;
        }
    }
    query->stop =
        query->cancelled && query->times->len % CANCEL_EVERY == 0 && query->cancelled(query->data);
    return !query->stop;
}

/* Sets what is looked for in the stream of such a scope; false: nothing. */
static bool look_for(struct query *query, struct history_file *f, const char *scope)
{
    bool any = false;
    const char *segment = kind_segment(query->q->kind);
    for (guint i = 0; i < query->traces->len; i++) {
        struct trace *t = &g_array_index(query->traces, struct trace, i);
        t->key = t->own = 0;
        t->row = -1;
        AUTO(rid) rid = rid_parse(t->address, NULL);
        const struct rid_part *last = &rid->part[rid->count - 1];
        if (strcmp(query->owner, scope) == 0 && strcmp(last->kind, segment) == 0)
            t->key = history_file_text_id(f, last->name, false, NULL);
        t->own = history_file_text_id(f, t->address, false, NULL);
        any |= t->key || t->own;
    }
    return any;
}

/* Reads the stream of a scope; whether it held any of the rows. */
static bool read_stream(
    struct query *query, struct history *h, struct history_file *f, const char *scope)
{
    const struct series_query *q = query->q;
    gint64 stream = history_file_stream(f, h->environment, q->kind->name, scope, false, NULL);
    if (!stream || !look_for(query, f, scope))
        return false;
    guint before = query->times->len;
    struct history_walk w = {.choose = choose_fields,
        .seen = see_frame,
        .data = query,
        .from_ms = q->from_ms,
        .to_ms = q->to_ms};
    query->matched = false;
    history_walk_run(&w, f, stream, NULL);
    history_walk_end(&w);
    if (!query->matched)
        g_array_set_size(query->times, before);
    return query->matched;
}

/* Rows stand in the stream of what owns them, or, with addresses of their own, in their source's. */
static void read_day(struct query *query, struct history *h, struct history_file *f)
{
    words_init(&query->words, f);
    query->columns = 0;
    g_autofree char *source = g_strndup(query->owner, strcspn(query->owner, "/"));
    if (!read_stream(query, h, f, source) && strcmp(source, query->owner) != 0)
        read_stream(query, h, f, query->owner);
    g_hash_table_unref(query->words.text);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The usual distance of two frames: the median. */
static int64_t usual_gap(const GArray *times)
{
    if (times->len < 2)
        return HISTORY_FRAME_MS;
    g_autoptr(GArray) gaps = g_array_sized_new(FALSE, FALSE, sizeof(int64_t), times->len);
    for (guint i = 1; i < times->len; i++) {
        int64_t gap = g_array_index(times, int64_t, i) - g_array_index(times, int64_t, i - 1);
        if (gap > 0)
            g_array_append_val(gaps, gap);
    }
    g_array_sort(gaps, by_number);
    return gaps->len ? g_array_index(gaps, int64_t, gaps->len / 2) : HISTORY_FRAME_MS;
}

static struct series *make_series(const struct query *query, const struct trace *t, guint32 merge)
{
    guint32 fine = query->q->points;
    guint32 count = (fine + merge - 1) / merge;
    struct series *s = g_malloc(sizeof *s + count * sizeof s->value[0]);
    *s = (struct series){query->q->from_ms, query->step_ms * merge, count};
    bool any = false;
    for (guint32 i = 0; i < count; i++) {
        struct span whole = {0};
        for (guint32 j = i * merge; j < MIN((i + 1) * merge, fine); j++) {
            whole.sum += t->span[j].sum;
            whole.last = t->span[j].count ? t->span[j].last : whole.last;
            whole.count += t->span[j].count;
        }
        any |= whole.count > 0;
        s->value[i] = whole.count == 0                ? NAN
                      : query->q->pick == SERIES_LAST ? whole.last
                                                      : whole.sum / whole.count;
    }
    if (!any)
        g_clear_pointer(&s, g_free);
    return s;
}

/* The marks of a trace, oldest first; where frames are missing or the row was not there: unknown. */
static GArray *make_marks(const struct query *query, const struct trace *t, int64_t gap_ms)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(struct state_mark));
    const GArray *times = query->times;
    guint next = 0;
    const struct change *now = NULL;
    for (guint i = 0; i < times->len; i++) {
        int64_t at = g_array_index(times, int64_t, i);
        int64_t end = i + 1 < times->len ? g_array_index(times, int64_t, i + 1) : at + gap_ms;
        bool begins =
            next < t->changes->len && g_array_index(t->changes, struct change, next).frame == i;
        if (begins)
            now = &g_array_index(t->changes, struct change, next++);
        bool known = now && now->state;
        struct state_mark mark = {known ? now->state : "",
            known ? (enum health)now->health : HEALTH_UNKNOWN, at, MIN(end - at, gap_ms)};
        struct state_mark *last =
            marks->len ? &g_array_index(marks, struct state_mark, marks->len - 1) : NULL;
        if (last && last->state == mark.state && last->health == mark.health &&
            last->at_ms + last->ms == at)
            last->ms += mark.ms;
        else
            g_array_append_val(marks, mark);
        if (end - at > gap_ms) {
            mark = (struct state_mark){"", HEALTH_UNKNOWN, at + gap_ms, end - at - gap_ms};
            g_array_append_val(marks, mark);
        }
    }
    return marks;
}

/* One block: the marks, then their texts. */
static struct states *make_states(const struct query *query, const struct trace *t, int64_t gap_ms)
{
    bool any = false;
    for (guint i = 0; i < t->changes->len; i++)
        any |= g_array_index(t->changes, struct change, i).state != NULL;
    if (!any)
        return NULL;
    g_autoptr(GArray) marks = make_marks(query, t, gap_ms);
    guint first = marks->len > query->q->points ? marks->len - query->q->points : 0;
    gsize bytes = sizeof(struct states);
    for (guint i = first; i < marks->len; i++)
        bytes += sizeof(struct state_mark) +
                 strlen(g_array_index(marks, struct state_mark, i).state) + 1;
    struct states *out = g_malloc(bytes);
    out->count = marks->len - first;
    char *text = (char *)&out->mark[out->count];
    for (guint i = first; i < marks->len; i++) {
        struct state_mark *mark = &out->mark[i - first];
        *mark = g_array_index(marks, struct state_mark, i);
        gsize length = strlen(mark->state) + 1;
        mark->state = memcpy(text, mark->state, length);
        text += length;
    }
    return out;
}

static void answer(const struct query *query, GHashTable *out)
{
    int64_t usual = usual_gap(query->times);
    guint32 merge = (guint32)CLAMP(
        ceil(SPAN_PER_STEP * (double)usual / (double)query->step_ms), 1, query->q->points);
    if (query->step_ms >= usual)
        merge = 1;
    for (guint i = 0; i < query->traces->len; i++) {
        const struct trace *t = &g_array_index(query->traces, struct trace, i);
        gpointer value = query->q->pick == SERIES_STATES
                             ? (gpointer)make_states(query, t, GAP_FRAMES * usual)
                             : (gpointer)make_series(query, t, merge);
        if (value)
            g_hash_table_insert(out, g_strdup(t->address), value);
    }
}

static void trace_clear(gpointer data)
{
    struct trace *t = data;
    g_free(t->span);
    g_array_unref(t->changes);
}

static void query_init(struct query *query, const GPtrArray *addresses)
{
    const struct series_query *q = query->q;
    query->step_ms = (q->to_ms - q->from_ms + q->points - 1) / q->points;
    query->traces = g_array_new(FALSE, TRUE, sizeof(struct trace));
    query->times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    query->strings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_array_set_clear_func(query->traces, trace_clear);
    for (guint i = 0; i < addresses->len; i++) {
        struct trace t = {.address = g_ptr_array_index(addresses, i), .row = -1};
        t.span = q->pick == SERIES_STATES ? NULL : g_new0(struct span, q->points);
        t.changes = g_array_new(FALSE, FALSE, sizeof(struct change));
        g_array_append_val(query->traces, t);
    }
}

static void read_all(struct query *query, struct history *h)
{
    g_autoptr(GPtrArray) days = history_days(h);
    for (guint i = 0; i < days->len && !query->stop; i++) {
        const char *day = g_ptr_array_index(days, i);
        int64_t start = history_day_start(day);
        if (start >= query->q->to_ms || start + HISTORY_DAY_MS <= query->q->from_ms)
            continue;
        AUTO(history_file) f = history_day_open(h, day, false, NULL);
        if (f)
            read_day(query, h, f);
    }
}

/* Addresses by what owns their rows. */
static GHashTable *group(const char *const *addresses)
{
    GHashTable *groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    for (; *addresses; addresses++) {
        AUTO(rid) rid = rid_parse(*addresses, NULL);
        if (!rid || rid->count == 0)
            continue;
        AUTO(rid) parent = rid_parent(rid);
        g_autofree char *owner = rid_print(parent);
        GPtrArray *own = g_hash_table_lookup(groups, owner);
        if (!own) {
            own = g_ptr_array_new();
            g_hash_table_insert(groups, g_steal_pointer(&owner), own);
        }
        g_ptr_array_add(own, (gpointer)*addresses);
    }
    return groups;
}

GHashTable *history_series(
    struct history *h, const struct series_query *q, bool (*cancelled)(void *data), void *data)
{
    GHashTable *out = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (q->points == 0 || q->points > SERIES_POINTS_MAX || q->to_ms <= q->from_ms)
        return out;
    g_autoptr(GHashTable) groups = group(q->addresses);
    GHashTableIter iter;
    gpointer owner, addresses;
    g_hash_table_iter_init(&iter, groups);
    for (bool stop = false; !stop && g_hash_table_iter_next(&iter, &owner, &addresses);) {
        struct query query = {.q = q, .owner = owner, .cancelled = cancelled, .data = data};
        query_init(&query, addresses);
        read_all(&query, h);
        answer(&query, out);
        stop = query.stop;
        g_array_unref(query.traces);
        g_array_unref(query.times);
        g_hash_table_unref(query.strings);
    }
    return out;
}

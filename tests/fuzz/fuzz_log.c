/* Lines of several logs, their filters, folds and searches: whatever is written in them, what is shown is
 * what one sees who looks at each line. */
#include "kind.h"
#include "log_lines.h"
#include "text.h"

#include "fuzz/fuzz.h"

/* A byte says of which log the next lines are, and of their times; then lines. */
static void add(struct log_lines *l, const char *text, gsize length)
{
    static const char *const logs[] = {"a/tasks/x", "a/tasks/y"};
    unsigned char head = length > 0 ? (unsigned char)text[0] : 0;
    AUTO(rid) scope = rid_parse(logs[head & 1], NULL);
    struct snapshot *s = snapshot_new(&kind_log, scope, ROWS_NOW_MS);
    g_auto(GStrv) lines = g_strsplit(length > 0 ? text + 1 : "", "\n", 64);
    for (char **line = lines; *line; line++) {
        size_t row = snapshot_add(s, "");
        snapshot_set_text(s, row, LOG_TEXT, *line);
        if (head & 2)
            snapshot_set_int(s, row, LOG_TIME, (head >> 3) * 1000 + (**line & 31) * 100);
        if (head & 4 && row > 0)
            snapshot_set_parent(s, row, 0);
    }
    const struct snapshot *sealed = snapshot_seal(s);
    log_lines_add(l, sealed);
    snapshot_unref(sealed);
}

/* The order is by time, and no line of it is unclean or unknown. */
static void check_order(const struct log_lines *l)
{
    const GArray *order = l->ring->order;
    for (guint i = 0; i < order->len; i++) {
        const struct log_line *line = log_ring_line(l->ring, log_id(order, i));
        const char *text = log_ring_text(l->ring, log_id(order, i));
        g_assert_cmpuint(strlen(text), ==, line->length);
        g_assert_true(text_is_clean(text, -1));
        struct log_key key = log_ring_key(l->ring, log_id(order, i));
        g_assert_cmpuint(log_ring_find(l->ring, order, &key), ==, i);
    }
}

/* What was made piece by piece is what one gets who begins anew. */
static void check_parts(struct log_lines *l)
{
    while (log_lines_step(l, 0))
        ;
    g_assert_true(log_lines_done(l));
    g_autoptr(GArray) rows = g_array_copy((GArray *)log_lines_rows(l));
    g_autoptr(GArray) hits = g_array_copy(l->hits.ids);
    log_lines_context(l, l->context);
    while (log_lines_step(l, INT64_MAX))
        ;
    const GArray *again = log_lines_rows(l);
    g_assert_cmpuint(rows->len, ==, again->len);
    for (guint i = 0; i < rows->len; i++)
        g_assert_cmpuint(log_id(rows, i), ==, log_id(again, i));
    g_assert_cmpuint(hits->len, ==, l->hits.ids->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    g_autofree char *text = fuzz_text(data + 1, size - 1);
    AUTO(log_lines) l = log_lines_new(data[0] & 1 ? 64 * 1024 : 1024 * 1024);
    if (data[0] & 2)
        log_lines_push(l, log_pattern_new("e|at", NULL), LEVEL_NONE, data[0] & 4);
    if (data[0] & 128)
        log_lines_push(l, NULL, LEVEL_INFO, data[0] & 4);
    if (data[0] & 8)
        log_lines_fold_all(l, true);
    l->context = (data[0] >> 4) & 3;
    log_lines_search(l, log_pattern_new("a|\\.", NULL));
    g_auto(GStrv) chunks = g_strsplit(text, "\f", 32);
    for (char **chunk = chunks; *chunk; chunk++) {
        add(l, *chunk, strlen(*chunk));
        log_lines_step(l, 0);
    }
    check_order(l);
    check_parts(l);
    return 0;
}

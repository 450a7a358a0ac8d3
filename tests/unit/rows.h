/* A kind with a column of every type, and snapshots of it: what the tests arrange, print and draw. */
#ifndef TESTS_UNIT_ROWS_H
#define TESTS_UNIT_ROWS_H

#include <locale.h>
#include <string.h>

#include "kind.h"
#include "rid.h"

enum { R_STATE, R_LAG, R_RATE, R_SEEN, R_WAIT, R_SIZE, R_SHARE, R_ON, R_NOTE, R_LINK, R_STRIP };

#define ROWS_NOW_MS 1781265871120 /* 2026-06-12T12:04:31.120Z */

static const struct column rows_columns[] = {
    [R_STATE] = {"state", "STATE", CELL_STATE, 0, 8, 0, "how it is"},
    [R_LAG] = {"lag", "LAG", CELL_INT, COLUMN_F_RECORD, 6, 0, "messages not read"},
    [R_RATE] = {"rate", "RATE", CELL_REAL, COLUMN_F_HIDDEN, 6, 0, "messages per second"},
    [R_SEEN] = {"seen", "SEEN", CELL_TIME_MS, COLUMN_F_AGE, 5, 0, "when it was seen"},
    [R_WAIT] = {"wait_ms", "WAIT", CELL_SPAN_MS, COLUMN_F_HIDDEN, 7, 0, "how long it waits"},
    [R_SIZE] = {"size", "SIZE", CELL_BYTES, COLUMN_F_HIDDEN, 6, 0, "bytes on disk"},
    [R_SHARE] = {"share", "SHARE", CELL_PERCENT, COLUMN_F_HIDDEN, 5, 0, "of all"},
    [R_ON] = {"on", "ON", CELL_BOOL, COLUMN_F_HIDDEN, 3, 0, "switched on"},
    [R_NOTE] = {"note", "NOTE", CELL_TEXT, 0, 12, 2, "what people wrote"},
    [R_LINK] = {"about", "ABOUT", CELL_LINK, COLUMN_F_HIDDEN, 12, 1, "address of a thing"},
    [R_STRIP] = {"strip", "STRIP", CELL_STATES, COLUMN_F_HIDDEN, 8, 0, "past states"},
    {0},
};

static const struct kind rows_kind = {
    .name = "test.rows",
    .aliases = "row",
    .title = "ROW",
    .help = "rows of a test",
    .shape = SHAPE_TABLE,
    .columns = rows_columns,
    .feed = "rows",
};

static inline struct snapshot *rows_new(const char *source)
{
    AUTO(rid) scope = rid_source(source);
    return snapshot_new(&rows_kind, scope, ROWS_NOW_MS);
}

/* A row with a state and a lag; lag -1: absent. */
static inline size_t rows_add(struct snapshot *s, const char *name, const char *state, int64_t lag)
{
    size_t row = snapshot_add(s, name);
    if (state)
        snapshot_set_text(s, row, R_STATE, state);
    if (lag >= 0)
        snapshot_set_int(s, row, R_LAG, lag);
    else
        snapshot_set_absent(s, row, R_LAG, ABSENT_NO_VALUE);
    return row;
}

/* Every test draws and measures text as main() does. */
static inline void rows_init(int *argc, char ***argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_test_init(argc, argv, NULL);
}

#define ASSERT_CONTAINS(text, part)                                                                \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        const char *part_ = (part);                                                                \
        if (!text_ || !strstr(text_, part_)) {                                                     \
            g_autofree char *message_ =                                                            \
                g_strdup_printf("\"%s\" does not contain \"%s\"", text_ ? text_ : "", part_);      \
            g_assertion_message(G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, message_);            \
        }                                                                                          \
    } while (0)

#endif

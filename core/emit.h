/* Arranged rows as text for scripts and people: the same cells that the screen draws. Everything here
 * is UTF-8, without colour, and never cut. */
#ifndef CORE_EMIT_H
#define CORE_EMIT_H

#include "arrange.h"

enum emit_format { EMIT_TABLE, EMIT_WIDE, EMIT_JSON, EMIT_NDJSON, EMIT_CSV, EMIT_MD };

/* "table", "wide", ... ; false when it is none of them. */
bool emit_format_parse(const char *name, enum emit_format *format);
extern const char *const emit_format_names[]; /* NULL-terminated */

/* How one source did, for the "sources" of the JSON form. */
struct emit_source {
    const char *source;
    const char *state;
    int64_t at_ms; /* of what is printed; 0: nothing */
    const char *error;
};

struct emit {
    enum emit_format format;
    const struct kind *kind;
    const struct column *columns;
    const int *chosen; /* columns in order, COLUMN_UNKNOWN-terminated; NULL: the format's own */
    bool with_source;  /* several sources: the table shows which */
    int64_t now_ms;
    size_t limit; /* rows printed at most */
    const struct emit_source *sources;
    guint source_count;
    const char *const *incomplete; /* reasons, NULL-terminated; empty: complete */
};

/* The arrangement must be finished. */
void emit_rows(GString *out, const struct emit *e, const struct arrange *a);
/* One row as one line of JSON, without a newline. */
void emit_row_json(GString *out, const struct emit *e, const struct snapshot *s, size_t row);
/* JSON text with a line per member, indented; its tokens stay as they are (numbers keep every digit).
 * Text that is no JSON comes out as it went in. */
void emit_json_lines(GString *out, const char *json);
/* Rows of kind_detail as "group", "name: value" text, or as one JSON object. */
void emit_detail(GString *out, const struct snapshot *s, bool json, int64_t now_ms);

#endif

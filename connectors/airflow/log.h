/* Log entries of Airflow as rows of kind_log: log.c asks, lines.c writes. */
#ifndef CONNECTORS_AIRFLOW_LOG_H
#define CONNECTORS_AIRFLOW_LOG_H

#include "airflow.h"

#define LOG_CHUNK_ROWS 1000
#define LOG_CHUNK_MS   200               /* no line waits longer for its chunk to fill */
#define LOG_TAIL_MAX   100000            /* lines held for --tail */
#define LOG_TEXT_MAX   (64 * 1024)       /* bytes of one line */
#define LOG_ENTRY_MAX  (4 * 1024 * 1024) /* bytes of JSON of one entry */
#define LOG_LINES_MAX  2000              /* of one entry */
#define LOG_FRAMES_MAX 100               /* of one exception */

struct lines;

/* tail: hold back all but the newest lines until lines_flush_tail (0: nothing); since_ms: leave out
 * what is older (0: nothing). */
struct lines *lines_new(struct stream *out, int64_t tail, int64_t since_ms);
void lines_free(struct lines *w); /* accepts NULL */

/* A line of our own, outside the log. */
void lines_note(struct lines *w, const char *text);
/* One entry: an object or a text. Groups ("::group::X" up to "::endgroup::") become a heading, the
 * parent of the lines that follow within the same chunk. */
void lines_entry(struct lines *w, const cJSON *entry);
/* What was held back for the tail; from here on lines pass through. */
void lines_flush_tail(struct lines *w);
/* Posts what waits. False when nobody reads any more. */
bool lines_flush(struct lines *w);
bool lines_wanted(const struct lines *w);
/* Lines written so far. */
guint64 lines_count(const struct lines *w);

#endif

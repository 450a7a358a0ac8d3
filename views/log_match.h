/* A pattern of a search or a filter: a regular expression (GRegex) with smart case, whose cost per line
 * is bounded. The drawing thread only. */
#ifndef VIEWS_LOG_MATCH_H
#define VIEWS_LOG_MATCH_H

#include <glib.h>
#include <stdbool.h>

struct log_pattern;

struct log_span {
    gsize from, to; /* bytes */
};

/* Small letters match both cases; a capital letter makes the pattern exact. NULL and *error when text is
 * no regular expression. */
struct log_pattern *log_pattern_new(const char *text, GError **error);
void log_pattern_free(struct log_pattern *p); /* accepts NULL */
const char *log_pattern_text(const struct log_pattern *p);

/* Whether it occurs in text. MATCH_UNKNOWN: the line is too costly for the pattern, which is counted. */
enum log_match { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };
enum log_match log_pattern_match(struct log_pattern *p, const char *text, gsize length);
/* Lines so far that were too costly. */
guint64 log_pattern_gave_up(const struct log_pattern *p);

/* Appends where it occurs within text[from, to), as struct log_span; at most LOG_SPANS_MAX. What begins
 * up to LOG_SPAN_BEFORE bytes earlier is found as well. */
#define LOG_SPANS_MAX   256
#define LOG_SPAN_BEFORE 1024
void log_pattern_spans(const struct log_pattern *p, const char *text, gsize length, gsize from,
    gsize to, GArray *spans);

#endif

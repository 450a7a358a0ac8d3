/* Lines on their way into a file, a slice at a time: the drawing thread does not wait for a disk. The
 * file is a new one, of mode 0600; what was not finished is removed. */
#ifndef VIEWS_LOG_SAVE_H
#define VIEWS_LOG_SAVE_H

#include "log_ring.h"

struct log_save;

/* ids (copied) in their order. path: "~/" is the home directory. NULL and *error when the file cannot be
 * made or is there already. */
struct log_save *log_save_new(const GArray *ids, const char *path, GError **error);
void log_save_free(struct log_save *s); /* accepts NULL */
/* Writes until deadline_us (monotonic). True when there is more; *error: it failed and is over. */
bool log_save_step(
    struct log_save *s, const struct log_ring *r, int64_t deadline_us, GError **error);
/* "1,234 lines in PATH": once it is over without an error. */
char *log_save_result(const struct log_save *s);

/* A line as files and pagers get it: "2026-06-12T12:04:31.120Z ERROR origin text\n". */
void log_save_append(GString *out, const struct log_ring *r, uint32_t id);

#endif

/* One day of the history: an SQLite database, in which frames, the dictionary of their texts and the
 * list of their streams lie. The only place that knows SQLite.
 *
 *     meta(key, value)            schema, the version that wrote it
 *     stream(id, env, kind, scope) what a frame is of: all environments share the file of a day
 *     dict(id, hash, text)        each text once
 *     frame(stream, at, prev, tier, data)   prev: time of the frame that a delta is against; NULL: a key
 *     event(t, env, fp, type, who, json)    what people did; empty so far
 *
 * One thread per handle. Errors: WEIR_ERROR_PROTOCOL where the file is damaged or somebody else's,
 * WEIR_ERROR_UNSUPPORTED where a newer weir wrote it, WEIR_ERROR_NOT_FOUND where there is none, else
 * WEIR_ERROR_UNREACHABLE (a full disk, a folder that cannot be written). */
#ifndef CORE_HISTORY_FILE_H
#define CORE_HISTORY_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

struct history_file;

#define HISTORY_SCHEMA 1

/* Opens a file; make: to write, and it is made (0600) where it is not there. */
struct history_file *history_file_open(const char *path, bool make, GError **error);
void history_file_close(struct history_file *f); /* accepts NULL; rolls an open transaction back */
DEFINE_AUTO(history_file, history_file_close)

bool history_file_begin(struct history_file *f, GError **error);
bool history_file_commit(struct history_file *f, GError **error);

/* The number of a text, or 0: it is not there (make false) or *error. */
guint32 history_file_text_id(struct history_file *f, const char *text, bool make, GError **error);
/* The text, newly allocated; NULL: there is no such number. */
char *history_file_text(struct history_file *f, guint32 id);

struct history_stream {
    gint64 id;
    char *kind;
    char *scope; /* address */
};
void history_stream_free(struct history_stream *s);
/* The streams of an environment: struct history_stream, owned by the array. */
GPtrArray *history_file_streams(struct history_file *f, const char *env, GError **error);
/* The number of one, or 0: it is not there (make false) or *error. */
gint64 history_file_stream(struct history_file *f, const char *env, const char *kind,
    const char *scope, bool make, GError **error);

struct history_frame {
    int64_t at_ms;
    int64_t prev_ms; /* -1: a key */
    int tier;        /* 0: as it was recorded; grows as the file is thinned */
    const void *data;
    gsize length;
};
bool history_file_put(
    struct history_file *f, gint64 stream, const struct history_frame *frame, GError **error);
/* Calls each for the frames from_ms <= at < to_ms, oldest first, until it returns false. False: *error
 * is set. */
typedef bool (*history_each)(const struct history_frame *frame, void *data);
bool history_file_frames(struct history_file *f, gint64 stream, int64_t from_ms, int64_t to_ms,
    history_each each, void *data, GError **error);
/* Time of the newest key at or before at_ms; of the oldest key from from_ms on whose tier is below
 * tier; of the newest frame. -1: there is none. */
int64_t history_file_key_before(struct history_file *f, gint64 stream, int64_t at_ms);
int64_t history_file_key_below(struct history_file *f, gint64 stream, int64_t from_ms, int tier);
int64_t history_file_newest(struct history_file *f, gint64 stream);
/* Time of the oldest frame of all streams, or -1. */
int64_t history_file_oldest(struct history_file *f);
/* Deletes the frames from_ms <= at < to_ms of a stream (0: of all). */
bool history_file_delete(
    struct history_file *f, gint64 stream, int64_t from_ms, int64_t to_ms, GError **error);
/* Gives some pages that deleting left back to the disk. */
void history_file_shrink(struct history_file *f);

#endif

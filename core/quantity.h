/* Quantities between people and numbers: "10k", "64KiB", "1h30m" to values, and cells to the short
 * text that tables show. Machine formats (ISO times, plain integers) are made here as well, so that
 * screen and scripts cannot disagree about a value. Pure functions, any thread; the decimal point is
 * always ".", whatever the locale. */
#ifndef CORE_QUANTITY_H
#define CORE_QUANTITY_H

#include "kind.h"

/* "10", "1.5k" "2M" "3G" (powers of 1000), "64KiB" "1MiB" "2GiB" "1TiB", "90%". The whole text must be
 * one number; false otherwise. */
bool quantity_parse_number(const char *text, double *value);
/* "500ms" "10s" "15m" "4h" "2d" and sequences of them, "1h30m"; a bare number is milliseconds only
 * where allowed by bare_ms. Not negative. */
bool quantity_parse_span(const char *text, bool bare_ms, int64_t *ms);
/* "2026-06-12T11:00:00[.123]Z" or with an offset, "2026-06-12", to milliseconds UTC. */
bool quantity_parse_time(const char *text, int64_t *ms);

/* "1.92M", "310k", "812", "0.4": at most four significant characters and a letter. */
void quantity_append_number(GString *out, double value);
void quantity_append_bytes(GString *out, int64_t bytes); /* "1.2G" = GiB, "512" */
void quantity_append_span(GString *out, int64_t ms);     /* "350ms" "4.2s" "4m35s" "3h02m" "2d4h" */
/* How long ago, in steps of 5 s, then 1 m, 1 h and 1 d, so that a resting screen rests. */
void quantity_append_age(GString *out, int64_t ms);
/* "11:04:31Z" on the day of now_ms, "06-12 11:04Z" in its year, else the date alone. */
void quantity_append_time(GString *out, int64_t at_ms, int64_t now_ms);
void quantity_append_iso(GString *out, int64_t at_ms); /* 2026-06-12T12:04:31.120Z */

/* When and where somebody reads. */
struct reader {
    int64_t now_ms;  /* ages count to it, and times of its day lack the date */
    GTimeZone *zone; /* of times; NULL: UTC */
};
/* The same in a zone: "13:04:31+02". */
void quantity_append_time_in(GString *out, int64_t at_ms, const struct reader *r);

/* A cell as people read it. An absent cell is "-", denied "denied", not read "?". */
void quantity_append_cell(
    GString *out, const struct column *column, struct cell cell, int64_t now_ms);
void quantity_append_cell_in(
    GString *out, const struct column *column, struct cell cell, const struct reader *r);
/* A cell as scripts read it; nothing for an absent one. */
void quantity_append_plain(GString *out, struct cell cell);

/* Whether a cell of the type is a number, and its value for comparing. */
bool quantity_is_number(enum cell_type type);
double quantity_value(struct cell cell);

#endif

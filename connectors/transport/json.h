/* JSON from servers: cJSON behind a depth and size check, and getters that say "absent" instead of 0.
 * cJSON's numbers are doubles: integers beyond 2^53 are kept as text by json_parse (a pre-scan puts
 * them in quotes), and json_int reads both. Values of other types than asked for count as absent. */
#ifndef CONNECTORS_TRANSPORT_JSON_H
#define CONNECTORS_TRANSPORT_JSON_H

#include <cjson/cJSON.h>

#include "model.h"

#define JSON_DEPTH_MAX  256     /* Trino nests two levels per stage */
#define JSON_VALUES_MAX 4000000 /* each costs up to 100 bytes of memory, whatever its text */

static inline void json_delete(struct cJSON *json)
{
    cJSON_Delete(json);
}
DEFINE_AUTO(cJSON, json_delete)

/* The whole text must be one value, valid UTF-8 and at most JSON_DEPTH_MAX deep. NULL and
 * WEIR_ERROR_PROTOCOL (TOO_LARGE for depth and number of values) with the offset of the fault. A NUL
 * written as \u0000, which would cut cJSON's strings, becomes U+2400, its picture. text need not be
 * terminated. The caller owns the result (cJSON_Delete, or AUTO(cJSON)). */
cJSON *json_parse(const char *text, gsize length, GError **error);

/* One element after another of a list that is too long to hold as a tree: its text within the list's,
 * for json_parse to read. *at begins as the list's text. False at the end of the list, and when it is
 * none or breaks off (*error, WEIR_ERROR_PROTOCOL). */
bool json_next_element(
    const char **at, const char *end, const char **element, gsize *length, GError **error);

/* All elements of such a list, parsed one by one. */
struct json_element {
    const cJSON *json;
    const char *text; /* its own, not terminated */
    gsize length;
};
struct json_list {
    const char *text;
    gsize length;
    bool cut;                                               /* the text ends somewhere */
    bool (*take)(const struct json_element *e, void *data); /* false: no more */
    void *data;
};
enum json_list_end {
    JSON_LIST_WHOLE,
    JSON_LIST_CUT,     /* by its text, or by take: there is more than was taken */
    JSON_LIST_NOTHING, /* cut before its first element: not the same as none */
    JSON_LIST_OTHER,   /* no list of objects, by its first element */
    JSON_LIST_BROKEN,  /* *error; take may have seen its beginning */
};
enum json_list_end json_take_elements(const struct json_list *list, GError **error);

/* A member of an object, NULL when object is none or has none of that name (case-sensitive). path may
 * hold dots: "memoryInfo.pool.maxBytes". */
const cJSON *json_get(const cJSON *object, const char *path);
const char *json_text(const cJSON *object, const char *path); /* NULL: no string */
/* A whole number, as number or as text; 1.5 is absent, and so is what 64 bits cannot hold. */
bool json_int(const cJSON *object, const char *path, int64_t *out);
bool json_real(const cJSON *object, const char *path, double *out); /* "NaN" and the like: absent */
bool json_bool(const cJSON *object, const char *path, bool *out);
bool json_time(const cJSON *object, const char *path, int64_t *out); /* ISO 8601 text */
/* Items of an array, in order: for (const cJSON *i = json_first(a); i; i = i->next) */
const cJSON *json_first(const cJSON *array);

/* Cells out of members, by the column's type: text, state, link, integer, real, percent, bool, time
 * (ISO text), span (seconds as a number, times 1000), bytes. An absent or null member makes the cell
 * absent (no value). */
void json_cell(struct snapshot *s, size_t row, int column, const cJSON *object, const char *path);

/* All members as rows of kind_detail: scalars of the top level first, then objects as groups, arrays
 * of scalars joined by ", ", members of objects in arrays as "name[0].field". A row's name is the path
 * of its member, without that of its group. Texts that are ISO times become times; a text of several
 * lines becomes a row per line, "name", "name:2" .... At most JSON_DETAIL_ROWS_MAX, then the snapshot
 * is incomplete. */
#define JSON_DETAIL_ROWS_MAX 2000
void json_detail(struct snapshot *detail, const cJSON *object);

#endif

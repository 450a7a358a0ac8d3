/* The fields of one object as lines of a given width: groups under headings that can be folded, values
 * with their units, what is absent with its reason in words, long texts wrapped below themselves, and
 * addresses of other things as links. The drawing thread only. */
#ifndef VIEWS_FIELDS_H
#define VIEWS_FIELDS_H

#include "quantity.h"

struct field_line {
    uint32_t field; /* row of the snapshot; of a heading: the first of its group */
    uint32_t part;  /* of the field's lines, from 0 */
    bool heading;
    bool folded;     /* a heading whose fields are hidden */
    bool problem;    /* a heading: they are, and one is not ok */
    uint8_t worst;   /* enum health, of those */
    gsize from, end; /* of its text in fields.text */
};

struct fields {
    const struct snapshot *snapshot; /* NULL: not there yet */
    GHashTable *folded;              /* names of groups */
    GArray *lines;                   /* struct field_line */
    GString *text;                   /* of all lines */
    int name_x, value_x;             /* where fields of a group and where values begin */
};

void fields_init(struct fields *f);
void fields_clear(struct fields *f);
/* Takes a reference to s. */
void fields_take(struct fields *f, const struct snapshot *s);
/* Makes the lines anew, as they read then and there. */
void fields_lay_out(struct fields *f, int width, bool ascii, const struct reader *r);
const struct field_line *fields_line(const struct fields *f, size_t line);
/* The line of a field's part, of its last one where there are fewer, or of its heading when that is
 * folded. */
size_t fields_find(const struct fields *f, uint32_t field, uint32_t part, bool heading);
/* The field of the next snapshot that has the group and name of this one's, or ROW_NONE. */
uint32_t fields_same(const struct fields *f, uint32_t field, const struct snapshot *next);

/* "" where it is in none. */
const char *fields_group(const struct fields *f, uint32_t field);
void fields_fold(struct fields *f, uint32_t field, bool fold); /* its group */
void fields_fold_all(struct fields *f, bool fold);
/* A value as people read it, with its unit: "1.92M (1923344)", "1.2GiB (1288490188 bytes)",
 * "11:04:31Z (52m ago)", "denied: no right to describe". */
void fields_append_value(
    const struct fields *f, uint32_t field, const struct reader *r, GString *out);
/* The address that the value is: that of a link, or a text that begins with weir:// or with the
 * object's own source. False, and nothing appended, where it is none. */
bool fields_append_link(const struct fields *f, uint32_t field, GString *out);

#endif

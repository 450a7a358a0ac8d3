/* The one filter grammar: what `/`, --filter, addresses and health rules are written in.
 *
 *     word          name, texts and states contain it, ignoring case ("two words" in quotes)
 *     /regex/       one of name, texts and states matches it, ignoring case
 *     !term         not
 *     column:value  the cell's text contains it; column:/regex/ as well
 *     column=value  the cell equals it; != is the opposite
 *     column>10k    > >= < <= with k M G, KiB MiB GiB, % and spans (ms s m h d); times as ISO 8601
 *                   or as how long ago ("last_run>2h": more than two hours ago)
 *     column=none   the cell is absent
 *     a b           both        a | b   either (binds weaker)
 *
 * An absent cell matches nothing but "none" and a negation: it is unknown, not small.
 * Parsing allocates; matching does not. A filter may be used by one thread at a time. */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "kind.h"

#define FILTER_TEXT_MAX  1024
#define FILTER_TERMS_MAX 64

struct filter;

/* Looks up "@name" in a comparison: returns whether it is known. NULL: no names. */
typedef bool (*filter_threshold)(const char *name, double *value, void *data);

/* NULL and WEIR_ERROR_USAGE when the text is wrong: the message names the place, and for an unknown
 * column lists the columns. Empty text gives a filter that everything passes. */
struct filter *filter_parse(const char *text, const struct column *columns, filter_threshold lookup,
    void *data, GError **error);
void filter_free(struct filter *f);
DEFINE_AUTO(filter, filter_free)

bool filter_match(const struct filter *f, const struct snapshot *s, size_t row, int64_t now_ms);
bool filter_is_empty(const struct filter *f);
/* Whether it looks for words, which only sealed snapshots can answer. */
bool filter_searches(const struct filter *f);
/* True when every row that passes `narrow` also passes `wide`: then `narrow` needs to look only at
 * what passed before. Only the usual case is recognised: one more letter typed to a plain word. */
bool filter_narrows(const struct filter *narrow, const struct filter *wide);

#endif

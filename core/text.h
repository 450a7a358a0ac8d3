/* Text from servers is hostile: it may hold escapes, bidirectional overrides or bytes that are no
 * UTF-8. text_clean() is the one door through which it enters a snapshot; what has passed it can be
 * drawn, printed, copied and exported. The widths here are those the terminal uses (wcwidth of a
 * UTF-8 locale, which main() sets); all functions are pure and may be called from any thread. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <glib.h>
#include <stdbool.h>

/* More combining marks than this on one base character are shown as pictures: they would draw over
 * neighbouring cells. */
#define TEXT_COMBINING_MAX 2

/* Appends bytes (length -1: NUL-terminated) to out in a form that is safe on a terminal: valid
 * UTF-8; C0 controls and DEL as their pictures (U+2400..U+2421); C1, bidirectional controls,
 * zero-width, private, unassigned and non-characters as ⟨U+202E⟩; stray bytes as ⟨FF⟩. A tab becomes
 * one picture as well: a cell has no tab stops. Returns whether anything had to be changed. */
bool text_clean(const char *bytes, gssize length, GString *out);

/* True when text_clean() would leave the bytes as they are. */
bool text_is_clean(const char *bytes, gssize length);

/* Columns that clean text takes on a terminal. */
int text_width(const char *text);

/* Bytes of the longest prefix of clean text that fits in width columns; *taken is its width. */
gsize text_prefix(const char *text, int width, int *taken);

/* Clean text cut to width columns with an ellipsis ("…", or "~" when ascii) in the middle, because
 * names of topics and runs differ at their ends. Newly allocated; the text itself when it fits. */
char *text_cut_middle(const char *text, int width, bool ascii);

/* The same, cut at the end: for sentences. */
char *text_cut_end(const char *text, int width, bool ascii);

/* Prose for one line: runs of white space become one blank, and what is longer than max bytes is cut
 * between two characters, with "…". text need not be clean nor valid. */
void text_append_line(GString *out, const char *text, gsize max);

/* A word as one types it into sh: as it is where that means itself, else quoted. */
void text_append_shell_word(GString *out, const char *word);

/* Lower case for searching: simple per-character case folding, so that byte offsets stay close and
 * 100,000 names cost milliseconds. Appends to out. */
void text_append_lower(GString *out, const char *text);

/* The candidate nearest to word by edit distance, or NULL when none is near enough (more than a third
 * of its letters would have to change). candidates ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif

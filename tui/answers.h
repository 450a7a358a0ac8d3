/* What a terminal says about itself. weir asks at its start, all at once: the colour of the background
 * (OSC 11), whether it knows synchronised updates (DECRQM 2026), and last for its attributes (DA1).
 * Every terminal answers the last one, in order: what was not answered by then never will be.
 *
 * Later, on a slow line, each frame ends with the question whether the terminal is well (DSR 5): its
 * answer means that the frame has arrived. */
#ifndef TUI_ANSWERS_H
#define TUI_ANSWERS_H

#include <stdbool.h>

#define ASK_BACKGROUND "\033]11;?\033\\"
#define ASK_SYNC       "\033[?2026$p"
#define ASK_FENCE      "\033[c"
#define ASK_ARRIVED    "\033[5n"

enum background { BACKGROUND_UNKNOWN, BACKGROUND_DARK, BACKGROUND_LIGHT };

struct answers {
    enum background background;
    bool sync;        /* synchronised updates work */
    bool fenced;      /* the first answers are all there */
    unsigned arrived; /* answers to ASK_ARRIVED */
};

/* Takes one escape sequence that the terminal sent; what is no answer changes nothing. */
void answers_take(struct answers *a, const char *sequence);

#endif

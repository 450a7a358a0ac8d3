/*
 * One cold start of weir on the simulated platform, in a terminal of its own and with XDG folders that
 * nothing has been written to yet: when what was waited for stood on the screen, what it cost weir and
 * the platform, and how long keys took.
 */
#ifndef TESTS_BENCH_SCALE_SESSION_H
#define TESTS_BENCH_SCALE_SESSION_H

#include "pty.h"
#include "scale_sim.h"

/* Something that is to appear: so many rows of the screen match. */
struct scale_mark {
    char *name;
    GRegex *regex;
    guint count;
    int64_t at_ns; /* 0: not seen */
};

/* An array of struct scale_mark*, owned. */
GPtrArray *scale_marks_new(void);
void scale_marks_add(GPtrArray *marks, const char *name, guint count, const char *regex);

struct scale_session;

/* Starts weir; typed is written as soon as the list of problems stands, or NULL. */
struct scale_session *scale_session_start(
    struct scale_sim *sim, const char *weir, int height, const char *typed, GError **error);
void scale_session_free(struct scale_session *s); /* kills weir */

struct pty *scale_session_pty(struct scale_session *s);
int64_t scale_session_age_ms(const struct scale_session *s);

/* Lets it go on until the session is age_ms old, and notes when marks are first seen. Ends early when
 * marks is not NULL and all were seen. */
void scale_session_run_until(struct scale_session *s, int64_t age_ms, GPtrArray *marks);

/* Milliseconds from the start to the mark; negative: it was not seen. */
double scale_session_mark_ms(const struct scale_session *s, const struct scale_mark *m);
/* Round trips on end that a service was asked until then; negative: not to be told. */
int scale_session_chain(
    const struct scale_session *s, enum scale_service service, const struct scale_mark *m);
/* Whether the service was asked something, and nothing more for a second. */
bool scale_session_has_loaded(const struct scale_session *s, enum scale_service service);

/* Keys that move the cursor, one every 50 ms: down while that is possible, then up, and so on. */
struct scale_keys {
    const char *header; /* how the row above the first one begins, behind the marks */
    int text_columns;   /* in which rows differ */
    GArray *paint_ms;   /* of double, from the moment at which the key was due */
    double waited_ms;   /* that the thread which draws was ready and had no processor */
    unsigned missed;    /* keys that nothing came of within a second */
    bool up;            /* where the cursor goes now */
};
/* Until the session is age_ms old, or, with while_loading, the service has loaded. */
void scale_session_press(struct scale_session *s, struct scale_keys *keys, int64_t age_ms,
    bool while_loading, enum scale_service service);

DEFINE_AUTO(scale_session, scale_session_free)

#endif

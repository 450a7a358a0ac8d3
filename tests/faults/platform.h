/* weir over the simulated platform (tests/sim), for the fault matrix and the soak: starts a weir-sim of
 * its own, breaks and mends its services through the control socket, and finds a source's row on the
 * list of problems. $BUILD is the folder of the programs.
 *
 * Whatever happens to the test, weir-sim ends with it: the kernel kills it when its parent dies. */
#ifndef TESTS_FAULTS_PLATFORM_H
#define TESTS_FAULTS_PLATFORM_H

#include "fault.h"
#include "pty_assert.h"

/* A service of the platform and the source through which weir sees it. */
struct target {
    const char *service; /* of weir-sim */
    const char *source, *type;
    const char *kind;   /* the table to be on the screen */
    const char *row;    /* a regular expression that one of its rows matches, even an old one */
    const char *whole;  /* the same while all is well */
    const char *scoped; /* the same for the view to which Enter leads from any of its rows */
    const char *filter; /* rows whose view is read anew each time; NULL: all are */
    bool asked_once;    /* that view is asked for when it is opened, and never again by itself */
};
/* Ends with a NULL service; those with shells instead of a port come last. */
extern const struct target targets[];
bool target_is_hosts(const struct target *t);
/* Whether this fault can be switched on for it. */
bool target_can_show(const struct target *t, const struct fault *f, bool tls);

struct platform_spec {
    const char *plot, *at; /* as weir-sim's options; NULL: none */
    bool moves;            /* the world's clock runs; else every answer stays the same */
    bool tls;              /* the services speak TLS */
};

struct platform;
/* Waits until it is ready, and fails the test if it does not come to be. */
struct platform *platform_new(const struct platform_spec *spec);
void platform_free(struct platform *p);
DEFINE_AUTO(platform, platform_free)
const char *platform_folder(const struct platform *p);
bool platform_tls(const struct platform *p);

/* A line to the control socket; fails the test unless weir-sim obeys. fault: a name, or "off". */
void platform_fault(const struct platform *p, const struct target *t, const char *fault);
/* How many requests the service has seen so far, those that it answered badly or not at all included:
 * connections count as well. */
gint64 platform_asked(const struct platform *p, const struct target *t);

struct platform_run {
    const char *program;    /* in $BUILD; NULL: fast/weir */
    int speed;              /* of the program's clock; 0: the true one */
    const char *const *env; /* as in struct pty_spec, or NULL */
    int width, height;      /* 0: 220 and 45 */
};
/* Starts weir on the platform. */
struct pty *platform_open(const struct platform *p, const struct platform_run *run);

/* The row of a source on the list of problems as it stands on the screen, or NULL; g_free. */
char *platform_row(const struct pty *p, const struct target *t);
/* Waits until that row matches "^. SOURCE +TYPE +" and the expression. */
bool platform_wait_row(
    struct pty *p, const struct target *t, const char *regex, int timeout_ms, GError **error);
/* Types keys, then Enter. */
void platform_go(struct pty *p, const char *line);

#endif

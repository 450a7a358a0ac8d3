/* One cell of the fault matrix: a fault, a service, a moment. Running it proves that
 *
 *   - the keyboard answers all the time,
 *   - the other sources stay ok and go on being asked,
 *   - the row of the source that is broken says what is wrong, and its tables never look as if all were
 *     well and nothing there,
 *   - everything comes back by itself when the fault ends. */
#ifndef TESTS_FAULTS_CELL_H
#define TESTS_FAULTS_CELL_H

#include "expect.h"

struct cell {
    const struct target *target;
    const struct fault *fault;
    enum moment moment;
};

/* Where cells are run: a platform, and a weir that lives from one cell to the next. */
struct ground {
    struct platform *platform;
    struct pty *weir;       /* NULL: none runs */
    int speed;              /* of its clock */
    unsigned drilled;       /* how often */
    int64_t longest_ns;     /* answer to a key, of all cells */
    const char *longest_in; /* the fault during which that was */
};

struct ground *ground_new(bool tls);
void ground_free(struct ground *g);
DEFINE_AUTO(ground, ground_free)
/* Ends weir, if one runs. Forbidden bytes among those that it wrote fail the test. */
void ground_close(struct ground *g);
/* Makes sure that weir runs at this speed, with every source ok. */
void ground_open(struct ground *g, int speed);

/* The speed at which a cell's weir runs. */
int cell_speed(const struct cell *c);
/* NULL: everything was as it should be. Else what was not, newly allocated; weir is ended then. */
char *cell_run(struct ground *g, const struct cell *c);
/* Types a few keys and waits for their effects; the longest is noted. */
bool ground_probe_keys(struct ground *g, const char *fault, GError **error);
bool ground_wait_all_ok(struct ground *g, GError **error);

#endif

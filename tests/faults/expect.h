/* What weir says of a source while something is wrong with it: a row per fault. */
#ifndef TESTS_FAULTS_EXPECT_H
#define TESTS_FAULTS_EXPECT_H

#include "platform.h"

enum moment {
    MOMENT_START, /* the fault is there before weir is */
    MOMENT_OPEN,  /* a table of the source is on the screen when it begins */
    MOMENT_DRILL, /* something of the source is opened while it lasts */
    MOMENTS,
};
extern const char *const moment_names[MOMENTS];

struct expectation {
    const char *fault;
    const char *row; /* what follows the type in the source's row on the list of problems */
    bool fine;       /* the answers are right, if late: the source is ok or slow, its tables fill */
    bool early;      /* met only by those who come while it lasts: at the start */
    int speed;       /* of weir's clock; 0: the usual one */
    const char *why; /* of what is not plain */
};
/* NULL: a fault that nobody has thought about. */
const struct expectation *expectation_of(const struct fault *f);

/* A cell in which weir does not do yet what it should. */
struct known {
    const char *service, *fault; /* NULL: all */
    int moment;                  /* MOMENTS: all */
    const char *what;
};
/* What is known to be wrong in this cell, or NULL. */
const char *known_of(const struct target *t, const struct fault *f, enum moment moment);

#endif

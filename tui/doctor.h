/* What weir doctor's files share: the lines that were found, printed as they come or kept for JSON. */
#ifndef TUI_DOCTOR_H
#define TUI_DOCTOR_H

#include "cli.h"
#include "lane.h"

struct doctor {
    const struct cli *cli;
    struct snapshot *rows; /* of kind_doctor, when they are printed at the end; else NULL */
    enum health worst;
};

/* One thing that was looked at: how it is, what was seen, and what to do (NULL or "": nothing). */
void doctor_line(
    struct doctor *d, enum health health, const char *what, const char *seen, const char *advice);

/* This side: terminal, locale, keys file, state folder, log, clock. Needs no configuration. */
void doctor_here(struct doctor *d);
/* The connectors' shared object and the libraries it brings. */
void doctor_library(struct doctor *d, const struct connector_library *library);

#endif

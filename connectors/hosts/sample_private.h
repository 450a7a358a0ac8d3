/* What sample.c (one answer, line by line) and sections.c (what each line means) share. Nothing else
 * includes this. */
#ifndef CONNECTORS_HOSTS_SAMPLE_PRIVATE_H
#define CONNECTORS_HOSTS_SAMPLE_PRIVATE_H

#include "sample.h"

#define FIELDS_MAX 64

/* One answer while it is read. */
struct parse {
    struct sample *s;
    GHashTable *tasks;     /* pid to struct sample_task, for the file counts */
    GHashTable *read_only; /* mount points that the lean probe tells before the disks */
    bool (*section)(struct parse *p, char **fields, guint count, const char *line);
};

/* The lines that follow belong to the section of that name. */
void sample_begin_section(struct parse *p, const char *name);

#endif

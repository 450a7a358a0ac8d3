/* Which ports this machine listens on, out of the kernel's own tables: for discovery, so that only what
 * can answer is asked. */
#ifndef CONNECTORS_TRANSPORT_LISTEN_H
#define CONNECTORS_TRANSPORT_LISTEN_H

#include <glib.h>

struct listen_range {
    unsigned first, last; /* ports, both included */
};

/* The ports of ranges (ends with first 0) on which 127.0.0.1, ::1 or every address is listened on, in
 * the order of the ranges: an array of unsigned (g_array_unref). Empty where /proc cannot be read. */
GArray *listen_ports(const struct listen_range *ranges);

#endif

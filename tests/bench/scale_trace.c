#include "scale_trace.h"

#include <string.h>

#define NEARLY 0.97 /* of a round trip: clocks have ticks, and the trace one decimal */

gsize scale_trace_parse(const char *text, GArray *requests)
{
    const char *line = text;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        char *rest;
        struct scale_request r = {.at_ms = g_ascii_strtod(line, &rest)};
        gsize length = *rest == ' ' ? strcspn(rest + 1, " \n") : 0;
        if (rest == line || length == 0 || length >= sizeof r.service)
            continue;
        memcpy(r.service, rest + 1, length);
        g_array_append_val(requests, r);
    }
    return (gsize)(line - text);
}

int scale_trace_chain(
    const GArray *requests, guint from, const char *service, double until_ms, double rtt_ms)
{
    int links = 0;
    double last = -G_MAXDOUBLE;
    if (rtt_ms <= 0)
        return -1;
    for (guint i = from; i < requests->len; i++) {
        const struct scale_request *r = &g_array_index(requests, struct scale_request, i);
        if (r->at_ms > until_ms || strcmp(r->service, service) != 0 ||
            r->at_ms - last < rtt_ms * NEARLY)
            continue;
        links++;
        last = r->at_ms;
    }
    return links > 0 ? links + 1 : 0;
}

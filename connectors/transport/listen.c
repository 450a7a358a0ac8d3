#include "listen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TCP_LISTEN 0x0A

/* "0100007F", or 32 digits of IPv6; an IPv4 address within IPv6 is how Java listens. */
static bool is_local(const char *address)
{
    static const char mapped[] = "0000000000000000FFFF0000";
    static const char loopback6[] = "00000000000000000000000001000000";
    const char *v4 = g_str_has_prefix(address, mapped) ? address + strlen(mapped) : address;
    bool any = v4[strspn(v4, "0")] == '\0';
    return any || strcmp(v4, "0100007F") == 0 || strcmp(address, loopback6) == 0;
}

static void read_table(const char *path, GHashTable *ports)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char address[33];
        unsigned port, state;
        if (sscanf(*line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", address, &port, &state) == 3 &&
            state == TCP_LISTEN && is_local(address))
            g_hash_table_add(ports, GUINT_TO_POINTER(port));
    }
}

GArray *listen_ports(const struct listen_range *ranges)
{
    g_autoptr(GHashTable) open = g_hash_table_new(NULL, NULL);
    read_table("/proc/net/tcp", open);
    read_table("/proc/net/tcp6", open);
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (const struct listen_range *r = ranges; r->first > 0; r++)
        for (unsigned port = r->first; port <= r->last; port++)
            if (g_hash_table_contains(open, GUINT_TO_POINTER(port)))
                g_array_append_val(ports, port);
    return ports;
}

#include "http_find.h"

#include "http.h"

void http_find(struct lane *l, struct found *out, const struct http_sign *sign, GHashTable *known)
{
    g_autoptr(GArray) ports = listen_ports(sign->ports);
    for (guint i = 0; i < ports->len && !lane_cancelled(l); i++) {
        unsigned port = g_array_index(ports, unsigned, i);
        if (known && g_hash_table_contains(known, GUINT_TO_POINTER(port)))
            continue;
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", port);
        const char *const pairs[] = {"url", url, NULL};
        struct http *http = http_new(l, url, NULL);
        AUTO(cJSON) json = http ? http_get_json(http, sign->path, NULL) : NULL;
        if (json && sign->is_it(json))
            found_add(out, sign->name, "listens here", pairs);
        http_free(http);
    }
}

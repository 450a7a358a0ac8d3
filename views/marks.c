#include "marks.h"

struct marks {
    GHashTable *addresses;
    GHashTable *keys; /* of the same rows: most rows are told from marked ones without an address */
};

struct marks *marks_new(void)
{
    struct marks *m = g_new0(struct marks, 1);
    m->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    m->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return m;
}

void marks_free(struct marks *m)
{
    if (!m)
        return;
    g_hash_table_unref(m->addresses);
    g_hash_table_unref(m->keys);
    g_free(m);
}

guint marks_count(const struct marks *m)
{
    return g_hash_table_size(m->addresses);
}

static char *address_of(const struct snapshot *s, size_t row)
{
    GString *address = g_string_new(NULL);
    snapshot_append_address(s, row, address);
    return g_string_free(address, FALSE);
}

bool marks_has(const struct marks *m, const struct snapshot *s, size_t row)
{
    if (marks_count(m) == 0 || !g_hash_table_contains(m->keys, snapshot_row(s, row)->key))
        return false;
    g_autofree char *address = address_of(s, row);
    return g_hash_table_contains(m->addresses, address);
}

void marks_set(struct marks *m, const struct snapshot *s, size_t row, bool on)
{
    g_autofree char *address = address_of(s, row);
    if (!on) {
        g_hash_table_remove(m->addresses, address); /* its key may be another's too */
        return;
    }
    g_hash_table_add(m->addresses, g_steal_pointer(&address));
    g_hash_table_add(m->keys, g_strdup(snapshot_row(s, row)->key));
}

void marks_clear(struct marks *m)
{
    g_hash_table_remove_all(m->addresses);
    g_hash_table_remove_all(m->keys);
}

GPtrArray *marks_shown(const struct marks *m, const struct arrange *rows)
{
    GPtrArray *shown = g_ptr_array_new_with_free_func(g_free);
    size_t known = marks_count(m) ? arrange_known(rows) : 0;
    for (size_t place = 0; place < known; place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(rows, place, &s, &row);
        if (marks_has(m, s, row))
            g_ptr_array_add(shown, address_of(s, row));
    }
    return shown;
}

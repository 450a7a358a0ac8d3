/* Entries are found by kind and address. They live as long as the store (source-wide) or until
 * store_keep drops them (scopes that nothing shows any more), so that going back and forth between
 * two views shows at once what was known, with its age. */
#include "store.h"

#include <string.h>

#include "rid.h"

#define SCOPED_MAX 64 /* scoped snapshots kept although nothing shows them */

struct store {
    const struct registry *registry;
    GHashTable *entries; /* "kind address" to struct entry */
    GPtrArray *order;    /* entries, oldest first; owns them */
    guint64 version;
};

struct entry {
    struct store_entry public;
    char *slot;
    bool shown;
};

static void entry_free(gpointer data)
{
    struct entry *e = data;
    snapshot_unref(e->public.snapshot);
    rid_free(e->public.scope);
    g_clear_error(&e->public.error);
    g_free(e->slot);
    g_free(e);
}

struct store *store_new(const struct registry *r)
{
    struct store *s = g_new0(struct store, 1);
    s->registry = r;
    s->entries = g_hash_table_new(g_str_hash, g_str_equal);
    s->order = g_ptr_array_new_with_free_func(entry_free);
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    g_hash_table_unref(s->entries);
    g_ptr_array_unref(s->order);
    g_free(s);
}

static char *slot_of(const struct kind *k, const struct rid *scope)
{
    g_autofree char *address = rid_print(scope);
    return g_strconcat(k->name, " ", address, NULL);
}

/* The oldest scoped entry that nothing shows gives up its place when there are too many. */
static void make_room(struct store *s)
{
    guint scoped = 0;
    struct entry *oldest = NULL;
    for (guint i = s->order->len; i-- > 0;) {
        struct entry *e = g_ptr_array_index(s->order, i);
        if (e->public.scope->count == 0)
            continue;
        scoped++;
        if (!e->shown)
            oldest = e;
    }
    if (scoped <= SCOPED_MAX || !oldest)
        return;
    g_hash_table_remove(s->entries, oldest->slot);
    g_ptr_array_remove(s->order, oldest);
}

static struct entry *entry_of(struct store *s, const struct kind *k, const struct rid *scope)
{
    g_autofree char *slot = slot_of(k, scope);
    struct entry *e = g_hash_table_lookup(s->entries, slot);
    if (!e) {
        make_room(s);
        e = g_new0(struct entry, 1);
        e->public.kind = k;
        e->public.scope = rid_copy(scope);
        e->slot = g_steal_pointer(&slot);
        g_hash_table_insert(s->entries, e->slot, e);
        g_ptr_array_add(s->order, e);
    }
    return e;
}

static void touch(struct store *s, struct entry *e)
{
    e->public.version = ++s->version;
}

void store_put(struct store *s, const struct snapshot *snapshot)
{
    struct entry *e = entry_of(s, snapshot_kind(snapshot), snapshot_scope(snapshot));
    const struct snapshot *old = e->public.snapshot;
    e->public.snapshot = snapshot_ref(snapshot);
    snapshot_unref(old);
    touch(s, e);
}

/* Whether rows of a kind stand under such a scope. */
static bool belongs(const struct store *s, const struct kind *k, const struct rid *scope)
{
    if (scope->count == 0)
        return !k->scope || k->scope_optional;
    const struct kind *owner = k->scope ? registry_kind(s->registry, k->scope, NULL) : NULL;
    return owner && strcmp(kind_segment(owner), scope->part[scope->count - 1].kind) == 0;
}

/* A fetch marks every kind of its feed under its scope: with its error, or as read. */
static bool take_result(struct store *s, const struct mail *m)
{
    bool changed = false;
    for (const char *const *name = m->feed->kinds; *name; name++) {
        const struct kind *k = registry_kind(s->registry, *name, NULL);
        if (!k || !belongs(s, k, m->scope))
            continue;
        struct entry *e = entry_of(s, k, m->scope);
        bool had = e->public.error != NULL;
        changed |= had != (m->error != NULL) ||
                   (had && strcmp(e->public.error->message, m->error->message) != 0);
        if (m->error && !had)
            e->public.error_ms = m->at_ms;
        if (!m->error && e->public.snapshot && snapshot_remembered(e->public.snapshot)) {
            g_clear_pointer(&e->public.snapshot, snapshot_unref); /* there is no such thing now */
            changed = true;
        }
        g_clear_error(&e->public.error);
        e->public.error = m->error ? g_error_copy(m->error) : NULL;
        e->public.asked_ms = m->at_ms;
        touch(s, e);
    }
    return changed;
}

/* What is remembered takes the place of nothing that this weir has read, or asked for in vain. */
static bool is_late(struct store *s, const struct snapshot *snapshot)
{
    const struct store_entry *e =
        snapshot_remembered(snapshot)
            ? store_get(s, snapshot_kind(snapshot), snapshot_scope(snapshot))
            : NULL;
    return e && ((e->snapshot && !snapshot_remembered(e->snapshot)) || (e->asked_ms && !e->error));
}

bool store_take(struct store *s, const struct mail *m)
{
    if (m->type == MAIL_SNAPSHOT) {
        if (is_late(s, m->snapshot))
            return false;
        store_put(s, m->snapshot);
        return true;
    }
    return m->type == MAIL_FETCHED && take_result(s, m);
}

const struct store_entry *store_get(
    const struct store *s, const struct kind *k, const struct rid *scope)
{
    g_autofree char *slot = slot_of(k, scope);
    const struct entry *e = g_hash_table_lookup(s->entries, slot);
    return e ? &e->public : NULL;
}

GPtrArray *store_of_kind(const struct store *s, const struct kind *k)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < s->order->len; i++) {
        struct entry *e = g_ptr_array_index(s->order, i);
        if (e->public.kind == k && e->public.scope->count == 0)
            g_ptr_array_add(all, &e->public);
    }
    return all;
}

GPtrArray *store_inputs(const struct store *s, const struct connector *derived)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    for (guint i = 0; i < s->order->len; i++) {
        const struct entry *e = g_ptr_array_index(s->order, i);
        if (e->public.snapshot && e->public.scope->count == 0 &&
            registry_owner(s->registry, e->public.kind) != derived)
            g_ptr_array_add(all, (gpointer)snapshot_ref(e->public.snapshot));
    }
    return all;
}

void store_keep(struct store *s, const struct kind *k, const struct rid *scope, bool shown)
{
    entry_of(s, k, scope)->shown = shown;
}

guint64 store_version(const struct store *s)
{
    return s->version;
}

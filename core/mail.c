#include "mail.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "rid.h"

struct mail *mail_new(enum mail_type type)
{
    struct mail *m = g_new0(struct mail, 1);
    m->type = type;
    m->at_ms = clock_wall_ms();
    return m;
}

void mail_free(struct mail *m)
{
    if (!m)
        return;
    snapshot_unref(m->snapshot);
    rid_free(m->scope);
    g_clear_error(&m->error);
    g_free(m->raw);
    g_free(m->name);
    g_free(m->origin);
    g_strfreev(m->pairs);
    g_clear_pointer(&m->series, g_hash_table_unref);
    g_free(m->slot);
    g_free(m);
}

void mailbox_init(struct mailbox *box)
{
    g_queue_init(&box->queue);
    box->slots = g_hash_table_new(g_str_hash, g_str_equal);
    box->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert(box->event_fd >= 0);
}

void mailbox_clear(struct mailbox *box)
{
    g_hash_table_unref(box->slots);
    g_queue_clear_full(&box->queue, (GDestroyNotify)mail_free);
    close(box->event_fd);
}

void mailbox_post(struct mailbox *box, struct mail *take_m)
{
    struct mail *m = take_m;
    GList *old = m->slot ? g_hash_table_lookup(box->slots, m->slot) : NULL;
    if (old) {
        g_hash_table_remove(box->slots, m->slot);
        mail_free(old->data);
        old->data = m;
        g_hash_table_insert(box->slots, m->slot, old);
        return;
    }
    g_queue_push_tail(&box->queue, m);
    if (m->slot)
        g_hash_table_insert(box->slots, m->slot, box->queue.tail);
    if (eventfd_write(box->event_fd, 1) != 0)
        g_assert(errno == EAGAIN); /* the counter is full: it is readable anyway */
}

GPtrArray *mailbox_take(struct mailbox *box)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
    eventfd_t ignored;
    if (eventfd_read(box->event_fd, &ignored) != 0)
        g_assert(errno == EAGAIN);
    g_hash_table_remove_all(box->slots);
    struct mail *m;
    while ((m = g_queue_pop_head(&box->queue)))
        g_ptr_array_add(all, m);
    return all;
}

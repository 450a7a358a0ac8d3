/* Which of the mounted file systems are disks to people: those that hold data, each device once. */
#include "sample.h"

#include <string.h>

static bool is_any(const char *text, const char *const *list)
{
    return text && g_strv_contains(list, text);
}

/* Memory, images that are full by nature, and the kernel's own. */
static bool holds_data(const struct sample_disk *d)
{
    static const char *const types[] = {"tmpfs", "devtmpfs", "ramfs", "squashfs", "erofs",
        "iso9660", "udf", "efivarfs", "autofs", "proc", "sysfs", "cgroup", "cgroup2", "devpts",
        "mqueue", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "configfs", "nsfs",
        "rpc_pipefs", "binfmt_misc", "fuse.snapfuse", "fuse.gvfsd-fuse", "fuse.portal",
        "fuse.lxcfs", NULL};
    /* A df without types still names these. */
    static const char *const sources[] = {
        "tmpfs", "devtmpfs", "udev", "none", "shm", "dev", "run", "proc", "sysfs", "cgroup", NULL};
    if (d->size == 0 || is_any(d->type, types) || (!d->type && is_any(d->source, sources)))
        return false;
    bool overlay = g_strcmp0(d->type, "overlay") == 0 || strcmp(d->source, "overlay") == 0;
    return !overlay || strcmp(d->mount, "/") == 0;
}

/* A device that is mounted several times counts once, and so does the disk below a container's root,
 * of which single files are mounted into it. */
static bool is_same(const struct sample_disk *a, const struct sample_disk *b)
{
    if (strcmp(a->source, b->source) == 0)
        return a->size == b->size;
    bool overlay = g_strcmp0(a->type, "overlay") == 0 || strcmp(a->source, "overlay") == 0;
    return overlay && a->size == b->size && a->used == b->used;
}

static gint shorter_mount_first(gconstpointer pa, gconstpointer pb)
{
    const struct sample_disk *a = *(struct sample_disk *const *)pa;
    const struct sample_disk *b = *(struct sample_disk *const *)pb;
    gssize order = (gssize)strlen(a->mount) - (gssize)strlen(b->mount);
    return order < 0 ? -1 : order > 0 ? 1 : strcmp(a->mount, b->mount);
}

static gint fuller_first(gconstpointer pa, gconstpointer pb)
{
    const struct sample_disk *a = *(struct sample_disk *const *)pa;
    const struct sample_disk *b = *(struct sample_disk *const *)pb;
    double x = sample_disk_percent(a), y = sample_disk_percent(b);
    return x > y ? -1 : x < y ? 1 : strcmp(a->mount, b->mount);
}

GPtrArray *sample_real_disks(const struct sample *s)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < s->disks->len; i++) {
        struct sample_disk *d = g_ptr_array_index(s->disks, i);
        if (holds_data(d))
            g_ptr_array_add(all, d);
    }
    g_ptr_array_sort(all, shorter_mount_first);
    GPtrArray *real = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        struct sample_disk *d = g_ptr_array_index(all, i);
        bool again = false;
        for (guint j = 0; j < real->len && !again; j++)
            again = is_same(g_ptr_array_index(real, j), d);
        if (!again)
            g_ptr_array_add(real, d);
    }
    g_ptr_array_sort(real, fuller_first);
    return real;
}

double sample_disk_percent(const struct sample_disk *d)
{
    int64_t usable = d->used + d->available;
    return usable > 0 ? 100.0 * (double)d->used / (double)usable : -1;
}

double sample_inode_percent(const struct sample_disk *d)
{
    return d->inodes > 0 ? 100.0 * (double)MIN(d->inodes_used, d->inodes) / (double)d->inodes : -1;
}

#include "sample_private.h"

#include <string.h>

/* -- allocation ---------------------------------------------------------------------------------- */

static void disk_free(gpointer data)
{
    struct sample_disk *d = data;
    g_free(d->source);
    g_free(d->type);
    g_free(d->mount);
    g_free(d);
}

static void nic_free(gpointer data)
{
    struct sample_nic *n = data;
    g_free(n->name);
    g_free(n);
}

static void task_free(gpointer data)
{
    struct sample_task *t = data;
    g_free(t->command);
    g_free(t);
}

static struct sample *sample_new(void)
{
    struct sample *s = g_new0(struct sample, 1);
    s->refs = 1;
    s->date_ms = s->boot_at_ms = -1;
    s->ticks_per_s = 100;
    s->uptime_s = s->load[0] = -1;
    s->memory = s->memory_available = s->swap = s->swap_free = s->cached = s->oom_kills = -1;
    s->disks_status = -1;
    for (unsigned i = 0; i < G_N_ELEMENTS(s->pressure); i++)
        s->pressure[i] = (struct sample_pressure){-1, -1};
    s->nics = g_ptr_array_new_with_free_func(nic_free);
    s->disks = g_ptr_array_new_with_free_func(disk_free);
    s->failed_units = g_ptr_array_new_with_free_func(g_free);
    s->tasks = g_ptr_array_new_with_free_func(task_free);
    return s;
}

struct sample *sample_ref(struct sample *s)
{
    s->refs++;
    return s;
}

void sample_unref(struct sample *s)
{
    if (!s || --s->refs > 0)
        return;
    g_free(s->os);
    g_free(s->kernel);
    g_free(s->host);
    g_free(s->boot_id);
    g_ptr_array_unref(s->nics);
    g_ptr_array_unref(s->disks);
    g_ptr_array_unref(s->failed_units);
    g_ptr_array_unref(s->tasks);
    g_free(s);
}

static guint split_fields(char *line, char **fields)
{
    guint count = 0;
    while (count < FIELDS_MAX) {
        line += strspn(line, " \t\r");
        if (!*line)
            break;
        fields[count++] = line;
        line += strcspn(line, " \t\r");
        if (*line)
            *line++ = '\0';
    }
    fields[count] = NULL;
    return count;
}

static void take_line(struct parse *p, const char *bytes, gsize length, const char *mark)
{
    if (length > SAMPLE_LINE_MAX) {
        p->s->skipped++;
        return;
    }
    g_autofree char *line = g_strndup(bytes, length);
    if (g_str_has_prefix(line, mark)) {
        sample_begin_section(p, g_strchomp(line + strlen(mark)));
        return;
    }
    if (!p->section || p->s->whole)
        return;
    g_autofree char *copy = g_strdup(line);
    char *fields[FIELDS_MAX + 1];
    guint count = split_fields(copy, fields);
    if (count > 0 && !p->section(p, fields, count, line))
        p->s->skipped++;
}

static void mark_read_only(struct parse *p)
{
    for (guint i = 0; i < p->s->disks->len; i++) {
        struct sample_disk *d = g_ptr_array_index(p->s->disks, i);
        d->read_only |= g_hash_table_contains(p->read_only, d->mount);
    }
}

struct sample *sample_parse(const char *text, gsize length, const char *word)
{
    g_autofree char *mark = g_strdup_printf("@@%s ", word);
    struct parse p = {.s = sample_new()};
    p.tasks = g_hash_table_new(NULL, NULL);
    p.read_only = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *at = text, *end = text + length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *stop = newline ? newline : end;
        take_line(&p, at, (gsize)(stop - at), mark);
        at = newline ? newline + 1 : end;
    }
    mark_read_only(&p);
    /* A busybox without getconf: these machines have no other page size. */
    const char *kernel = p.s->kernel ? p.s->kernel : "";
    if (!p.s->page_bytes && (g_str_has_suffix(kernel, " x86_64") || g_str_has_suffix(kernel, "86")))
        p.s->page_bytes = 4096;
    g_hash_table_unref(p.tasks);
    g_hash_table_unref(p.read_only);
    return p.s;
}

bool sample_is_usable(const struct sample *s)
{
    return s->whole && s->uptime_s >= 0 && s->has_cpu && s->memory >= 0;
}

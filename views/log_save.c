#include "log_save.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "quantity.h"

#define SLICE_BYTES (64 * 1024)

struct log_save {
    GArray *ids;
    guint done;
    guint lost; /* dropped by the ring before they were written */
    char *path;
    int fd; /* -1: closed, the file stays */
    GString *text;
};

struct log_save *log_save_new(const GArray *ids, const char *path, GError **error)
{
    g_autofree char *full = g_str_has_prefix(path, "~/")
                                ? g_build_filename(g_get_home_dir(), path + 2, NULL)
                                : g_strdup(path);
    int fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        weir_fail(error, WEIR_ERROR_USAGE, "%s: %s%s", full, g_strerror(errno),
            errno == EEXIST ? "; weir never writes over a file" : "");
        return NULL;
    }
    struct log_save *s = g_new0(struct log_save, 1);
    s->ids = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), ids->len);
    g_array_append_vals(s->ids, ids->data, ids->len);
    s->path = g_steal_pointer(&full);
    s->fd = fd;
    s->text = g_string_new(NULL);
    return s;
}

void log_save_free(struct log_save *s)
{
    if (!s)
        return;
    if (s->fd >= 0) {
        close(s->fd);
        unlink(s->path);
    }
    g_array_unref(s->ids);
    g_free(s->path);
    g_string_free(s->text, TRUE);
    g_free(s);
}

void log_save_append(GString *out, const struct log_ring *r, uint32_t id)
{
    static const char *const words[] = {"", "DEBUG ", "INFO ", "WARN ", "ERROR ", "FATAL "};
    const struct log_line *line = log_ring_line(r, id);
    int64_t at_ms;
    if (log_ring_time(r, id, &at_ms)) {
        quantity_append_iso(out, at_ms);
        g_string_append_c(out, ' ');
        g_string_append(out, words[line->level]);
    }
    if (r->streams->len > 1)
        g_string_append_printf(out, "%s ", log_ring_label(r, log_ring_stream(r, id)));
    g_string_append_len(out, log_ring_text(r, id), line->length);
    g_string_append_c(out, '\n');
}

static bool flush(struct log_save *s, GError **error)
{
    while (s->text->len > 0) {
        ssize_t n = write(s->fd, s->text->str, s->text->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return weir_fail(error, WEIR_ERROR_USAGE, "%s: %s; what was written is removed",
                s->path, g_strerror(errno));
        g_string_erase(s->text, 0, n);
    }
    return true;
}

bool log_save_step(
    struct log_save *s, const struct log_ring *r, int64_t deadline_us, GError **error)
{
    while (s->done < s->ids->len) {
        uint32_t id = log_id(s->ids, s->done++);
        if (log_ring_line(r, id))
            log_save_append(s->text, r, id);
        else
            s->lost++;
        if (s->text->len < SLICE_BYTES)
            continue;
        if (!flush(s, error))
            return false;
        if (g_get_monotonic_time() >= deadline_us)
            return s->done < s->ids->len;
    }
    if (!flush(s, error))
        return false;
    if (close(s->fd) != 0) {
        s->fd = -1;
        unlink(s->path);
        return weir_fail(error, WEIR_ERROR_USAGE, "%s: %s", s->path, g_strerror(errno));
    }
    s->fd = -1;
    return false;
}

char *log_save_result(const struct log_save *s)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%u lines in %s", s->ids->len - s->lost, s->path);
    if (s->lost > 0)
        g_string_append_printf(
            out, "; %u were dropped at the cap before they were written", s->lost);
    return g_string_free(out, FALSE);
}

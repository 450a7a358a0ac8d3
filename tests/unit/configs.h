/* Configurations out of a text, for tests: written to a file of their own, read, and removed. */
#ifndef TESTS_UNIT_CONFIGS_H
#define TESTS_UNIT_CONFIGS_H

#include <glib/gstdio.h>
#include <unistd.h>

#include "config.h"
#include "unit/rows.h"

/* A file with this text that only its owner may read. Newly allocated path; remove it. */
static inline char *config_file(const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path = NULL;
    int fd = g_file_open_tmp("weir-unit-XXXXXX.yaml", &path, &error);
    g_assert_no_error(error);
    close(fd);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
    return path;
}

struct config_result {
    struct config *config;
    GPtrArray *faults;
    char *path;
};

static inline struct config_result config_read(const char *text, const char *env)
{
    struct config_result r = {.path = config_file(text)};
    r.faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    r.config = config_load(r.path, env, r.faults);
    g_assert_cmpint(r.config == NULL, ==, r.faults->len > 0);
    return r;
}

static inline void config_result_clear(struct config_result *r)
{
    config_free(r->config);
    g_ptr_array_unref(r->faults);
    g_unlink(r->path);
    g_free(r->path);
    *r = (struct config_result){0};
}

static inline const struct fault *config_fault(const struct config_result *r, guint i)
{
    g_assert_cmpuint(i, <, r->faults->len);
    return g_ptr_array_index(r->faults, i);
}

/* All faults as they are printed. */
static inline char *config_faults(const struct config_result *r)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < r->faults->len; i++)
        fault_append(out, g_ptr_array_index(r->faults, i));
    return g_string_free(out, FALSE);
}

#endif

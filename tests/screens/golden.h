/* Screens as files: golden/NAME.txt holds what a screen must look like, its text and below each line
 * the roles of its cells (tui/cells.h). WEIR_GOLDEN=write writes them anew; look at the difference
 * before you commit it. */
#ifndef TESTS_SCREENS_GOLDEN_H
#define TESTS_SCREENS_GOLDEN_H

#include "unit/views.h"

static inline char *golden_path(const char *name)
{
    g_autofree char *folder = g_path_get_dirname(__FILE__);
    g_autofree char *file = g_strconcat(name, ".txt", NULL);
    return g_build_filename(folder, "golden", file, NULL);
}

/* What differs, line by line: "-" must be, "+" is. */
static inline void golden_differ(const char *name, const char *wanted, const char *seen)
{
    g_auto(GStrv) a = g_strsplit(wanted, "\n", -1);
    g_auto(GStrv) b = g_strsplit(seen, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    guint n = MAX(g_strv_length(a), g_strv_length(b));
    for (guint i = 0; i < n; i++) {
        const char *left = i < g_strv_length(a) ? a[i] : "";
        const char *right = i < g_strv_length(b) ? b[i] : "";
        if (strcmp(left, right) == 0)
            g_string_append_printf(out, "  %s\n", left);
        else
            g_string_append_printf(out, "- %s\n+ %s\n", left, right);
    }
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    g_test_message("%s differs from %s.txt (WEIR_GOLDEN=write takes what is seen):", name, name);
    for (char **line = lines; *line; line++)
        g_test_message("%s", *line);
}

/* The screen must look like golden/NAME.txt. */
static inline void golden_is(const char *name, const struct cells *c)
{
    g_autofree char *path = golden_path(name);
    g_autofree char *seen = cells_text(c, true);
    g_autofree char *wanted = NULL;
    if (g_strcmp0(g_getenv("WEIR_GOLDEN"), "write") == 0) {
        g_assert_true(g_file_set_contents(path, seen, -1, NULL));
        return;
    }
    if (!g_file_get_contents(path, &wanted, NULL, NULL)) {
        g_test_message("%s is missing: WEIR_GOLDEN=write makes it", path);
        g_test_fail();
    } else if (strcmp(wanted, seen) != 0) {
        golden_differ(name, wanted, seen);
        g_test_fail();
    }
}

#endif

#include "pty_assert.h"

#include <stdlib.h>

int pty_patience_ms(void)
{
    const char *own = g_getenv("PTY_PATIENCE_MS");
    guint64 ms = PTY_PATIENCE_MS;
    return own && g_ascii_string_to_unsigned(own, 10, 1, G_MAXINT, &ms, NULL) ? (int)ms
                                                                              : PTY_PATIENCE_MS;
}

struct pty *pty_assert_spawn(const struct pty_spec *spec)
{
    g_autoptr(GError) error = NULL;
    struct pty *p = pty_spawn(spec, &error);
    g_assert_no_error(error);
    return p;
}

/* build/casts/pty-a-key-reaches-the-program.cast */
static char *cast_path(void)
{
    const char *folder = g_getenv("PTY_CASTS");
    g_autofree char *name = g_strdup_printf("%s.cast", g_test_get_path() + 1);
    g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._", '-');
    return g_build_filename(folder ? folder : "build/casts", name, NULL);
}

void pty_fail(
    const struct pty *p, const char *file, int line, const char *function, const GError *error)
{
    g_autofree char *path = cast_path();
    g_autoptr(GError) unsaved = NULL;
    bool saved = pty_save_cast(p, path, &unsaved);
    g_autofree char *message = g_strdup_printf("%s\nthe session: %s",
        error ? error->message : "no reason given", saved ? path : unsaved->message);
    g_assertion_message(G_LOG_DOMAIN, file, line, function, message);
    abort();
}

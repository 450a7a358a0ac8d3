#include "restore.h"

#include <glib.h>
#include <string.h>

/* Modes that make a shell hard to use when a program leaves them on. */
static const struct {
    int mode;
    const char *what;
} modes[] = {
    {1, "application cursor keys (1)"},
    {5, "reverse video (5)"},
    {9, "mouse reports (9)"},
    {1000, "mouse reports (1000)"},
    {1002, "mouse reports (1002)"},
    {1003, "mouse reports (1003)"},
    {1004, "focus reports (1004)"},
    {1006, "mouse reports (1006)"},
    {2004, "bracketed paste (2004)"},
    {2026, "a synchronised update (2026)"},
};

static void add_if(GPtrArray *differences, bool differs, const char *what)
{
    if (differs)
        g_ptr_array_add(differences, (char *)what);
}

char *restore_differences(
    const struct termios *before, const struct termios *after, const struct emulator *screen)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    tcflag_t local = before->c_lflag ^ after->c_lflag;
    add_if(list, local & ECHO, "ECHO");
    add_if(list, local & ICANON, "ICANON");
    add_if(list, local & ISIG, "ISIG");
    add_if(list, local & ~(tcflag_t)(ECHO | ICANON | ISIG), "other local flags");
    add_if(list, before->c_iflag != after->c_iflag, "input flags");
    add_if(list, before->c_oflag != after->c_oflag, "output flags");
    add_if(list, before->c_cflag != after->c_cflag, "control flags");
    add_if(list, memcmp(before->c_cc, after->c_cc, sizeof before->c_cc) != 0, "special characters");
    add_if(list, emulator_alt_screen(screen), "the alternate screen");
    add_if(list, !emulator_cursor_visible(screen), "a hidden cursor");
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        add_if(list, emulator_mode(screen, modes[i].mode), modes[i].what);
    if (list->len == 0)
        return NULL;
    g_ptr_array_add(list, NULL);
    return g_strjoinv(", ", (char **)list->pdata);
}

#include "error.h"

#include <stdarg.h>

/* Not G_DEFINE_QUARK: several threads may be the first to fail. */
GQuark weir_error_quark(void)
{
    return g_quark_from_static_string("weir-error");
}

gboolean weir_fail(GError **error, enum weir_error code, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        *error = g_error_new_valist(WEIR_ERROR, (int)code, format, args);
        va_end(args);
    }
    return FALSE;
}

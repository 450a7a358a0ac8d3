#include "error.h"

#include <stdarg.h>

G_DEFINE_QUARK(weir_error, weir_error)

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

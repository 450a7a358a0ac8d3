/* A recorded tape as its lines, for tests that read from it by code of their own what is expected. */
#ifndef TESTS_CONNECTORS_RECORDING_H
#define TESTS_CONNECTORS_RECORDING_H

#include <cjson/cJSON.h>
#include <glib.h>

static inline void recording_free_line(gpointer json)
{
    cJSON_Delete(json);
}

/* The lines of the tape in WEIR_TAPE. */
static inline GPtrArray *recording_read(void)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(g_getenv("WEIR_TAPE"), &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *tape = g_ptr_array_new_with_free_func(recording_free_line);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            g_ptr_array_add(tape, cJSON_Parse(lines[i]));
    return tape;
}

#endif

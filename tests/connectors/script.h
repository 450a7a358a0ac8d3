/* Tapes that a test writes itself: a server's answers in the order in which they are to be given. What
 * is asked and does not stand there fails, so a script checks the requests as well. */
#ifndef TESTS_CONNECTORS_SCRIPT_H
#define TESTS_CONNECTORS_SCRIPT_H

#include <cjson/cJSON.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct script {
    GString *lines;
    char *file;
    const char *date; /* of the answers from here on */
};

static inline void script_begin(struct script *s)
{
    *s = (struct script){.lines = g_string_new(NULL), .date = "Sat, 21 Nov 2026 12:00:00 GMT"};
}

struct script_answer {
    const char *method; /* NULL: GET */
    const char *path;
    const char *body; /* of the request */
    int status;       /* 0: 200 */
    const char *type; /* NULL: application/json */
    const char *text;
};

static inline void script_add(struct script *s, struct script_answer a)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "source", "af");
    cJSON_AddStringToObject(line, "method", a.method ? a.method : "GET");
    cJSON_AddStringToObject(line, "path", a.path);
    if (a.body)
        cJSON_AddStringToObject(line, "body", a.body);
    cJSON_AddNumberToObject(line, "status", a.status ? a.status : 200);
    cJSON_AddStringToObject(line, "content_type", a.type ? a.type : "application/json");
    if (s->date)
        cJSON_AddStringToObject(line, "date", s->date);
    cJSON_AddStringToObject(line, "text", a.text ? a.text : "");
    char *text = cJSON_PrintUnformatted(line);
    g_string_append_printf(s->lines, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(line);
}

/* The usual case: GET path, 200, JSON. */
static inline void script_get(struct script *s, const char *path, const char *text)
{
    script_add(s, (struct script_answer){.path = path, .text = text});
}

/* From here on the process talks to the script. */
static inline void script_play(struct script *s)
{
    close(g_file_open_tmp("weir-script-XXXXXX", &s->file, NULL));
    g_assert_true(g_file_set_contents(s->file, s->lines->str, -1, NULL));
    g_setenv("WEIR_TAPE", s->file, TRUE);
    g_setenv("WEIR_TAPE_MODE", "replay", TRUE);
}

static inline void script_end(struct script *s)
{
    g_unsetenv("WEIR_TAPE");
    g_unlink(s->file);
    g_free(s->file);
    g_string_free(s->lines, TRUE);
}

#endif

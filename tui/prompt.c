#include "prompt.h"

#include <string.h>

#include "curses.h"
#include "text.h"

#define TEXT_MAX   512
#define NAME_LEAST 24 /* columns of a completion, before its help */
#define NAME_MOST  48

static void completion_free(gpointer data)
{
    struct completion *c = data;
    g_free(c->text);
    g_free(c->help);
    g_free(c);
}

struct prompt *prompt_new(void)
{
    struct prompt *p = g_new0(struct prompt, 1);
    p->text = g_string_new(NULL);
    p->completions = g_ptr_array_new_with_free_func(completion_free);
    p->chosen = -1;
    return p;
}

void prompt_free(struct prompt *p)
{
    g_string_free(p->text, TRUE);
    g_ptr_array_unref(p->completions);
    g_free(p);
}

void prompt_open(struct prompt *p, enum prompt_mode mode, const char *text)
{
    p->mode = mode;
    g_string_assign(p->text, text ? text : "");
    g_ptr_array_set_size(p->completions, 0);
    p->chosen = -1;
}

void prompt_close(struct prompt *p)
{
    prompt_open(p, PROMPT_OFF, "");
}

static void delete_character(GString *text)
{
    if (text->len == 0)
        return;
    const char *last = g_utf8_prev_char(text->str + text->len);
    g_string_truncate(text, (gsize)(last - text->str));
}

static void delete_word(GString *text)
{
    while (text->len > 0 && text->str[text->len - 1] == ' ')
        delete_character(text);
    while (text->len > 0 && text->str[text->len - 1] != ' ')
        delete_character(text);
}

static enum prompt_event choose(struct prompt *p, int step)
{
    int n = (int)p->completions->len;
    if (n == 0)
        return PROMPT_NOTHING;
    p->chosen = p->chosen < 0 ? (step > 0 ? 0 : n - 1) : (p->chosen + step + n) % n;
    const struct completion *c = g_ptr_array_index(p->completions, p->chosen);
    g_string_truncate(p->text, p->from);
    g_string_append(p->text, c->text);
    return PROMPT_CHOSE;
}

static bool is_text(const char *key)
{
    return g_utf8_strlen(key, -1) == 1;
}

enum prompt_event prompt_key(struct prompt *p, const char *key, const char *paste)
{
    if (strcmp(key, "enter") == 0)
        return PROMPT_ENTER;
    if (strcmp(key, "esc") == 0 || strcmp(key, "ctrl-g") == 0)
        return PROMPT_CANCEL;
    if (strcmp(key, "tab") == 0 || strcmp(key, "down") == 0)
        return choose(p, 1);
    if (strcmp(key, "backtab") == 0 || strcmp(key, "up") == 0)
        return choose(p, -1);
    if (strcmp(key, "backspace") == 0 && p->text->len == 0)
        return PROMPT_CANCEL;
    if (strcmp(key, "backspace") == 0)
        delete_character(p->text);
    else if (strcmp(key, "ctrl-w") == 0)
        delete_word(p->text);
    else if (strcmp(key, "ctrl-u") == 0)
        g_string_truncate(p->text, 0);
    else if (strcmp(key, KEY_PASTE) == 0 && p->text->len + strlen(paste) < TEXT_MAX)
        g_string_append(p->text, paste);
    else if (strcmp(key, "space") == 0)
        g_string_append_c(p->text, ' ');
    else if (is_text(key) && p->text->len < TEXT_MAX)
        g_string_append(p->text, key);
    else
        return PROMPT_NOTHING;
    p->chosen = -1;
    return PROMPT_EDITED;
}

/* The letters of text stand in name in this order, other letters between them. */
static bool has_letters(const char *name, const char *text)
{
    for (; *name && *text; name++)
        text += g_ascii_tolower(*name) == g_ascii_tolower(*text);
    return *text == '\0';
}

static void add_completion(struct prompt *p, const char *name, const char *help)
{
    struct completion *c = g_new0(struct completion, 1);
    c->text = g_strdup(name);
    c->help = g_strdup(help);
    g_ptr_array_add(p->completions, c);
}

void prompt_complete(struct prompt *p, gsize from, const char *const *all)
{
    g_ptr_array_set_size(p->completions, 0);
    p->chosen = -1;
    p->from = MIN(from, p->text->len);
    const char *text = p->text->str + p->from;
    for (const char *const *c = all; *c; c += 2)
        if (g_ascii_strncasecmp(c[0], text, strlen(text)) == 0)
            add_completion(p, c[0], c[1]);
    for (const char *const *c = all; *c; c += 2)
        if (g_ascii_strncasecmp(c[0], text, strlen(text)) != 0 && has_letters(c[0], text))
            add_completion(p, c[0], c[1]);
}

static const char *label(enum prompt_mode mode)
{
    return mode == PROMPT_COMMAND ? ":" : mode == PROMPT_FILTER ? "/" : "sort by ";
}

static void draw_list(const struct prompt *p, struct surface *s, int y)
{
    int n = MIN((int)p->completions->len, MIN(PROMPT_LIST_MAX, y - 2));
    int first = MAX(p->chosen - n + 1, 0), names = NAME_LEAST;
    for (int i = 0; i < n; i++) {
        const struct completion *c = g_ptr_array_index(p->completions, first + i);
        names = CLAMP(text_width(c->text), names, NAME_MOST);
    }
    for (int i = 0; i < n; i++) {
        const struct completion *c = g_ptr_array_index(p->completions, first + i);
        bool chosen = first + i == p->chosen;
        g_autofree char *line = g_strdup_printf(
            " %s%*s %s", c->text, MAX(names - text_width(c->text), 0), "", c->help ? c->help : "");
        g_autofree char *padded = g_strdup_printf("%-*s", s->width, line);
        surface_put(s, 0, y - n + i, s->width, chosen ? ROLE_MATCH : ROLE_KEY, padded);
    }
}

void prompt_draw(const struct prompt *p, struct surface *s, int y)
{
    draw_list(p, s, y);
    g_autofree char *blank = g_strnfill((gsize)s->width, ' ');
    surface_put(s, 0, y, s->width, ROLE_TEXT, blank);
    const char *start = label(p->mode);
    int x = (int)strlen(start);
    surface_put(s, 0, y, s->width, ROLE_KEY, start);
    /* The end of a long line is what one types at. */
    const char *text = p->text->str;
    while (*text && text_width(text) >= s->width - x - 1)
        text = g_utf8_next_char(text);
    surface_put(s, x, y, s->width - x, ROLE_PROMPT, text);
    s->cursor(s, x + text_width(text), y);
}

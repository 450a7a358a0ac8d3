#include "theme.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "text.h"
#include "theme_data.h"

static const char *const role_names[ROLE_COUNT + 1] = {
    [ROLE_TEXT] = "text",
    [ROLE_DIM] = "dim",
    [ROLE_TITLE] = "title",
    [ROLE_HEADING] = "heading",
    [ROLE_OK] = "ok",
    [ROLE_UNKNOWN] = "unknown",
    [ROLE_WARN] = "warn",
    [ROLE_FAIL] = "fail",
    [ROLE_RUN] = "run",
    [ROLE_WAIT] = "wait",
    [ROLE_OFF] = "off",
    [ROLE_STALE] = "stale",
    [ROLE_CURSOR] = "cursor",
    [ROLE_KEY] = "key",
    [ROLE_PROMPT] = "prompt",
    [ROLE_MATCH] = "match",
    [ROLE_RULE] = "rule",
    [ROLE_BADGE] = "badge",
};

#define UNSET (-2) /* as a colour: not named yet */

static const char *const colours[] = {
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", NULL};

static const struct {
    const char *name;
    unsigned bit;
} attributes[] = {{"bold", STYLE_BOLD}, {"dim", STYLE_DIM}, {"reverse", STYLE_REVERSE},
    {"underline", STYLE_UNDERLINE}, {0}};

const char *role_name(enum role role)
{
    return role_names[role];
}

static bool parse_colour(const char *word, short *out)
{
    if (strcmp(word, "default") == 0) {
        *out = -1;
        return true;
    }
    bool bright = g_str_has_prefix(word, "bright-");
    for (short i = 0; colours[i]; i++) {
        if (strcmp(word + (bright ? 7 : 0), colours[i]) == 0) {
            *out = (short)(i + (bright ? 8 : 0));
            return true;
        }
    }
    guint64 number;
    if (!g_ascii_string_to_unsigned(word, 10, 0, 255, &number, NULL))
        return false;
    *out = (short)number;
    return true;
}

/* "red on default bold": the first colour is the foreground, the one after "on" the background. */
static bool parse_style(const char *text, struct style *style)
{
    *style = (struct style){-1, -1, 0};
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    bool background = false;
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        unsigned bit = 0;
        for (unsigned i = 0; attributes[i].name; i++)
            if (strcmp(*word, attributes[i].name) == 0)
                bit = attributes[i].bit;
        if (bit)
            style->attributes |= bit;
        else if (strcmp(*word, "on") == 0)
            background = true;
        else if (!parse_colour(*word, background ? &style->bg : &style->fg))
            return false;
    }
    return true;
}

/* Where a theme is being read, for messages. */
struct place {
    const char *name;
    unsigned line;
};

static gboolean set_role(const struct place *at, const char *role_text, const char *value,
    struct style *styles, GError **error)
{
    unsigned role = 0;
    while (role < ROLE_COUNT && strcmp(role_names[role], role_text) != 0)
        role++;
    if (role == ROLE_COUNT) {
        const char *near = text_nearest(role_text, role_names);
        return weir_fail(error, WEIR_ERROR_CONFIG,
            near ? "theme %s:%u: no role \"%s\"; did you mean \"%s\"?"
                 : "theme %s:%u: no role \"%s\"%.0s",
            at->name, at->line, role_text, near ? near : "");
    }
    if (!parse_style(value, &styles[role]))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "theme %s:%u: %s = %s: write COLOUR [on COLOUR] [bold|dim|reverse|underline]", at->name,
            at->line, role_text, value);
    return TRUE;
}

/* A group that is misspelled would be left out without a word. */
static struct style *find_group(
    struct theme *t, const struct place *at, const char *line, GError **error)
{
    if (strcmp(line, "[roles]") == 0)
        return t->plain;
    if (strcmp(line, "[256]") == 0)
        return t->many;
    weir_fail(error, WEIR_ERROR_CONFIG, "theme %s:%u: no group %s; there are [roles] and [256]",
        at->name, at->line, line);
    return NULL;
}

/* Which roles [256] names is known when all is read: the others are as in [roles]. */
static void fill_many(struct theme *t)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        if (t->many[role].fg == UNSET)
            t->many[role] = t->plain[role];
}

static gboolean parse_line(
    struct theme *t, const struct place *at, char *line, struct style **group, GError **error)
{
    if (*line == '\0' || *line == '#')
        return TRUE;
    if (*line == '[') {
        *group = find_group(t, at, line, error);
        return *group != NULL;
    }
    char *equals = strchr(line, '=');
    if (!equals || !*group)
        return weir_fail(error, WEIR_ERROR_CONFIG, "theme %s:%u: %s: %s", at->name, at->line, line,
            equals ? "a role belongs below [roles] or [256]" : "write ROLE = COLOUR");
    *equals = '\0';
    return set_role(at, g_strstrip(line), g_strstrip(equals + 1), *group, error);
}

struct theme *theme_parse(const char *name, const char *text, GError **error)
{
    struct theme *t = g_new0(struct theme, 1);
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        t->plain[role] = (struct style){-1, -1, 0};
        t->many[role] = (struct style){UNSET, UNSET, 0};
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    struct style *group = NULL;
    for (struct place at = {name, 1}; lines[at.line - 1]; at.line++) {
        if (!parse_line(t, &at, g_strstrip(lines[at.line - 1]), &group, error)) {
            g_free(t);
            return NULL;
        }
    }
    if (!group) {
        weir_fail(error, WEIR_ERROR_CONFIG, "theme %s: it has no [roles]", name);
        g_free(t);
        return NULL;
    }
    fill_many(t);
    return t;
}

void theme_free(struct theme *t)
{
    g_free(t);
}

char **theme_names(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const struct theme_text *t = theme_texts; t->name; t++)
        g_ptr_array_add(names, g_strdup(t->name));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* $COLORFGBG is "FG;BG" where terminals set it. */
static enum background background_of_environment(void)
{
    const char *value = g_getenv("COLORFGBG");
    const char *bg = value ? strrchr(value, ';') : NULL;
    guint64 colour;
    if (!bg || !g_ascii_string_to_unsigned(bg + 1, 10, 0, 15, &colour, NULL))
        return BACKGROUND_UNKNOWN;
    return colour == 7 || colour > 8 ? BACKGROUND_LIGHT : BACKGROUND_DARK;
}

const char *theme_automatic(enum background background)
{
    static const char *const names[] = {
        [BACKGROUND_UNKNOWN] = "neutral", [BACKGROUND_DARK] = "dark", [BACKGROUND_LIGHT] = "light"};
    return names[background != BACKGROUND_UNKNOWN ? background : background_of_environment()];
}

struct theme *theme_load(const char *name, GError **error)
{
    g_autofree char *file = g_strconcat("themes/", name, ".theme", NULL);
    g_autofree char *path = config_home_path(file);
    g_autofree char *own = NULL;
    if (!strchr(name, '/') && g_file_get_contents(path, &own, NULL, NULL))
        return theme_parse(path, own, error);
    struct theme *t = theme_builtin(name);
    if (t)
        return t;
    g_auto(GStrv) names = theme_names();
    g_autofree char *all = g_strjoinv(", ", names);
    weir_fail(error, WEIR_ERROR_USAGE, "no theme \"%s\"; there are: auto, %s, and your own in %s",
        name, all, path);
    return NULL;
}

struct theme *theme_builtin(const char *name)
{
    for (const struct theme_text *t = theme_texts; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return theme_parse(name, t->text, NULL);
    return NULL;
}

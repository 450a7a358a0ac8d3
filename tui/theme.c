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

static gboolean parse_group(const char *name, GKeyFile *file, const char *group,
    struct style styles[ROLE_COUNT], GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        unsigned role = 0;
        while (role < ROLE_COUNT && strcmp(role_names[role], *key) != 0)
            role++;
        if (role == ROLE_COUNT) {
            const char *near = text_nearest(*key, role_names);
            return weir_fail(error, WEIR_ERROR_CONFIG,
                near ? "theme %s: no role \"%s\"; did you mean \"%s\"?"
                     : "theme %s: no role \"%s\"%.0s",
                name, *key, near ? near : "");
        }
        g_autofree char *value = g_key_file_get_value(file, group, *key, NULL);
        if (!parse_style(value, &styles[role]))
            return weir_fail(error, WEIR_ERROR_CONFIG,
                "theme %s: %s = %s: write COLOUR [on COLOUR] [bold|dim|reverse|underline]", name,
                *key, value);
    }
    return TRUE;
}

/* A group that is misspelled would be left out without a word. */
static gboolean check_groups(const char *name, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    if (!groups[0])
        return weir_fail(error, WEIR_ERROR_CONFIG, "theme %s: it has no [roles]", name);
    for (char **group = groups; *group; group++)
        if (strcmp(*group, "roles") != 0 && strcmp(*group, "256") != 0)
            return weir_fail(error, WEIR_ERROR_CONFIG,
                "theme %s: no group [%s]; there are [roles] and [256]", name, *group);
    return TRUE;
}

struct theme *theme_parse(const char *name, const char *text, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) wrong = NULL;
    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &wrong)) {
        weir_fail(error, WEIR_ERROR_CONFIG, "theme %s: %s", name, wrong->message);
        return NULL;
    }
    if (!check_groups(name, file, error))
        return NULL;
    struct theme *t = g_new0(struct theme, 1);
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        t->plain[role] = (struct style){-1, -1, 0};
    if (!parse_group(name, file, "roles", t->plain, error))
        goto bad;
    memcpy(t->many, t->plain, sizeof t->many);
    if (parse_group(name, file, "256", t->many, error))
        return t;
bad:
    g_free(t);
    return NULL;
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

/* $COLORFGBG is "FG;BG" where terminals set it: 7 and 15 are light backgrounds. */
static const char *automatic(void)
{
    const char *value = g_getenv("COLORFGBG");
    const char *bg = value ? strrchr(value, ';') : NULL;
    return bg && (strcmp(bg, ";7") == 0 || strcmp(bg, ";15") == 0) ? "light" : "dark";
}

struct theme *theme_load(const char *name, bool no_colour, GError **error)
{
    if (no_colour)
        name = "mono";
    else if (strcmp(name, "auto") == 0)
        name = automatic();
    g_autofree char *file = g_strconcat("themes/", name, ".theme", NULL);
    g_autofree char *path = config_home_path(file);
    g_autofree char *own = NULL;
    if (!strchr(name, '/') && g_file_get_contents(path, &own, NULL, NULL))
        return theme_parse(name, own, error);
    for (const struct theme_text *t = theme_texts; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return theme_parse(name, t->text, error);
    g_auto(GStrv) names = theme_names();
    g_autofree char *all = g_strjoinv(", ", names);
    weir_fail(error, WEIR_ERROR_CONFIG, "no theme \"%s\"; there are: %s", name, all);
    return NULL;
}

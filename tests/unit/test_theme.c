#include "theme.h"

#include <glib/gstdio.h>

#include "error.h"
#include "theme_data.h"
#include "unit/rows.h"

static struct theme *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct theme *t = theme_parse("test", text, &error);
    g_assert_no_error(error);
    g_assert_nonnull(t);
    return t;
}

static void fails(const char *text, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(theme_parse("test", text, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CONFIG);
    g_test_message("%s", error->message);
    ASSERT_CONTAINS(error->message, "theme test:");
    ASSERT_CONTAINS(error->message, words);
}

static void is(struct style style, short fg, short bg, unsigned attributes)
{
    g_assert_cmpint(style.fg, ==, fg);
    g_assert_cmpint(style.bg, ==, bg);
    g_assert_cmpuint(style.attributes, ==, attributes);
}

static void a_role_has_colours_and_attributes(void)
{
    struct theme *t = parse("# mine\n[roles]\n"
                            "fail = red bold\n"
                            "title = black on cyan\n"
                            "ok = bright-green on default underline\n"
                            "match = on yellow reverse dim\n"
                            "warn = 214 on 17\n"
                            "dim =\n");
    is(t->plain[ROLE_FAIL], 1, -1, STYLE_BOLD);
    is(t->plain[ROLE_TITLE], 0, 6, 0);
    is(t->plain[ROLE_OK], 10, -1, STYLE_UNDERLINE);
    is(t->plain[ROLE_MATCH], -1, 3, STYLE_REVERSE | STYLE_DIM);
    is(t->plain[ROLE_WARN], 214, 17, 0);
    is(t->plain[ROLE_DIM], -1, -1, 0);
    is(t->plain[ROLE_KEY], -1, -1, 0); /* not named: like text */
    theme_free(t);
    theme_free(NULL);
}

static void finer_colours_replace_only_what_they_name(void)
{
    struct theme *t = parse("[roles]\nfail = red bold\ndim = default dim\n[256]\ndim = 245\n");
    is(t->plain[ROLE_DIM], -1, -1, STYLE_DIM);
    is(t->many[ROLE_DIM], 245, -1, 0);
    is(t->many[ROLE_FAIL], 1, -1, STYLE_BOLD);
    theme_free(t);
}

/* The text of the header's own comment. */
static void the_example_of_the_documentation_is_a_theme(void)
{
    struct theme *t = parse("[roles]\n"
                            "fail = red bold\n"
                            "title = black on cyan\n"
                            "# the same where the terminal has 256 colours\n"
                            "[256]\n"
                            "dim = 245\n");
    theme_free(t);
}

static void a_mistake_is_named(void)
{
    fails("[roles]\nfails = red\n", "no role \"fails\"; did you mean \"fail\"?");
    fails("[roles]\nzookeeper = red\n", "no role \"zookeeper\"");
    fails("[256]\nfial = red\n", "no role \"fial\"");
    fails("[roles]\nfail = rde\n", "fail = rde: write COLOUR [on COLOUR]");
    fails("[roles]\nfail = 256\n", "fail = 256");
    fails("[roles]\nfail = -1\n", "fail = -1");
    fails("[roles]\nfail = red blink\n", "fail = red blink");
    fails("[roles]\nfail = bright-default\n", "fail = bright-default");
    fails("[roles]\nnonsense\n", "nonsense");
    fails("fail = red\n", "");
    fails("[roles\nfail = red\n", "");
}

/* A group that is misspelled would make every role look like text, without a word. */
static void an_unknown_group_is_named(void)
{
    fails("[rolse]\nfail = red\n", "rolse");
    fails("[roles]\nfail = red\n[88]\ndim = 8\n", "88");
    fails("", "[roles]");
    fails("# nothing\n", "[roles]");
}

static void all_shipped_themes_parse_and_name_every_role(void)
{
    unsigned count = 0;
    for (const struct theme_text *text = theme_texts; text->name; text++, count++) {
        g_autoptr(GError) error = NULL;
        struct theme *t = theme_parse(text->name, text->text, &error);
        g_assert_no_error(error);
        theme_free(t);
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            g_autofree char *line = g_strdup_printf("\n%s = ", role_name(role));
            ASSERT_CONTAINS(text->text, line);
        }
    }
    g_auto(GStrv) names = theme_names();
    g_assert_cmpuint(g_strv_length(names), ==, count);
    g_assert_true(g_strv_contains((const char *const *)names, "dark"));
    g_assert_true(g_strv_contains((const char *const *)names, "light"));
    g_assert_true(g_strv_contains((const char *const *)names, "mono"));
}

static void mono_has_no_colour(void)
{
    struct theme *t = theme_load("mono", NULL);
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        g_assert_true(t->plain[role].fg == -1 && t->plain[role].bg == -1);
        g_assert_true(t->many[role].fg == -1 && t->many[role].bg == -1);
    }
    theme_free(t);
}

static void mistakes_are_told_with_their_line(void)
{
    fails("# mine\n\n[roles]\nfail = red\nfial = red\n", "theme test:5: no role \"fial\"");
    fails("[roles]\n  ok = gren\n", "theme test:2: ok = gren: write COLOUR");
    fails("[roles]\nok green\n", "theme test:2: ok green: write ROLE = COLOUR");
    fails("\nok = green\n", "theme test:2: ok = green: a role belongs below [roles]");
    fails("[roles]\nok = green\n[266]\n", "theme test:3: no group [266]");
    fails("[roles]\nok = \xff\n", "theme test:2: ");
}

static void auto_asks_the_terminal_then_the_environment(void)
{
    static const struct {
        enum background said;
        const char *value, *name;
    } cases[] = {{BACKGROUND_UNKNOWN, NULL, "neutral"}, {BACKGROUND_UNKNOWN, "15;0", "dark"},
        {BACKGROUND_UNKNOWN, "0;15", "light"}, {BACKGROUND_UNKNOWN, "0;7", "light"},
        {BACKGROUND_UNKNOWN, "0;default;15", "light"}, {BACKGROUND_UNKNOWN, "15", "neutral"},
        {BACKGROUND_UNKNOWN, "15;default", "neutral"}, {BACKGROUND_UNKNOWN, "", "neutral"},
        {BACKGROUND_UNKNOWN, "7;8", "dark"}, {BACKGROUND_DARK, "0;15", "dark"},
        {BACKGROUND_LIGHT, "15;0", "light"}, {BACKGROUND_LIGHT, NULL, "light"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].value)
            g_setenv("COLORFGBG", cases[i].value, TRUE);
        else
            g_unsetenv("COLORFGBG");
        g_assert_cmpstr(theme_automatic(cases[i].said), ==, cases[i].name);
    }
}

static void a_theme_of_the_users_own_wins(void)
{
    g_autofree char *home = g_strdup(g_getenv("XDG_CONFIG_HOME"));
    g_autofree char *folder = g_build_filename(home, "weir", "themes", NULL);
    g_autofree char *file = g_build_filename(folder, "dark.theme", NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "[roles]\nfail = 77\n", -1, NULL));
    struct theme *t = theme_load("dark", NULL);
    is(t->plain[ROLE_FAIL], 77, -1, 0);
    theme_free(t);
    g_assert_true(g_file_set_contents(file, "[roles]\nfial = 77\n", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_assert_null(theme_load("dark", &error));
    ASSERT_CONTAINS(error->message, "dark.theme:2: no role \"fial\"");
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(file, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "[roles]\nfial = 77\n");
    g_clear_error(&error);
    g_unlink(file);
    g_assert_null(theme_load("drak", &error));
    ASSERT_CONTAINS(error->message, "no theme \"drak\"; there are: auto, ");
    ASSERT_CONTAINS(error->message, "dark");
    g_clear_error(&error);
    g_assert_null(theme_load("../../etc/passwd", &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    g_rmdir(folder);
    g_autofree char *parent = g_path_get_dirname(folder);
    g_rmdir(parent);
}

int main(int argc, char **argv)
{
    g_autofree char *home = g_dir_make_tmp("weir-unit-XXXXXX", NULL);
    g_setenv("XDG_CONFIG_HOME", home, TRUE); /* no theme of whoever runs this */
    rows_init(&argc, &argv);
    g_test_add_func("/theme/a-role-has-colours-and-attributes", a_role_has_colours_and_attributes);
    g_test_add_func("/theme/finer-colours-replace-only-what-they-name",
        finer_colours_replace_only_what_they_name);
    g_test_add_func("/theme/the-example-of-the-documentation-is-a-theme",
        the_example_of_the_documentation_is_a_theme);
    g_test_add_func("/theme/a-mistake-is-named", a_mistake_is_named);
    g_test_add_func("/theme/an-unknown-group-is-named", an_unknown_group_is_named);
    g_test_add_func("/theme/all-shipped-themes-parse-and-name-every-role",
        all_shipped_themes_parse_and_name_every_role);
    g_test_add_func("/theme/mono-has-no-colour", mono_has_no_colour);
    g_test_add_func("/theme/mistakes-are-told-with-their-line", mistakes_are_told_with_their_line);
    g_test_add_func("/theme/auto-asks-the-terminal-then-the-environment",
        auto_asks_the_terminal_then_the_environment);
    g_test_add_func("/theme/a-theme-of-the-users-own-wins", a_theme_of_the_users_own_wins);
    int result = g_test_run();
    g_rmdir(home);
    return result;
}

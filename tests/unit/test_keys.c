/* Names of keys, which key does what, and the line that one types in. */
#include "keymap.h"

#include "cells.h"
#include "curses.h"
#include "app.h"
#include "input.h"
#include "keys.h"
#include "prompt.h"
#include "text.h"
#include "unit/rows.h"

/* -- names ---------------------------------------------------------------------------------------- */

static void keys_have_names(void)
{
    static const char *const keys[] = {"j", "G", "?", "/", ":", "+", "ü", "日", "ctrl-d", "ctrl-l",
        "enter", "esc", "tab", "backtab", "space", "backspace", "up", "down", "left", "right",
        "pgup", "pgdn", "home", "end", "delete", "insert", "f1", "f12", NULL};
    for (const char *const *key = keys; *key; key++)
        if (!input_is_key(*key))
            g_error("%s is a key", *key);
}

static void what_is_no_key_is_told_from_one(void)
{
    static const char *const keys[] = {"", " ", "jj", "ctrl", "ctrl-", "ctrl-A", "ctrl-1",
        "ctrl-dd", "ctrl-ü", "Enter", "escape", "f0", "f13", "F1", "alt-x", "\033", "\x7f", "\t",
        "\xff", "\xe2\x80\xae", "\xcc\x80", "paste", NULL};
    for (const char *const *key = keys; *key; key++)
        if (input_is_key(*key))
            g_error("%s is no key", *key);
}

/* -- the keymap ------------------------------------------------------------------------------------ */

static const char *const known[] = {"filter", "quit", "down", NULL};

static void the_users_keys_replace_the_defaults(void)
{
    static const char *const pairs[] = {"filter", "F ctrl-f", "down", "n", NULL};
    g_autoptr(GString) complaints = g_string_new(NULL);
    struct keymap *k = keymap_new(pairs, known, complaints);
    g_assert_cmpstr(complaints->str, ==, "");
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "F ctrl-f");
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "n");
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "q");
    keymap_free(k);
    keymap_free(NULL);
}

static void a_wrong_entry_is_left_out_and_named(void)
{
    static const char *const pairs[] = {
        "fliter", "F", "zookeeper", "z", "quit", "ctrl-Q", "filter", "", "down", "j  k", NULL};
    g_autoptr(GString) complaints = g_string_new(NULL);
    struct keymap *k = keymap_new(pairs, known, complaints);
    g_auto(GStrv) lines = g_strsplit(complaints->str, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 6); /* a line each, and the end */
    ASSERT_CONTAINS(lines[0], "no command \"fliter\"; did you mean \"filter\"?");
    ASSERT_CONTAINS(lines[1], "no command \"zookeeper\"");
    ASSERT_CONTAINS(lines[2], "quit: \"ctrl-Q\" is no key");
    ASSERT_CONTAINS(lines[3], "filter: \"\" is no key");
    ASSERT_CONTAINS(lines[4], "down: \"j  k\" is no key");
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "q");
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "/");
    keymap_free(k);
}

/* -- the keys file ------------------------------------------------------------------------------- */

static const struct keymap_command commands[] = {
    {"everywhere", "filter", "/", "help"},
    {"everywhere", "quit", "q", "help"},
    {"tables", "down", "j down", "help"},
    {"tables", "up", "k", "help"},
    {0},
};
static const char *const names[] = {"filter", "quit", "down", "up", NULL};

/* The map of a keys file with this text, beside `keys:` (pairs, or NULL). */
static struct keymap *map_of(const char *text, const char *const *pairs)
{
    static const char *const none[] = {NULL};
    g_autoptr(GString) complaints = g_string_new(NULL);
    struct keymap *k = keymap_new(pairs ? pairs : none, names, complaints);
    g_assert_cmpstr(complaints->str, ==, "");
    keymap_parse(k, "keys", text, strlen(text), names);
    keymap_settle(k, commands);
    return k;
}

static const struct keymap_fault *fault_of(const struct keymap *k, guint i)
{
    g_assert_cmpuint(keymap_faults(k)->len, >, i);
    return g_ptr_array_index(keymap_faults(k), i);
}

static void the_keys_file_gives_commands_other_keys(void)
{
    struct keymap *k = map_of("# mine\n\n  down\tn  ctrl-n \r\nfilter f", NULL);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 0);
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "n ctrl-n");
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "f");
    g_assert_cmpstr(keymap_keys(k, "up", "k"), ==, "k");
    g_assert_cmpstr(keymap_origin(k, "down"), ==, "keys:3");
    g_assert_cmpstr(keymap_origin(k, "up"), ==, "default");
    keymap_free(k);
    k = map_of("quit\n", NULL);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 0);
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "");
    keymap_free(k);
}

static void a_wrong_line_is_named_and_the_others_count(void)
{
    struct keymap *k = map_of("fliter f\ndown jj\n\033[2J\nup u\nup i\n", NULL);
    ASSERT_CONTAINS(fault_of(k, 0)->text, "did you mean \"filter\"?");
    g_assert_cmpstr(fault_of(k, 0)->where, ==, "keys:1");
    ASSERT_CONTAINS(fault_of(k, 1)->text, "\"jj\" is no key");
    ASSERT_CONTAINS(fault_of(k, 2)->text, "no text");
    ASSERT_CONTAINS(fault_of(k, 3)->text, "up has its keys from keys:4");
    g_assert_cmpstr(fault_of(k, 3)->where, ==, "keys:5");
    g_assert_cmpuint(keymap_faults(k)->len, ==, 4);
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "/");
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "j down");
    g_assert_cmpstr(keymap_keys(k, "up", "k"), ==, "u");
    keymap_free(k);
}

static void ones_own_key_is_taken_from_a_default(void)
{
    struct keymap *k = map_of("filter q\nup down\n", NULL);
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "q");
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "");
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "j");
    g_assert_true(fault_of(k, 0)->note);
    g_assert_cmpstr(fault_of(k, 0)->where, ==, "keys:1");
    g_assert_cmpstr(fault_of(k, 0)->text, ==, "q is filter now, not quit, which has no key left");
    g_assert_cmpstr(fault_of(k, 1)->text, ==, "down is up now, not down");
    g_assert_cmpuint(keymap_faults(k)->len, ==, 2);
    keymap_free(k);
}

static void of_two_own_keys_the_earlier_line_wins(void)
{
    struct keymap *k = map_of("quit x\nfilter x f\n", NULL);
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "x");
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "f");
    g_assert_false(fault_of(k, 0)->note);
    g_assert_cmpstr(fault_of(k, 0)->where, ==, "keys:2");
    g_assert_cmpstr(fault_of(k, 0)->text, ==, "filter does not get x: it is quit (keys:1)");
    g_assert_cmpuint(keymap_faults(k)->len, ==, 1);
    keymap_free(k);
}

static void one_key_in_two_scopes_is_no_conflict(void)
{
    struct keymap *k = map_of("down q\n", NULL);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 0);
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "q");
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "q");
    keymap_free(k);
    k = map_of("filter x\nup x\n", NULL);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 0);
    keymap_free(k);
}

static void ones_own_key_for_everywhere_is_taken_from_the_views(void)
{
    struct keymap *k = map_of("filter j\n", NULL);
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "j");
    g_assert_cmpstr(keymap_keys(k, "down", "j down"), ==, "down");
    g_assert_cmpstr(fault_of(k, 0)->text, ==, "j is filter now, not down");
    g_assert_true(fault_of(k, 0)->note);
    keymap_free(k);
}

static void the_configuration_wins_over_the_keys_file(void)
{
    static const char *const pairs[] = {"filter", "F", NULL};
    struct keymap *k = map_of("filter f\nquit F\n", pairs);
    g_assert_cmpstr(keymap_keys(k, "filter", "/"), ==, "F");
    g_assert_cmpstr(keymap_keys(k, "quit", "q"), ==, "");
    g_assert_cmpstr(fault_of(k, 0)->where, ==, "keys:2");
    ASSERT_CONTAINS(fault_of(k, 0)->text, "quit does not get F: it is filter (keys: of the");
    keymap_free(k);
}

static void the_default_map_is_a_keys_file_that_changes_nothing(void)
{
    static const char *const none[] = {NULL};
    g_autoptr(GString) sample = g_string_new(NULL), complaints = g_string_new(NULL);
    g_autofree const char **all = app_command_names();
    g_autofree struct keymap_command *table = keys_table();
    keys_sample(sample);
    struct keymap *k = keymap_new(none, all, complaints);
    keymap_parse(k, "keys", sample->str, sample->len, all);
    keymap_settle(k, table);
    for (guint i = 0; i < keymap_faults(k)->len; i++)
        g_error("%s: %s", fault_of(k, i)->where, fault_of(k, i)->text);
    for (const struct keymap_command *c = table; c->name; c++)
        g_assert_cmpstr(keymap_keys(k, c->name, "?"), ==, c->keys);
    keymap_free(k);
}

static void what_is_no_keys_file_is_told(void)
{
    static const char *const none[] = {NULL};
    g_autoptr(GString) complaints = g_string_new(NULL);
    struct keymap *k = keymap_new(none, names, complaints);
    keymap_read(k, "/nonexistent/keys", names);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 0);
    keymap_read(k, "/dev/zero", names);
    g_assert_cmpstr(fault_of(k, 0)->where, ==, "/dev/zero");
    keymap_read(k, "/", names);
    g_assert_cmpuint(keymap_faults(k)->len, ==, 2);
    keymap_free(k);
}

static void a_key_is_found_among_others(void)
{
    g_assert_true(keymap_contains("j down", "j"));
    g_assert_true(keymap_contains("j down", "down"));
    g_assert_false(keymap_contains("j down", "d"));
    g_assert_false(keymap_contains("j down", "own"));
    g_assert_false(keymap_contains("j down", "j down x"));
    g_assert_true(keymap_contains("gg g", "g"));
    g_assert_true(keymap_contains("ctrl-d d", "d"));
    g_assert_false(keymap_contains("ctrl-d", "d"));
    g_assert_false(keymap_contains("", "j"));
    g_assert_false(keymap_contains("j", ""));
    g_assert_false(keymap_contains(NULL, "j"));
    g_autofree char *first = keymap_first("ctrl-d j");
    g_autofree char *none = keymap_first("");
    g_assert_cmpstr(first, ==, "ctrl-d");
    g_assert_cmpstr(none, ==, "");
}

/* -- the prompt ------------------------------------------------------------------------------------ */

static const char *const choices[] = {"kafka.groups", "consumer groups", "kafka.topics", "topics",
    "trino.queries", "queries", "help", "keys", "hosts", NULL, NULL};

static struct prompt *open_prompt(enum prompt_mode mode, const char *text)
{
    struct prompt *p = prompt_new();
    prompt_open(p, mode, text);
    return p;
}

static void type(struct prompt *p, const char *letters)
{
    for (; *letters; letters++) {
        const char key[] = {*letters, 0};
        g_assert_cmpint(prompt_key(p, *letters == ' ' ? "space" : key, NULL), ==, PROMPT_EDITED);
    }
}

static void typing_edits_the_line(void)
{
    struct prompt *p = open_prompt(PROMPT_COMMAND, "");
    type(p, "kafka groups x");
    g_assert_cmpstr(p->text->str, ==, "kafka groups x");
    g_assert_cmpint(prompt_key(p, "ü", NULL), ==, PROMPT_EDITED);
    g_assert_cmpint(prompt_key(p, "backspace", NULL), ==, PROMPT_EDITED);
    g_assert_cmpstr(p->text->str, ==, "kafka groups x");
    prompt_key(p, "ctrl-w", NULL);
    g_assert_cmpstr(p->text->str, ==, "kafka groups ");
    prompt_key(p, "ctrl-w", NULL);
    g_assert_cmpstr(p->text->str, ==, "kafka ");
    prompt_key(p, "ctrl-u", NULL);
    g_assert_cmpstr(p->text->str, ==, "");
    g_assert_cmpint(prompt_key(p, "f5", NULL), ==, PROMPT_NOTHING);
    g_assert_cmpint(prompt_key(p, "pgdn", NULL), ==, PROMPT_NOTHING);
    prompt_free(p);
}

static void the_prompt_is_left_by_enter_esc_or_an_empty_line(void)
{
    struct prompt *p = open_prompt(PROMPT_FILTER, "lag");
    g_assert_cmpstr(p->text->str, ==, "lag");
    g_assert_cmpint(prompt_key(p, "enter", NULL), ==, PROMPT_ENTER);
    g_assert_cmpint(prompt_key(p, "esc", NULL), ==, PROMPT_CANCEL);
    g_assert_cmpint(prompt_key(p, "ctrl-g", NULL), ==, PROMPT_CANCEL);
    prompt_key(p, "ctrl-u", NULL);
    g_assert_cmpint(prompt_key(p, "backspace", NULL), ==, PROMPT_CANCEL);
    prompt_close(p);
    g_assert_cmpint(p->mode, ==, PROMPT_OFF);
    g_assert_cmpstr(p->text->str, ==, "");
    prompt_open(p, PROMPT_FILTER, NULL);
    g_assert_cmpstr(p->text->str, ==, "");
    prompt_free(p);
}

static void a_pasted_text_comes_whole_or_not_at_all(void)
{
    struct prompt *p = open_prompt(PROMPT_FILTER, "");
    g_assert_cmpint(prompt_key(p, KEY_PASTE, "a b\"c|d"), ==, PROMPT_EDITED);
    g_assert_cmpstr(p->text->str, ==, "a b\"c|d");
    g_autofree char *endless = g_strnfill(100000, 'x');
    g_assert_cmpint(prompt_key(p, KEY_PASTE, endless), ==, PROMPT_NOTHING);
    g_assert_cmpstr(p->text->str, ==, "a b\"c|d");
    for (int i = 0; i < 2000; i++)
        prompt_key(p, "x", NULL);
    g_assert_cmpuint(p->text->len, <, 1000);
    prompt_free(p);
}

static const char *completion(const struct prompt *p, guint i)
{
    return i < p->completions->len
               ? ((const struct completion *)g_ptr_array_index(p->completions, i))->text
               : NULL;
}

static void completions_begin_with_what_was_typed(void)
{
    struct prompt *p = open_prompt(PROMPT_COMMAND, "");
    prompt_complete(p, 0, choices);
    g_assert_cmpuint(p->completions->len, ==, 5);
    type(p, "t");
    prompt_complete(p, 0, choices);
    g_assert_cmpstr(completion(p, 0), ==, "trino.queries");
    g_assert_cmpstr(completion(p, 1), ==, "kafka.topics"); /* contains it */
    type(p, "OP");
    prompt_complete(p, 0, choices);
    g_assert_cmpstr(completion(p, 0), ==, "kafka.topics");
    g_assert_null(completion(p, 1));
    prompt_key(p, "ctrl-u", NULL);
    type(p, "kgr");
    prompt_complete(p, 0, choices);
    g_assert_cmpstr(completion(p, 0), ==, "kafka.groups");
    type(p, "zz");
    prompt_complete(p, 0, choices);
    g_assert_null(completion(p, 0));
    g_assert_cmpint(prompt_key(p, "tab", NULL), ==, PROMPT_NOTHING);
    prompt_free(p);
}

/* Enter runs what was typed, never a suggestion that was only shown. */
static void a_suggestion_is_taken_only_when_chosen(void)
{
    struct prompt *p = open_prompt(PROMPT_COMMAND, "");
    type(p, "kafka");
    prompt_complete(p, 0, choices);
    g_assert_cmpint(p->chosen, ==, -1);
    g_assert_cmpint(prompt_key(p, "enter", NULL), ==, PROMPT_ENTER);
    g_assert_cmpstr(p->text->str, ==, "kafka");
    g_assert_cmpint(prompt_key(p, "tab", NULL), ==, PROMPT_CHOSE);
    g_assert_cmpstr(p->text->str, ==, "kafka.groups");
    g_assert_cmpint(prompt_key(p, "down", NULL), ==, PROMPT_CHOSE);
    g_assert_cmpstr(p->text->str, ==, "kafka.topics");
    g_assert_cmpint(prompt_key(p, "tab", NULL), ==, PROMPT_CHOSE);
    g_assert_cmpstr(p->text->str, ==, "kafka.groups");
    g_assert_cmpint(prompt_key(p, "up", NULL), ==, PROMPT_CHOSE);
    g_assert_cmpstr(p->text->str, ==, "kafka.topics");
    type(p, "x");
    g_assert_cmpint(p->chosen, ==, -1);
    g_assert_cmpstr(p->text->str, ==, "kafka.topicsx");
    prompt_free(p);
}

static void the_end_of_a_long_line_is_seen(void)
{
    AUTO(cells) c = cells_new(20, 3, false);
    struct prompt *p = open_prompt(PROMPT_FILTER, "");
    type(p, "abcdefghijklmnopqrstuvwxyz");
    prompt_draw(p, &c->surface, 2);
    g_autofree char *text = cells_text(c, false);
    ASSERT_CONTAINS(text, "wxyz\n");
    g_assert_null(strstr(text, "abc"));
    g_assert_cmpint(c->cursor_y, ==, 2);
    g_assert_cmpint(c->cursor_x, <, 20);
    prompt_free(p);
}

static void the_prompt_fits_any_screen(void)
{
    for (int width = 1; width < 40; width++) {
        for (int height = 1; height < 12; height++) {
            AUTO(cells) c = cells_new(width, height, false);
            struct prompt *p = open_prompt(width % 2 ? PROMPT_SORT : PROMPT_COMMAND, "日本語 x");
            prompt_complete(p, 0, (const char *const[]){"日本語 xy", "größer", NULL, NULL});
            prompt_draw(p, &c->surface, height - 1);
            prompt_key(p, "ctrl-u", NULL);
            prompt_complete(p, 0, choices);
            prompt_key(p, "up", NULL);
            prompt_draw(p, &c->surface, height - 1);
            prompt_free(p);
        }
    }
}

/* -- the screen in memory -------------------------------------------------------------------------- */

static void text_stays_inside_its_place(void)
{
    AUTO(cells) c = cells_new(6, 2, false);
    struct surface *s = &c->surface;
    surface_put(s, 1, 0, 3, ROLE_FAIL, "abcdef");
    surface_put(s, 4, 0, 99, ROLE_TEXT, "xyz");
    surface_put(s, 5, 1, 99, ROLE_TEXT, "日");
    surface_put(s, 0, 1, 99, ROLE_OK, "e\xcc\x81日");
    surface_put(s, -1, 0, 9, ROLE_TEXT, "no");
    surface_put(s, 6, 0, 9, ROLE_TEXT, "no");
    surface_put(s, 0, 2, 9, ROLE_TEXT, "no");
    surface_put(s, 0, -1, 9, ROLE_TEXT, "no");
    surface_put(s, 0, 0, 0, ROLE_TEXT, "no");
    g_autofree char *plain = cells_text(c, false);
    g_assert_cmpstr(plain, ==, " abcxy\ne\xcc\x81日\n");
    g_autofree char *roles = cells_text(c, true);
    g_assert_cmpstr(roles, ==, " abcxy\n| FFF\ne\xcc\x81日\n|ooo\n");
}

static void a_part_of_a_screen_is_a_screen(void)
{
    AUTO(cells) c = cells_new(6, 3, true);
    struct surface part = surface_part(&c->surface, 2, 1, 3, 1);
    struct surface inner = surface_part(&part, 1, 0, 9, 9);
    g_assert_true(inner.ascii);
    surface_put(&part, 0, 0, 99, ROLE_TEXT, "abcdef");
    surface_put(&part, 0, 1, 99, ROLE_TEXT, "no");
    surface_put(&inner, 0, 0, 1, ROLE_TEXT, "X");
    surface_put(&inner, 0, 1, 1, ROLE_TEXT, "no");
    part.cursor(&part, 1, 0);
    g_assert_cmpint(c->cursor_x, ==, 3);
    g_assert_cmpint(c->cursor_y, ==, 1);
    part.cursor(&part, -1, -1);
    g_assert_cmpint(c->cursor_x, ==, -1);
    g_autofree char *text = cells_text(c, false);
    g_assert_cmpstr(text, ==, "\n  aXc\n\n");
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func(
        "/keymap/the-keys-file-gives-commands-other-keys", the_keys_file_gives_commands_other_keys);
    g_test_add_func("/keymap/one's-own-key-for-everywhere-is-taken-from-the-views",
        ones_own_key_for_everywhere_is_taken_from_the_views);
    g_test_add_func("/keymap/a-wrong-line-is-named-and-the-others-count",
        a_wrong_line_is_named_and_the_others_count);
    g_test_add_func(
        "/keymap/one's-own-key-is-taken-from-a-default", ones_own_key_is_taken_from_a_default);
    g_test_add_func(
        "/keymap/of-two-own-keys-the-earlier-line-wins", of_two_own_keys_the_earlier_line_wins);
    g_test_add_func(
        "/keymap/one-key-in-two-scopes-is-no-conflict", one_key_in_two_scopes_is_no_conflict);
    g_test_add_func("/keymap/the-configuration-wins-over-the-keys-file",
        the_configuration_wins_over_the_keys_file);
    g_test_add_func("/keymap/the-default-map-is-a-keys-file-that-changes-nothing",
        the_default_map_is_a_keys_file_that_changes_nothing);
    g_test_add_func("/keymap/what-is-no-keys-file-is-told", what_is_no_keys_file_is_told);
    g_test_add_func("/keys/keys-have-names", keys_have_names);
    g_test_add_func("/keys/what-is-no-key-is-told-from-one", what_is_no_key_is_told_from_one);
    g_test_add_func(
        "/keys/the-users-keys-replace-the-defaults", the_users_keys_replace_the_defaults);
    g_test_add_func(
        "/keys/a-wrong-entry-is-left-out-and-named", a_wrong_entry_is_left_out_and_named);
    g_test_add_func("/keys/a-key-is-found-among-others", a_key_is_found_among_others);
    g_test_add_func("/prompt/typing-edits-the-line", typing_edits_the_line);
    g_test_add_func("/prompt/it-is-left-by-enter-esc-or-an-empty-line",
        the_prompt_is_left_by_enter_esc_or_an_empty_line);
    g_test_add_func(
        "/prompt/a-pasted-text-comes-whole-or-not-at-all", a_pasted_text_comes_whole_or_not_at_all);
    g_test_add_func(
        "/prompt/completions-begin-with-what-was-typed", completions_begin_with_what_was_typed);
    g_test_add_func(
        "/prompt/a-suggestion-is-taken-only-when-chosen", a_suggestion_is_taken_only_when_chosen);
    g_test_add_func("/prompt/the-end-of-a-long-line-is-seen", the_end_of_a_long_line_is_seen);
    g_test_add_func("/prompt/it-fits-any-screen", the_prompt_fits_any_screen);
    g_test_add_func("/cells/text-stays-inside-its-place", text_stays_inside_its_place);
    g_test_add_func("/cells/a-part-of-a-screen-is-a-screen", a_part_of_a_screen_is_a_screen);
    return g_test_run();
}

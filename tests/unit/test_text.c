#include "text.h"

#include "unit/rows.h"

static void cleans_to(const char *bytes, gssize length, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gsize n = length < 0 ? strlen(bytes) : (gsize)length;
    bool same = strlen(wanted) == n && memcmp(bytes, wanted, n) == 0;
    g_assert_cmpint(text_clean(bytes, length, out), ==, !same);
    g_assert_cmpstr(out->str, ==, wanted);
    g_assert_cmpint(text_is_clean(bytes, length), ==, same);
}

static void ordinary_text_stays(void)
{
    cleans_to("", -1, "");
    cleans_to("orders-v2.retry_1", -1, "orders-v2.retry_1");
    cleans_to("Größe 日本語 ñ €", -1, "Größe 日本語 ñ €");
    cleans_to("e\xcc\x81t\xcc\xa3\xcc\x87", -1, "e\xcc\x81t\xcc\xa3\xcc\x87");
    cleans_to("abc", 2, "ab");
}

static void controls_become_pictures(void)
{
    cleans_to("\033[31mred\033[0m", -1, "␛[31mred␛[0m");
    cleans_to("\033]52;c;aGk=\a", -1, "␛]52;c;aGk=␇");
    cleans_to("a\tb\r\nc\x7f", -1, "a␉b␍␊c␡");
    cleans_to("a\0b", 3, "a␀b");
    cleans_to("\xc2\x9b"
              "2J",
        -1, "⟨U+009B⟩2J");
}

static void invisible_characters_are_seen(void)
{
    cleans_to("pay\xe2\x80\xae"
              "gnp.exe",
        -1, "pay⟨U+202E⟩gnp.exe");
    cleans_to("\xe2\x81\xa6x\xe2\x81\xa9", -1, "⟨U+2066⟩x⟨U+2069⟩");
    cleans_to("a\xe2\x80\x8b"
              "b",
        -1, "a⟨U+200B⟩b");
    cleans_to("\xef\xbb\xbf"
              "x",
        -1, "⟨U+FEFF⟩x");
    cleans_to("a\xc2\xad"
              "b",
        -1, "a⟨U+00AD⟩b");
    cleans_to("a\xe2\x80\xa8"
              "b",
        -1, "a⟨U+2028⟩b");
    cleans_to("\xee\x80\x80", -1, "⟨U+E000⟩");
    cleans_to("\xef\xbf\xbe", -1, "⟨U+FFFE⟩");
    cleans_to("\xf3\xa0\x81\xa1", -1, "⟨U+E0061⟩");
    cleans_to("\xe3\x85\xa4", -1, "\xe3\x85\xa4"); /* a filler two columns wide: it is seen */
}

static void invisible_marks_are_seen(void)
{
    cleans_to("a\xcd\x8f"
              "b",
        -1, "a⟨U+034F⟩b");
    cleans_to("x\xef\xb8\x8f", -1, "x⟨U+FE0F⟩");
    cleans_to("x\xf3\xa0\x84\x80", -1, "x⟨U+E0100⟩");
}

static void stray_bytes_are_shown_one_by_one(void)
{
    cleans_to("a\xff"
              "b",
        -1, "a⟨FF⟩b");
    cleans_to("\xe2\x82", -1, "⟨E2⟩⟨82⟩");
    cleans_to("\xe2\x82\xac", 2, "⟨E2⟩⟨82⟩");
    cleans_to("\xc0\x80", -1, "⟨C0⟩⟨80⟩");
    cleans_to("\xed\xa0\x80", -1, "⟨ED⟩⟨A0⟩⟨80⟩");
    cleans_to("\xf4\x90\x80\x80", -1, "⟨F4⟩⟨90⟩⟨80⟩⟨80⟩");
}

static void marks_cannot_pile_up(void)
{
    cleans_to("a\xcc\x80\xcc\x81\xcc\x82\xcc\x83", -1, "a\xcc\x80\xcc\x81⟨U+0302⟩⟨U+0303⟩");
    cleans_to("a\xcc\x80\xcc\x81"
              "b\xcc\x82",
        -1,
        "a\xcc\x80\xcc\x81"
        "b\xcc\x82");
}

static void a_mark_without_a_letter_cannot_change_its_neighbour(void)
{
    cleans_to("\xcc\x80"
              "a",
        -1, "⟨U+0300⟩a");
}

/* Bytes as a hostile server would choose them. */
static GString *random_bytes(void)
{
    static const gunichar odd[] = {0x1b, 0x7f, 0x9b, 0xa0, 0xad, 0x300, 0x301, 0x34f, 0x5d0, 0x1100,
        0x1161, 0x200b, 0x202e, 0x2400, 0x27e8, 0x3000, 0x4e00, 0xd7ff, 0xfe0f, 0xfeff, 0xffff,
        0x1f600, 0xe0100, 0x10ffff};
    GString *out = g_string_new(NULL);
    for (int n = g_test_rand_int_range(0, 40); n > 0; n--) {
        switch (g_test_rand_int_range(0, 4)) {
        case 0: g_string_append_c(out, (char)g_test_rand_int_range(0x20, 0x7f)); break;
        case 1: g_string_append_c(out, (char)g_test_rand_int_range(0, 256)); break;
        case 2:
            g_string_append_unichar(out, odd[g_test_rand_int_range(0, (gint32)G_N_ELEMENTS(odd))]);
            break;
        default: g_string_append_unichar(out, (gunichar)g_test_rand_int_range(0xa0, 0x2fff));
        }
    }
    return out;
}

static void cleaning_twice_changes_nothing(void)
{
    for (int i = 0; i < 20000; i++) {
        g_autoptr(GString) bytes = random_bytes();
        g_autoptr(GString) once = g_string_new(NULL);
        g_autoptr(GString) twice = g_string_new(NULL);
        bool changed = text_clean(bytes->str, (gssize)bytes->len, once);
        g_assert_cmpint(changed, ==, !text_is_clean(bytes->str, (gssize)bytes->len));
        g_assert_cmpint(
            changed, ==, strlen(bytes->str) != bytes->len || strcmp(once->str, bytes->str) != 0);
        g_assert_true(g_utf8_validate(once->str, -1, NULL));
        g_assert_false(text_clean(once->str, -1, twice));
        g_assert_cmpstr(once->str, ==, twice->str);
        for (const char *p = once->str; *p; p++)
            g_assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
}

static void wide_characters_take_two_columns(void)
{
    g_assert_cmpint(text_width(""), ==, 0);
    g_assert_cmpint(text_width("abc"), ==, 3);
    g_assert_cmpint(text_width("日本"), ==, 4);
    g_assert_cmpint(text_width("e\xcc\x81"), ==, 1);
    g_assert_cmpint(text_width("␛⟨"), ==, 2);
}

static void a_prefix_never_splits_a_character(void)
{
    int taken;
    g_assert_cmpuint(text_prefix("abc", 2, &taken), ==, 2);
    g_assert_cmpint(taken, ==, 2);
    g_assert_cmpuint(text_prefix("日本", 3, &taken), ==, 3);
    g_assert_cmpint(taken, ==, 2);
    g_assert_cmpuint(text_prefix("e\xcc\x81x", 1, &taken), ==, 3);
    g_assert_cmpint(taken, ==, 1);
    g_assert_cmpuint(text_prefix("abc", 0, NULL), ==, 0);
    g_assert_cmpuint(text_prefix("abc", -3, &taken), ==, 0);
    g_assert_cmpint(taken, ==, 0);
}

static void cuts_to(const char *text, int width, bool ascii, const char *wanted)
{
    g_autofree char *cut = text_cut_middle(text, width, ascii);
    g_assert_cmpstr(cut, ==, wanted);
}

static void long_names_keep_both_ends(void)
{
    cuts_to("orders", 6, false, "orders");
    cuts_to("orders-enriched-v2", 9, false, "orde…d-v2");
    cuts_to("orders-enriched-v2", 10, false, "order…d-v2");
    cuts_to("orders-enriched-v2", 9, true, "orde~d-v2");
    cuts_to("orders", 2, false, "o…");
    cuts_to("orders", 1, false, "…");
    cuts_to("orders", 1, true, "~");
    cuts_to("orders", 0, false, "");
    cuts_to("orders", -1, false, "");
    cuts_to("日本語日本語", 7, false, "日…本語");
    cuts_to("日本語日本語", 6, false, "日…語"); /* a half character is none */
}

static void a_cut_name_always_fits(void)
{
    for (int i = 0; i < 20000; i++) {
        g_autoptr(GString) bytes = random_bytes();
        g_autoptr(GString) text = g_string_new(NULL);
        text_clean(bytes->str, (gssize)bytes->len, text);
        int width = g_test_rand_int_range(0, 30);
        g_autofree char *cut = text_cut_middle(text->str, width, i % 2);
        g_assert_true(g_utf8_validate(cut, -1, NULL));
        g_assert_cmpint(text_width(cut), <=, width);
        if (text_width(text->str) <= width)
            g_assert_cmpstr(cut, ==, text->str);
        int taken;
        gsize prefix = text_prefix(text->str, width, &taken);
        g_autofree char *head = g_strndup(text->str, prefix);
        g_assert_cmpint(text_width(head), ==, taken);
        g_assert_cmpint(taken, <=, width);
    }
}

static void searching_ignores_case_beyond_ascii(void)
{
    g_autoptr(GString) out = g_string_new("x");
    text_append_lower(out, "ORDERS Größe ÄÖ ΣΑ");
    g_assert_cmpstr(out->str, ==, "xorders größe äö σα");
}

static void a_typing_mistake_finds_the_right_word(void)
{
    static const char *const words[] = {"brokers", "properties", "password", "url", NULL};
    g_assert_cmpstr(text_nearest("broker", words), ==, "brokers");
    g_assert_cmpstr(text_nearest("brokres", words), ==, "brokers");
    g_assert_cmpstr(text_nearest("propertys", words), ==, "properties");
    g_assert_cmpstr(text_nearest("passwort", words), ==, "password");
    g_assert_cmpstr(text_nearest("password", words), ==, "password");
    g_assert_null(text_nearest("zookeeper", words));
    g_assert_null(text_nearest("replication", words));
    g_assert_null(text_nearest("word", (const char *const[]){NULL}));
    g_autofree char *endless = g_strnfill(100000, 'b');
    g_assert_null(text_nearest(endless, words));
}

static void line_is(const char *text, gsize max, const char *expected)
{
    g_autoptr(GString) out = g_string_new("x ");
    text_append_line(out, text, max);
    g_assert_cmpstr(out->str + 2, ==, expected);
}

static void prose_stands_on_one_line(void)
{
    line_is("", 8, "");
    line_is("  two\n\t words\r\n", 99, "two words ");
    line_is("exactly8", 8, "exactly8");
    line_is("exactly9s", 8, "exactly9…");
    line_is("äöü", 4, "äö…");
    line_is("äöü", 5, "äö…");
    line_is("日本", 1, "…");
    line_is("a\xff\xff", 2, "a\xff…");
    line_is("\x80\x80\x80", 1, "…");
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/text/ordinary-text-stays-as-it-is", ordinary_text_stays);
    g_test_add_func("/text/an-escape-sequence-cannot-reach-the-terminal", controls_become_pictures);
    g_test_add_func("/text/invisible-characters-are-seen", invisible_characters_are_seen);
    g_test_add_func("/text/marks-that-draw-nothing-are-seen", invisible_marks_are_seen);
    g_test_add_func("/text/bytes-that-are-no-text-are-shown", stray_bytes_are_shown_one_by_one);
    g_test_add_func("/text/marks-cannot-pile-up-on-a-letter", marks_cannot_pile_up);
    g_test_add_func("/text/a-mark-without-a-letter-cannot-change-its-neighbour",
        a_mark_without_a_letter_cannot_change_its_neighbour);
    g_test_add_func("/text/cleaning-twice-changes-nothing", cleaning_twice_changes_nothing);
    g_test_add_func("/text/wide-characters-take-two-columns", wide_characters_take_two_columns);
    g_test_add_func("/text/a-prefix-never-splits-a-character", a_prefix_never_splits_a_character);
    g_test_add_func("/text/a-long-name-keeps-both-ends", long_names_keep_both_ends);
    g_test_add_func("/text/a-cut-name-always-fits", a_cut_name_always_fits);
    g_test_add_func(
        "/text/searching-ignores-case-beyond-ascii", searching_ignores_case_beyond_ascii);
    g_test_add_func(
        "/text/a-typing-mistake-finds-the-right-word", a_typing_mistake_finds_the_right_word);
    g_test_add_func("/text/prose-stands-on-one-line", prose_stands_on_one_line);
    return g_test_run();
}

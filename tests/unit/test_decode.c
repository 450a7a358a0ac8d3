/* What bytes from a terminal mean: keys, pastes, answers. */
#include "decode.h"

#include "answers.h"
#include "unit/rows.h"

static struct decoder *usual(void)
{
    struct decoder *d = decoder_new();
    decoder_add(d, "\033[A", "up");
    decoder_add(d, "\033OA", "up");
    decoder_add(d, "\033[5~", "pgup");
    decoder_add(d, "\033[Z", "backtab");
    return d;
}

/* All that comes out of the decoder, words joined by blanks; an answer as <...>, a paste as "...". */
static void drain(struct decoder *d, bool late, GString *out)
{
    char name[16];
    g_autoptr(GString) text = g_string_new(NULL);
    for (enum decoded what; (what = decoder_next(d, late, name, text));) {
        if (what == DECODED_KEY)
            g_string_append_printf(out, "%s ", name);
        else
            g_string_append_printf(out, what == DECODED_PASTE ? "\"%s\" " : "<%s> ", text->str);
    }
}

/* Byte by byte and at once must come to the same. */
static void gives(const char *bytes, const char *wanted)
{
    for (int single = 0; single < 2; single++) {
        AUTO(decoder) d = usual();
        g_autoptr(GString) out = g_string_new(NULL);
        gsize n = strlen(bytes), step = single ? 1 : n;
        for (gsize i = 0; i < n; i += step) {
            decoder_feed(d, bytes + i, step);
            drain(d, false, out);
        }
        while (decoder_wait_ms(d, 50) > 0)
            drain(d, true, out);
        g_strchomp(out->str);
        g_assert_cmpstr(out->str, ==, wanted);
    }
}

static void keys_have_names(void)
{
    gives("jG/ü日", "j G / ü 日");
    gives("\r\n\t \x7f\b\x04", "enter enter tab space backspace backspace ctrl-d");
    gives("\033[A\033OA\033[5~\033[Z", "up up pgup backtab");
}

static void esc_is_a_key_too(void)
{
    gives("\033", "esc");
    gives("\033j", "esc j");
    gives("\033\033[A", "esc up");
    gives("\033\033", "esc esc");
    gives("\033[", "esc [");
}

static void an_unknown_sequence_types_nothing(void)
{
    gives("\033[1;5Xj", "<\033[1;5X> j");
    gives("\033[Ij\033[O", "<\033[I> j <\033[O>"); /* focus */
    gives("\033Oqj", "<\033Oq> j");
    gives("\033[[Ej", "<\033[[E> j");
    gives("\033[<0;12;3Mq", "<\033[<0;12;3M> q"); /* a mouse that nobody asked for */
}

static void a_sequence_that_is_split_waits_for_its_end(void)
{
    AUTO(decoder) d = usual();
    g_autoptr(GString) out = g_string_new(NULL);
    decoder_feed(d, "\033", 1);
    drain(d, false, out);
    g_assert_cmpint(decoder_wait_ms(d, 50), ==, 50); /* may be the key */
    decoder_feed(d, "[", 1);
    drain(d, false, out);
    g_assert_cmpint(decoder_wait_ms(d, 50), >=, 300); /* hardly any more */
    g_assert_cmpstr(out->str, ==, "");
    decoder_feed(d, "A", 1);
    drain(d, false, out);
    g_assert_cmpstr(out->str, ==, "up ");
    g_assert_cmpint(decoder_wait_ms(d, 50), ==, 0);
    decoder_feed(d, "\033[1;", 4); /* its end is lost */
    drain(d, false, out);
    drain(d, true, out);
    decoder_feed(d, "j", 1);
    drain(d, false, out);
    g_assert_cmpstr(out->str, ==, "up <\033[1;> j ");
}

static void a_paste_is_its_first_line(void)
{
    gives("\033[200~one\rtwo\033[201~j", "\"one\" j");
    gives("\033[200~\r\n two words\nq\033[201~", "\" two words\"");
    gives("\033[200~a\033[31mb\033[201~", "\"a[31mb\"");
    gives("\033[200~\xe2\x80\xae"
          "x\xff\033[201~q",
        "\"⟨U+202E⟩x\" q");
    gives("\033[200~the line broke", "\"the line broke\"");
}

static void broken_bytes_type_nothing(void)
{
    gives("\xff\xfej\xc3", "j");
    gives("\033[\x01j", "<\033[> ctrl-a j");
    gives("\033]never ends\033[A", "<\033]never ends> up");
    AUTO(decoder) d = usual();
    g_autoptr(GString) long_one = g_string_new("\033]");
    for (unsigned i = 0; i < 100000; i++)
        g_string_append_c(long_one, 'x');
    decoder_feed(d, long_one->str, long_one->len);
    g_autoptr(GString) out = g_string_new(NULL);
    drain(d, false, out);
    g_assert_cmpuint(out->len, <, 5000);
}

static struct answers answers_to(const char *bytes, const char *keys)
{
    AUTO(decoder) d = usual();
    struct answers a = {0};
    char name[16];
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) typed = g_string_new(NULL);
    decoder_feed(d, bytes, strlen(bytes));
    for (enum decoded what; (what = decoder_next(d, false, name, text));) {
        if (what == DECODED_ANSWER)
            answers_take(&a, text->str);
        else
            g_string_append(typed, name);
    }
    g_assert_cmpstr(typed->str, ==, keys);
    return a;
}

static void answers_are_told_from_keys(void)
{
    struct answers a =
        answers_to("j\033]11;rgb:ffff/ffff/dddd\033\\k\033[?2026;2$yl\033[?62;22c/x", "jkl/x");
    g_assert_cmpint(a.background, ==, BACKGROUND_LIGHT);
    g_assert_true(a.sync && a.fenced);
    a = answers_to("\033]11;rgb:1e/1e/2e\a\033[?2026;0$y", "");
    g_assert_cmpint(a.background, ==, BACKGROUND_DARK);
    g_assert_false(a.sync || a.fenced);
    a = answers_to("\033[0n\033[0n\033[?6c", "");
    g_assert_cmpuint(a.arrived, ==, 2);
    g_assert_true(a.fenced);
    a = answers_to("\033]11;rgba:0000/0000/0000/ffff\a", "");
    g_assert_cmpint(a.background, ==, BACKGROUND_DARK);
}

static void a_wrong_answer_is_none(void)
{
    static const char *const wrong[] = {"\033]11;\a", "\033]11;red\a", "\033]11;rgb:\a",
        "\033]11;rgb:1/2\a", "\033]11;rgb:12345/1/1\a", "\033[?2026;4$y", "\033[?2026;",
        "\033[?1;1$y", "\033]10;rgb:ffff/ffff/ffff\a", "\033[c", "\033[3n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct answers a = answers_to(wrong[i], "");
        g_assert_cmpint(a.background, ==, BACKGROUND_UNKNOWN);
        g_assert_false(a.sync || a.fenced || a.arrived);
    }
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/decode/keys-have-names", keys_have_names);
    g_test_add_func("/decode/esc-is-a-key-too", esc_is_a_key_too);
    g_test_add_func("/decode/an-unknown-sequence-types-nothing", an_unknown_sequence_types_nothing);
    g_test_add_func("/decode/a-sequence-that-is-split-waits-for-its-end",
        a_sequence_that_is_split_waits_for_its_end);
    g_test_add_func("/decode/a-paste-is-its-first-line", a_paste_is_its_first_line);
    g_test_add_func("/decode/broken-bytes-type-nothing", broken_bytes_type_nothing);
    g_test_add_func("/decode/answers-are-told-from-keys", answers_are_told_from_keys);
    g_test_add_func("/decode/a-wrong-answer-is-none", a_wrong_answer_is_none);
    return g_test_run();
}

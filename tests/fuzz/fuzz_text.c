/* Any bytes of a server on their way to the screen: cleaned, measured and cut. */
#include "text.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    int width = data[0] % 64;
    g_autofree char *bytes = fuzz_text(data + 1, size - 1);
    gssize length = (gssize)size - 1;
    g_autoptr(GString) clean = g_string_new(NULL);
    bool changed = text_clean(bytes, length, clean);
    g_assert_cmpint(changed, ==, !text_is_clean(bytes, length));
    g_assert_true(g_utf8_validate(clean->str, (gssize)clean->len, NULL));
    g_assert_true(text_is_clean(clean->str, -1));
    if (!changed)
        g_assert_cmpstr(clean->str, ==, bytes);
    for (const char *p = clean->str; *p; p++)
        g_assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);

    int taken;
    gsize prefix = text_prefix(clean->str, width, &taken);
    g_assert_cmpint(taken, <=, width);
    g_assert_true(g_utf8_validate(clean->str, (gssize)prefix, NULL));
    g_autofree char *cut = text_cut_middle(clean->str, width, data[0] & 64);
    g_assert_cmpint(text_width(cut), <=, width);
    g_assert_true(g_utf8_validate(cut, -1, NULL));

    g_autoptr(GString) lower = g_string_new(NULL);
    text_append_lower(lower, clean->str);
    g_assert_true(g_utf8_validate(lower->str, -1, NULL));
    static const char *const words[] = {"brokers", "password", "url", NULL};
    text_nearest(clean->str, words);
    return 0;
}

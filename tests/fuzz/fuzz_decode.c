/* Any bytes from a terminal: keys are keys, answers change only what they may, and however the bytes are
 * cut, the decoder comes to an end. */
#include "decode.h"

#include "answers.h"
#include "fuzz/fuzz.h"
#include "input.h"
#include "text.h"

static void drain(struct decoder *d, bool late)
{
    char name[16];
    g_autoptr(GString) text = g_string_new(NULL);
    struct answers a = {0};
    for (enum decoded what; (what = decoder_next(d, late, name, text));) {
        if (what == DECODED_KEY)
            g_assert_true(input_is_key(name) || g_utf8_strlen(name, -1) == 1);
        else
            g_assert_cmpuint(text->len, <=, DECODE_TEXT_MAX + 16);
        if (what == DECODED_PASTE)
            g_assert_true(text_is_clean(text->str, (gssize)text->len));
        if (what == DECODED_ANSWER)
            answers_take(&a, text->str);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(decoder) d = decoder_new();
    decoder_add(d, "\033[A", "up");
    decoder_add(d, "\033OA", "up");
    decoder_add(d, "\033[5~", "pgup");
    for (size_t at = 0; at < size;) {
        size_t n = MIN(size - at, 1 + (size_t)data[at] % 7);
        decoder_feed(d, (const char *)data + at, n);
        drain(d, data[at] % 5 == 0);
        at += n;
    }
    for (int i = 0; decoder_wait_ms(d, 50) > 0; i++) {
        g_assert_cmpint(i, <, 8);
        drain(d, true);
    }
    return 0;
}

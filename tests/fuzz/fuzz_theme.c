/* Any bytes as a theme. */
#include "theme.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autoptr(GError) error = NULL;
    struct theme *t = theme_parse("fuzz", text, &error);
    g_assert_true((t != NULL) == (error == NULL));
    for (unsigned role = 0; t && role < ROLE_COUNT; role++) {
        const struct style *styles[] = {&t->plain[role], &t->many[role]};
        for (unsigned i = 0; i < 2; i++) {
            g_assert_true(styles[i]->fg >= -1 && styles[i]->fg <= 255);
            g_assert_true(styles[i]->bg >= -1 && styles[i]->bg <= 255);
        }
    }
    theme_free(t);
    return 0;
}

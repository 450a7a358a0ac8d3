/* Any text after `/`: two filters, one a line, on rows of every sort. What narrows must lose no row. */
#include "filter.h"

#include "arrange.h"
#include "fuzz/fuzz.h"

static bool threshold(const char *name, double *value, void *data)
{
    (void)data;
    *value = 100;
    return strcmp(name, "lag_warn") == 0;
}

static const struct snapshot *sample(void)
{
    static const struct snapshot *s;
    if (s)
        return s;
    struct snapshot *b = rows_new("events");
    static const char *const names[] = {"orders", "Order-v2", "größe", "a b|c", "", "audit.log"};
    for (unsigned i = 0; i < 24; i++) {
        size_t row = rows_add(b, names[i % 6], i % 4 ? "Stable" : NULL, (int64_t)(i % 5) - 1);
        if (i % 2)
            snapshot_set_real(b, row, R_RATE, i * 0.5);
        snapshot_set_int(b, row, R_SEEN, ROWS_NOW_MS - i * 1000000);
        snapshot_set_bool(b, row, R_ON, i % 3);
        snapshot_set_text(b, row, R_NOTE, names[(i + 1) % 6]);
        snapshot_set_health(b, row, (enum health)(i % 4), "why");
    }
    return s = snapshot_seal(b);
}

static struct filter *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct filter *f = filter_parse(text, rows_columns, threshold, NULL, &error);
    g_assert_true((f != NULL) == (error == NULL));
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    char *second = strchr(text, '\n');
    if (second)
        *second++ = '\0';
    AUTO(filter) f = parse(text);
    AUTO(filter) g = second ? parse(second) : NULL;
    const struct snapshot *s = sample();
    bool narrows = f && g && filter_narrows(f, g);
    size_t hits = 0;
    for (size_t row = 0; f && row < snapshot_count(s); row++) {
        bool hit = filter_match(f, s, row, ROWS_NOW_MS);
        g_assert_true(hit || !filter_is_empty(f));
        if (narrows && hit)
            g_assert_true(filter_match(g, s, row, ROWS_NOW_MS));
        hits += hit;
    }
    if (f) {
        AUTO(arrange) a = arrange_new();
        arrange_set_input(a, &s, 1);
        arrange_set_sort(a, text, rows_columns, NULL);
        arrange_set_filter(a, g_steal_pointer(&f));
        arrange_finish(a, ROWS_NOW_MS);
        g_assert_cmpuint(arrange_count(a), ==, hits);
    }
    return 0;
}

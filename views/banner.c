#include "banner.h"

#include "quantity.h"
#include "rid.h"
#include "text.h"

void banners_clear(struct banners *b)
{
    for (unsigned i = 0; i < b->count; i++)
        g_free(b->text[i]);
    b->count = 0;
}

void banners_set(struct banners *b, const GPtrArray *entries)
{
    banners_clear(b);
    for (guint i = 0; i < entries->len && b->count < BANNERS_MAX; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        if (!e->error)
            continue;
        GString *text = g_string_new(NULL);
        text_clean(e->error->message, -1, text);
        b->text[b->count] = g_strdup_printf("%s: %s", e->scope->source, text->str);
        g_string_free(text, TRUE);
        b->since_ms[b->count] = e->error_ms;
        b->read_ms[b->count] = e->snapshot ? snapshot_at(e->snapshot) : 0;
        b->count++;
    }
}

int banners_draw(const struct banners *b, struct surface *s, int64_t now_ms)
{
    int lines = MIN((int)b->count, s->height / 2);
    for (int i = 0; i < lines; i++) {
        g_autoptr(GString) line = g_string_new("? ");
        if (b->read_ms[i]) {
            g_string_append(line, "old, read ");
            quantity_append_time(line, b->read_ms[i], now_ms);
            g_string_append(line, ", failing for ");
        } else {
            g_string_append(line, "never read, failing for ");
        }
        quantity_append_age(line, now_ms - b->since_ms[i]);
        g_string_append_printf(line, "  %s", b->text[i]);
        surface_put(s, 0, i, s->width, ROLE_FAIL, line->str);
    }
    return lines;
}

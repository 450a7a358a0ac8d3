/* Fuzzes the way of every server's JSON into a snapshot: json_parse, json_detail, the getters,
 * reading all cells of what came of it, and the same text as a long list. */
#include "json.h"

#include "kind.h"
#include "rid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct snapshot *s)
{
    g_autoptr(GString) address = g_string_new(NULL);
    for (size_t row = 0; row < snapshot_count(s); row++) {
        g_assert_true(g_utf8_validate(snapshot_row(s, row)->name, -1, NULL));
        for (int column = COLUMN_SOURCE; column <= DETAIL_VALUE; column++) {
            struct cell cell = snapshot_cell(s, row, column);
            if (cell.type == CELL_TEXT)
                g_assert_true(g_utf8_validate(cell.text, -1, NULL));
        }
        g_assert_nonnull(snapshot_haystack(s, row));
        snapshot_append_address(s, row, address);
    }
}

static void read_members(const cJSON *json)
{
    int64_t n;
    double r;
    bool b;
    for (const cJSON *i = cJSON_IsObject(json) ? json->child : NULL; i; i = i->next) {
        json_int(json, i->string, &n);
        json_real(json, i->string, &r);
        json_bool(json, i->string, &b);
        json_time(json, i->string, &n);
        json_first(json_get(json, i->string));
    }
}

static void read_elements(const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;
    const char *at = text, *end = text + size, *element;
    gsize n;
    while (json_next_element(&at, end, &element, &n, &error)) {
        g_assert_true(element >= text && n > 0 && element + n == at && at <= end);
        cJSON_Delete(json_parse(element, n, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_elements((const char *)data, size);
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = json_parse((const char *)data, size, &error);
    g_assert_true((json == NULL) == (error != NULL));
    if (!json)
        return 0;
    read_members(json);
    AUTO(rid) scope = rid_source("fuzz");
    struct snapshot *building = snapshot_new(&kind_detail, scope, 0);
    json_detail(building, json);
    const struct snapshot *s = snapshot_seal(building);
    read_all(s);
    snapshot_unref(s);
    return 0;
}

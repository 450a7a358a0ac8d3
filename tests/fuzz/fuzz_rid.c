/* Any text as an address, and any bytes as a name in one. */
#include "rid.h"

#include "fuzz/fuzz.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autoptr(GError) error = NULL;
    AUTO(rid) rid = rid_parse(text, &error);
    g_assert_true((rid != NULL) == (error == NULL));
    if (rid) {
        g_autofree char *printed = rid_print(rid);
        g_assert_true(text_is_clean(printed, -1));
        AUTO(rid) again = rid_parse(printed, NULL);
        g_assert_true(strlen(printed) > RID_TEXT_MAX || (again && rid_equal(rid, again)));
        AUTO(rid) up = rid_parent(rid);
        g_assert_cmpuint(up->count, ==, rid->count ? rid->count - 1 : 0);
    }
    AUTO(rid) source = rid_source("events");
    AUTO(rid) child = rid_child(source, "groups", text);
    g_autofree char *address = rid_print(child);
    AUTO(rid) read = rid_parse(address, NULL);
    if (*text && strlen(address) <= RID_TEXT_MAX)
        g_assert_true(read && rid_equal(child, read));
    return 0;
}

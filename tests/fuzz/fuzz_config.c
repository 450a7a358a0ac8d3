/* Any bytes as a configuration: read, checked, shown. What is shown can be read again. */
#include "config.h"

#include "connector.h"
#include "fuzz/fuzz.h"
#include "yaml.h"

static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "where"},
    {"username", OPTION_TEXT, 0, NULL, "who"},
    {"password", OPTION_SECRET, 0, NULL, "of username"},
    {"count", OPTION_INT, 0, "3", "how many"},
    {"limit", OPTION_NUMBER, 0, "10k", "how much"},
    {"file", OPTION_FILE, 0, NULL, "a path"},
    {"names", OPTION_LIST, 0, NULL, "which"},
    {"properties", OPTION_MAP, 0, NULL, "by name"},
    {"roles", OPTION_LISTS, 0, NULL, "lists by name"},
    {0},
};
static const struct option thresholds[] = {
    {"lag_warn", OPTION_NUMBER, 0, "1000", "lag that warns"},
    {"age_warn", OPTION_SPAN, 0, "30s", "age that warns"},
    {0},
};
static const struct kind *const kinds[] = {NULL};
static const struct connector thing = {
    .name = "thing", .options = options, .thresholds = thresholds, .http = true, .kinds = kinds};

static void can_be_read_again(const struct config *c)
{
    g_autoptr(GString) shown = g_string_new(NULL);
    config_show(c, shown);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct yaml *y = yaml_parse("shown", shown->str, shown->len, faults);
    if (faults->len > 0)
        g_printerr("%s\n", shown->str);
    g_assert_cmpuint(faults->len, ==, 0);
    yaml_close(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct registry *r = registry_new();
    registry_add(r, &thing);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct config *c = config_load(fuzz_file((const char *)data, size), NULL, faults);
    g_assert_cmpint(c == NULL, ==, faults->len > 0);
    if (c && config_check_sources(c, r, faults))
        can_be_read_again(c);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < faults->len; i++)
        fault_append(text, g_ptr_array_index(faults, i));
    g_assert_null(strchr(text->str, '\033'));
    g_assert_true(g_utf8_validate(text->str, -1, NULL));
    config_free(c);
    registry_free(r);
    return 0;
}

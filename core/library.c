#include "library.h"

#include <dlfcn.h>
#include <string.h>

#include "error.h"

char *library_path(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *directory = g_path_get_dirname(program ? program : "weir");
    char *beside = g_build_filename(directory, "weir-connectors.so", NULL);
    if (g_file_test(beside, G_FILE_TEST_EXISTS))
        return beside;
    g_free(beside);
    return g_build_filename(directory, "..", "lib", "weir", "weir-connectors.so", NULL);
}

const struct connector_library *library_open(const char *path, const char *build_id, GError **error)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        weir_fail(error, WEIR_ERROR_CONFIG, "the connectors cannot be loaded: %s", dlerror());
        return NULL;
    }
    const struct connector_library *library = dlsym(handle, CONNECTOR_LIBRARY_SYMBOL);
    if (!library || strcmp(library->build_id, build_id) != 0) {
        weir_fail(error, WEIR_ERROR_CONFIG,
            "%s belongs to another build of weir: install program and connectors together", path);
        return NULL;
    }
    library->init();
    return library;
}

void library_add(const struct connector_library *library, struct registry *r)
{
    for (const struct connector *const *c = library->first; c < library->end; c++)
        registry_add(r, *c);
}

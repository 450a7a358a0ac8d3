#include "tables.h"

#include "build_id.h"
#include "cli.h"
#include "library.h"

struct registry *tables_load(bool quiet)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = library_path();
    const struct connector_library *library = library_open(path, WEIR_BUILD_ID, &error);
    if (!library) {
        if (!quiet)
            cli_complain("%s", error->message);
        return NULL;
    }
    struct registry *r = registry_new();
    registry_add(r, derived_connector());
    library_add(library, r);
    return r;
}

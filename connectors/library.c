/* What the shared object exports: all connectors (a linker section), and the one-time initialisation
 * of the libraries they use, which is not thread-safe and so happens before the first lane. */
#include "build_id.h"
#include "connector.h"
#include "http.h"
#include "ssh.h"

extern const struct connector *const __start_weir_connectors[];
extern const struct connector *const __stop_weir_connectors[];

static void init(void)
{
    http_init();
    ssh_init();
}

static void versions(GString *out)
{
    http_versions(out);
    g_string_append(out, ", ");
    ssh_versions(out);
    for (const struct connector *const *c = __start_weir_connectors; c < __stop_weir_connectors;
         c++)
        if ((*c)->library) {
            g_string_append(out, ", ");
            (*c)->library(out);
        }
}

__attribute__((visibility("default"))) extern const struct connector_library weir_connector_library;
const struct connector_library weir_connector_library = {
    .build_id = WEIR_BUILD_ID,
    .first = __start_weir_connectors,
    .end = __stop_weir_connectors,
    .init = init,
    .versions = versions,
};

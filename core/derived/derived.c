/* The connector "weir": every kind that is made of other snapshots, or of what the engine knows. Each
 * stands in a file of its own beside this one and registers itself with DERIVED(). */
#include <string.h>

#include "error.h"
#include "lane.h"
#include "rid.h"

extern const struct derived *const __start_weir_derived[];
extern const struct derived *const __stop_weir_derived[];

#define DERIVED_MAX 32

static void close_lane(struct lane *l)
{
    for (const struct derived *const *d = __start_weir_derived; d < __stop_weir_derived; d++)
        if ((*d)->forget && lane_data(l))
            (*d)->forget(lane_data(l));
    lane_set_data(l, NULL);
}

/* The derived kind of a row that can be shown, or NULL. */
static const struct derived *shower_of(const struct rid *what)
{
    const char *kind = what->count > 0 ? what->part[what->count - 1].kind : "";
    for (const struct derived *const *d = __start_weir_derived; d < __stop_weir_derived; d++)
        if ((*d)->show && strcmp(kind_segment((*d)->kind), kind) == 0)
            return *d;
    return NULL;
}

bool derived_shows(const struct rid *what)
{
    return shower_of(what) != NULL;
}

static bool show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    const struct derived *d = shower_of(what);
    if (d)
        return d->show(l, what, detail, raw, error);
    return weir_fail(error, WEIR_ERROR_UNSUPPORTED, "there is nothing more to show of this");
}

const struct connector *derived_connector(void)
{
    static const struct kind *kinds[DERIVED_MAX + 1];
    static struct feed feeds[DERIVED_MAX + 1];
    static const struct connector weir = {
        .name = "weir",
        .title = "weir",
        .help = "what weir itself knows: its sources, the problems of all of them, and what it "
                "asked them",
        .kinds = kinds,
        .feeds = feeds,
        .close = close_lane,
        .show = show,
    };
    /* Filled by the first caller, which is main(), before there is a second thread. */
    size_t count = (size_t)(__stop_weir_derived - __start_weir_derived);
    for (size_t i = 0; !kinds[0] && i < MIN(count, DERIVED_MAX); i++) {
        feeds[i] = __start_weir_derived[i]->feed;
        kinds[count - 1 - i] = __start_weir_derived[i]->kind;
    }
    return &weir;
}

/* requests: what weir asked every system, the newest first. Its input is no snapshot but the engine's
 * own log; so it is read while somebody looks at it, and only when something was asked meanwhile. What
 * failed is no problem of its own here: `sources` tells what follows from it. Nothing of it goes into a
 * history: it holds people's own texts, and is about weir. */
#include "request.h"

#include <string.h>

#include "error.h"
#include "lane.h"
#include "rid.h"

#define POLL_MS 1000

enum { SENT, FROM, METHOD, TARGET, STATUS, TOOK, BYTES, FEED, URL, SCOPE, ERROR, BODY };

static const struct column columns[] = {
    [SENT] = {"sent", "SENT", CELL_TIME_MS, COLUMN_F_PRIVATE, 9, 0, "when it was sent"},
    [FROM] = {"from", "SOURCE", CELL_TEXT, COLUMN_F_PRIVATE, 8, 0, "the source that was asked"},
    [METHOD] = {"method", "METHOD", CELL_TEXT, COLUMN_F_PRIVATE, 6, 0,
        "the method of HTTP, SHELL or the name of a protocol"},
    [TARGET] = {"target", "TARGET", CELL_TEXT, COLUMN_F_PRIVATE, 20, 10,
        "the URL's path, what a host was asked, or the operation; secrets are masked"},
    [STATUS] = {"status", "STATUS", CELL_STATE, COLUMN_F_PRIVATE, 6, 0, "how it ended"},
    [TOOK] = {"took_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_PRIVATE, 5, 0,
        "from sending to the end of the answer"},
    [BYTES] = {"bytes_in", "BYTES", CELL_BYTES, COLUMN_F_PRIVATE, 7, 0,
        "bytes of the answer as they came; absent where the library does not tell"},
    [FEED] = {"feed", "FEED", CELL_TEXT, COLUMN_F_PRIVATE, 7, 0,
        "what it was for: a feed, or detail, doctor, log"},
    [URL] = {"url", "URL", CELL_TEXT, COLUMN_F_PRIVATE | COLUMN_F_HIDDEN, 20, 10, "the whole URL"},
    [SCOPE] = {"scope", "SCOPE", CELL_TEXT, COLUMN_F_PRIVATE | COLUMN_F_HIDDEN, 16, 4,
        "address of what it asked about"},
    [ERROR] = {"error", "ERROR", CELL_TEXT, COLUMN_F_PRIVATE | COLUMN_F_HIDDEN | COLUMN_F_PROSE, 20,
        6, "why it failed"},
    [BODY] = {"body", "BODY", CELL_TEXT, COLUMN_F_PRIVATE | COLUMN_F_HIDDEN, 20, 6,
        "what was sent with it; never where it held a secret"},
    {0},
};

static const struct link links[] = {
    {"enter", "open", "@detail"},
    {0},
};

static const struct health_rule health[] = {
    {"error!=none", HEALTH_FAIL, "{error}"},
    {0},
};

static const struct kind requests_kind = {
    .name = "requests",
    .aliases = "request req",
    .title = "REQUEST",
    .nameless = true,
    .help = "what weir asked every system: when, how it ended, how long it took",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .sort = "-sent",
    .links = links,
    .feed = "requests",
    .health = health,
};

/* A source has one server: what differs is the path. NULL: no URL. */
static const char *path_of(const char *target)
{
    const char *host = strstr(target, "://");
    return host ? host + 3 + strcspn(host + 3, "/?") : NULL;
}

static void add_request(struct snapshot *s, const struct request *r)
{
    char id[24];
    g_snprintf(id, sizeof id, "%" G_GUINT64_FORMAT, r->id);
    size_t row = snapshot_add(s, id);
    snapshot_set_at(s, row, r->at_ms);
    snapshot_set_int(s, row, SENT, r->at_ms);
    snapshot_set_text(s, row, FROM, r->source);
    snapshot_set_text(s, row, METHOD, r->method);
    const char *path = path_of(r->target);
    snapshot_set_text(s, row, TARGET, path && *path ? path : r->target);
    snapshot_set_optional_text(s, row, URL, path ? r->target : NULL);
    snapshot_set_text(s, row, STATUS, r->status);
    snapshot_set_optional_int(s, row, TOOK, r->took_ms, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, BYTES, r->bytes_in, ABSENT_NO_VALUE);
    snapshot_set_text(s, row, FEED, r->feed);
    snapshot_set_text(s, row, SCOPE, r->scope);
    snapshot_set_optional_text(s, row, ERROR, r->why);
    snapshot_set_optional_text(s, row, BODY, r->body);
}

static bool fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    (void)error;
    g_autoptr(GPtrArray) all = lane_requests(l);
    if (!all)
        return true;
    struct snapshot *s = batch_snapshot(out, &requests_kind);
    for (guint i = 0; i < all->len; i++)
        add_request(s, g_ptr_array_index(all, i));
    batch_publish(out, s);
    return true;
}

/* -- one of them whole --------------------------------------------------------------------------- */

static size_t add_field(struct snapshot *detail, const char *group, const char *name)
{
    size_t row = snapshot_add(detail, name);
    snapshot_set_text(detail, row, DETAIL_GROUP, group);
    snapshot_set_absent(detail, row, DETAIL_VALUE, ABSENT_NO_VALUE);
    return row;
}

/* Every line of text is a row: a long one stays readable. */
static void add_text(struct snapshot *detail, const char *group, const char *name, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            snapshot_set_text(
                detail, add_field(detail, group, line == lines ? name : ""), DETAIL_VALUE, *line);
}

static void add_number(struct snapshot *detail, const char *group, const char *name,
    enum cell_type type, int64_t value)
{
    size_t row = add_field(detail, group, name);
    if (value >= 0)
        snapshot_set_cell(detail, row, DETAIL_VALUE, (struct cell){.type = type, .i = value});
}

static const char *credential_text(const struct request *r)
{
    static const char *const texts[] = {
        [REQUEST_NO_CREDENTIAL] = NULL,
        [REQUEST_BASIC] = "user and password",
        [REQUEST_BEARER] = "token",
    };
    return texts[r->credential];
}

static void add_detail(struct snapshot *detail, const struct request *r, const char *curl)
{
    add_text(detail, "request", "source", r->source);
    add_text(detail, "request", "method", r->method);
    add_text(detail, "request", "target", r->target);
    add_text(detail, "request", "credential", credential_text(r));
    add_text(detail, "request", "user", r->user);
    add_text(detail, "request", "feed", r->feed);
    add_text(detail, "request", "scope", r->scope);
    add_number(detail, "request", "sent", CELL_TIME_MS, r->at_ms);
    add_text(detail, "answer", "status", r->status);
    add_text(detail, "answer", "error", r->why);
    add_number(detail, "answer", "took_ms", CELL_SPAN_MS, r->took_ms);
    add_number(detail, "answer", "bytes_in", CELL_BYTES, r->bytes_in);
    add_text(detail, "headers", "headers", r->headers);
    add_text(detail, "body", "body", r->secret ? "not kept: it held a secret" : r->body);
    add_text(detail, "repeat", "curl", curl);
}

/* raw is the command that repeats it: weir does not keep what the server said. */
static bool show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    const char *name = rid_last_name(what);
    const struct source *asked = NULL;
    const struct request *r = lane_request(l, g_ascii_strtoull(name, NULL, 10), &asked);
    if (!r)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND,
            "request %s is not kept any more: of each source the newest %d are", name,
            REQUESTS_MAX);
    g_autofree char *curl = request_as_curl(r, asked);
    add_detail(detail, r, curl);
    g_string_append(raw, curl ? curl : r->target);
    request_unref(r);
    return true;
}

static const char *const feed_kinds[] = {"requests", NULL};

static const struct derived requests_derived = {
    .kind = &requests_kind,
    .feed = {.name = "requests",
        .poll_ms = POLL_MS,
        .when = FEED_WHILE_OPEN,
        .kinds = feed_kinds,
        .fetch = fetch},
    .show = show,
};
DERIVED(requests);

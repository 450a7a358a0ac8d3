/* A system made of a text file, for tests and benches: what the file says is what the server answers,
 * at the next poll. It stands in a shared object of its own beside a copy of the program
 * (build/fake/), so that nothing of it can be in a release.
 *
 *     thing NAME STATE COUNT [NOTE ...]   a row of fake.things
 *     part THING NAME [PARENT [STATE]]    a node of fake.parts
 *     field THING NAME VALUE ...          a field of its detail, in a group
 *     log TEXT ...                        a line of every thing's log
 *     fail TEXT ... | denied TEXT ...     the fetch fails so
 *     hang                                it does not come back, deadline or not
 *     print TEXT ...                      the fetch writes it to standard error, as libraries do
 *
 * Option rows: N adds N rows with twelve filled columns. */
#include <poll.h>
#include <string.h>

#include "build_id.h"
#include "connector.h"
#include "error.h"
#include "lane.h"
#include "rid.h"

enum { STATE, COUNT, RATE, SIZE, SHARE, SPAN, SINCE, OWNER, HOST, TRY, LIVE, NOTE };

static const struct column thing_columns[] = {
    [STATE] = {"state", "STATE", CELL_STATE, 0, 8, 0, "what the file says"},
    [COUNT] = {"count", "COUNT", CELL_INT, 0, 7, 0, "a number"},
    [RATE] = {"rate_per_s", "RATE", CELL_REAL, COLUMN_F_WINDOW, 7, 0, "change of count"},
    [SIZE] = {"size_bytes", "SIZE", CELL_BYTES, 0, 7, 0, "bytes"},
    [SHARE] = {"share", "SHARE", CELL_PERCENT, 0, 6, 0, "of all"},
    [SPAN] = {"took_ms", "TOOK", CELL_SPAN_MS, 0, 7, 0, "a span"},
    [SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_AGE, 6, 0, "a time"},
    [OWNER] = {"owner", "OWNER", CELL_TEXT, 0, 8, 1, "a name"},
    [HOST] = {"host", "HOST", CELL_TEXT, 0, 8, 1, "a host"},
    [TRY] = {"try", "TRY", CELL_INT, COLUMN_F_EXACT, 4, 0, "a small number"},
    [LIVE] = {"live", "LIVE", CELL_BOOL, 0, 4, 0, "yes or no"},
    [NOTE] = {"note", "NOTE", CELL_TEXT, 0, 8, 4, "the rest of the line"},
    {0},
};

static const struct link thing_links[] = {
    {"enter", "parts", "fake.parts"},
    {"l", "log", "@log"},
    {0},
};

static const struct health_rule thing_health[] = {
    {"state=failed", HEALTH_FAIL, "failed with count {count}"},
    {"state=late", HEALTH_WARN, "late: {note}"},
    {0},
};

static const struct kind things = {
    .name = "fake.things",
    .aliases = "thing",
    .title = "THING",
    .help = "rows of a text file",
    .shape = SHAPE_TABLE,
    .columns = thing_columns,
    .sort = "-count",
    .links = thing_links,
    .feed = "things",
    .health = thing_health,
};

enum { PART_SIZE, PART_STATE };

static const struct column part_columns[] = {
    [PART_SIZE] = {"size_bytes", "SIZE", CELL_BYTES, 0, 6, 0, "bytes"},
    [PART_STATE] = {"state", "STATE", CELL_STATE, 0, 8, 0, "what the file says"},
    {0},
};

static const struct health_rule part_health[] = {
    {"state=failed", HEALTH_FAIL, "failed"},
    {0},
};

static const struct kind parts = {
    .name = "fake.parts",
    .title = "PART",
    .help = "what a thing is made of",
    .shape = SHAPE_TREE,
    .scope = "fake.things",
    .columns = part_columns,
    .feed = "parts",
    .health = part_health,
};

/* The words of every line that begins with word. */
static GPtrArray *lines_of(const char *text, const char *word, int words)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char **split = g_strsplit(*line, " ", words);
        if (g_strcmp0(split[0], word) == 0)
            g_ptr_array_add(found, split);
        else
            g_strfreev(split);
    }
    return found;
}

/* Its reads stand in the log of requests, as those of a real transport do. */
static void note(struct lane *l, const char *path, const char *text)
{
    const struct request_note n = {
        .method = "FILE",
        .target = path,
        .status = text ? "ok" : "no connection",
        .why = text ? NULL : "cannot be read",
        .at_ms = lane_now_ms(l),
        .took_ms = 3,
        .bytes_in = text ? (int64_t)strlen(text) : 0,
    };
    lane_note_request(l, &n);
}

static char *read_file(struct lane *l, GError **error)
{
    const char *path = source_text(lane_source(l), "file");
    char *text = NULL;
    if (!path)
        return g_strdup("");
    if (!g_file_get_contents(path, &text, NULL, NULL))
        weir_fail(error, WEIR_ERROR_UNREACHABLE, "%s cannot be read; is it there?", path);
    note(l, path, text);
    lane_count(l, 1, text ? (int64_t)strlen(text) : 0, 3);
    return text;
}

/* What the file says about the fetch itself. */
static bool obey(const char *text, GError **error)
{
    g_autoptr(GPtrArray) fail = lines_of(text, "fail", 2);
    g_autoptr(GPtrArray) denied = lines_of(text, "denied", 2);
    g_autoptr(GPtrArray) hang = lines_of(text, "hang", 1);
    g_autoptr(GPtrArray) print = lines_of(text, "print", 2);
    if (print->len > 0)
        g_printerr("%s\n", ((char **)g_ptr_array_index(print, 0))[1]);
    if (hang->len > 0)
        poll(NULL, 0, -1);
    if (fail->len > 0)
        return weir_fail(
            error, WEIR_ERROR_UNREACHABLE, "%s", ((char **)g_ptr_array_index(fail, 0))[1]);
    if (denied->len > 0)
        return weir_fail(
            error, WEIR_ERROR_DENIED, "%s", ((char **)g_ptr_array_index(denied, 0))[1]);
    return true;
}

static void add_thing(struct snapshot *s, char **words)
{
    guint n = g_strv_length(words);
    size_t row = snapshot_add(s, n > 1 ? words[1] : "?");
    if (n > 2)
        snapshot_set_text(s, row, STATE, words[2]);
    if (n > 3)
        snapshot_set_int(s, row, COUNT, g_ascii_strtoll(words[3], NULL, 10));
    if (n > 4)
        snapshot_set_text(s, row, NOTE, words[4]);
}

static void add_rows(struct snapshot *s, int64_t count, int64_t now_ms)
{
    static const char *const states[] = {"ok", "ok", "ok", "running", "late", "failed"};
    char text[64];
    for (int64_t i = 0; i < count; i++) {
        uint32_t mixed = (uint32_t)i * 2654435761u;
        g_snprintf(text, sizeof text, "thing-%06d.of.the.platform", (int)i);
        size_t row = snapshot_add(s, text);
        snapshot_set_text(s, row, STATE, i % 97 ? states[mixed % 4] : states[4 + mixed % 2]);
        snapshot_set_int(s, row, COUNT, mixed % 1000003);
        snapshot_set_real(s, row, RATE, (double)(mixed % 1000) / 10);
        snapshot_set_int(s, row, SIZE, (int64_t)mixed * 37);
        snapshot_set_real(s, row, SHARE, (double)(mixed % 1000) / 10);
        snapshot_set_int(s, row, SPAN, mixed % 10000000);
        snapshot_set_int(s, row, SINCE, now_ms - mixed % 100000000);
        g_snprintf(text, sizeof text, "team-%u", mixed % 40);
        snapshot_set_text(s, row, OWNER, text);
        g_snprintf(text, sizeof text, "dp-w%02u", mixed % 64);
        snapshot_set_text(s, row, HOST, text);
        snapshot_set_int(s, row, TRY, mixed % 5);
        snapshot_set_bool(s, row, LIVE, mixed % 2);
        g_snprintf(text, sizeof text, "note %u of row %d", mixed % 9973, (int)i);
        snapshot_set_text(s, row, NOTE, text);
    }
}

static bool fetch_things(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    g_autofree char *text = read_file(l, error);
    if (!text || !obey(text, error))
        return false;
    struct snapshot *s = batch_snapshot(out, &things);
    g_autoptr(GPtrArray) lines = lines_of(text, "thing", 5);
    for (guint i = 0; i < lines->len; i++)
        add_thing(s, g_ptr_array_index(lines, i));
    add_rows(s, source_int(lane_source(l), "rows"), lane_now_ms(l));
    batch_publish(out, s);
    lane_set_version(l, "1.0");
    return true;
}

static bool fetch_parts(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    g_autofree char *text = read_file(l, error);
    if (!text || !obey(text, error))
        return false;
    struct snapshot *s = batch_snapshot(out, &parts);
    g_autoptr(GPtrArray) lines = lines_of(text, "part", 5);
    for (guint i = 0; i < lines->len; i++) {
        char **words = g_ptr_array_index(lines, i);
        guint n = g_strv_length(words);
        if (n < 3 || strcmp(words[1], rid_last_name(scope)) != 0)
            continue;
        gssize parent = n > 3 ? snapshot_find(s, words[3]) : -1;
        size_t row = snapshot_add(s, words[2]);
        snapshot_set_int(s, row, PART_SIZE, 1024 * (int64_t)(i + 1));
        if (n > 4)
            snapshot_set_text(s, row, PART_STATE, words[4]);
        if (parent >= 0)
            snapshot_set_parent(s, row, (uint32_t)parent);
    }
    batch_publish(out, s);
    return true;
}

static void add_fields(struct snapshot *detail, const char *text, const char *thing)
{
    g_autoptr(GPtrArray) lines = lines_of(text, "field", 4);
    for (guint i = 0; i < lines->len; i++) {
        char **words = g_ptr_array_index(lines, i);
        if (g_strv_length(words) < 4 || strcmp(words[1], thing) != 0)
            continue;
        size_t row = snapshot_add(detail, words[2]);
        snapshot_set_text(detail, row, DETAIL_GROUP, "more");
        snapshot_set_text(detail, row, DETAIL_VALUE, words[3]);
    }
}

static bool show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    g_autofree char *text = read_file(l, error);
    if (!text || !obey(text, error))
        return false;
    g_autoptr(GPtrArray) lines = lines_of(text, "thing", 5);
    for (guint i = 0; i < lines->len; i++) {
        char **words = g_ptr_array_index(lines, i);
        if (g_strv_length(words) < 4 || strcmp(words[1], rid_last_name(what)) != 0)
            continue;
        static const char *const names[] = {"name", "state", "count"};
        for (unsigned n = 0; n < G_N_ELEMENTS(names); n++)
            snapshot_set_text(detail, snapshot_add(detail, names[n]), DETAIL_VALUE, words[n + 1]);
        add_fields(detail, text, words[1]);
        g_string_printf(raw, "{\"name\":\"%s\",\"count\":%s}", words[1], words[3]);
        return true;
    }
    return weir_fail(
        error, WEIR_ERROR_NOT_FOUND, "%s: there is no such thing any more", rid_last_name(what));
}

static bool follow(struct lane *l, const struct rid *what, struct stream *out, GError **error)
{
    (void)what;
    guint done = 0;
    do {
        g_autofree char *text = read_file(l, error);
        if (!text)
            return false;
        g_autoptr(GPtrArray) lines = lines_of(text, "log", 2);
        struct snapshot *chunk = stream_chunk(out);
        for (; done < lines->len; done++) {
            const char *line = ((char **)g_ptr_array_index(lines, done))[1];
            size_t row = snapshot_add(chunk, "");
            snapshot_set_text(chunk, row, LOG_TEXT, line ? line : "");
            if (line && strstr(line, "rror"))
                snapshot_set_text(chunk, row, LOG_LEVEL, "error");
        }
        if (!stream_put(out, chunk))
            return true;
    } while (stream_options(out)->follow && lane_wait(l, 100));
    return true;
}

static bool check(struct lane *l, struct snapshot *doctor, GError **error)
{
    g_autofree char *text = read_file(l, error);
    if (!text)
        return false;
    doctor_add(doctor, "file", HEALTH_OK, "can be read", NULL);
    return true;
}

static const char *const things_kinds[] = {"fake.things", NULL};
static const char *const parts_kinds[] = {"fake.parts", NULL};

static const struct feed feeds[] = {
    {"things", 1000, FEED_ALWAYS, false, things_kinds, fetch_things},
    {"parts", 1000, FEED_WHILE_OPEN, false, parts_kinds, fetch_parts},
    {0},
};

static const struct option options[] = {
    {"file", OPTION_FILE, 0, NULL, "what to answer"},
    {"rows", OPTION_INT, 0, "0", "rows to make up"},
    {0},
};

static const struct kind *const kinds[] = {&things, &parts, NULL};

static const struct connector fake_connector = {
    .name = "fake",
    .title = "a text file",
    .help = "for tests",
    .options = options,
    .kinds = kinds,
    .feeds = feeds,
    .timeout_ms = 2000,
    .show = show,
    .follow = follow,
    .check = check,
};
CONNECTOR(fake);

extern const struct connector *const __start_weir_connectors[];
extern const struct connector *const __stop_weir_connectors[];

static void init(void)
{
}

static void versions(GString *out)
{
    g_string_append(out, "fake");
}

extern const struct connector_library weir_connector_library;
const struct connector_library weir_connector_library = {
    .build_id = WEIR_BUILD_ID,
    .first = __start_weir_connectors,
    .end = __stop_weir_connectors,
    .init = init,
    .versions = versions,
};

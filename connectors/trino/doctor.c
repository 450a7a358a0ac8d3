/* What the doctor looks at. */
#include <string.h>

#include "clock.h"
#include "trino.h"

/* -- the doctor ----------------------------------------------------------------------------------- */

static bool check_reach(struct lane *l, struct trino *t, struct snapshot *doctor)
{
    g_autoptr(GError) error = NULL;
    int64_t start = clock_mono_ms();
    bool ok = trino_read_info(l, t, &error);
    g_autofree char *seen = ok ? g_strdup_printf("%s answers in %" G_GINT64_FORMAT " ms", t->url,
                                     clock_mono_ms() - start)
                               : g_strdup(error->message);
    bool starting = error && error->code == WEIR_ERROR_SERVER && t->version;
    doctor_add(doctor, "reachable",
        ok         ? HEALTH_OK
        : starting ? HEALTH_WARN
                   : HEALTH_FAIL,
        seen,
        ok         ? NULL
        : starting ? "wait until it has started"
                   : "check url, network and that the coordinator runs");
    return ok;
}

static void check_version(const struct trino *t, struct snapshot *doctor)
{
    g_autofree char *seen = g_strdup_printf("Trino %s, environment %s", t->version, t->environment);
    bool old = t->major > 0 && t->major < 435;
    doctor_add(doctor, "version", old ? HEALTH_WARN : HEALTH_OK, seen,
        old ? "weir was run against 435 and 476; older ones may lack fields" : NULL);
}

static void check_clock(const struct trino *t, struct snapshot *doctor)
{
    g_autofree char *seen =
        t->skew_ms == 0 ? g_strdup("the coordinator's clock agrees with this machine's, within 2 s")
                        : g_strdup_printf("the coordinator's clock is %" G_GINT64_FORMAT " s %s",
                              ABS(t->skew_ms) / 1000, t->skew_ms > 0 ? "ahead" : "behind");
    bool off = ABS(t->skew_ms) > DOCTOR_SKEW_MS;
    doctor_add(doctor, "clock", off ? HEALTH_WARN : HEALTH_OK, seen,
        off ? "ages and \"in the last five minutes\" are off by that; set the clocks" : NULL);
}

struct seen {
    unsigned queries, others;
};

/* Whose queries are there; t->user is whom we asked as. */
static bool look_around(struct trino *t, struct seen *out, GError **error)
{
    static const char *const states[] = {"RUNNING", "FAILED"};
    for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *path = g_strdup_printf("/v1/query?state=%s", states[i]);
        struct http_request q = {.path = path};
        struct http_reply r = {0};
        bool ok = http_send(t->http, &q, &r, error) && trino_check_status(t, &q, &r, error);
        AUTO(cJSON) list = ok ? http_reply_json(t->http, &q, &r, error) : NULL;
        http_reply_clear(&r);
        if (!list && i > 0) { /* too many of them: the first list has said what matters */
            g_clear_error(error);
            break;
        }
        if (!list)
            return false;
        for (const cJSON *j = json_first(list); j; j = j->next) {
            const char *user = json_text(j, "session.user");
            out->queries++;
            out->others += user && t->user && strcmp(user, t->user) != 0;
        }
    }
    return true;
}

static bool check_queries(struct trino *t, struct snapshot *doctor)
{
    g_autoptr(GError) error = NULL;
    struct seen seen = {0};
    bool ok = look_around(t, &seen, &error);
    g_autofree char *as =
        g_strdup_printf("asked as \"%s\"", t->user ? t->user : "the token's user");
    doctor_add(doctor, "authentication", ok ? HEALTH_OK : HEALTH_FAIL, ok ? as : error->message,
        ok                                 ? NULL
        : error->code == WEIR_ERROR_DENIED ? "check username and password, or token"
                                           : "see the coordinator's own log");
    if (!ok)
        return false;
    g_autofree char *text = g_strdup_printf(
        "%u running or failed queries, %u of other users", seen.queries, seen.others);
    bool blind = t->user && seen.others == 0;
    doctor_add(doctor, "others' queries", blind ? HEALTH_UNKNOWN : HEALTH_OK, text,
        blind ? "there may be none now, or the access control hides them: the list is filtered "
                "silently; give this user \"view\" in the rules' queries section"
              : NULL);
    return true;
}

static void check_nodes(struct trino *t, struct snapshot *doctor)
{
    struct http_request q = {.path = "/v1/node"};
    struct http_reply r = {0};
    g_autoptr(GError) error = NULL;
    bool ok = http_send(t->http, &q, &r, &error);
    bool there = ok && (r.status == 404 || trino_check_status(t, &q, &r, &error));
    const char *seen = !there            ? error->message
                       : r.status == 404 ? "this version has no /v1/node"
                                         : "heartbeats of the workers may be read";
    doctor_add(doctor, "workers", there ? HEALTH_OK : HEALTH_WARN, seen,
        there ? NULL
              : "a failed worker is seen late or not at all; give this user \"read\" in the rules' "
                "system_information section");
    http_reply_clear(&r);
}

bool trino_check(struct lane *l, struct snapshot *doctor, GError **error)
{
    (void)error;
    struct trino *t = lane_data(l);
    if (!check_reach(l, t, doctor))
        return true;
    check_version(t, doctor);
    if (check_queries(t, doctor))
        check_nodes(t, doctor);
    check_clock(t, doctor);
    return true;
}

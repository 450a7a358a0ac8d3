#include "expect.h"

#include <string.h>

#define ASKED_AGAIN_SPEED 120 /* a refusal is not tried again for five minutes */
#define LATE_SPEED        2   /* two seconds late is slow, but not too late */
#define HEAVY_SPEED       6   /* weir-sim makes each of these answers anew, and everybody waits */

#define BROKEN                                                                                     \
    "(failing|denied|ok|slow) .*" /* ok, when other parts of the source can still be read */
#define SILENT    "no answer within|not asked: the requests before it took all the time"
#define NO_ANSWER "no answer|has not answered"
#define OTHER     "names no |no Alertmanager|is no list|has no |without a token"
#define LONG      "more than [0-9]+ MiB|not complete after|is no list|is long, and no list|" SILENT

const char *const moment_names[MOMENTS] = {"at the start", "open", "drill"};

static const struct expectation expectations[] = {
    {"refuse", .row = BROKEN "(connection refused; is the server running there)"},
    {"blackhole", .row = BROKEN "(no connection within|" SILENT ")"},
    {"stall", .row = BROKEN "(" SILENT ")"},
    {"reset", .row = BROKEN "(the connection broke off after 0 bytes)"},
    {"reset-headers", .row = BROKEN "(the connection broke off after 0 bytes)"},
    {"fin-body", .row = BROKEN "(the connection broke off after 10 bytes)"},
    {"drip", .row = BROKEN "(not complete after|" SILENT ")"},
    {"drip-body", .row = BROKEN "(not complete after|" SILENT ")"},
    {"slow", .row = "(ok|slow) ", .fine = true, .speed = LATE_SPEED},
    {"garbage", .row = BROKEN "(the answer makes no sense)"},
    {"no-headers", .row = BROKEN "(an empty answer instead of JSON)"},
    {"length-long", .row = BROKEN "(the connection broke off after 7 bytes)"},
    {"length-short", .row = BROKEN "(JSON that breaks off at byte 3)"},
    {"bad-chunk", .row = BROKEN "(the connection broke off after 0 bytes)"},
    {"tls-expired", .row = BROKEN "(not trusted.*certificate has expired)"},
    {"tls-name", .row = BROKEN "(not trusted.*no alternative certificate subject name)"},
    {"tls-self-signed", .row = BROKEN "(not trusted.*self-signed certificate)"},
    {"tls-1.0", .row = BROKEN "(no TLS connection.*unsupported protocol)"},
    {"tls-none", .row = BROKEN "(no TLS connection.*wrong version number)"},
    {"http-400", .row = BROKEN "(400 Bad Request)"},
    {"http-401", .row = BROKEN "(401|does not accept the user)", .speed = ASKED_AGAIN_SPEED},
    {"http-403", .row = BROKEN "(403 Forbidden)", .speed = ASKED_AGAIN_SPEED},
    {"http-404", .row = BROKEN "(404|no Alertmanager)"},
    {"http-429", .row = BROKEN "(429 Too Many Requests: slow down; set every)"},
    {"http-500", .row = BROKEN "(500 Internal Server Error)"},
    {"http-502", .row = BROKEN "(502 Bad Gateway; is the server behind the proxy up)"},
    {"http-503", .row = BROKEN "(503 Service Unavailable: unavailable; is it starting)"},
    {"redirect", .row = BROKEN "(redirects are not followed)"},
    {"login-page", .row = BROKEN "(HTML instead of JSON)"},
    {"wrong-type", .row = BROKEN "(JSON that is not UTF-8 at byte 0)"},
    {"empty", .row = BROKEN "(an empty answer instead of JSON)"},
    {"null", .row = BROKEN "(" OTHER ")"},
    {"other-json", .row = BROKEN "(" OTHER ")"},
    {"cut-json", .row = BROKEN "(JSON that breaks off at byte 39)"},
    {"bad-utf8", .row = BROKEN "(JSON that is not UTF-8 at byte 12)"},
    {"surrogate", .row = BROKEN "(no valid JSON at byte 12)"},
    {"nul", .row = BROKEN "(JSON that is not UTF-8 at byte 12)"},
    {"huge", .row = BROKEN "(" LONG ")", .speed = HEAVY_SPEED},
    {"deep", .row = BROKEN "(nested deeper than 256 levels)"},
    {"long-line", .row = BROKEN "(" OTHER ")"},
    {"bomb", .row = BROKEN "(" LONG ")", .speed = HEAVY_SPEED},
    {"clock-ahead", .row = "ok ", .fine = true},
    {"clock-behind", .row = "ok ", .fine = true},
    {"shell-exits", .row = "its command ended with status 255.*closed", .early = true},
    {"shell-dies", .row = "its command ended"},
    {"shell-hangs", .row = NO_ANSWER},
    {"shell-drips", .row = NO_ANSWER},
    {"shell-garbage", .row = NO_ANSWER},
    {"shell-banner", .row = NO_ANSWER},
    {"shell-huge", .row = "ok ", .fine = true},
    {"shell-other", .row = NO_ANSWER},
    {"shell-slow", .row = "(ok|slow) ", .fine = true, .speed = LATE_SPEED},
    {0},
};

const struct expectation *expectation_of(const struct fault *f)
{
    for (const struct expectation *e = expectations; e->fault; e++)
        if (g_str_equal(e->fault, f->name))
            return e;
    return NULL;
}

/* A row here is a bug with a name; it goes when the bug goes. */
static const struct known known[] = {
    {0},
};

const char *known_of(const struct target *t, const struct fault *f, enum moment moment)
{
    const struct expectation *e = expectation_of(f);
    for (const struct known *k = known; k->what && !(e && e->fine); k++)
        if ((!k->service || g_str_equal(k->service, t->service)) &&
            (!k->fault || g_str_equal(k->fault, f->name)) &&
            (k->moment == MOMENTS || k->moment == (int)moment))
            return k->what;
    return NULL;
}

#include "status.h"

#include "error.h"

struct source_status *status_new(const char *name, const char *type, int64_t now_ms)
{
    struct source_status *s = g_new0(struct source_status, 1);
    s->name = g_strdup(name);
    s->type = g_strdup(type);
    s->since_ms = now_ms;
    s->latency_ms = -1;
    return s;
}

struct source_status *status_copy(const struct source_status *s)
{
    struct source_status *copy = g_memdup2(s, sizeof *s);
    copy->name = g_strdup(s->name);
    copy->type = g_strdup(s->type);
    copy->version = g_strdup(s->version);
    copy->error = g_strdup(s->error);
    copy->partial = g_strdup(s->partial);
    return copy;
}

void status_free(struct source_status *s)
{
    if (!s)
        return;
    g_free(s->name);
    g_free(s->type);
    g_free(s->version);
    g_free(s->error);
    g_free(s->partial);
    g_free(s);
}

const char *status_name(enum source_state state)
{
    static const char *const names[] = {"connecting", "ok", "slow", "failing", "denied"};
    return names[state];
}

bool status_is_refusal(int code)
{
    return code == WEIR_ERROR_DENIED || code == WEIR_ERROR_CONFIG;
}

static bool enter(struct source_status *s, enum source_state state, int64_t now_ms)
{
    if (s->state == state)
        return false;
    s->state = state;
    s->since_ms = now_ms;
    return true;
}

bool status_succeed(struct source_status *s, int64_t now_ms)
{
    bool first = s->last_ok_ms == 0 || s->error;
    s->last_ok_ms = now_ms;
    s->next_try_ms = 0;
    s->failures = 0;
    g_clear_pointer(&s->error, g_free);
    bool slow = s->latency_ms > STATUS_SLOW_MS;
    return enter(s, slow ? SOURCE_SLOW : SOURCE_OK, now_ms) || first;
}

void status_fail(struct source_status *s, int code, const char *message, unsigned poll_ms,
    double random, int64_t now_ms)
{
    if (s->error != message) {
        g_free(s->error);
        s->error = g_strdup(message);
    }
    bool denied = status_is_refusal(code);
    enter(s, denied ? SOURCE_DENIED : SOURCE_FAILING, now_ms);
    /* Another feed of the same round; unless the clock was put back, by more than any delay. */
    int64_t left = s->next_try_ms - now_ms;
    if (!denied && left > 0 && left <= STATUS_DENIED_MS * 2)
        return;
    s->failures++;
    double delay = (double)poll_ms;
    for (unsigned i = 1; i < s->failures && delay < STATUS_RETRY_MAX_MS; i++)
        delay *= 2;
    delay = denied ? STATUS_DENIED_MS : MIN(delay, STATUS_RETRY_MAX_MS);
    s->next_try_ms = now_ms + (int64_t)(delay * (0.8 + 0.4 * random));
}

bool status_set_partial(struct source_status *s, const char *partial)
{
    if (g_strcmp0(s->partial, partial) == 0)
        return false;
    g_free(s->partial);
    s->partial = g_strdup(partial);
    return true;
}

void status_break(struct source_status *s, const char *why, int64_t now_ms)
{
    g_free(s->error);
    s->error = g_strdup(why);
    enter(s, SOURCE_FAILING, now_ms);
}

void status_count(
    struct source_status *s, unsigned requests, int64_t bytes, int64_t ms, int64_t now_ms)
{
    int64_t bucket = now_ms / STATUS_BUCKET_MS;
    int i = (int)(bucket % STATUS_BUCKETS);
    if (s->bucket[i] != bucket) {
        s->bucket[i] = bucket;
        s->requests[i] = 0;
        s->bytes[i] = 0;
    }
    s->requests[i] += requests;
    s->bytes[i] += bytes;
    if (ms >= 0)
        s->latency_ms = s->latency_ms < 0 ? ms : (s->latency_ms * 3 + ms) / 4;
}

static double last_minute(
    const struct source_status *s, int64_t now_ms, double (*of)(const struct source_status *, int))
{
    int64_t oldest = now_ms / STATUS_BUCKET_MS - STATUS_BUCKETS + 1;
    double sum = 0;
    for (int i = 0; i < STATUS_BUCKETS; i++)
        if (s->bucket[i] >= oldest)
            sum += of(s, i);
    return sum;
}

static double bucket_requests(const struct source_status *s, int i)
{
    return s->requests[i];
}

static double bucket_bytes(const struct source_status *s, int i)
{
    return (double)s->bytes[i];
}

double status_requests_per_min(const struct source_status *s, int64_t now_ms)
{
    return last_minute(s, now_ms, bucket_requests);
}

double status_bytes_per_min(const struct source_status *s, int64_t now_ms)
{
    return last_minute(s, now_ms, bucket_bytes);
}

#include "job.h"

#include "rid.h"
#include "status.h"

static void job_free(gpointer data)
{
    struct job *job = data;
    rid_free(job->scope);
    g_free(job->message);
    g_free(job);
}

GPtrArray *jobs_new(void)
{
    return g_ptr_array_new_with_free_func(job_free);
}

struct job *jobs_find(GPtrArray *jobs, const struct feed *f, const struct rid *scope)
{
    for (guint i = 0; i < jobs->len; i++) {
        struct job *job = g_ptr_array_index(jobs, i);
        if (job->feed == f && rid_equal(job->scope, scope))
            return job;
    }
    return NULL;
}

struct job *jobs_open(GPtrArray *jobs, const struct feed *f, const struct rid *scope)
{
    struct job *job = jobs_find(jobs, f, scope);
    if (!job) {
        job = g_new0(struct job, 1);
        job->feed = f;
        job->scope = rid_copy(scope);
        job->code = -1;
        g_ptr_array_add(jobs, job);
    }
    job->openers++;
    return job;
}

struct job *jobs_next(GPtrArray *jobs)
{
    struct job *best = NULL;
    for (guint i = jobs->len; i-- > 0;) {
        struct job *job = g_ptr_array_index(jobs, i);
        if (job->openers == 0)
            g_ptr_array_remove_index(jobs, i);
        else if (!best || job->due_ms <= best->due_ms)
            best = job;
    }
    return best;
}

void jobs_record(struct job *job, const GError *error, int64_t now_ms)
{
    job->ended_ms = now_ms;
    job->code = error ? error->code : -1;
    g_free(job->message);
    job->message = error ? g_strdup(error->message) : NULL;
}

void jobs_schedule(GPtrArray *jobs, struct job *job, int64_t wait_ms, int64_t now_ms)
{
    bool always = job->feed->when == FEED_ALWAYS;
    bool scoped = job->scope->count > 0;
    bool again = !job->once && !(always && scoped) && job->feed->when != FEED_DERIVED;
    if (again)
        job->due_ms = MIN(job->due_ms, now_ms + wait_ms);
    if (job->feed->when == FEED_DERIVED && job->due_ms != JOB_NEVER)
        job->due_ms = MAX(job->due_ms, now_ms + DERIVED_GAP_MS);
    for (guint i = 0; always && !scoped && i < jobs->len; i++) {
        struct job *other = g_ptr_array_index(jobs, i);
        if (other->feed == job->feed && other->scope->count > 0)
            other->due_ms = now_ms;
    }
}

void jobs_retry(GPtrArray *jobs, int64_t now_ms)
{
    for (guint i = 0; i < jobs->len; i++) {
        struct job *job = g_ptr_array_index(jobs, i);
        if (job->code >= 0 && !status_is_refusal(job->code) && job->due_ms != JOB_NEVER)
            job->due_ms = MIN(job->due_ms, now_ms);
    }
}

bool jobs_any_succeeds(const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++) {
        const struct job *job = g_ptr_array_index(jobs, i);
        if (job->ended_ms > 0 && job->code < 0)
            return true;
    }
    return false;
}

char *jobs_failure(const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++) {
        const struct job *job = g_ptr_array_index(jobs, i);
        if (job->openers > 0 && job->code >= 0)
            return g_strdup_printf("%s: %s", job->feed->kinds[0], job->message);
    }
    return NULL;
}

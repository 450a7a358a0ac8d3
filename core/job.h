/* The list of what a lane fetches again and again, and when. No lock: lane.c calls it under the
 * engine's. Times are monotonic milliseconds. */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include "connector.h"

#define JOB_NEVER      INT64_MAX
#define DERIVED_GAP_MS 500 /* from the end of one run of a derived feed to the next */

struct job {
    const struct feed *feed;
    struct rid *scope;
    unsigned openers; /* 0: dropped at the next look */
    int64_t due_ms;   /* JOB_NEVER: until something asks */
    int64_t ended_ms; /* of the newest fetch; 0: none yet */
    bool once;        /* fetched one time per opening */
    int code;         /* enum weir_error of the newest fetch, -1: it went well */
    char *message;
};

GPtrArray *jobs_new(void);
struct job *jobs_find(GPtrArray *jobs, const struct feed *f, const struct rid *scope);
/* Finds or adds, and counts one opener more. A new job is due at once. */
struct job *jobs_open(GPtrArray *jobs, const struct feed *f, const struct rid *scope);
/* The job due first, or NULL; drops those that nobody opens any more. */
struct job *jobs_next(GPtrArray *jobs);
void jobs_record(struct job *job, const GError *error, int64_t now_ms);
/* After a fetch: due again in wait_ms unless it is a job for once or something made it due
 * meanwhile. The open scopes of a source-wide feed follow its fetch at once. A derived feed whose
 * inputs changed meanwhile is due after its gap. */
void jobs_schedule(GPtrArray *jobs, struct job *job, int64_t wait_ms, int64_t now_ms);
/* The server is back: what failed and waits is due now, but for what it refused. */
void jobs_retry(GPtrArray *jobs, int64_t now_ms);
/* Whether the newest fetch of some job went well; and what cannot be read, "KIND: why", or NULL. What
 * nobody has open any more is not told: it will not be tried again either. */
bool jobs_any_succeeds(const GPtrArray *jobs);
char *jobs_failure(const GPtrArray *jobs);

#endif

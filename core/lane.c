/* Lanes, and the only locks of the program.
 *
 * The problem: servers hang, libraries block, replies take long to parse; the thread that draws may
 * wait for none of it. The design: each source has a poll lane (what is watched always) and, from the
 * first drill-down on, a hand lane (what somebody looks at), each a thread of straight-line blocking
 * code. What they learn is sealed into snapshots and posted into one mailbox, where the newest per
 * kind and scope wins; an eventfd wakes the drawing thread, which takes all of it at once.
 *
 * The guarantees: one mutex per engine guards every field below marked so, is held for a few list
 * operations at a time, and never across a call into a connector, a library or another lock. A sealed
 * snapshot is immutable and needs none. A lane that does not come back is abandoned: what it posts
 * later is dropped, and another thread takes its jobs. */
#include "lane_private.h"

#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "health.h"
#include "library.h"
#include "rid.h"
#include "text.h"

#define TIMEOUT_MS 10000

struct lane_thread {
    pthread_t id;
    pthread_cond_t wake;
};

struct engine_sync {
    pthread_mutex_t lock;
    pthread_cond_t shared_made;
};

struct batch {
    struct lane *lane;
    const struct rid *scope;
};

struct stream {
    struct lane *lane;
    const struct ask *ask;
};

struct found {
    struct lane *lane;
};

void engine_lock(struct engine *e)
{
    pthread_mutex_lock(&e->sync->lock);
}

void engine_unlock(struct engine *e)
{
    pthread_mutex_unlock(&e->sync->lock);
}

void engine_sync_new(struct engine *e)
{
    e->sync = g_new0(struct engine_sync, 1);
    pthread_mutex_init(&e->sync->lock, NULL);
    pthread_cond_init(&e->sync->shared_made, NULL);
}

void engine_sync_free(struct engine *e)
{
    pthread_cond_destroy(&e->sync->shared_made);
    pthread_mutex_destroy(&e->sync->lock);
    g_free(e->sync);
}

void lane_signal(struct lane *l)
{
    pthread_cond_signal(&l->thread->wake);
}

void lane_post(struct lane *l, struct mail *take_m)
{
    struct mail *m = take_m;
    engine_lock(l->engine);
    if (l->abandoned)
        mail_free(m);
    else
        mailbox_post(&l->engine->mail, m);
    engine_unlock(l->engine);
}

/* Locked. */
void engine_post_status(struct engine *e)
{
    struct mail *m = mail_new(MAIL_STATUS);
    m->slot = g_strdup("status");
    mailbox_post(&e->mail, m);
}

/* -- what a connector asks ----------------------------------------------------------------------- */

const struct source *lane_source(const struct lane *l)
{
    return l->run ? l->run->source : NULL;
}

int64_t lane_now_ms(const struct lane *l)
{
    (void)l;
    return clock_wall_ms();
}

int64_t lane_left_ms(const struct lane *l)
{
    return MAX(l->deadline - clock_mono_ms(), 0);
}

bool lane_is_once(const struct lane *l)
{
    return l->run && l->run->once;
}

bool lane_cancelled(struct lane *l)
{
    engine_lock(l->engine);
    bool cancelled = l->cancelled || l->stop || l->abandoned;
    engine_unlock(l->engine);
    return cancelled;
}

/* Locked. Waits for a signal or until due (monotonic ms). */
static void wait_until(struct lane *l, int64_t due_ms)
{
    if (due_ms == JOB_NEVER) {
        pthread_cond_wait(&l->thread->wake, &l->engine->sync->lock);
        return;
    }
    struct timespec at = {due_ms / 1000, due_ms % 1000 * 1000000};
    pthread_cond_timedwait(&l->thread->wake, &l->engine->sync->lock, &at);
}

bool lane_wait(struct lane *l, int64_t ms)
{
    int64_t due_ms = clock_mono_ms() + ms;
    engine_lock(l->engine);
    while (!l->stop && !l->cancelled && !l->abandoned && clock_mono_ms() < due_ms)
        wait_until(l, due_ms);
    bool go_on = !l->stop && !l->cancelled && !l->abandoned;
    engine_unlock(l->engine);
    return go_on;
}

void lane_set_data(struct lane *l, void *data)
{
    l->data = data;
}

void *lane_data(const struct lane *l)
{
    return l->data;
}

const struct gate_token *lane_token(const struct lane *l)
{
    (void)l;
    return NULL;
}

void *lane_shared(struct lane *l, void *(*make)(struct lane *l, GError **error),
    void (*destroy)(void *shared), GError **error)
{
    struct engine *e = l->engine;
    engine_lock(e);
    while (l->run->shared_making)
        pthread_cond_wait(&e->sync->shared_made, &e->sync->lock);
    void *shared = l->run->shared;
    l->run->shared_making = !shared;
    engine_unlock(e);
    if (shared)
        return shared;
    shared = make(l, error);
    engine_lock(e);
    l->run->shared = shared;
    l->run->shared_destroy = destroy;
    l->run->shared_making = false;
    pthread_cond_broadcast(&e->sync->shared_made);
    engine_unlock(e);
    return shared;
}

void lane_count(struct lane *l, unsigned requests, int64_t bytes, int64_t ms)
{
    engine_lock(l->engine);
    if (l->run && l->run->status)
        status_count(l->run->status, requests, bytes, ms, clock_wall_ms());
    engine_unlock(l->engine);
}

void lane_set_version(struct lane *l, const char *version)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(version, -1, clean);
    engine_lock(l->engine);
    if (g_strcmp0(l->run->status->version, clean->str) != 0) {
        g_free(l->run->status->version);
        l->run->status->version = g_strdup(clean->str);
        engine_post_status(l->engine);
    }
    engine_unlock(l->engine);
}

struct snapshot *batch_snapshot(struct batch *b, const struct kind *k)
{
    return snapshot_new(k, b->scope, clock_wall_ms());
}

static const struct health_rules *rules_of(struct lane *l, const struct kind *k)
{
    struct health_rules *rules = g_hash_table_lookup(l->rules, k);
    if (!rules) {
        g_autoptr(GError) error = NULL;
        rules = health_compile(k, l->engine->environment, &error);
        if (!rules)
            g_error("%s: %s", k->name, error->message); /* kind_check() finds these */
        g_hash_table_insert(l->rules, (gpointer)k, rules);
    }
    return rules;
}

const struct snapshot *lane_seal(struct lane *l, struct snapshot *take_s)
{
    health_apply(rules_of(l, snapshot_kind(take_s)), take_s, clock_wall_ms());
    return snapshot_seal(take_s);
}

void batch_publish(struct batch *b, struct snapshot *take_s)
{
    const struct kind *k = snapshot_kind(take_s);
    g_autofree char *scope = rid_print(snapshot_scope(take_s));
    struct mail *m = mail_new(MAIL_SNAPSHOT);
    m->snapshot = lane_seal(b->lane, take_s);
    m->slot = g_strdup_printf("s %s %s", k->name, scope);
    lane_post(b->lane, m);
}

guint lane_input_count(const struct lane *l)
{
    return l->inputs ? l->inputs->len : 0;
}

const struct snapshot *lane_input(const struct lane *l, guint i)
{
    return g_ptr_array_index(l->inputs, i);
}

GPtrArray *lane_statuses(struct lane *l)
{
    return engine_statuses(l->engine);
}

const struct stream_options *stream_options(const struct stream *s)
{
    return &s->ask->options;
}

struct snapshot *stream_chunk(struct stream *s)
{
    return snapshot_new(&kind_log, s->ask->what, clock_wall_ms());
}

bool stream_put(struct stream *s, struct snapshot *take_chunk)
{
    struct lane *l = s->lane;
    struct mail *m = mail_new(MAIL_CHUNK);
    m->id = s->ask->id;
    m->snapshot = snapshot_seal(take_chunk);
    engine_lock(l->engine);
    while (l->chunks >= STREAM_CHUNKS_MAX && !l->stop && !l->cancelled)
        wait_until(l, JOB_NEVER);
    bool wanted = !l->stop && !l->cancelled;
    if (wanted) {
        l->chunks++;
        mailbox_post(&l->engine->mail, m);
    } else {
        mail_free(m);
    }
    engine_unlock(l->engine);
    return wanted;
}

void found_add(struct found *f, const char *name, const char *origin, const char *const *pairs)
{
    struct mail *m = mail_new(MAIL_FOUND);
    m->connector = f->lane->discover;
    m->name = g_strdup(name);
    m->origin = g_strdup(origin);
    m->pairs = g_strdupv((char **)pairs);
    lane_post(f->lane, m);
}

/* -- one call ------------------------------------------------------------------------------------ */

static int64_t timeout_of(const struct source_run *run)
{
    int64_t ms = source_int(run->source, "timeout");
    return ms > 0 ? ms : run->connector->timeout_ms ? run->connector->timeout_ms : TIMEOUT_MS;
}

static unsigned poll_of(const struct source_run *run, const struct feed *f)
{
    int64_t ms = source_int(run->source, "every");
    return ms > 0 ? (unsigned)MIN(ms, G_MAXINT) : f->poll_ms;
}

static void close_lane(struct lane *l)
{
    if (l->run && l->run->connector->close && (l->opened || l->data))
        l->run->connector->close(l);
    l->opened = false;
    l->data = NULL;
}

static bool open_lane(struct lane *l, GError **error)
{
    const struct connector *c = l->run->connector;
    if (!l->opened && c->open && !c->open(l, error)) {
        close_lane(l); /* what it got to be open by half */
        return false;
    }
    l->opened = true;
    return true;
}

/* Locked. Sets what engine_watch and lane_left_ms look at. */
static void begin_call(struct lane *l, int64_t timeout_ms, guint64 id)
{
    l->deadline = clock_mono_ms() + timeout_ms;
    l->busy_until = l->deadline;
    l->busy_id = id;
    l->cancelled = false;
}

/* Locked. Whether some feed of the source could be read the last time it was. */
static bool any_succeeds(const struct source_run *run)
{
    return (run->poll && jobs_any_succeeds(run->poll->jobs)) ||
           (run->hand && jobs_any_succeeds(run->hand->jobs));
}

/* Locked. The source lives, but this of it cannot be read. */
static char *partial_text(const struct source_run *run)
{
    char *text = run->poll ? jobs_failure(run->poll->jobs) : NULL;
    return text || !run->hand ? text : jobs_failure(run->hand->jobs);
}

/* Locked. */
static void retry(struct lane *l)
{
    if (!l)
        return;
    jobs_retry(l->jobs, clock_mono_ms());
    lane_signal(l);
}

/* Locked. A server that cannot be reached fails as a whole and at once; anything else only when
 * nothing can be read any more. */
static void record_result(struct lane *l, struct job *job, const GError *error)
{
    struct source_run *run = l->run;
    int64_t now = clock_wall_ms();
    bool gone = error && error->code == WEIR_ERROR_UNREACHABLE;
    bool changed = true;
    if (!error || (!gone && any_succeeds(run))) {
        bool back = run->status->failures > 0;
        changed = status_succeed(run->status, now);
        if (back) {
            retry(run->poll);
            retry(run->hand);
        }
    } else {
        status_fail(run->status, error->code, error->message, poll_of(run, job->feed),
            g_random_double(), now);
    }
    g_autofree char *partial = gone ? NULL : partial_text(run);
    changed |= status_set_partial(run->status, partial);
    if (changed)
        engine_post_status(l->engine);
}

/* Locked. How long to wait before the next fetch of a feed. */
static int64_t wait_of(const struct lane *l, const struct feed *f)
{
    int64_t wait = poll_of(l->run, f);
    const struct source_status *status = l->run->status;
    if (status && status->next_try_ms > 0)
        wait = MAX(status->next_try_ms - clock_wall_ms(), wait);
    return wait;
}

static GPtrArray *matching_inputs(struct lane *l, const struct feed *f)
{
    const struct kind *const *kinds = l->run->connector->kinds;
    const char *const *inputs = NULL;
    for (; *kinds; kinds++)
        if (strcmp((*kinds)->name, f->kinds[0]) == 0)
            inputs = (*kinds)->inputs;
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    engine_lock(l->engine);
    for (guint i = 0; l->engine->inputs && i < l->engine->inputs->len; i++) {
        const struct snapshot *s = g_ptr_array_index(l->engine->inputs, i);
        const char *name = snapshot_kind(s)->name;
        if (inputs && (strcmp(inputs[0], "*") == 0 || g_strv_contains(inputs, name)))
            g_ptr_array_add(all, (gpointer)snapshot_ref(s));
    }
    engine_unlock(l->engine);
    return all;
}

struct mail *lane_fetched(const struct lane *l, const struct job *job, const GError *error)
{
    g_autofree char *scope = rid_print(job->scope);
    struct mail *m = mail_new(MAIL_FETCHED);
    m->source = l->run->source;
    m->feed = job->feed;
    m->scope = rid_copy(job->scope);
    m->error = error ? g_error_copy(error) : NULL;
    m->slot = g_strdup_printf("f %s %s %s", source_name(m->source), job->feed->name, scope);
    return m;
}

static void run_job(struct lane *l, struct job *job)
{
    g_autoptr(GError) error = NULL;
    struct batch batch = {l, job->scope};
    if (l->role == ROLE_DERIVED)
        l->inputs = matching_inputs(l, job->feed);
    bool ok = open_lane(l, &error) && job->feed->fetch(l, job->scope, &batch, &error);
    g_clear_pointer(&l->inputs, g_ptr_array_unref);
    if (!ok && !error)
        weir_fail(&error, WEIR_ERROR_PROTOCOL, "%s failed without saying why", job->feed->name);
    struct mail *m = lane_fetched(l, job, error);
    engine_lock(l->engine);
    if (l->abandoned) {
        mail_free(m);
    } else {
        jobs_record(job, error, clock_mono_ms());
        if (l->run->status)
            record_result(l, job, error);
        jobs_schedule(l->jobs, job, wait_of(l, job->feed), clock_mono_ms());
        /* Last: who reads this mail finds the source's status as the fetch left it. */
        mailbox_post(&l->engine->mail, m);
    }
    engine_unlock(l->engine);
}

static void run_ask(struct lane *l, struct ask *ask)
{
    g_autoptr(GError) error = NULL;
    const struct connector *c = l->run->connector;
    struct mail *m = mail_new(ask->type == ASK_FOLLOW ? MAIL_END : MAIL_REPLY);
    m->id = ask->id;
    bool ok = open_lane(l, &error);
    if (ok && ask->type == ASK_FOLLOW) {
        struct stream stream = {l, ask};
        c->follow(l, ask->what, &stream, &error);
    } else if (ok) {
        const struct kind *k = ask->type == ASK_SHOW ? &kind_detail : &kind_doctor;
        AUTO(snapshot) detail = snapshot_new(k, ask->what, clock_wall_ms());
        g_autoptr(GString) raw = g_string_new(NULL);
        ok = ask->type == ASK_SHOW ? c->show(l, ask->what, detail, raw, &error)
                                   : c->check(l, detail, &error);
        m->snapshot = snapshot_seal(g_steal_pointer(&detail));
        m->raw = g_strdup(raw->str);
    }
    m->error = g_steal_pointer(&error);
    lane_post(l, m);
}

/* -- the thread ---------------------------------------------------------------------------------- */

void ask_free(struct ask *ask)
{
    rid_free(ask->what);
    g_free(ask);
}

/* Locked on entry and exit. Does one thing, or waits for one. */
static void lane_turn(struct lane *l)
{
    struct ask *ask = g_queue_pop_head(&l->asks);
    if (ask) {
        bool endless = ask->type == ASK_FOLLOW;
        begin_call(l, endless ? G_MAXINT : timeout_of(l->run), ask->id);
        engine_unlock(l->engine);
        l->asking = ask;
        run_ask(l, ask);
        l->asking = NULL;
        ask_free(ask);
        engine_lock(l->engine);
        l->busy_until = 0;
        if (l->role == ROLE_LOG)
            l->stop = true;
        return;
    }
    struct job *job = jobs_next(l->jobs);
    if (!job || job->due_ms > clock_mono_ms()) {
        wait_until(l, job ? job->due_ms : JOB_NEVER);
        return;
    }
    begin_call(l, timeout_of(l->run), 0);
    l->running = job;
    job->openers++; /* so that it outlives the call */
    job->due_ms = JOB_NEVER;
    engine_unlock(l->engine);
    run_job(l, job);
    engine_lock(l->engine);
    job->openers--;
    l->running = NULL;
    l->busy_until = 0;
}

static void *lane_main(void *data)
{
    struct lane *l = data;
    g_autofree char *name = g_strdup_printf("weir:%.10s", source_name(l->run->source));
    pthread_setname_np(pthread_self(), name);
    engine_lock(l->engine);
    while (!l->stop && !l->abandoned)
        lane_turn(l);
    engine_unlock(l->engine);
    close_lane(l);
    engine_lock(l->engine);
    l->done = true;
    engine_unlock(l->engine);
    return NULL;
}

static void *discover_main(void *data)
{
    struct lane *l = data;
    l->deadline = clock_mono_ms() + TIMEOUT_MS;
    struct found found = {l};
    l->discover->discover(l, &found);
    engine_lock(l->engine);
    l->done = true;
    if (--l->engine->discovering == 0)
        mailbox_post(&l->engine->mail, mail_new(MAIL_DISCOVERED));
    engine_unlock(l->engine);
    return NULL;
}

/* Locked on entry and exit. Answers one question, writes what is due, and waits when there is neither. */
static void history_turn(struct lane *l)
{
    struct engine *e = l->engine;
    struct question *question = g_queue_pop_head(&e->questions);
    GPtrArray *records = g_steal_pointer(&e->records);
    l->busy_id = question ? question->id : 0;
    l->busy_until = question ? JOB_NEVER : 0;
    l->cancelled = false;
    engine_unlock(e);
    if (question)
        history_lane_answer(l, question);
    int64_t due = history_lane_work(l, records, false);
    engine_lock(e);
    question_free(question);
    l->busy_until = 0;
    if (!l->stop && !e->records && g_queue_is_empty(&e->questions))
        wait_until(l, due);
}

static void *history_main(void *data)
{
    struct lane *l = data;
    pthread_setname_np(pthread_self(), "weir:history");
    engine_lock(l->engine);
    while (!l->stop)
        history_turn(l);
    GPtrArray *records = g_steal_pointer(&l->engine->records);
    engine_unlock(l->engine);
    history_lane_work(l, records, true);
    engine_lock(l->engine);
    l->done = true;
    engine_unlock(l->engine);
    return NULL;
}

struct lane *lane_new(struct engine *e, struct source_run *run, enum role role)
{
    struct lane *l = g_new0(struct lane, 1);
    l->engine = e;
    l->run = run;
    l->role = role;
    l->jobs = jobs_new();
    g_queue_init(&l->asks);
    l->rules = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)health_rules_free);
    l->thread = g_new0(struct lane_thread, 1);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->thread->wake, &attr);
    pthread_condattr_destroy(&attr);
    return l;
}

void lane_start(struct lane *l)
{
    g_ptr_array_add(l->engine->lanes, l);
    void *(*body)(void *) = l->role == ROLE_HISTORY ? history_main
                            : l->discover           ? discover_main
                                                    : lane_main;
    if (pthread_create(&l->thread->id, NULL, body, l) != 0)
        g_error("no thread can be started");
}

bool lane_join(struct lane *l, int64_t deadline_ms)
{
    int64_t wall_ms = clock_wall_ms() + MAX(deadline_ms - clock_mono_ms(), 0);
    struct timespec at = {wall_ms / 1000, wall_ms % 1000 * 1000000};
    return pthread_timedjoin_np(l->thread->id, NULL, &at) == 0;
}

void lane_let_go(struct lane *l)
{
    pthread_detach(l->thread->id);
}

void lane_free(struct lane *l)
{
    pthread_cond_destroy(&l->thread->wake);
    g_free(l->thread);
    g_ptr_array_unref(l->jobs);
    g_queue_clear_full(&l->asks, (GDestroyNotify)ask_free);
    g_hash_table_unref(l->rules);
    g_free(l);
}

static void *loader_main(void *data)
{
    struct engine *e = data;
    pthread_setname_np(pthread_self(), "weir:load");
    struct mail *m = mail_new(MAIL_LOADED);
    m->library = library_open(e->library_path, e->build_id, &m->error);
    engine_lock(e);
    mailbox_post(&e->mail, m);
    engine_unlock(e);
    return NULL;
}

void engine_start_loader(struct engine *e)
{
    e->loader = g_new0(struct lane_thread, 1);
    if (pthread_create(&e->loader->id, NULL, loader_main, e) != 0)
        g_error("no thread can be started");
}

void engine_join_loader(struct engine *e)
{
    if (e->loader)
        pthread_join(e->loader->id, NULL);
    g_clear_pointer(&e->loader, g_free);
}

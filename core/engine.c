#include "lane_private.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "error.h"
#include "rid.h"

#define REPLACEMENTS_MAX 2
#define STOP_MS          1500

static struct source_run *run_new(struct source *s)
{
    struct source_run *run = g_new0(struct source_run, 1);
    run->source = s;
    run->status = status_new(source_name(s), source_type(s), clock_wall_ms());
    return run;
}

/* GLib makes these on first use and keeps them, under locks that the thread sanitizer does not see: so
 * they are made while there is one thread. */
static void warm_glib(void)
{
    g_get_home_dir();
    g_get_user_config_dir();
    g_get_user_name();
    g_autoptr(GError) first = NULL;
    weir_fail(&first, WEIR_ERROR_USAGE, "the lock of error domains");
}

struct engine *engine_new(struct environment *environment)
{
    warm_glib();
    struct engine *e = g_new0(struct engine, 1);
    e->environment = environment;
    engine_sync_new(e);
    mailbox_init(&e->mail);
    e->runs = g_ptr_array_new();
    e->lanes = g_ptr_array_new();
    e->next_id = 1;
    e->next_request = 1;
    g_queue_init(&e->questions);
    for (guint i = 0; i < environment_source_count(environment); i++)
        g_ptr_array_add(e->runs, run_new(environment_source_at(environment, i)));
    return e;
}

static void run_free(struct source_run *run)
{
    if (run->shared && run->shared_destroy)
        run->shared_destroy(run->shared);
    status_free(run->status);
    request_log_clear(&run->requests);
    g_free(run);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    engine_lock(e);
    for (guint i = 0; i < e->lanes->len; i++) {
        struct lane *l = g_ptr_array_index(e->lanes, i);
        l->stop = true;
        lane_signal(l);
    }
    engine_unlock(e);
    engine_join_loader(e);
    int64_t end = clock_mono_ms() + STOP_MS;
    for (guint i = 0; i < e->lanes->len; i++) {
        if (lane_join(g_ptr_array_index(e->lanes, i), end))
            continue;
        for (; i < e->lanes->len; i++)
            lane_let_go(g_ptr_array_index(e->lanes, i));
        return; /* they still use all of this, and the process is about to end */
    }
    for (guint i = 0; i < e->lanes->len; i++)
        lane_free(g_ptr_array_index(e->lanes, i));
    for (guint i = 0; i < e->runs->len; i++)
        run_free(g_ptr_array_index(e->runs, i));
    if (e->derived)
        run_free(e->derived);
    g_ptr_array_unref(e->lanes);
    g_ptr_array_unref(e->runs);
    g_clear_pointer(&e->inputs, g_ptr_array_unref);
    g_clear_pointer(&e->records, g_ptr_array_unref);
    g_queue_clear_full(&e->questions, (GDestroyNotify)question_free);
    recorder_free(e->recorder);
    mailbox_clear(&e->mail);
    engine_sync_free(e);
    g_free(e->library_path);
    g_free(e->build_id);
    g_free(e);
}

void engine_load(struct engine *e, const char *path, const char *build_id)
{
    e->library_path = g_strdup(path);
    e->build_id = g_strdup(build_id);
    engine_start_loader(e);
}

void engine_loaded(struct engine *e)
{
    engine_join_loader(e);
}

int engine_fd(const struct engine *e)
{
    return e->mail.event_fd;
}

GPtrArray *engine_take(struct engine *e)
{
    engine_lock(e);
    GPtrArray *all = mailbox_take(&e->mail);
    for (guint i = 0; i < e->lanes->len; i++) {
        struct lane *l = g_ptr_array_index(e->lanes, i);
        if (l->chunks > 0) {
            l->chunks = 0;
            lane_signal(l);
        }
    }
    engine_unlock(e);
    return all;
}

GPtrArray *engine_wait(struct engine *e, int64_t timeout_ms)
{
    struct pollfd p = {.fd = e->mail.event_fd, .events = POLLIN};
    if (poll(&p, 1, timeout_ms < 0 ? -1 : (int)MIN(timeout_ms, G_MAXINT)) < 0)
        g_assert(errno == EINTR);
    return engine_take(e);
}

/* Locked. */
static GPtrArray *copy_statuses(const struct engine *e)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)status_free);
    for (guint i = 0; i < e->runs->len; i++)
        g_ptr_array_add(
            all, status_copy(((struct source_run *)g_ptr_array_index(e->runs, i))->status));
    return all;
}

GPtrArray *engine_statuses(struct engine *e)
{
    engine_lock(e);
    GPtrArray *all = copy_statuses(e);
    engine_unlock(e);
    return all;
}

struct source_run *engine_find_run(const struct engine *e, const struct source *s)
{
    if (e->derived && e->derived->source == s)
        return e->derived;
    for (guint i = 0; i < e->runs->len; i++) {
        struct source_run *run = g_ptr_array_index(e->runs, i);
        if (run->source == s)
            return run;
    }
    return NULL;
}

void engine_start(struct engine *e, struct source *s, bool once)
{
    engine_lock(e);
    struct source_run *run = engine_find_run(e, s);
    if (!run) {
        run = run_new(s);
        g_ptr_array_add(e->runs, run);
    }
    run->connector = source_connector(s);
    run->once = once;
    if (source_fault(s) || !run->connector) {
        const struct fault *f = source_fault(s);
        status_break(run->status, f ? f->message : "its type is unknown", clock_wall_ms());
    } else {
        run->poll = lane_new(e, run, ROLE_POLL);
        AUTO(rid) scope = rid_source(source_name(s));
        for (const struct feed *f = run->connector->feeds; !once && f->name; f++)
            if (f->when == FEED_ALWAYS)
                jobs_open(run->poll->jobs, f, scope);
        lane_start(run->poll);
    }
    engine_post_status(e);
    engine_unlock(e);
}

void engine_start_derived(struct engine *e, const struct connector *derived)
{
    struct source_run *run = g_new0(struct source_run, 1);
    run->source = environment_weir(e->environment, derived);
    run->connector = derived;
    AUTO(rid) scope = rid_source(source_name(run->source));
    engine_lock(e);
    e->derived = run;
    run->poll = lane_new(e, run, ROLE_DERIVED);
    for (const struct feed *f = derived->feeds; f->name; f++)
        if (f->when == FEED_DERIVED)
            jobs_open(run->poll->jobs, f, scope)->due_ms = JOB_NEVER;
    lane_start(run->poll);
    engine_unlock(e);
}

void engine_discover(struct engine *e, const struct registry *r)
{
    engine_lock(e);
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const struct connector *c = registry_connector_at(r, i);
        if (!c->discover)
            continue;
        struct lane *l = lane_new(e, NULL, ROLE_DISCOVER);
        l->discover = c;
        e->discovering++;
        lane_start(l);
    }
    if (e->discovering == 0)
        mailbox_post(&e->mail, mail_new(MAIL_DISCOVERED));
    engine_unlock(e);
}

/* Locked. weir's own source talks to nobody: one lane does. */
static struct lane *hand_lane(struct engine *e, struct source_run *run)
{
    if (run == e->derived)
        return run->poll;
    if (!run->hand) {
        run->hand = lane_new(e, run, ROLE_HAND);
        lane_start(run->hand);
    }
    return run->hand;
}

void engine_open(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope)
{
    engine_lock(e);
    struct source_run *run = engine_find_run(e, s);
    if (run && run->poll) {
        bool always = f->when == FEED_ALWAYS;
        bool scoped = scope->count > 0;
        struct lane *l = always || run->once ? run->poll : hand_lane(e, run);
        struct job *job = jobs_open(l->jobs, f, scope);
        job->once = run->once;
        /* A scope of a polled feed waits for the poll lane; meanwhile the hand lane fetches it. */
        if (always && scoped && !run->once && !f->held) {
            job->due_ms = JOB_NEVER;
            l = hand_lane(e, run);
            job = jobs_open(l->jobs, f, scope);
            job->once = true;
        }
        if (!always || scoped || run->once)
            job->due_ms = 0;
        lane_signal(l);
    }
    engine_unlock(e);
}

void engine_close(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope)
{
    engine_lock(e);
    struct source_run *run = engine_find_run(e, s);
    struct lane *lanes[] = {run ? run->poll : NULL, run ? run->hand : NULL};
    for (unsigned i = 0; i < G_N_ELEMENTS(lanes); i++) {
        struct job *job = lanes[i] ? jobs_find(lanes[i]->jobs, f, scope) : NULL;
        if (job && job->openers > 0)
            job->openers--;
    }
    engine_unlock(e);
}

void engine_refresh(struct engine *e, const struct source *s)
{
    engine_lock(e);
    for (guint i = 0; i < e->runs->len; i++) {
        struct source_run *run = g_ptr_array_index(e->runs, i);
        struct lane *lanes[] = {run->poll, run->hand};
        for (unsigned j = 0; (!s || run->source == s) && j < G_N_ELEMENTS(lanes); j++) {
            for (guint k = 0; lanes[j] && k < lanes[j]->jobs->len; k++)
                ((struct job *)g_ptr_array_index(lanes[j]->jobs, k))->due_ms = 0;
            if (lanes[j])
                lane_signal(lanes[j]);
        }
        if (!s || run->source == s)
            run->status->next_try_ms = 0;
    }
    engine_unlock(e);
}

static const char stuck_text[] = "a call to it did not come back in time and was given up";

/* Locked. Nobody else will answer this. */
static void answer_stuck(struct engine *e, guint64 id)
{
    struct mail *m = mail_new(MAIL_REPLY);
    m->id = id;
    weir_fail(&m->error, WEIR_ERROR_TIMEOUT, "%s", stuck_text);
    mailbox_post(&e->mail, m);
}

/* Locked. */
static guint64 ask(struct lane *l, enum ask_type type, const struct rid *what,
    const struct stream_options *options)
{
    if (l->abandoned) { /* and not replaced any more */
        answer_stuck(l->engine, l->engine->next_id);
        return l->engine->next_id++;
    }
    struct ask *a = g_new0(struct ask, 1);
    a->type = type;
    a->id = l->engine->next_id++;
    a->what = what ? rid_copy(what) : rid_source(source_name(l->run->source));
    if (options)
        a->options = *options;
    g_queue_push_tail(&l->asks, a);
    lane_signal(l);
    return a->id;
}

guint64 engine_show(struct engine *e, const struct source *s, const struct rid *what)
{
    engine_lock(e);
    struct source_run *run = engine_find_run(e, s);
    guint64 id = run && run->poll ? ask(hand_lane(e, run), ASK_SHOW, what, NULL) : 0;
    engine_unlock(e);
    return id;
}

guint64 engine_check(struct engine *e, const struct source *s)
{
    engine_lock(e);
    struct source_run *run = engine_find_run(e, s);
    guint64 id = run && run->poll ? ask(hand_lane(e, run), ASK_CHECK, NULL, NULL) : 0;
    engine_unlock(e);
    return id;
}

/* Locked. The threads of logs that ended have nothing left to do but to be joined. */
static void reap_logs(struct engine *e)
{
    for (guint i = e->lanes->len; i-- > 0;) {
        struct lane *l = g_ptr_array_index(e->lanes, i);
        if (l->role != ROLE_LOG || !l->done || !lane_join(l, clock_mono_ms() + STOP_MS))
            continue;
        g_ptr_array_remove_index(e->lanes, i);
        lane_free(l);
    }
}

guint64 engine_follow(struct engine *e, const struct source *s, const struct rid *what,
    const struct stream_options *options)
{
    guint64 id = 0;
    engine_lock(e);
    reap_logs(e);
    unsigned running = 0;
    for (guint i = 0; i < e->lanes->len; i++) {
        struct lane *l = g_ptr_array_index(e->lanes, i);
        running += l->role == ROLE_LOG && !l->done;
    }
    struct source_run *run = engine_find_run(e, s);
    if (run && run->poll && running < LOGS_MAX) {
        struct lane *l = lane_new(e, run, ROLE_LOG);
        id = ask(l, ASK_FOLLOW, what, options);
        lane_start(l);
    }
    engine_unlock(e);
    return id;
}

static gint has_id(gconstpointer ask, gconstpointer id)
{
    return ((const struct ask *)ask)->id == *(const guint64 *)id ? 0 : 1;
}

/* Locked. */
static void cancel_question(struct engine *e, guint64 id)
{
    for (GList *q = e->questions.head; q; q = q->next) {
        if (((struct question *)q->data)->id != id)
            continue;
        question_free(q->data);
        g_queue_delete_link(&e->questions, q);
        return;
    }
}

void engine_cancel(struct engine *e, guint64 id)
{
    engine_lock(e);
    cancel_question(e, id);
    for (guint i = 0; i < e->lanes->len; i++) {
        struct lane *l = g_ptr_array_index(e->lanes, i);
        GList *waiting = g_queue_find_custom(&l->asks, &id, has_id);
        if (waiting) {
            ask_free(waiting->data);
            g_queue_delete_link(&l->asks, waiting);
            if (l->role == ROLE_LOG) { /* it was there for this alone */
                l->stop = true;
                lane_signal(l);
            }
        } else if (l->busy_until > 0 && l->busy_id == id) {
            l->cancelled = true;
            lane_signal(l);
        }
    }
    engine_unlock(e);
}

void engine_set_inputs(struct engine *e, GPtrArray *take_snapshots)
{
    engine_lock(e);
    GPtrArray *old = e->inputs;
    e->inputs = take_snapshots;
    struct lane *l = e->derived ? e->derived->poll : NULL;
    int64_t now = clock_mono_ms();
    for (guint i = 0; l && i < l->jobs->len; i++) {
        struct job *job = g_ptr_array_index(l->jobs, i);
        if (job->feed->when == FEED_DERIVED)
            job->due_ms = MIN(job->due_ms, MAX(now, job->ended_ms + DERIVED_GAP_MS));
    }
    if (l)
        lane_signal(l);
    engine_unlock(e);
    if (old)
        g_ptr_array_unref(old);
}

/* Locked. What a stuck lane was at counts as failed. */
static void fail_running(struct lane *stuck)
{
    g_autoptr(GError) error = NULL;
    weir_fail(&error, WEIR_ERROR_TIMEOUT, "%s", stuck_text);
    if (stuck->running)
        mailbox_post(&stuck->engine->mail, lane_fetched(stuck, stuck->running, error));
    if (stuck->busy_id)
        answer_stuck(stuck->engine, stuck->busy_id);
}

/* Locked. When the lane that takes over is to do a job: a scope that hung waits for its next turn. */
static int64_t taken_over_due(const struct lane *stuck, const struct job *job)
{
    if (job->scope->count == 0)
        return 0;
    if (job != stuck->running || job->once || job->feed->when == FEED_ALWAYS)
        return job->due_ms;
    return clock_mono_ms() + job->feed->poll_ms;
}

/* Locked. Another thread takes over what a stuck lane had to do. */
static struct lane *replace_lane(struct engine *e, struct lane *stuck)
{
    struct lane *l = lane_new(e, stuck->run, stuck->role);
    for (guint i = 0; i < stuck->jobs->len; i++) {
        const struct job *job = g_ptr_array_index(stuck->jobs, i);
        struct job *copy = jobs_open(l->jobs, job->feed, job->scope);
        copy->openers = job->openers - (job == stuck->running); /* its thread holds one */
        copy->once = job->once;
        copy->due_ms = taken_over_due(stuck, job);
    }
    while (!g_queue_is_empty(&stuck->asks))
        g_queue_push_tail(&l->asks, g_queue_pop_head(&stuck->asks));
    lane_start(l);
    return l;
}

/* Locked. No thread takes over. */
static void drop_asks(struct lane *stuck)
{
    struct ask *a;
    while ((a = g_queue_pop_head(&stuck->asks))) {
        answer_stuck(stuck->engine, a->id);
        ask_free(a);
    }
}

void engine_watch(struct engine *e)
{
    engine_lock(e);
    int64_t now = clock_mono_ms();
    for (guint i = 0; i < e->runs->len; i++) {
        struct source_run *run = g_ptr_array_index(e->runs, i);
        struct lane **lanes[] = {&run->poll, &run->hand};
        for (unsigned j = 0; j < G_N_ELEMENTS(lanes); j++) {
            struct lane *l = *lanes[j];
            if (!l || l->abandoned || !l->busy_until || now < l->busy_until + ENGINE_STUCK_MS)
                continue;
            bool replace = run->replacements++ < REPLACEMENTS_MAX;
            status_fail(run->status, WEIR_ERROR_TIMEOUT,
                replace ? "a call did not come back in time; it was given up and started anew"
                        : "a call did not come back in time, for the third time: restart weir",
                run->connector->feeds[0].poll_ms, 0.5, clock_wall_ms());
            fail_running(l);
            l->abandoned = true;
            if (replace)
                *lanes[j] = replace_lane(e, l);
            else
                drop_asks(l);
            engine_post_status(e);
        }
    }
    engine_unlock(e);
}

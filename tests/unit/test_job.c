/* The list of what a lane fetches (job.h), and the box that its results wait in (mail.h). */
#include "job.h"

#include <poll.h>

#include "error.h"
#include "mail.h"
#include "unit/rows.h"

static const char *const kinds[] = {"test.rows", NULL};
static const struct feed always = {"always", 5000, FEED_ALWAYS, false, kinds, NULL};
static const struct feed open_only = {"open", 5000, FEED_WHILE_OPEN, false, kinds, NULL};
static const struct feed derived = {"derived", 0, FEED_DERIVED, false, kinds, NULL};

static struct rid *scope(const char *address)
{
    struct rid *rid = rid_parse(address, NULL);
    g_assert_nonnull(rid);
    return rid;
}

static void opening_twice_is_one_job(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    AUTO(rid) b = scope("events/topics/x");
    struct job *job = jobs_open(jobs, &always, a);
    g_assert_true(jobs_open(jobs, &always, a) == job);
    g_assert_cmpuint(job->openers, ==, 2);
    g_assert_cmpint(job->due_ms, ==, 0);
    g_assert_true(jobs_open(jobs, &always, b) != job);
    g_assert_true(jobs_open(jobs, &open_only, a) != job);
    g_assert_cmpuint(jobs->len, ==, 3);
    g_assert_true(jobs_find(jobs, &always, a) == job);
    g_assert_null(jobs_find(jobs, &derived, a));
}

static void the_job_due_first_is_next(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    AUTO(rid) b = scope("events/topics/x");
    AUTO(rid) c = scope("events/topics/y");
    g_assert_null(jobs_next(jobs));
    jobs_open(jobs, &always, a)->due_ms = 30;
    jobs_open(jobs, &always, b)->due_ms = 10;
    jobs_open(jobs, &always, c)->due_ms = 20;
    g_assert_true(rid_equal(jobs_next(jobs)->scope, b));
    jobs_next(jobs)->due_ms = JOB_NEVER;
    g_assert_true(rid_equal(jobs_next(jobs)->scope, c));
}

static void what_nobody_opens_any_more_is_dropped(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    AUTO(rid) b = scope("events/topics/x");
    struct job *first = jobs_open(jobs, &always, a);
    jobs_open(jobs, &always, b)->due_ms = 5;
    first->openers--;
    g_assert_true(rid_equal(jobs_next(jobs)->scope, b));
    g_assert_cmpuint(jobs->len, ==, 1);
    jobs_next(jobs)->openers--;
    g_assert_null(jobs_next(jobs));
    g_assert_cmpuint(jobs->len, ==, 0);
}

static void a_polled_job_is_due_again_after_its_wait(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    struct job *job = jobs_open(jobs, &always, a);
    job->due_ms = JOB_NEVER;
    jobs_schedule(jobs, job, 5000, 100);
    g_assert_cmpint(job->due_ms, ==, 5100);
    job->due_ms = 0; /* somebody pressed r while it ran */
    jobs_schedule(jobs, job, 5000, 100);
    g_assert_cmpint(job->due_ms, ==, 0);
}

static void a_job_for_once_is_not_repeated(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    struct job *once = jobs_open(jobs, &always, a);
    struct job *made = jobs_open(jobs, &derived, a);
    once->once = true;
    once->due_ms = made->due_ms = JOB_NEVER;
    jobs_schedule(jobs, once, 5000, 100);
    jobs_schedule(jobs, made, 5000, 100);
    g_assert_cmpint(once->due_ms, ==, JOB_NEVER);
    g_assert_cmpint(made->due_ms, ==, JOB_NEVER);
}

static void scopes_follow_the_poll_of_their_feed(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    AUTO(rid) b = scope("events/topics/x");
    struct job *wide = jobs_open(jobs, &always, a);
    struct job *part = jobs_open(jobs, &always, b);
    struct job *other = jobs_open(jobs, &open_only, b);
    wide->due_ms = part->due_ms = other->due_ms = JOB_NEVER;
    jobs_schedule(jobs, wide, 5000, 100);
    g_assert_cmpint(part->due_ms, ==, 100);
    g_assert_cmpint(other->due_ms, ==, JOB_NEVER);
    part->due_ms = JOB_NEVER;
    jobs_schedule(jobs, part, 5000, 200);
    g_assert_cmpint(part->due_ms, ==, JOB_NEVER); /* the next poll wakes it, no clock */
    jobs_schedule(jobs, other, 5000, 200);
    g_assert_cmpint(other->due_ms, ==, 5200);
}

static void a_failure_names_its_kind_until_it_is_over(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    AUTO(rid) a = scope("events");
    AUTO(rid) b = scope("events/topics/x");
    struct job *good = jobs_open(jobs, &always, a);
    struct job *bad = jobs_open(jobs, &open_only, b);
    g_assert_false(jobs_any_succeeds(jobs));
    g_assert_null(jobs_failure(jobs));
    GError *error = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_DENIED, "not for you");
    jobs_record(bad, error, 10);
    g_assert_false(jobs_any_succeeds(jobs));
    g_autofree char *text = jobs_failure(jobs);
    g_assert_cmpstr(text, ==, "test.rows: not for you");
    jobs_record(good, NULL, 20);
    g_assert_true(jobs_any_succeeds(jobs));
    g_assert_cmpint(good->ended_ms, ==, 20);
    jobs_record(good, error, 30);
    g_assert_false(jobs_any_succeeds(jobs));
    jobs_record(good, NULL, 50);
    bad->openers = 0; /* its view was closed, and nobody will try it again */
    g_assert_null(jobs_failure(jobs));
    bad->openers = 1;
    jobs_record(bad, NULL, 60);
    g_assert_null(jobs_failure(jobs));
    g_error_free(error);
}

static void when_the_server_is_back_what_failed_is_due(void)
{
    g_autoptr(GPtrArray) jobs = jobs_new();
    static const char *const names[] = {"events/topics/gone", "events/topics/denied",
        "events/topics/good", "events/topics/running"};
    struct job *job[G_N_ELEMENTS(names)];
    g_autoptr(GError) gone = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_UNREACHABLE, "gone");
    g_autoptr(GError) denied = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_DENIED, "no");
    const GError *const errors[] = {gone, denied, NULL, gone};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        AUTO(rid) a = scope(names[i]);
        job[i] = jobs_open(jobs, &open_only, a);
        jobs_record(job[i], errors[i], 10);
        job[i]->due_ms = 60000;
    }
    job[3]->due_ms = JOB_NEVER;
    jobs_retry(jobs, 100);
    g_assert_cmpint(job[0]->due_ms, ==, 100);
    g_assert_cmpint(job[1]->due_ms, ==, 60000);
    g_assert_cmpint(job[2]->due_ms, ==, 60000);
    g_assert_cmpint(job[3]->due_ms, ==, JOB_NEVER);
}

/* -- mail ----------------------------------------------------------------------------------------- */

static void post(struct mailbox *box, const char *slot, const char *name)
{
    struct mail *m = mail_new(MAIL_FOUND);
    m->slot = g_strdup(slot);
    m->name = g_strdup(name);
    mailbox_post(box, m);
}

static char *names(GPtrArray *mail)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < mail->len; i++)
        g_string_append(out, ((struct mail *)g_ptr_array_index(mail, i))->name);
    return g_string_free(out, FALSE);
}

static bool readable(const struct mailbox *box)
{
    struct pollfd p = {.fd = box->event_fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void the_newest_mail_takes_the_place_of_the_older(void)
{
    struct mailbox box;
    mailbox_init(&box);
    g_assert_false(readable(&box));
    post(&box, "a", "1");
    post(&box, NULL, "2");
    post(&box, "b", "3");
    post(&box, "a", "4");
    post(&box, NULL, "5");
    post(&box, "a", "6");
    g_assert_true(readable(&box));
    g_autoptr(GPtrArray) mail = mailbox_take(&box);
    g_autofree char *order = names(mail);
    g_assert_cmpstr(order, ==, "6235");
    g_assert_false(readable(&box));
    mailbox_clear(&box);
}

static void what_was_taken_is_not_replaced_any_more(void)
{
    struct mailbox box;
    mailbox_init(&box);
    post(&box, "a", "1");
    g_autoptr(GPtrArray) first = mailbox_take(&box);
    post(&box, "a", "2");
    g_autoptr(GPtrArray) second = mailbox_take(&box);
    g_autoptr(GPtrArray) third = mailbox_take(&box);
    g_autofree char *one = names(first);
    g_autofree char *two = names(second);
    g_assert_cmpstr(one, ==, "1");
    g_assert_cmpstr(two, ==, "2");
    g_assert_cmpuint(third->len, ==, 0);
    post(&box, "a", "3");
    post(&box, NULL, "4");
    mailbox_clear(&box); /* with mail inside */
    mail_free(NULL);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/job/when-the-server-is-back-what-failed-is-due",
        when_the_server_is_back_what_failed_is_due);
    g_test_add_func("/job/opening-twice-is-one-job", opening_twice_is_one_job);
    g_test_add_func("/job/the-job-due-first-is-next", the_job_due_first_is_next);
    g_test_add_func(
        "/job/what-nobody-opens-any-more-is-dropped", what_nobody_opens_any_more_is_dropped);
    g_test_add_func(
        "/job/a-polled-job-is-due-again-after-its-wait", a_polled_job_is_due_again_after_its_wait);
    g_test_add_func("/job/a-job-for-once-is-not-repeated", a_job_for_once_is_not_repeated);
    g_test_add_func(
        "/job/scopes-follow-the-poll-of-their-feed", scopes_follow_the_poll_of_their_feed);
    g_test_add_func("/job/a-failure-names-its-kind-until-it-is-over",
        a_failure_names_its_kind_until_it_is_over);
    g_test_add_func("/mail/the-newest-takes-the-place-of-the-older",
        the_newest_mail_takes_the_place_of_the_older);
    g_test_add_func(
        "/mail/what-was-taken-is-not-replaced-any-more", what_was_taken_is_not_replaced_any_more);
    return g_test_run();
}

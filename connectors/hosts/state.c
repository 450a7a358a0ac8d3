/* A host's life. It is connected once and the connection is kept: a login costs the server 20 ms and
 * several lines of its journal, a further line on an open connection costs neither. One question is in
 * flight at a time; while it is, no other is sent, however many polls go by.
 *
 * When a connection comes to nothing, the next try waits 5, 10, 30, 60, then 300 s, with a jitter so
 * that fifty hosts do not come back in the same second. Where the answer was no (a key that is not
 * accepted, not known, or changed), nothing is tried for five minutes, unless the known_hosts files
 * have changed: the user has done what the message asked for. */
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "error.h"
#include "hosts.h"
#include "text.h"

struct host *host_new(const char *name, char *take_roles, struct shell *shell)
{
    struct host *h = g_new0(struct host, 1);
    h->name = g_strdup(name);
    h->roles = take_roles;
    h->shell = shell;
    h->latency_ms = -1;
    h->rates = rates_between(NULL, NULL);
    return h;
}

void host_free(gpointer host)
{
    struct host *h = host;
    sample_unref(h->now);
    sample_unref(h->before);
    sample_unref(h->full);
    sample_unref(h->full_before);
    g_free(h->name);
    g_free(h->roles);
    g_free(h->error);
    g_free(h->keys_stamp);
    g_free(h->raw);
    g_free(h);
}

const char *host_state(const struct host *h)
{
    if (h->trouble == TROUBLE_NEW_KEY)
        return "new key";
    if (h->trouble == TROUBLE_CHANGED)
        return "key changed";
    if (h->trouble == TROUBLE_DENIED)
        return "denied";
    if (h->at_ms > 0 && h->missed == 0)
        return "up";
    if (h->at_ms > 0 && h->missed < HOSTS_MISSED_FAIL)
        return "late";
    return h->at_ms == 0 && h->trouble == TROUBLE_NONE ? "connecting" : "unreachable";
}

/* -- failing and trying again -------------------------------------------------------------------- */

/* Changes when one of the user's or the system's known_hosts files does. Which files ssh reads is its
 * configuration's matter; these are the usual ones and the one where the key stood. */
static char *stamp_of_keys(const struct host *h)
{
    g_autoptr(GString) stamp = g_string_new(NULL);
    const char *const *paths = shell_key_files(h->shell);
    for (; paths && *paths; paths++) {
        struct stat st;
        if (stat(*paths, &st) == 0)
            g_string_append_printf(stamp, "%s %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT "\n",
                *paths, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (int64_t)st.st_size);
    }
    return g_strdup(stamp->str);
}

static int64_t retry_delay(const struct host *h)
{
    static const int64_t steps_ms[] = {5000, 10000, 30000, 60000, 300000};
    int64_t ms = steps_ms[MIN(h->failures, G_N_ELEMENTS(steps_ms)) - 1];
    if (h->trouble == TROUBLE_DENIED || h->trouble == TROUBLE_NEW_KEY ||
        h->trouble == TROUBLE_CHANGED)
        ms = HOSTS_DENIED_MS;
    return (int64_t)((double)ms * g_random_double_range(0.8, 1.2));
}

static void note_failure(struct host *h, enum shell_trouble trouble, const char *message)
{
    h->trouble = trouble == TROUBLE_NONE ? TROUBLE_BROKEN : trouble;
    char *copy = g_strdup(message);
    g_free(h->error);
    h->error = copy;
    h->failures++;
    h->noted = true;
    h->retry_ms = clock_mono_ms() + retry_delay(h);
    h->loaded = false;
    h->wants = false;
    h->second_ms = 0;
    g_clear_pointer(&h->keys_stamp, g_free);
    if (h->trouble == TROUBLE_NEW_KEY || h->trouble == TROUBLE_CHANGED)
        h->keys_stamp = stamp_of_keys(h);
}

void host_close(struct host *h)
{
    shell_close(h->shell);
    h->loaded = false;
    h->wants = false;
    h->parked = false;
}

static bool may_try(const struct host *h)
{
    if (clock_mono_ms() >= h->retry_ms)
        return true;
    if (!h->keys_stamp)
        return false;
    g_autofree char *stamp = stamp_of_keys(h);
    return strcmp(stamp, h->keys_stamp) != 0;
}

/* -- one poll ------------------------------------------------------------------------------------ */

void host_begin(struct host *h)
{
    enum shell_state state = shell_state(h->shell);
    h->answered = false;
    h->wants = true;
    if (state != SHELL_CLOSED && state != SHELL_FAILED)
        return;
    if (may_try(h)) {
        h->loaded = h->noted = false;
        shell_open(h->shell);
    } else {
        h->wants = false;
    }
}

void host_park(struct host *h)
{
    h->wants = false;
    h->second_ms = 0;
    h->parked |= shell_state(h->shell) == SHELL_BUSY;
}

void host_end(struct host *h)
{
    host_park(h);
    if (h->answered)
        return;
    if (h->missed++ == 0)
        h->since_ms = clock_wall_ms();
    bool busy = shell_state(h->shell) == SHELL_BUSY;
    if (busy && !h->error)
        h->error = g_strdup("the probe has not answered yet");
    if (busy && clock_mono_ms() - shell_asked_ms(h->shell) > HOSTS_ANSWER_MS) {
        host_close(h);
        note_failure(h, TROUBLE_TIMEOUT, "no answer to the probe within 30 s: connecting anew");
    }
}

bool host_is_open(const struct host *h)
{
    enum shell_state state = shell_state(h->shell);
    return h->second_ms > 0 || state == SHELL_WAITING || state == SHELL_OPENING ||
           state == SHELL_BUSY || state == SHELL_ANSWERED || (h->wants && state == SHELL_READY);
}

static const char *script_of(const struct host *h)
{
    return h->variant == VARIANT_LEAN ? probe_lean : probe_portable;
}

/* Sends the function where it is not known yet, and the question; both travel together. */
static void ask(struct hosts *all, struct host *h)
{
    g_autoptr(GError) error = NULL;
    const struct gate_token *token = lane_token(all->lane);
    probe_word(h->word, clock_mono_ms() < h->full_until_ms);
    g_autofree char *line = probe_line(h->word);
    g_autofree char *end = probe_end(h->word);
    h->wants = false;
    h->parked = false;
    h->asked_wall_ms = clock_wall_ms();
    bool ok = h->loaded || shell_send(h->shell, script_of(h), token, &error);
    h->loaded = ok && shell_ask(h->shell, line, end, token, &error);
    if (!h->loaded) {
        host_close(h);
        note_failure(h, TROUBLE_CONFIG, error->message);
    }
}

/* -- the answer ---------------------------------------------------------------------------------- */

static void replace(struct sample **where, struct sample *take_sample)
{
    sample_unref(*where);
    *where = take_sample;
}

/* Its clock against ours in the middle of the time between the question and its first words. */
static void measure(struct host *h, const struct sample *s)
{
    int64_t trip = shell_first_ms(h->shell) - shell_asked_ms(h->shell);
    h->at_ms = h->asked_wall_ms;
    if (h->parked || trip < 0)
        return;
    h->at_ms += trip / 2;
    h->latency_ms = trip;
    h->has_skew = s->date_ms >= 0;
    h->skew_coarse = s->date_coarse;
    if (h->has_skew)
        h->skew_ms = s->date_ms + (s->date_coarse ? 500 : 0) - (h->asked_wall_ms + trip / 2);
}

static void accept(struct hosts *all, struct host *h, struct sample *take_sample)
{
    bool first = !h->now;
    h->settled = true;
    measure(h, take_sample);
    if (take_sample->has_tasks) {
        replace(&h->full_before, g_steal_pointer(&h->full));
        h->full = sample_ref(take_sample);
        h->full_at_ms = h->at_ms;
    }
    replace(&h->before, g_steal_pointer(&h->now));
    h->now = take_sample;
    h->rates = rates_between(h->before, h->now);
    h->answered = true;
    h->missed = h->failures = 0;
    h->since_ms = h->retry_ms = 0;
    h->trouble = TROUBLE_NONE;
    g_clear_pointer(&h->error, g_free);
    g_clear_pointer(&h->keys_stamp, g_free);
    if (first)
        h->second_ms = clock_mono_ms() + HOSTS_SECOND_MS;
    int64_t bytes = shell_bytes(h->shell);
    lane_count(all->lane, 1, bytes - h->counted_bytes, h->parked ? -1 : h->latency_ms);
    h->counted_bytes = bytes;
}

static void keep_first_line(struct host *h, const GString *answer)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(answer->str, (gssize)strcspn(answer->str, "\r\n"), clean);
    g_strlcpy(h->first_line, clean->str, sizeof h->first_line);
}

/* The lean probe wants awk and GNU df. Where one of them is missing, or df hangs on every file system,
 * the portable one is tried; once one of them has worked, it is kept. */
static bool is_good(const struct host *h, const struct sample *s)
{
    bool lean = h->variant == VARIANT_LEAN && !h->settled;
    return sample_is_usable(s) && (!lean || s->disks->len > 0 || s->disks_status == 0);
}

static void refuse(struct host *h, const GString *answer)
{
    if (h->settled) { /* it was killed half-way, for want of memory perhaps: the next one may do */
        g_free(h->error);
        h->error = g_strdup("the probe's answer was cut short");
        return;
    }
    if (h->variant == VARIANT_LEAN) {
        h->variant = VARIANT_PORTABLE;
        h->loaded = false;
        h->wants = true;
        return;
    }
    keep_first_line(h, answer);
    g_autofree char *message = g_strdup_printf(
        "its shell answers, but not what the probe prints on Linux (its first line: \"%s\")",
        h->first_line);
    host_close(h);
    note_failure(h, TROUBLE_BROKEN, message);
}

static void take_answer(struct hosts *all, struct host *h)
{
    GString *answer = shell_take(h->shell);
    AUTO(sample) s = sample_parse(answer->str, answer->len, h->word);
    if (is_good(h, s))
        accept(all, h, g_steal_pointer(&s));
    else
        refuse(h, answer);
    g_free(h->raw);
    h->raw = g_string_free(answer, FALSE);
}

static bool is_second_due(struct host *h)
{
    if (h->second_ms == 0 || clock_mono_ms() < h->second_ms)
        return false;
    h->second_ms = 0;
    return true;
}

bool host_step(struct hosts *all, struct host *h)
{
    switch (shell_state(h->shell)) {
    case SHELL_READY:
        if (h->wants || is_second_due(h))
            ask(all, h);
        return false;
    case SHELL_ANSWERED: take_answer(all, h); return true;
    case SHELL_FAILED:
        if (h->noted)
            return false;
        note_failure(h, shell_trouble(h->shell), shell_error(h->shell)->message);
        return true;
    default: return false;
    }
}

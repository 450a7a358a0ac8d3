#include "wire.h"

#include <string.h>

#include "error.h"

struct spawned {
    struct wire base;
    struct child *child;
    enum wire_program program;
    char *command;
};

void wire_free(struct wire *w)
{
    if (!w)
        return;
    g_free(w->other_why);
    w->ops->free(w);
}

static void spawned_free(struct wire *w)
{
    struct spawned *s = (struct spawned *)w;
    child_free(s->child);
    g_free(s->command);
    g_free(s);
}

/* What ssh says when it gives up, and what it means. OpenSSH's messages are not translated. */
static const struct {
    const char *text;
    enum shell_trouble trouble;
    enum shell_stage stage;
} sayings[] = {
    {"HOST IDENTIFICATION HAS CHANGED", TROUBLE_CHANGED, STAGE_KEY},
    {"revoked", TROUBLE_CHANGED, STAGE_KEY},
    {"host key is known for", TROUBLE_NEW_KEY, STAGE_KEY},
    {"Host key verification failed", TROUBLE_NEW_KEY, STAGE_KEY},
    {"Permission denied", TROUBLE_DENIED, STAGE_LOGIN},
    {"Too many authentication failures", TROUBLE_DENIED, STAGE_LOGIN},
    {"Could not resolve hostname", TROUBLE_NAME, STAGE_NAME},
    {"Bad configuration option", TROUBLE_CONFIG, STAGE_CONFIG},
    {"Unable to negotiate", TROUBLE_CONNECT, STAGE_KEY},
    {"Connection refused", TROUBLE_CONNECT, STAGE_CONNECT},
    {"Connection timed out", TROUBLE_CONNECT, STAGE_CONNECT},
    {"No route to host", TROUBLE_CONNECT, STAGE_CONNECT},
    {"Network is unreachable", TROUBLE_CONNECT, STAGE_CONNECT},
};

static void classify(struct spawned *s)
{
    s->base.trouble = TROUBLE_BROKEN;
    for (unsigned i = 0; i < G_N_ELEMENTS(sayings); i++) {
        if (strstr(child_stderr(s->child), sayings[i].text)) {
            s->base.trouble = sayings[i].trouble;
            s->base.stage = sayings[i].stage;
            return;
        }
    }
}

static enum weir_error code_of(enum shell_trouble trouble)
{
    return trouble == TROUBLE_DENIED || trouble == TROUBLE_NEW_KEY || trouble == TROUBLE_CHANGED
               ? WEIR_ERROR_DENIED
               : WEIR_ERROR_UNREACHABLE;
}

static bool fail_here(struct spawned *s, const char *words, GError **error)
{
    s->base.trouble = TROUBLE_BROKEN;
    return weir_fail(error, WEIR_ERROR_UNREACHABLE, "the shell on this machine ended%s%s",
        words ? ": " : "", words ? words : "");
}

/* Nothing is read into its words: every such program has its own. One that ends at once and is content
 * has most likely not kept its input open: docker exec without -i. */
static bool fail_command(struct spawned *s, const char *words, GError **error)
{
    int status = 0;
    bool known = child_ended(s->child, &status);
    g_autofree char *how = known ? g_strdup_printf(" with status %d", status) : g_strdup("");
    s->base.trouble = TROUBLE_BROKEN;
    if (!s->base.assumed)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE, "its command ended%s%s%s", how,
            words ? ": " : "", words ? words : "");
    if (known && status == 0 && !words)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE,
            "its command ended at once: does it run a shell and keep its input open (docker exec "
            "-i)? Try: echo uname | %s",
            s->command);
    return weir_fail(error, WEIR_ERROR_UNREACHABLE,
        "its command ended%s before it answered: %s; try: echo uname | %s", how,
        words ? words : "no reason given", s->command);
}

static bool fail_ended(struct spawned *s, GError **error)
{
    g_autofree char *words = child_last_words(s->child);
    if (s->program == PROGRAM_SHELL)
        return fail_here(s, words, error);
    if (s->program == PROGRAM_COMMAND)
        return fail_command(s, words, error);
    classify(s);
    if (s->base.trouble == TROUBLE_CHANGED)
        return weir_fail(error, WEIR_ERROR_DENIED,
            "the host's key is not the one that known_hosts has: somebody may stand in between; "
            "weir does not connect. %s says more",
            s->command);
    if (s->base.trouble == TROUBLE_NEW_KEY)
        return weir_fail(error, WEIR_ERROR_DENIED,
            "known_hosts does not have the host's key: run %s once, compare the fingerprint and "
            "accept it",
            s->command);
    return weir_fail(error, code_of(s->base.trouble), "ssh %s: %s; try %s",
        s->base.assumed ? "could not connect" : "ended", words ? words : "no reason given",
        s->command);
}

static bool send_out(struct spawned *s, GString *out)
{
    while (out->len > 0) {
        gssize n = child_write(s->child, out->str, out->len);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        s->base.sent += n;
        g_string_erase(out, 0, n);
    }
    return true;
}

static bool spawned_step(struct wire *w, GString *out, GString *in, GError **error)
{
    struct spawned *s = (struct spawned *)w;
    bool writable = send_out(s, out);
    gssize n = child_read(s->child, in, WIRE_STEP_MAX);
    if (n > 0) {
        w->received += n;
        w->assumed = false;
    }
    w->again = n == WIRE_STEP_MAX;
    /* What it said before it ended is read first. */
    if (n > 0 || (n == 0 && writable))
        return true;
    /* How a command ended tells what is wrong with it, and comes a moment after its output is closed. */
    if (s->program == PROGRAM_COMMAND && w->assumed && n < 0 && !child_ended(s->child, NULL))
        return true;
    return fail_ended(s, error);
}

static unsigned spawned_watch(const struct wire *w, bool sending, struct pollfd fds[WIRE_FDS])
{
    return child_watch(((const struct spawned *)w)->child, sending, fds);
}

static const struct wire_ops spawned_ops = {spawned_step, spawned_watch, spawned_free};

struct wire *wire_spawn(const char *const *argv, struct shell_facts *facts,
    enum wire_program program, const char *command, GError **error)
{
    struct child *child = child_start(argv, error);
    if (!child)
        return NULL;
    struct spawned *s = g_new0(struct spawned, 1);
    s->base = (struct wire){.ops = &spawned_ops, .facts = facts, .stage = STAGE_SHELL};
    s->base.up = true;
    s->base.assumed = true;
    s->base.shared = program == PROGRAM_SSH;
    s->child = child;
    s->program = program;
    s->command = g_strdup(command);
    return &s->base;
}

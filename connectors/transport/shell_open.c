/* The way to a wire. The phases, and what each may do:
 *
 *     ASKING   ssh -G HOST, a child with a deadline
 *     NAMING   getent ahosts NAME, a child as well: getaddrinfo() cannot be interrupted
 *     WIRING   the transport connects (wire.h); when libssh2 cannot, once more with the system's ssh */
#include "shell_private.h"

#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "known_hosts.h"
#include "ssh.h"

#define ADDRESSES_MAX 8
#define NAMES_MAX     65536 /* bytes of getent's answer */

static void set_fact(char **fact, const char *value)
{
    char *copy = g_strdup(value);
    g_free(*fact);
    *fact = copy;
}

static void begin_stage(struct shell *s, enum phase_of phase, enum shell_stage stage)
{
    int64_t now = clock_mono_ms();
    if (phase > ASKING && s->stage < stage)
        s->facts.stage_ms[s->stage] = now - s->stage_began_ms;
    s->phase = phase;
    s->stage = stage;
    s->stage_began_ms = s->progress_ms = now;
    s->kicked = true;
}

static void begin_child(
    struct shell *s, const char *const *argv, enum phase_of phase, enum shell_stage stage)
{
    GError *error = NULL;
    g_clear_pointer(&s->child, child_free);
    g_string_truncate(s->answer, 0);
    s->child = child_start(argv, &error);
    if (!s->child)
        return shell_fail(s, TROUBLE_CONFIG, error);
    child_close_input(s->child);
    begin_stage(s, phase, stage);
}

static void take_wire(struct shell *s, struct wire *wire, const char *transport, GError *error)
{
    if (!wire)
        return shell_fail(s, TROUBLE_CONFIG, error);
    shell_drop_wire(s);
    g_clear_pointer(&s->child, child_free);
    g_string_free(s->answer, TRUE);
    s->answer = g_string_new(NULL); /* its room is given back: there may be hundreds of shells */
    s->wire = wire;
    set_fact(&s->facts.transport, transport);
    begin_stage(s, WIRING, wire->stage);
}

static void begin_local(struct shell *s)
{
    static const char *const argv[] = {"/bin/sh", "-s", NULL};
    GError *error = NULL;
    set_fact(&s->facts.why, "it is this machine");
    set_fact(&s->facts.user, g_get_user_name());
    struct wire *wire = wire_spawn(argv, &s->facts, PROGRAM_SHELL, NULL, &error);
    if (wire)
        wire->assumed = false;
    s->stage = STAGE_SHELL; /* the others are not on its way */
    take_wire(s, wire, "local", error);
}

static void begin_spawn(struct shell *s, const char *why)
{
    g_autoptr(GPtrArray) argv = ssh_target_shell_argv(s->host, s->set->ssh_config);
    g_autofree char *command = ssh_target_command(s->host, s->set->ssh_config);
    GError *error = NULL;
    set_fact(&s->facts.why, why);
    struct wire *wire =
        wire_spawn((const char *const *)argv->pdata, &s->facts, PROGRAM_SSH, command, &error);
    take_wire(s, wire, "ssh", error);
}

static void begin_command(struct shell *s)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = shell_command_text(s);
    struct wire *wire =
        wire_spawn((const char *const *)s->command, &s->facts, PROGRAM_COMMAND, text, &error);
    s->stage = STAGE_SHELL; /* the others are not on its way */
    set_fact(&s->facts.transport, "command");
    set_fact(&s->facts.why, text);
    if (!wire)
        return shell_fail_text(s, TROUBLE_CONFIG, WEIR_ERROR_CONFIG,
            "%s: install it, or correct the command", error->message);
    take_wire(s, wire, "command", NULL);
}

static void begin_libssh2(struct shell *s, const char *const *addresses)
{
    AUTO(known_hosts) known = known_hosts_new();
    for (guint i = 0; i < s->target->known_hosts->len; i++)
        known_hosts_add_file(known, g_ptr_array_index(s->target->known_hosts, i));
    set_fact(&s->facts.why, "the usual way; nothing of its configuration needs more");
    take_wire(s, ssh_wire(s->target, addresses, known, &s->facts), "libssh2", NULL);
}

/* A name is looked up by a child, a number is its own address. */
static void begin_name(struct shell *s)
{
    const char *const numeric[] = {s->target->hostname, NULL};
    if (g_hostname_is_ip_address(numeric[0]))
        return begin_libssh2(s, numeric);
    const char *const argv[] = {"getent", "ahosts", "--", numeric[0], NULL};
    begin_child(s, argv, NAMING, STAGE_NAME);
}

static void take_target(struct shell *s, struct ssh_target *target)
{
    s->target = target;
    set_fact(&s->facts.user, target->user);
    g_strfreev(s->key_files);
    s->key_files = g_new0(char *, target->known_hosts->len + 1);
    for (guint i = 0; i < target->known_hosts->len; i++)
        s->key_files[i] = g_strdup(g_ptr_array_index(target->known_hosts, i));
    const char *why = target->spawn_why ? target->spawn_why : s->spawn_why;
    if (why)
        begin_spawn(s, why);
    else
        begin_name(s);
}

/* Its turn has come. */
void shell_begin(struct shell *s)
{
    shell_count(s, true);
    s->state = SHELL_OPENING;
    s->opened_ms = s->stage_began_ms = s->progress_ms = clock_mono_ms();
    if (s->command)
        return begin_command(s);
    if (strcmp(s->host, SHELL_LOCAL) == 0)
        return begin_local(s);
    g_autofree char *program = g_find_program_in_path("ssh");
    if (!program && s->set->ssh_config)
        return shell_fail_text(s, TROUBLE_CONFIG, WEIR_ERROR_CONFIG,
            "ssh_config is set, but there is no ssh program that could read it: install "
            "openssh-client");
    if (!program)
        return take_target(s, ssh_target_default(s->host));
    g_autoptr(GPtrArray) argv = ssh_target_ask_argv(s->host, s->set->ssh_config);
    begin_child(s, (const char *const *)argv->pdata, ASKING, STAGE_CONFIG);
}

/* True once the child has ended and all of its output is there; fails the shell when it is too much. */
static bool child_is_through(struct shell *s, gsize max, int *status)
{
    gssize n = child_read(s->child, s->answer, max + 1 - s->answer->len);
    if (s->answer->len > max) {
        shell_fail_text(s, TROUBLE_CONFIG, WEIR_ERROR_TOO_LARGE,
            "%s: more than %zu bytes came back", shell_stage_name(s->stage), max);
        return false;
    }
    return n < 0 && child_ended(s->child, status);
}

void shell_step_asking(struct shell *s)
{
    int status = 0;
    if (!child_is_through(s, SSH_TARGET_TEXT_MAX, &status))
        return;
    if (status != 0) {
        g_autofree char *words = child_last_words(s->child);
        return shell_fail_text(s, TROUBLE_CONFIG, WEIR_ERROR_CONFIG, "ssh -G %s failed: %s",
            s->host, words ? words : "no reason given");
    }
    GError *error = NULL;
    struct ssh_target *target =
        ssh_target_parse(s->host, s->set->ssh_config, s->answer->str, &error);
    if (!target)
        return shell_fail(s, TROUBLE_CONFIG, error);
    take_target(s, target);
}

/* Lines "ADDRESS STREAM NAME" and others; those of the wanted family, each once, in this order. */
static GPtrArray *read_addresses(const char *text, int family)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && all->len < ADDRESSES_MAX; line++) {
        g_auto(GStrv) words = g_strsplit_set(*line, " \t", 2);
        if (!words[0] || !words[1] || !strstr(words[1], "STREAM") ||
            !g_hostname_is_ip_address(words[0]))
            continue;
        bool six = strchr(words[0], ':') != NULL;
        if (family == AF_UNSPEC || six == (family == AF_INET6))
            g_ptr_array_add(all, g_strdup(words[0]));
    }
    g_ptr_array_add(all, NULL);
    return all;
}

void shell_step_naming(struct shell *s)
{
    if (!child_is_through(s, NAMES_MAX, NULL))
        return;
    g_autoptr(GPtrArray) addresses = read_addresses(s->answer->str, s->target->family);
    if (addresses->len < 2)
        return shell_fail_text(s, TROUBLE_NAME, WEIR_ERROR_UNREACHABLE,
            "the name %s has no address: look at HostName in the ssh configuration and at the "
            "resolver",
            s->target->hostname);
    begin_libssh2(s, (const char *const *)addresses->pdata);
}

/* libssh2 could not; the other transport may. */
void shell_change_transport(struct shell *s, GError *take_error)
{
    g_autofree char *why = g_strdup(s->wire->other_why);
    g_error_free(take_error);
    g_free(s->spawn_why);
    s->spawn_why = g_strdup(why);
    g_autofree char *program = g_find_program_in_path("ssh");
    if (!program)
        return shell_fail_text(s, TROUBLE_CONFIG, WEIR_ERROR_UNSUPPORTED,
            "%s, and there is no ssh program to do it: install openssh-client", why);
    begin_spawn(s, why);
}

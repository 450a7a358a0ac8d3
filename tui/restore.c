#include "restore.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX 256

static struct {
    struct termios before;
    char bytes[BYTES_MAX];
    volatile sig_atomic_t length;
    volatile sig_atomic_t armed;
    bool caught;
} restore;

/* A stack that ran over leaves no room for its own handler. */
static char handler_stack[64 * 1024];

void restore_add(const char *bytes)
{
    size_t n = strlen(bytes);
    if ((size_t)restore.length + n > BYTES_MAX)
        return;
    memcpy(restore.bytes + restore.length, bytes, n);
    restore.length += (int)n;
}

void restore_now(void)
{
    if (!restore.armed)
        return;
    restore.armed = 0;
    ssize_t ignored = write(STDOUT_FILENO, restore.bytes, (size_t)restore.length);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &restore.before);
}

static void on_crash(int number)
{
    restore_now();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_crashes(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT, SIGTRAP, SIGSYS};
    stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(fatal); i++) {
        struct sigaction action = {.sa_handler = on_crash,
            .sa_flags = (int)SA_RESETHAND | (int)SA_NODEFER | (int)SA_ONSTACK};
        sigaction(fatal[i], &action, NULL);
    }
    atexit(restore_now);
}

void restore_arm(const struct termios *before)
{
    restore.before = *before;
    restore.armed = 1;
    if (!restore.caught)
        catch_crashes();
    restore.caught = true;
}

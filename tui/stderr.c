/* What libraries print would tear the screen: it goes to the log, and the title shows how many lines. */
#include "app.h"

#include <fcntl.h>
#include <unistd.h>

void stderr_redirect(struct app *a, const char *log)
{
    a->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    a->log_path = log ? g_strdup(log) : config_state_path("weir.log");
    int fd = open(a->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    a->log_seen = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    if (fd < 0)
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    dup2(fd, STDERR_FILENO);
    close(fd);
}

void stderr_watch(struct app *a)
{
    char bytes[4096];
    unsigned before = a->log_lines;
    ssize_t n;
    while ((n = pread(STDERR_FILENO, bytes, sizeof bytes, a->log_seen)) > 0) {
        a->log_seen += n;
        for (ssize_t i = 0; i < n; i++)
            a->log_lines += bytes[i] == '\n';
    }
    if (a->log_lines > before)
        app_say(a, "%u lines were written to %s", a->log_lines, a->log_path);
}

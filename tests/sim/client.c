#include "client.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int reach(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_printerr("weir-sim: none runs at %s (%s); start one: weir-sim --plot enrich-lag\n", path,
        g_strerror(errno));
    close(fd);
    return -1;
}

static bool write_all(int fd, const char *data, gsize n)
{
    while (n > 0) {
        gssize done = write(fd, data, n);
        if (done < 0 && errno != EINTR)
            return false;
        data += MAX(done, 0);
        n -= (gsize)MAX(done, 0);
    }
    return true;
}

int client_say(const char *socket, char **words)
{
    int fd = reach(socket);
    if (fd < 0)
        return 2;
    g_autoptr(GString) line = g_string_new(NULL);
    for (char **word = words; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(line, "%s%s", line->len ? " " : "", quoted);
    }
    g_string_append_c(line, '\n');
    write_all(fd, line->str, line->len);
    g_autoptr(GString) answer = g_string_new(NULL);
    char buffer[4096];
    for (gssize n; (n = read(fd, buffer, sizeof buffer)) > 0;)
        g_string_append_len(answer, buffer, n);
    close(fd);
    bool ok = g_str_has_prefix(answer->str, "ok\n");
    const char *rest = strchr(answer->str, '\n');
    (ok ? g_print : g_printerr)("%s", rest ? rest + 1 : "");
    return ok ? 0 : 1;
}

static bool carry(int from, int to)
{
    char buffer[65536];
    gssize n = read(from, buffer, sizeof buffer);
    return n > 0 && write_all(to, buffer, (gsize)n);
}

int client_host(const char *socket, const char *host, int64_t rtt_ms)
{
    int fd = reach(socket);
    if (fd < 0)
        return 255; /* as ssh does when it cannot connect */
    g_autofree char *hello = g_strdup_printf("host %s %" G_GINT64_FORMAT "\n", host, rtt_ms);
    struct pollfd both[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    bool open = write_all(fd, hello, strlen(hello));
    while (open) {
        if (poll(both, 2, -1) < 0)
            continue;
        if (both[1].revents)
            open = carry(fd, STDOUT_FILENO);
        if (open && both[0].revents)
            open = carry(STDIN_FILENO, fd);
    }
    close(fd);
    g_printerr("connection to %s closed\n", host);
    return 255;
}

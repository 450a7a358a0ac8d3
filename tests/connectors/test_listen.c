/* The kernel's tables of listening sockets, with sockets that the test makes. */
#include "listen.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket on a free port of the address; -1 where there is no such family. */
static int open_socket(int family, const char *address, unsigned *port)
{
    struct sockaddr_storage at = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
    void *place = family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr;
    g_assert_cmpint(inet_pton(family, address, place), ==, 1);
    socklen_t size = family == AF_INET ? sizeof *v4 : sizeof *v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0) {
        close(fd);
        return -1;
    }
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&at, &size), ==, 0);
    *port = ntohs(family == AF_INET ? v4->sin_port : v6->sin6_port);
    return fd;
}

static guint found(unsigned port)
{
    const struct listen_range ranges[] = {{port, port}, {0}};
    g_autoptr(GArray) ports = listen_ports(ranges);
    return ports->len;
}

static void is_seen(int family, const char *address)
{
    unsigned port;
    int fd = open_socket(family, address, &port);
    if (fd < 0) {
        g_test_skip("no such address here");
        return;
    }
    g_assert_cmpuint(found(port), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpuint(found(port), ==, 1);
    close(fd);
    g_assert_cmpuint(found(port), ==, 0);
}

static void test_loopback(void)
{
    is_seen(AF_INET, "127.0.0.1");
}

static void test_every_address(void)
{
    is_seen(AF_INET, "0.0.0.0");
}

static void test_ipv6(void)
{
    is_seen(AF_INET6, "::1");
}

static void test_mapped(void)
{
    is_seen(AF_INET6, "::ffff:127.0.0.1");
}

static void test_elsewhere(void)
{
    unsigned port;
    int fd = open_socket(AF_INET, "127.0.0.2", &port);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpuint(found(port), ==, 0);
    close(fd);
}

static void test_order(void)
{
    unsigned a, b;
    int first = open_socket(AF_INET, "127.0.0.1", &a);
    int second = open_socket(AF_INET, "127.0.0.1", &b);
    g_assert_cmpint(listen(first, 1), ==, 0);
    g_assert_cmpint(listen(second, 1), ==, 0);
    const struct listen_range ranges[] = {{MAX(a, b), MAX(a, b)}, {MIN(a, b), MIN(a, b)}, {0}};
    g_autoptr(GArray) ports = listen_ports(ranges);
    g_assert_cmpuint(ports->len, ==, 2);
    g_assert_cmpuint(g_array_index(ports, unsigned, 0), ==, MAX(a, b));
    close(first);
    close(second);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listen/what-listens-on-loopback-is-seen", test_loopback);
    g_test_add_func("/listen/what-listens-on-every-address-is-seen", test_every_address);
    g_test_add_func("/listen/what-listens-on-ipv6-alone-is-seen", test_ipv6);
    g_test_add_func("/listen/what-listens-on-ipv4-within-ipv6-is-seen", test_mapped);
    g_test_add_func("/listen/another-address-of-this-machine-is-left-alone", test_elsewhere);
    g_test_add_func("/listen/ports-come-in-the-order-of-the-ranges", test_order);
    return g_test_run();
}

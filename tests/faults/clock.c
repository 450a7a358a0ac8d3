/* A clock that runs faster than the world, for programs that are linked with this file.
 *
 * The problem: weir waits seconds for a server that is silent, a minute before it asks one again that
 * failed and five minutes after a refusal. A test of every fault cannot. The design: the executable
 * itself defines the functions through which a program and its libraries learn the time and wait
 * (linked with -rdynamic, so that shared libraries come here too). Times that are read are stretched,
 * spans that are waited for are shrunk, by WEIR_CLOCK_SPEED; the real clock is asked by system calls
 * and the real functions are the next ones in the order of libraries, which under a sanitizer are the
 * sanitizer's.
 *
 * The guarantees: both clocks start at the true time when the program starts and run evenly, so that
 * they stay in step with each other. If WEIR_CLOCK_JUMP names a file, the 8 bytes in it are a signed
 * number of milliseconds by which the wall clock alone is off; the file may change at any time. What
 * waits until a moment of the wall clock does not notice a jump until that moment, which is what the
 * kernel's own clock would do the other way round; nobody in weir waits for more than a few seconds
 * like that. Clocks of processor time are left alone, and so is GLib's g_cond_wait_until, which asks
 * the kernel itself and which nothing in weir uses.
 *
 * This file is compiled without sanitizers: they call these functions before they are ready. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL
#define MS_NS     1000000LL
#define US_NS     1000LL
#define SPEED_MAX 1000
#define WALL_FROM                                                                                  \
    1000000000 /* seconds: no machine is up for 30 years, and no wall clock shows 2001 */
#define NEVER_SPAN (-1)

/* Set before main, never after. */
static struct {
    int64_t speed;
    int64_t mono_ns, wall_ns; /* the true clocks when the program began */
    const volatile int64_t *jump_ms;
} the_clock = {.speed = 1};

/* -- the true clock -------------------------------------------------------------------------------- */

static int64_t to_ns(const struct timespec *t)
{
    return (int64_t)t->tv_sec * SECOND_NS + t->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
}

static int64_t true_ns(clockid_t id)
{
    struct timespec t = {0};
    syscall(SYS_clock_gettime, id, &t);
    return to_ns(&t);
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* The function of this name in the libraries, looked up once; two threads find the same. */
#define REAL(name)                                                                                 \
    ({                                                                                             \
        static __typeof__(&name) found_;                                                           \
        __typeof__(&name) real_ = __atomic_load_n(&found_, __ATOMIC_RELAXED);                      \
        if (!real_) {                                                                              \
            real_ = (__typeof__(&name))next(#name);                                                \
            __atomic_store_n(&found_, real_, __ATOMIC_RELAXED);                                    \
        }                                                                                          \
        real_;                                                                                     \
    })

__attribute__((constructor(101))) static void clock_begin(void)
{
    const char *speed = getenv("WEIR_CLOCK_SPEED"), *jump = getenv("WEIR_CLOCK_JUMP");
    long n = speed ? strtol(speed, NULL, 10) : 1;
    the_clock.mono_ns = true_ns(CLOCK_MONOTONIC);
    the_clock.wall_ns = true_ns(CLOCK_REALTIME);
    the_clock.speed = n >= 1 && n <= SPEED_MAX ? n : 1;
    int fd = jump ? open(jump, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    the_clock.jump_ms = map == MAP_FAILED ? NULL : map;
    close(fd);
}

/* -- what the program is told ---------------------------------------------------------------------- */

static int64_t mono_now_ns(void)
{
    int64_t passed = true_ns(CLOCK_MONOTONIC) - the_clock.mono_ns;
    return the_clock.mono_ns + passed * the_clock.speed;
}

static int64_t wall_now_ns(void)
{
    int64_t jump = the_clock.jump_ms ? *the_clock.jump_ms : 0;
    return the_clock.wall_ns + (mono_now_ns() - the_clock.mono_ns) + jump * MS_NS;
}

static bool is_wall(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI;
}

static bool is_mono(clockid_t id)
{
    return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE ||
           id == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (the_clock.mono_ns == 0 || (!is_wall(id) && !is_mono(id)))
        return (int)syscall(SYS_clock_gettime, id, out);
    *out = from_ns(is_wall(id) ? wall_now_ns() : mono_now_ns());
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    int64_t now = wall_now_ns();
    *out = (struct timeval){.tv_sec = now / SECOND_NS, .tv_usec = now % SECOND_NS / US_NS};
    return 0;
}

time_t time(time_t *out)
{
    time_t now = wall_now_ns() / SECOND_NS;
    if (out)
        *out = now;
    return now;
}

int timespec_get(struct timespec *out, int base)
{
    *out = from_ns(wall_now_ns());
    return base;
}

/* -- waiting for a span ---------------------------------------------------------------------------- */

/* Rounded up, so that nobody wakes up before their time and spins. */
static int64_t shrink(int64_t ns)
{
    return ns / the_clock.speed + (ns % the_clock.speed > 0);
}

static int64_t ms_of(int timeout_ms)
{
    return timeout_ms < 0 ? NEVER_SPAN : shrink(timeout_ms * MS_NS);
}

static int poll_ns(struct pollfd *fds, nfds_t count, int64_t ns, const sigset_t *mask)
{
    struct timespec span = from_ns(ns);
    return REAL(ppoll)(fds, count, ns < 0 ? NULL : &span, mask);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return poll_ns(fds, count, ms_of(timeout_ms), NULL);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *span, const sigset_t *mask)
{
    return poll_ns(fds, count, span ? shrink(to_ns(span)) : NEVER_SPAN, mask);
}

/* What libraries that were compiled with _FORTIFY_SOURCE call. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    if (size / sizeof *fds < count)
        abort();
    return poll(fds, count, timeout_ms);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *span, const sigset_t *mask,
    size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *span, const sigset_t *mask,
    size_t size)
{
    if (size / sizeof *fds < count)
        abort();
    return ppoll(fds, count, span, mask);
}

/* epoll counts in milliseconds: its file descriptor is waited for by poll, which does not. */
int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (timeout_ms > 0 && poll_ns(&ready, 1, ms_of(timeout_ms), mask) < 0)
        return -1;
    return REAL(epoll_pwait)(fd, events, max, timeout_ms > 0 ? 0 : timeout_ms, mask);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return epoll_pwait(fd, events, max, timeout_ms, NULL);
}

int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,
    struct timeval *restrict span)
{
    if (!span)
        return REAL(select)(count, in, out, bad, NULL);
    int64_t ns = shrink(span->tv_sec * SECOND_NS + span->tv_usec * US_NS);
    struct timespec shrunk = from_ns(ns);
    return REAL(pselect)(count, in, out, bad, &shrunk, NULL);
}

int pselect(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,
    const struct timespec *restrict span, const sigset_t *restrict mask)
{
    struct timespec shrunk = from_ns(span ? shrink(to_ns(span)) : 0);
    return REAL(pselect)(count, in, out, bad, span ? &shrunk : NULL, mask);
}

int clock_nanosleep(
    clockid_t id, int flags, const struct timespec *span, struct timespec *remaining)
{
    int64_t now = is_wall(id) ? wall_now_ns() : mono_now_ns();
    int64_t ns = to_ns(span) - (flags & TIMER_ABSTIME ? now : 0);
    struct timespec shrunk = from_ns(ns > 0 ? shrink(ns) : 0), left = {0};
    int failed = REAL(clock_nanosleep)(CLOCK_MONOTONIC, 0, &shrunk, &left);
    if (failed == EINTR && remaining && !(flags & TIMER_ABSTIME))
        *remaining = from_ns(to_ns(&left) * the_clock.speed);
    return failed;
}

int nanosleep(const struct timespec *span, struct timespec *remaining)
{
    int failed = clock_nanosleep(CLOCK_MONOTONIC, 0, span, remaining);
    errno = failed ? failed : errno;
    return failed ? -1 : 0;
}

int usleep(useconds_t us)
{
    struct timespec span = from_ns(us * US_NS);
    return nanosleep(&span, NULL);
}

unsigned sleep(unsigned seconds)
{
    struct timespec span = {.tv_sec = seconds}, left = {0};
    return nanosleep(&span, &left) == 0 ? 0 : (unsigned)left.tv_sec;
}

/* -- waiting until a moment ------------------------------------------------------------------------ */

/* The true moment, on the same clock, at which the program's clock shows this one. */
static struct timespec true_moment(const struct timespec *at, bool wall)
{
    int64_t left = to_ns(at) - (wall ? wall_now_ns() : mono_now_ns());
    int64_t now = true_ns(wall ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    return from_ns(now + (left > 0 ? shrink(left) : 0));
}

/* Nothing tells which clock a condition was made for; the moment itself does. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
    const struct timespec *restrict at)
{
    struct timespec moment = true_moment(at, at->tv_sec > WALL_FROM);
    return REAL(pthread_cond_timedwait)(cond, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
    clockid_t id, const struct timespec *restrict at)
{
    struct timespec moment = true_moment(at, is_wall(id));
    return REAL(pthread_cond_clockwait)(cond, mutex, id, &moment);
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict at)
{
    struct timespec moment = true_moment(at, true);
    return REAL(cnd_timedwait)(cond, mutex, &moment);
}

/* Not shrunk: what a thread computes before it ends is no faster than elsewhere. */
int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *at)
{
    int64_t left = to_ns(at) - wall_now_ns();
    struct timespec moment = from_ns(true_ns(CLOCK_REALTIME) + (left > 0 ? left : 0));
    return REAL(pthread_timedjoin_np)(thread, result, &moment);
}

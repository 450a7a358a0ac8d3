/*
 * What the kernel says about a running process, read from /proc: the figures that need no clock.
 * Every function gives false or NULL when the process is gone or the kernel does not tell.
 */
#ifndef TESTS_PTY_PROC_H
#define TESTS_PTY_PROC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_COMM = 16 };

struct proc_thread {
    pid_t id;
    char comm[PROC_COMM]; /* the thread's name, at most 15 bytes */
    uint64_t waited;      /* how often it went to sleep, and so was woken */
    uint64_t preempted;   /* how often others took its processor: grows with their load */
    uint64_t cpu_ns;      /* time on a processor */
};

struct proc_memory {
    uint64_t pss_bytes, private_dirty_bytes;
};

/* Calls of write(2) and its relatives by one thread, whatever it wrote to. The main thread's number
 * is the process's own: of a program whose main thread draws, it counts the writes to the terminal
 * and not those of its workers. */
bool proc_writes(pid_t pid, pid_t thread, uint64_t *count);

/* All threads, as struct proc_thread by value. */
GArray *proc_threads(pid_t pid);

bool proc_memory(pid_t pid, struct proc_memory *memory);

#endif

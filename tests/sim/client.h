/* The other side of the control socket: the commands of weir-sim that speak to one that runs. */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include <stdint.h>

/* Says the words and prints the answer; 0 when it is "ok", 1 when it is not, 2 when nobody listens. */
int client_say(const char *socket, char **words);

/* Carries standard input and output to the shell of a host until one of them ends. */
int client_host(const char *socket, const char *host, int64_t rtt_ms);

#endif

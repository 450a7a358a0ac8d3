/* The probe: a shell function that is sent once per connection, and then one line per round. It reads
 * /proc and asks df and systemctl; it writes nothing anywhere.
 *
 * Two scripts give the same sections. The lean one wants awk and GNU df: five processes and 1.3 kB a
 * round. The portable one wants only what every busybox has. Both know two rounds: a brief one, and a
 * full one that adds the processes, which is asked for only while somebody looks at them.
 *
 * A round's answer is sections that begin with a line "@@WORD NAME", where WORD stands in the question
 * and holds 128 random bits: process names and mount points are chosen by whoever has an account
 * there, and none of them can look like the beginning of a section. */
#ifndef CONNECTORS_HOSTS_PROBE_H
#define CONNECTORS_HOSTS_PROBE_H

#include <glib.h>
#include <stdbool.h>

#define PROBE_WORD_MAX 40 /* bytes with the NUL */

extern const char probe_lean[];
extern const char probe_portable[];

/* What the gate lets through besides the scripts. */
#define PROBE_RULE "probe {}"

/* A fresh word. */
void probe_word(char word[PROBE_WORD_MAX], bool full);
/* The line that asks, and the one that ends the answer (g_free). */
char *probe_line(const char *word);
char *probe_end(const char *word);

#endif

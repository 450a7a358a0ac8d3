/* The tables of every system, without a configuration and without asking anybody: what explain,
 * completion, the manual and `weir help systems` are made from. */
#ifndef TUI_TABLES_H
#define TUI_TABLES_H

#include "kind.h"

/* All kinds of this build. NULL when the connectors cannot be loaded: why is on stderr, unless quiet.
 * registry_free; the connectors stay loaded. UI thread, in a program that starts no lane. */
struct registry *tables_load(bool quiet);

#endif

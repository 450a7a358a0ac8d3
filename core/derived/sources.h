/* The kind `sources`, for the one caller that needs it before its lane runs: the first frame. */
#ifndef CORE_DERIVED_SOURCES_H
#define CORE_DERIVED_SOURCES_H

#include "kind.h"

const struct kind *sources_kind_table(void);
/* Rows out of struct source_status copies, unsealed and not judged yet. Pure. */
struct snapshot *sources_snapshot(const GPtrArray *statuses, int64_t now_ms);

#endif

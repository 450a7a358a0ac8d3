/* A connector whose every call a test can count, hold and fail, and an engine over it. Nothing here
 * sleeps: every wait is for a condition and ends after PATIENCE_S. */
#ifndef TESTS_UNIT_LANES_H
#define TESTS_UNIT_LANES_H

#include <pthread.h>
#include <time.h>

#include "engine.h"
#include "error.h"
#include "store.h"
#include "unit/configs.h"

#define PATIENCE_S 30

enum call { WIDE, SLICE, HELD_WIDE, HELD_SLICE, PARTS, SHOW, CHECK, OPEN, MAKE, CALLS };

/* What the connector does and has done. */
static struct world {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hold[CALLS];          /* calls wait inside */
    int fail[CALLS];           /* enum weir_error + 1; 0: they succeed */
    unsigned publish;          /* snapshots per fetch, 0: one */
    bool share;                /* fetches ask for the shared handle */
    unsigned entered[CALLS];   /* calls that began */
    unsigned left[CALLS];      /* calls that ended */
    unsigned lane[CALLS];      /* number of the lane of the newest call */
    unsigned slices[8];        /* by number of their lane */
    unsigned closes, destroys; /* of lanes and of the shared handle */
    int64_t left_ms;           /* what lane_left_ms said first in the newest fetch */
    void *shared[2];           /* what the newest fetch of poll and hand lane got */
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct fake_lane {
    unsigned number;
};

/* Sets a field of the world, and wakes who waits for it. */
#define WORLD_SET(statement)                                                                       \
    do {                                                                                           \
        pthread_mutex_lock(&world.lock);                                                           \
        statement;                                                                                 \
        pthread_cond_broadcast(&world.changed);                                                    \
        pthread_mutex_unlock(&world.lock);                                                         \
    } while (0)

/* Waits until the condition holds. */
#define WORLD_UNTIL(condition)                                                                     \
    do {                                                                                           \
        struct timespec end_;                                                                      \
        clock_gettime(CLOCK_REALTIME, &end_);                                                      \
        end_.tv_sec += PATIENCE_S;                                                                 \
        pthread_mutex_lock(&world.lock);                                                           \
        int late_ = 0;                                                                             \
        while (!(condition) && !late_)                                                             \
            late_ = pthread_cond_timedwait(&world.changed, &world.lock, &end_);                    \
        bool holds_ = (condition);                                                                 \
        pthread_mutex_unlock(&world.lock);                                                         \
        if (!holds_)                                                                               \
            g_error("%s:%d: never came: %s", __FILE__, __LINE__, #condition);                      \
    } while (0)

static inline unsigned world_get(const unsigned *field)
{
    pthread_mutex_lock(&world.lock);
    unsigned value = *field;
    pthread_mutex_unlock(&world.lock);
    return value;
}

static inline void world_reset(void)
{
    pthread_mutex_lock(&world.lock);
    memset(world.hold, 0, sizeof world.hold);
    memset(world.fail, 0, sizeof world.fail);
    memset(world.entered, 0, sizeof world.entered);
    memset(world.left, 0, sizeof world.left);
    memset(world.slices, 0, sizeof world.slices);
    world.publish = world.closes = world.destroys = 0;
    world.share = false;
    world.shared[0] = world.shared[1] = NULL;
    pthread_mutex_unlock(&world.lock);
}

/* Begins a call; returns how often it began, and whether it is to fail. */
static inline unsigned fake_enter(struct lane *l, enum call call, int *fail)
{
    struct fake_lane *own = lane_data(l);
    pthread_mutex_lock(&world.lock);
    unsigned n = ++world.entered[call];
    world.lane[call] = own ? own->number : 0;
    if (call == SLICE)
        world.slices[MIN(own->number, 7)]++;
    pthread_cond_broadcast(&world.changed);
    while (world.hold[call])
        pthread_cond_wait(&world.changed, &world.lock);
    *fail = world.fail[call];
    pthread_mutex_unlock(&world.lock);
    return n;
}

static inline bool fake_leave(enum call call, int fail, GError **error)
{
    WORLD_SET(world.left[call]++);
    return fail ? weir_fail(error, (enum weir_error)(fail - 1), "made to fail") : true;
}

static bool fake_open(struct lane *l, GError **error)
{
    int fail;
    struct fake_lane *own = g_new0(struct fake_lane, 1);
    lane_set_data(l, own);
    own->number = fake_enter(l, OPEN, &fail);
    return fake_leave(OPEN, fail, error);
}

static void fake_close(struct lane *l)
{
    g_free(lane_data(l));
    WORLD_SET(world.closes++);
}

static void *fake_make(struct lane *l, GError **error)
{
    int fail;
    fake_enter(l, MAKE, &fail);
    return fake_leave(MAKE, fail, error) ? g_strdup("shared") : NULL;
}

static void fake_destroy(void *shared)
{
    g_free(shared);
    WORLD_SET(world.destroys++);
}

static bool fake_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error,
    const struct kind *k, enum call call)
{
    (void)scope;
    int fail;
    int64_t left_ms = lane_left_ms(l);
    unsigned n = fake_enter(l, call, &fail);
    if (world.share) {
        void *shared = lane_shared(l, fake_make, fake_destroy, error);
        WORLD_SET(world.shared[call != WIDE] = shared);
        if (!shared)
            return false;
    }
    lane_count(l, 1, 100, 5);
    lane_set_version(l, "4.3\033");
    WORLD_SET(world.left_ms = left_ms);
    for (unsigned i = 0; !fail && i < MAX(world.publish, 1); i++) {
        struct snapshot *s = batch_snapshot(out, k);
        g_autofree char *name = g_strdup_printf("%u.%u", n, i);
        snapshot_add(s, name);
        batch_publish(out, s);
    }
    return fake_leave(call, fail, error);
}

static const struct kind slices_kind = {
    .name = "test.slices", .scope = "test.rows", .columns = rows_columns, .feed = "rows"};
static const struct kind held_kind = {
    .name = "test.held", .scope = "test.rows", .columns = rows_columns, .feed = "held"};
static const struct kind parts_kind = {.name = "test.parts",
    .scope = "test.rows",
    .scope_optional = true,
    .columns = rows_columns,
    .feed = "parts"};

static bool fetch_rows(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    return scope->count ? fake_fetch(l, scope, out, error, &slices_kind, SLICE)
                        : fake_fetch(l, scope, out, error, &rows_kind, WIDE);
}

static bool fetch_held(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    int fail;
    if (scope->count > 0)
        return fake_fetch(l, scope, out, error, &held_kind, HELD_SLICE);
    fake_enter(l, HELD_WIDE, &fail); /* the source-wide fetch has no rows of its own */
    return fake_leave(HELD_WIDE, fail, error);
}

static bool fetch_parts(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    return fake_fetch(l, scope, out, error, &parts_kind, PARTS);
}

/* Waits in the way of connectors as well: until the call is held no more, or cancelled. */
static bool fake_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    int fail;
    WORLD_SET(world.entered[SHOW]++);
    for (;;) {
        pthread_mutex_lock(&world.lock);
        bool hold = world.hold[SHOW];
        fail = world.fail[SHOW];
        pthread_mutex_unlock(&world.lock);
        if (!hold)
            break;
        if (!lane_wait(l, 20)) {
            g_assert_true(lane_cancelled(l));
            WORLD_SET(world.left[SHOW]++);
            return weir_fail(error, WEIR_ERROR_CANCELLED, "cancelled");
        }
    }
    snapshot_set_text(detail, snapshot_add(detail, "name"), DETAIL_VALUE, rid_last_name(what));
    g_string_append(raw, "{\"raw\":1}");
    return fake_leave(SHOW, fail, error);
}

static bool fake_check(struct lane *l, struct snapshot *doctor, GError **error)
{
    int fail;
    fake_enter(l, CHECK, &fail);
    doctor_add(doctor, "reachable", HEALTH_FAIL, "no answer", "start it");
    doctor_add(doctor, "version", HEALTH_OK, "4.3", NULL);
    return fake_leave(CHECK, fail, error);
}

static const char *const rows_kinds[] = {"test.rows", "test.slices", NULL};
static const char *const held_kinds[] = {"test.held", NULL};
static const char *const parts_kinds[] = {"test.parts", NULL};

enum { ROWS_FEED, HELD_FEED, PARTS_FEED };
static const struct feed fake_feeds[] = {
    [ROWS_FEED] = {"rows", 3600000, FEED_ALWAYS, false, rows_kinds, fetch_rows},
    [HELD_FEED] = {"held", 3600000, FEED_ALWAYS, true, held_kinds, fetch_held},
    [PARTS_FEED] = {"parts", 3600000, FEED_WHILE_OPEN, false, parts_kinds, fetch_parts},
    {0},
};
static const struct kind *const fake_kinds[] = {
    &rows_kind, &slices_kind, &held_kind, &parts_kind, NULL};

static const struct connector fake = {
    .name = "fake",
    .kinds = fake_kinds,
    .feeds = fake_feeds,
    .open = fake_open,
    .close = fake_close,
    .show = fake_show,
    .check = fake_check,
};

/* -- an engine over one source of it --------------------------------------------------------------- */

struct box {
    struct config_result file;
    struct registry *registry;
    struct engine *engine;
    struct store *store;
    struct source *source;
    GPtrArray *mail; /* all that came, oldest first */
};

/* options: YAML of the source, in braces' inside: ", every: 5ms". */
static inline void box_open(struct box *b, const struct connector *c, const char *options)
{
    world_reset();
    g_autofree char *text = g_strdup_printf(
        "environments: {e: {class: dev, sources: {s: {type: %s%s}}}}\n", c->name, options);
    *b = (struct box){.file = config_read(text, NULL), .registry = registry_new()};
    registry_add(b->registry, c);
    g_assert_true(config_check_sources(b->file.config, b->registry, b->file.faults));
    b->engine = engine_new(config_environment(b->file.config));
    b->store = store_new(b->registry);
    b->source = environment_source_at(config_environment(b->file.config), 0);
    b->mail = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
}

/* What does not need the engine: a test that ended it by itself calls this. */
static inline void box_clear(struct box *b)
{
    store_free(b->store);
    registry_free(b->registry);
    config_result_clear(&b->file);
    g_ptr_array_unref(b->mail);
}

static inline void box_close(struct box *b)
{
    WORLD_SET(memset(world.hold, 0, sizeof world.hold));
    engine_free(b->engine);
    box_clear(b);
}

static inline void box_receive(struct box *b, int64_t timeout_ms)
{
    GPtrArray *mail = engine_wait(b->engine, timeout_ms);
    for (guint i = 0; i < mail->len; i++) {
        struct mail *m = g_ptr_array_index(mail, i);
        store_take(b->store, m);
        g_ptr_array_add(b->mail, m);
    }
    g_ptr_array_set_free_func(mail, NULL);
    g_ptr_array_unref(mail);
}

/* Takes mail until the condition holds. */
#define BOX_UNTIL(b, condition)                                                                    \
    do {                                                                                           \
        int64_t end_ = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;                       \
        box_receive(b, 0);                                                                         \
        while (!(condition)) {                                                                     \
            if (g_get_monotonic_time() > end_)                                                     \
                g_error("%s:%d: never came: %s", __FILE__, __LINE__, #condition);                  \
            box_receive(b, 200);                                                                   \
        }                                                                                          \
    } while (0)

static inline unsigned box_count(const struct box *b, enum mail_type type)
{
    unsigned n = 0;
    for (guint i = 0; i < b->mail->len; i++)
        n += ((struct mail *)g_ptr_array_index(b->mail, i))->type == type;
    return n;
}

/* The newest mail of a type, or NULL. */
static inline const struct mail *box_last(const struct box *b, enum mail_type type)
{
    for (guint i = b->mail->len; i-- > 0;)
        if (((struct mail *)g_ptr_array_index(b->mail, i))->type == type)
            return g_ptr_array_index(b->mail, i);
    return NULL;
}

/* The answer to a question, or NULL. */
static inline const struct mail *box_answer(const struct box *b, guint64 id)
{
    for (guint i = 0; i < b->mail->len; i++) {
        const struct mail *m = g_ptr_array_index(b->mail, i);
        if (m->id == id && (m->type == MAIL_REPLY || m->type == MAIL_END))
            return m;
    }
    return NULL;
}

static inline const struct store_entry *box_entry(
    const struct box *b, const struct kind *k, const char *address)
{
    AUTO(rid) scope = rid_parse(address, NULL);
    return store_get(b->store, k, scope);
}

static inline void box_show_scope(struct box *b, int feed, const char *address, bool open)
{
    AUTO(rid) scope = rid_parse(address, NULL);
    if (open)
        engine_open(b->engine, b->source, &fake_feeds[feed], scope);
    else
        engine_close(b->engine, b->source, &fake_feeds[feed], scope);
}

/* The only source's status, a copy. */
static inline struct source_status *box_status(const struct box *b)
{
    GPtrArray *all = engine_statuses(b->engine);
    g_assert_cmpuint(all->len, ==, 1);
    struct source_status *s = status_copy(g_ptr_array_index(all, 0));
    g_ptr_array_unref(all);
    return s;
}

static inline enum source_state box_state(const struct box *b)
{
    struct source_status *s = box_status(b);
    enum source_state state = s->state;
    status_free(s);
    return state;
}

#endif

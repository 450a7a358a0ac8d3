#include "call.h"

#include "action.h"

#define TICK_MS      100   /* how often callbacks are served while nothing comes */
#define SLACK_MS     500   /* librdkafka's own time-outs come first, if they come */
#define CONNECTED_MS 30000 /* after an answer this recent there is a connection to ask on */
#define DOWN_MS      1000  /* with every connection refused, no answer is waited for longer */

/* What the gate and the readers of the reads table know each type by. */
static const struct {
    const char *operation;
    rd_kafka_admin_op_t op;
} types[] = {
    [CALL_CLUSTER] = {"DescribeCluster", RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER},
    [CALL_GROUPS] = {"ListConsumerGroups", RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS},
    [CALL_DESCRIBE] = {"DescribeConsumerGroups", RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS},
    [CALL_COMMITS] = {"ListConsumerGroupOffsets", RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS},
    [CALL_OFFSETS] = {"ListOffsets", RD_KAFKA_ADMIN_OP_LISTOFFSETS},
    [CALL_CONFIGS] = {"DescribeConfigs", RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS},
    [CALL_TOPICS] = {"DescribeTopics", RD_KAFKA_ADMIN_OP_DESCRIBETOPICS},
};

void call_init(struct call *c, struct lane *l, struct kafka *k)
{
    *c = (struct call){.lane = l, .kafka = k, .reserve_ms = CALL_RESERVE_MS};
}

void call_enter(struct call *c)
{
    c->rk = c->kafka ? kafka_enter(c->kafka) : NULL;
}

void call_leave(struct call *c)
{
    c->rk = NULL;
    if (c->kafka)
        kafka_leave(c->kafka);
}

void call_request_clear(gpointer request)
{
    struct call_request *r = request;
    if (r->partitions)
        rd_kafka_topic_partition_list_destroy(r->partitions);
    r->partitions = NULL;
}

GArray *call_requests_new(void)
{
    GArray *requests = g_array_new(FALSE, TRUE, sizeof(struct call_request));
    g_array_set_clear_func(requests, call_request_clear);
    return requests;
}

static bool permit(struct call *c, const char *operation, GError **error)
{
    return gate_permit(c->kafka->connector, "KAFKA", operation, lane_token(c->lane), error);
}

/* -- telling ------------------------------------------------------------------------------------- */

/* "DescribeConsumerGroups g1 and 11 more". */
static char *target_of(const char *operation, const struct call_request *r)
{
    GString *out = g_string_new(operation);
    guint count = r->count;
    if (r->partitions && r->partitions->cnt > 0) {
        const rd_kafka_topic_partition_t *first = &r->partitions->elems[0];
        count = (guint)r->partitions->cnt;
        g_string_append_printf(out, " %s/%d", first->topic, (int)first->partition);
    } else if (count > 0) {
        g_string_append_printf(out, " %s", r->names[0]);
    }
    if (count > 1)
        g_string_append_printf(out, " and %u more", count - 1);
    return g_string_free(out, FALSE);
}

/* why: NULL where it went well. */
static void note(
    struct call *c, const char *target, int64_t sent_ms, const char *status, const char *why)
{
    const struct request_note n = {
        .method = "KAFKA",
        .target = target,
        .status = status,
        .why = why,
        .at_ms = sent_ms,
        .took_ms = MAX(lane_now_ms(c->lane) - sent_ms, 0),
        .bytes_in = -1,
    };
    lane_note_request(c->lane, &n);
}

/* That nobody waits any more is no failure of the broker's. */
static const char *why_of(const GError *error)
{
    return error && error->code != WEIR_ERROR_CANCELLED ? error->message : NULL;
}

/* -- sending, one function per type -------------------------------------------------------------- */

/* One request on its way. */
struct sending {
    rd_kafka_t *rk;
    const struct call_request *r;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
};

static void send_commits(const struct sending *s)
{
    rd_kafka_ListConsumerGroupOffsets_t *group =
        rd_kafka_ListConsumerGroupOffsets_new(s->r->names[0], NULL);
    rd_kafka_ListConsumerGroupOffsets(s->rk, &group, 1, s->options, s->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(group);
}

static void send_configs(const struct sending *s)
{
    const struct call_request *r = s->r;
    g_autofree rd_kafka_ConfigResource_t **all = g_new0(rd_kafka_ConfigResource_t *, r->count);
    for (guint i = 0; i < r->count; i++) {
        all[i] = rd_kafka_ConfigResource_new(r->resource, r->names[i]);
        /* For DescribeConfigs the names of the entries say which are wanted. */
        for (const char *const *key = r->keys; key && *key; key++)
            rd_kafka_ConfigResource_set_config(all[i], *key, "");
    }
    rd_kafka_DescribeConfigs(s->rk, all, r->count, s->options, s->queue);
    rd_kafka_ConfigResource_destroy_array(all, r->count);
}

static void send_topics(const struct sending *s)
{
    rd_kafka_TopicCollection_t *topics =
        rd_kafka_TopicCollection_of_topic_names((const char **)s->r->names, s->r->count);
    rd_kafka_DescribeTopics(s->rk, topics, s->options, s->queue);
    rd_kafka_TopicCollection_destroy(topics);
}

static void send_request(const struct sending *s)
{
    const struct call_request *r = s->r;
    switch (r->type) {
    case CALL_CLUSTER: rd_kafka_DescribeCluster(s->rk, s->options, s->queue); break;
    case CALL_GROUPS: rd_kafka_ListConsumerGroups(s->rk, s->options, s->queue); break;
    case CALL_DESCRIBE:
        rd_kafka_DescribeConsumerGroups(
            s->rk, (const char **)r->names, r->count, s->options, s->queue);
        break;
    case CALL_COMMITS: send_commits(s); break;
    case CALL_OFFSETS: rd_kafka_ListOffsets(s->rk, r->partitions, s->options, s->queue); break;
    case CALL_CONFIGS: send_configs(s); break;
    case CALL_TOPICS: send_topics(s); break;
    }
}

static bool asks_coordinator(const struct call_request *r)
{
    return r->type == CALL_DESCRIBE || r->type == CALL_COMMITS;
}

/* Whether librdkafka would ask the controller, although any broker can answer. */
static bool asks_anybody(const struct call_request *r)
{
    return r->type == CALL_CLUSTER || r->type == CALL_TOPICS ||
           (r->type == CALL_CONFIGS && r->resource == RD_KAFKA_RESOURCE_TOPIC);
}

static void set_options(const struct sending *s, int timeout_ms, guint index)
{
    char text[256];
    rd_kafka_AdminOptions_set_request_timeout(
        s->options, asks_coordinator(s->r) ? KAFKA_COORDINATOR_MS : timeout_ms, text, sizeof text);
    if (s->r->type == CALL_OFFSETS) {
        rd_kafka_error_t *failed = rd_kafka_AdminOptions_set_isolation_level(
            s->options, RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED);
        g_assert(!failed);
    }
    if (asks_anybody(s->r) && s->r->broker >= 0)
        rd_kafka_AdminOptions_set_broker(s->options, s->r->broker, text, sizeof text);
    rd_kafka_AdminOptions_set_opaque(s->options, GUINT_TO_POINTER(index));
}

/* -- a batch ------------------------------------------------------------------------------------- */

struct batch_run {
    struct call *call;
    GArray *requests;
    rd_kafka_queue_t *queue;
    guint sent, done; /* requests */
    unsigned weight;  /* of what is in flight, in requests on the wire */
    bool *answered;
    int64_t *sent_ms; /* of each request, by the lane's clock */
    int timeout_ms;
    int64_t begin_ms, give_up_ms; /* by the lane's clock; then the rest has failed */
};

static struct call_request *request_at(const struct batch_run *b, guint i)
{
    return &g_array_index(b->requests, struct call_request, i);
}

/* librdkafka sends one request per group that it is to describe. */
static unsigned weight_of(const struct call_request *r)
{
    return r->type == CALL_DESCRIBE ? MAX(r->count, 1) : 1;
}

/* What is left for one more request. */
static int timeout_left(const struct batch_run *b)
{
    int64_t left = lane_left_ms(b->call->lane) - b->call->reserve_ms;
    return (int)CLAMP(left, 0, b->timeout_ms);
}

static void note_request(const struct batch_run *b, guint i, const char *status, const char *why)
{
    const struct call_request *r = request_at(b, i);
    g_autofree char *target = target_of(types[r->type].operation, r);
    note(b->call, target, b->sent_ms[i], status, why);
}

static void settle(struct batch_run *b, guint i, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    const struct call_request *r = request_at(b, i);
    b->answered[i] = true;
    b->done++;
    if (i < b->sent) {
        b->weight -= weight_of(r);
        const char *why = text && *text ? text : rd_kafka_err2str(err);
        note_request(b, i, err ? rd_kafka_err2name(err) : "ok", err ? why : NULL);
    }
    r->answer(r, event, err, text);
}

static void send_one(struct batch_run *b, const struct call_request *r)
{
    struct sending s = {
        b->call->rk, r, rd_kafka_AdminOptions_new(b->call->rk, types[r->type].op), b->queue};
    set_options(&s, timeout_left(b), b->sent);
    send_request(&s);
    rd_kafka_AdminOptions_destroy(s.options);
}

static bool send_more(struct batch_run *b, GError **error)
{
    while (b->sent < b->requests->len && b->weight < CALL_IN_FLIGHT_MAX && timeout_left(b) > 0) {
        const struct call_request *r = request_at(b, b->sent);
        if (!permit(b->call, types[r->type].operation, error))
            return false;
        b->weight += weight_of(r);
        b->give_up_ms = lane_now_ms(b->call->lane) + timeout_left(b) + SLACK_MS;
        b->sent_ms[b->sent] = lane_now_ms(b->call->lane);
        send_one(b, r);
        b->sent++;
    }
    return true;
}

static void take_event(struct batch_run *b, rd_kafka_event_t *event)
{
    guint i = GPOINTER_TO_UINT(rd_kafka_event_opaque(event));
    if (i < b->sent && !b->answered[i]) {
        rd_kafka_resp_err_t err = rd_kafka_event_error(event);
        if (!err)
            kafka_answered(b->call->kafka, lane_now_ms(b->call->lane));
        /* The accessors of a failed event's result abort the process: nobody gets to see it. */
        settle(b, i, err ? NULL : event, err, err ? rd_kafka_event_error_string(event) : "");
    }
    rd_kafka_event_destroy(event);
}

/* Whether it makes sense to wait on for a first answer. */
static bool goes_on(struct call *c, int64_t begin_ms, bool answered, GError **error)
{
    kafka_serve(c->kafka, c->rk, c->lane);
    if (kafka_is_denied(c->kafka))
        return kafka_fail(
            c->kafka, "the login failed", RD_KAFKA_RESP_ERR__AUTHENTICATION, NULL, error);
    if (!answered && atomic_load(&c->kafka->all_down) && lane_now_ms(c->lane) - begin_ms >= DOWN_MS)
        return kafka_fail(c->kafka, "no connection to a broker",
            RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, NULL, error);
    if (lane_cancelled(c->lane))
        return weir_fail(error, WEIR_ERROR_CANCELLED, "nobody waits for it any more");
    return true;
}

static bool run(struct batch_run *b, GError **error)
{
    while (b->done < b->requests->len) {
        if (!send_more(b, error))
            return false;
        if (b->done == b->sent || lane_now_ms(b->call->lane) >= b->give_up_ms)
            break; /* no time to send the rest, or no answer to what was sent */
        rd_kafka_event_t *event = rd_kafka_queue_poll(b->queue, TICK_MS);
        if (event)
            take_event(b, event);
        else if (!goes_on(b->call, b->begin_ms, b->done > 0, error))
            return false;
    }
    return true;
}

static void give_up(const struct batch_run *b)
{
    for (guint i = 0; i < b->sent; i++)
        if (!b->answered[i] && asks_coordinator(request_at(b, i)))
            kafka_give_up(b->call->kafka, lane_now_ms(b->call->lane));
}

/* Nothing more can be asked, nor will what was asked be heard. */
static void note_rest(const struct batch_run *b, const GError *error)
{
    for (guint i = 0; i < b->sent; i++)
        if (!b->answered[i])
            note_request(b, i, request_error_word(error), why_of(error));
}

/* What was not answered, or not even sent, when the time was over. */
static void settle_rest(struct batch_run *b)
{
    for (guint i = 0; i < b->requests->len; i++) {
        rd_kafka_resp_err_t err =
            i < b->sent ? RD_KAFKA_RESP_ERR__TIMED_OUT : RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE;
        if (!b->answered[i])
            settle(b, i, NULL, err, rd_kafka_err2str(err));
    }
}

bool call_all(struct call *c, GArray *requests, int timeout_ms, GError **error)
{
    struct batch_run b = {
        .call = c,
        .requests = requests,
        .queue = rd_kafka_queue_new(c->rk),
        .timeout_ms = timeout_ms,
        .begin_ms = lane_now_ms(c->lane),
    };
    g_autofree bool *answered = g_new0(bool, MAX(requests->len, 1));
    b.answered = answered;
    g_autofree int64_t *sent_ms = g_new0(int64_t, MAX(requests->len, 1));
    b.sent_ms = sent_ms;
    g_autoptr(GError) failed = NULL;
    bool ok = run(&b, &failed);
    give_up(&b);
    rd_kafka_queue_destroy(b.queue);
    if (ok)
        settle_rest(&b);
    else
        note_rest(&b, failed);
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    kafka_serve(c->kafka, c->rk, c->lane);
    return ok;
}

const rd_kafka_ConfigResource_t **call_configs(const rd_kafka_event_t *event, size_t *count)
{
    *count = 0;
    return event ? rd_kafka_DescribeConfigs_result_resources(
                       rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)event), count)
                 : NULL;
}

/* rd_kafka_metadata() waits its whole time for a connection and does not say why none comes; and when
 * the broker that it chose dies just then, it waits for that one. So it is asked in turns, which get
 * longer for networks on which an answer takes long, and between them librdkafka's callbacks are heard
 * and another broker gets its chance. All topics are asked for even then: asked for "the known ones"
 * it would let brokers create those that were deleted meanwhile. */
static rd_kafka_resp_err_t ask_metadata(struct call *c, int timeout_ms,
    const struct rd_kafka_metadata **metadata, int64_t *asked_ms, GError **error)
{
    int64_t begin = lane_now_ms(c->lane);
    bool connected = begin - atomic_load(&c->kafka->answered_ms) < CONNECTED_MS;
    int turn = connected ? timeout_ms / 4 : TICK_MS;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (; !*metadata; turn = MIN(2 * turn, timeout_ms)) {
        int64_t now = lane_now_ms(c->lane);
        int64_t left = MIN(lane_left_ms(c->lane) - c->reserve_ms, begin + timeout_ms - now);
        if (left <= 0)
            break;
        *asked_ms = now;
        err = rd_kafka_metadata(c->rk, 1, NULL, metadata, (int)MIN(turn, left));
        if (err && !goes_on(c, begin, false, error))
            break;
    }
    return *metadata ? RD_KAFKA_RESP_ERR_NO_ERROR : err;
}

const struct rd_kafka_metadata *call_metadata(struct call *c, int timeout_ms, GError **error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    g_autoptr(GError) failed = NULL;
    int64_t asked_ms = 0; /* never */
    if (!permit(c, "Metadata", error))
        return NULL;
    rd_kafka_resp_err_t err = ask_metadata(c, timeout_ms, &metadata, &asked_ms, &failed);
    if (!metadata && !failed) {
        const char *text =
            err == RD_KAFKA_RESP_ERR__TRANSPORT ? "no broker answered in time" : NULL;
        kafka_fail(c->kafka, "its topics and brokers were asked for", err, text, &failed);
    }
    if (asked_ms > 0)
        note(c, "Metadata", asked_ms, failed ? request_error_word(failed) : "ok", why_of(failed));
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return NULL;
    }
    int64_t now = lane_now_ms(c->lane);
    lane_count(c->lane, 0, 0, MAX(now - asked_ms, 0));
    kafka_answered(c->kafka, now);
    kafka_serve(c->kafka, c->rk, c->lane);
    return metadata;
}

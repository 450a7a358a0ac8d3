#include "learn.h"

#include <string.h>

void learn_clear(struct learn *learn)
{
    g_clear_pointer(&learn->text, g_free);
    learn->good = learn->bad = 0;
    learn->err = RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void note_failure(struct learn *learn, rd_kafka_resp_err_t err, const char *text)
{
    if (learn->bad++ > 0)
        return;
    learn->err = err;
    learn->text = g_strdup(text);
}

static int64_t now_of(const struct learn *learn)
{
    return lane_now_ms(learn->lane);
}

static enum kafka_answer refusal(rd_kafka_resp_err_t err)
{
    return kafka_error_code(err) == WEIR_ERROR_DENIED ? KAFKA_DENIED : KAFKA_FAILED;
}

/* -- brokers and topics -------------------------------------------------------------------------- */

static const int32_t *copy_ids(int32_t **room, const int32_t *ids, int count)
{
    int32_t *copy = *room;
    if (count > 0)
        memcpy(copy, ids, (size_t)count * sizeof *ids);
    *room += count;
    return copy;
}

static void learn_partition(
    struct kafka_topic *t, const struct rd_kafka_metadata_partition *from, int32_t **room)
{
    struct kafka_partition *p = kafka_partition(t, from->id);
    if (!p)
        return;
    p->leader = from->leader;
    p->replica_count = (unsigned)from->replica_cnt;
    p->replicas = copy_ids(room, from->replicas, from->replica_cnt);
    p->isr_count = (unsigned)from->isr_cnt;
    p->isr = copy_ids(room, from->isrs, from->isr_cnt);
}

/* A topic that could not be described keeps the partitions that it had. */
static void learn_topic_error(struct kafka_state *s, const struct rd_kafka_metadata_topic *from)
{
    struct kafka_topic *t = kafka_topic_get(s, from->topic);
    if (!t)
        return;
    t->online = true;
    t->error = rd_kafka_err2str(from->err);
}

static void learn_topic(struct kafka_state *s, const struct rd_kafka_metadata_topic *from)
{
    unsigned ids = 0;
    int32_t last = -1;
    for (int i = 0; i < from->partition_cnt; i++) {
        ids += (unsigned)(from->partitions[i].replica_cnt + from->partitions[i].isr_cnt);
        last = MAX(last, from->partitions[i].id);
    }
    unsigned count = (unsigned)MIN(last, KAFKA_PARTITIONS_MAX) + 1;
    struct kafka_topic *t = kafka_topic_see(s, from->topic, count, ids);
    if (!t)
        return;
    int32_t *room = t->ids;
    for (int i = 0; i < from->partition_cnt; i++)
        learn_partition(t, &from->partitions[i], &room);
    if (from->err)
        t->error = rd_kafka_err2str(from->err);
}

void learn_metadata(struct kafka_state *s, const struct rd_kafka_metadata *metadata,
    int32_t controller, int64_t now_ms)
{
    kafka_metadata_begin(s);
    for (int i = 0; i < metadata->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *b = &metadata->brokers[i];
        kafka_broker_see(s, b->id, b->host, b->port);
    }
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &metadata->topics[i];
        if (t->err && t->partition_cnt == 0)
            learn_topic_error(s, t);
        else
            learn_topic(s, t);
    }
    kafka_metadata_end(s, now_ms);
    s->controller = controller;
}

void learn_cluster(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    if (!event) {
        note_failure(learn, err, text);
        return;
    }
    size_t count;
    const rd_kafka_Node_t **nodes = rd_kafka_DescribeCluster_result_nodes(
        rd_kafka_event_DescribeCluster_result((rd_kafka_event_t *)event), &count);
    for (size_t i = 0; i < count; i++) {
        struct kafka_broker *b = kafka_broker_see(learn->state, rd_kafka_Node_id(nodes[i]),
            rd_kafka_Node_host(nodes[i]), rd_kafka_Node_port(nodes[i]));
        g_free(b->rack);
        b->rack = g_strdup(rd_kafka_Node_rack(nodes[i]));
        b->rack_known = true;
    }
    learn->state->cluster_ms = now_of(learn);
    learn->good++;
}

void learn_topics(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    for (guint i = 0; !event && i < r->count; i++) {
        struct kafka_topic *t = kafka_topic(learn->state, r->names[i]);
        if (t)
            t->internal_known = refusal(err);
    }
    if (!event) {
        note_failure(learn, err, text);
        return;
    }
    size_t count;
    const rd_kafka_TopicDescription_t **topics = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result((rd_kafka_event_t *)event), &count);
    for (size_t i = 0; i < count; i++) {
        struct kafka_topic *t =
            kafka_topic(learn->state, rd_kafka_TopicDescription_name(topics[i]));
        const rd_kafka_error_t *failed = rd_kafka_TopicDescription_error(topics[i]);
        if (!t)
            continue;
        t->internal_known = failed ? refusal(rd_kafka_error_code(failed)) : KAFKA_KNOWN;
        t->internal = !failed && rd_kafka_TopicDescription_is_internal(topics[i]);
    }
    learn->good++;
}

/* -- offsets ------------------------------------------------------------------------------------- */

#define NO_ANSWER "its leader did not answer"

static void set_offset(struct learn *learn, const rd_kafka_topic_partition_t *tp, int64_t spec,
    const char *error, int64_t now_ms)
{
    struct kafka_partition *p =
        kafka_partition(kafka_topic(learn->state, tp->topic), tp->partition);
    if (!p)
        return;
    bool end = spec == RD_KAFKA_OFFSET_SPEC_LATEST;
    if (error)
        *(end ? &p->end_error : &p->begin_error) = error;
    else if (end)
        kafka_partition_set_end(p, tp->offset, now_ms);
    else
        kafka_partition_set_begin(p, tp->offset, now_ms);
}

static void set_silent(struct learn *learn, int32_t id, bool answered)
{
    struct kafka_broker *b = kafka_broker(learn->state, id);
    if (b)
        b->silent = answered ? NULL : "no answer in time";
}

static void offsets_failed(const struct call_request *r, rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    enum weir_error code = kafka_error_code(err);
    bool gone = code == WEIR_ERROR_TIMEOUT || code == WEIR_ERROR_UNREACHABLE;
    note_failure(learn, err, text);
    set_silent(learn, r->broker, !gone);
    for (int i = 0; i < r->partitions->cnt; i++)
        set_offset(learn, &r->partitions->elems[i], r->partitions->elems[0].offset,
            gone ? NO_ANSWER : rd_kafka_err2str(err), 0);
}

/* A leader that did not answer in time is no error to librdkafka: its partitions come back without an
 * error and without an offset. */
static bool learn_offset(struct learn *learn, const rd_kafka_topic_partition_t *tp, int64_t spec)
{
    bool answered = tp->err || tp->offset >= 0;
    const char *error = tp->err ? rd_kafka_err2str(tp->err) : answered ? NULL : NO_ANSWER;
    set_offset(learn, tp, spec, error, now_of(learn));
    return answered;
}

void learn_offsets(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    if (!event) {
        offsets_failed(r, err, text);
        return;
    }
    size_t count;
    bool answered = false;
    const rd_kafka_ListOffsetsResultInfo_t **infos = rd_kafka_ListOffsets_result_infos(
        rd_kafka_event_ListOffsets_result((rd_kafka_event_t *)event), &count);
    for (size_t i = 0; i < count; i++)
        answered |= learn_offset(learn, rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]),
            r->partitions->elems[0].offset);
    set_silent(learn, r->broker, answered);
    if (answered)
        learn->good++;
    else
        note_failure(learn, RD_KAFKA_RESP_ERR__TIMED_OUT, NO_ANSWER);
}

void learn_sign_of_life(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    (void)text;
    enum weir_error code = kafka_error_code(err);
    set_silent(r->data, r->broker,
        event || (code != WEIR_ERROR_TIMEOUT && code != WEIR_ERROR_UNREACHABLE));
}

/* -- configurations ------------------------------------------------------------------------------ */

static void learn_entry(struct kafka_topic *t, const rd_kafka_ConfigEntry_t *entry)
{
    const char *value = rd_kafka_ConfigEntry_value(entry);
    if (value && strcmp(rd_kafka_ConfigEntry_name(entry), "retention.ms") == 0) {
        t->retention_ms = g_ascii_strtoll(value, NULL, 10);
    } else if (value && strcmp(rd_kafka_ConfigEntry_name(entry), "cleanup.policy") == 0) {
        g_free(t->cleanup);
        t->cleanup = g_strdup(value);
    }
}

static void learn_config(struct learn *learn, const rd_kafka_ConfigResource_t *resource)
{
    struct kafka_topic *t = kafka_topic(learn->state, rd_kafka_ConfigResource_name(resource));
    rd_kafka_resp_err_t err = rd_kafka_ConfigResource_error(resource);
    if (!t)
        return;
    t->config_known = err ? refusal(err) : KAFKA_KNOWN;
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; !err && i < count; i++)
        learn_entry(t, entries[i]);
}

void learn_topic_configs(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    for (guint i = 0; !event && i < r->count; i++) {
        struct kafka_topic *t = kafka_topic(learn->state, r->names[i]);
        if (t && t->config_known != KAFKA_KNOWN)
            t->config_known = refusal(err);
    }
    if (!event) {
        note_failure(learn, err, text);
        return;
    }
    size_t count;
    const rd_kafka_ConfigResource_t **all = call_configs(event, &count);
    for (size_t i = 0; i < count; i++)
        learn_config(learn, all[i]);
    learn->good++;
}

void learn_mode(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    struct kafka_state *s = learn->state;
    size_t count, n = 0;
    const rd_kafka_ConfigResource_t **all = call_configs(event, &count);
    if (count > 0)
        err = rd_kafka_ConfigResource_error(all[0]);
    if (count == 0 || err) {
        s->mode_known = refusal(err);
        if (!event)
            note_failure(learn, err, text);
        return;
    }
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(all[0], &n);
    const char *roles = n > 0 ? rd_kafka_ConfigEntry_value(entries[0]) : NULL;
    s->mode_known = KAFKA_KNOWN;
    s->kraft = roles && *roles; /* a broker of a ZooKeeper cluster has no roles */
    learn->good++;
}

/* -- groups -------------------------------------------------------------------------------------- */

static const char *type_name(rd_kafka_consumer_group_type_t type)
{
    switch (type) {
    case RD_KAFKA_CONSUMER_GROUP_TYPE_CLASSIC: return "classic";
    case RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER: return "consumer";
    default: return NULL; /* brokers before KIP-848 do not say */
    }
}

static const char *type_of(const rd_kafka_ConsumerGroupListing_t *g)
{
    return rd_kafka_ConsumerGroupListing_is_simple_consumer_group(g)
               ? "simple"
               : type_name(rd_kafka_ConsumerGroupListing_type(g));
}

static char *list_error(const rd_kafka_error_t **errors, size_t count)
{
    if (count == 0)
        return NULL;
    return g_strdup_printf("%" G_GSIZE_FORMAT " of the brokers did not list the groups they "
                           "coordinate: %s",
        count, rd_kafka_error_string(errors[0]));
}

void learn_groups(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    if (!event) {
        note_failure(learn, err, text);
        return;
    }
    const rd_kafka_ListConsumerGroups_result_t *result =
        rd_kafka_event_ListConsumerGroups_result((rd_kafka_event_t *)event);
    size_t count, error_count;
    const rd_kafka_ConsumerGroupListing_t **groups =
        rd_kafka_ListConsumerGroups_result_valid(result, &count);
    const rd_kafka_error_t **errors =
        rd_kafka_ListConsumerGroups_result_errors(result, &error_count);
    g_autofree char *partial = list_error(errors, error_count);
    if (count == 0 && partial) {
        note_failure(learn, rd_kafka_error_code(errors[0]), partial);
        return;
    }
    int64_t now = now_of(learn);
    kafka_list_begin(learn->state);
    for (size_t i = 0; i < count; i++)
        kafka_group_see(learn->state, rd_kafka_ConsumerGroupListing_group_id(groups[i]),
            rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(groups[i])),
            type_of(groups[i]), now);
    kafka_list_end(learn->state, partial, now);
    learn->good++;
}

static struct kafka_member *member_new(
    struct kafka_state *s, const rd_kafka_MemberDescription_t *from)
{
    struct kafka_member *m = g_new0(struct kafka_member, 1);
    m->id = g_strdup(rd_kafka_MemberDescription_consumer_id(from));
    m->instance = g_strdup(rd_kafka_MemberDescription_group_instance_id(from));
    m->client = g_strdup(rd_kafka_MemberDescription_client_id(from));
    m->host = g_strdup(rd_kafka_MemberDescription_host(from));
    m->assigned = g_array_new(FALSE, FALSE, sizeof(struct kafka_place));
    const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(from);
    const rd_kafka_topic_partition_list_t *list =
        assignment ? rd_kafka_MemberAssignment_partitions(assignment) : NULL;
    for (int i = 0; list && i < list->cnt; i++) {
        struct kafka_place place = {
            kafka_topic_get(s, list->elems[i].topic), list->elems[i].partition};
        if (place.topic)
            g_array_append_val(m->assigned, place);
    }
    return m;
}

/* What the description knows that a list does not, or that is newer. */
static void learn_description(
    struct learn *learn, struct kafka_group *g, const rd_kafka_ConsumerGroupDescription_t *from)
{
    const char *state =
        rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(from));
    /* A coordinator calls every group Dead that is of a kind it was not asked about. */
    if (strcmp(state, "Dead") == 0 && strcmp(g->state, "Dead") != 0) {
        g->members_known = false;
        g->state = strcmp(g->state, "Unknown") == 0 ? state : g->state;
        g->describe_error = "this version of librdkafka cannot describe a group of its type";
        return;
    }
    g->state = state;
    g_free(g->assignor);
    g->assignor = g_strdup(rd_kafka_ConsumerGroupDescription_partition_assignor(from));
    const rd_kafka_Node_t *node = rd_kafka_ConsumerGroupDescription_coordinator(from);
    g_free(g->coordinator);
    g->coordinator = node ? g_strdup_printf("%d (%s:%u)", rd_kafka_Node_id(node),
                                rd_kafka_Node_host(node), rd_kafka_Node_port(node))
                          : NULL;
#if RD_KAFKA_VERSION >= 0x020a00ff
    if (!g->type)
        g->type = type_name(rd_kafka_ConsumerGroupDescription_type(from));
#endif
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)kafka_member_free);
    size_t count = rd_kafka_ConsumerGroupDescription_member_count(from);
    for (size_t i = 0; i < MIN(count, KAFKA_MEMBERS_MAX); i++)
        g_ptr_array_add(
            members, member_new(learn->state, rd_kafka_ConsumerGroupDescription_member(from, i)));
    kafka_group_set_members(g, members, now_of(learn));
}

void learn_members(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t **all =
        event ? rd_kafka_DescribeConsumerGroups_result_groups(
                    rd_kafka_event_DescribeConsumerGroups_result((rd_kafka_event_t *)event), &count)
              : NULL;
    for (guint i = 0; !event && i < r->count; i++) {
        struct kafka_group *g = kafka_group(learn->state, r->names[i]);
        if (g)
            g->describe_error = rd_kafka_err2str(err);
    }
    if (!event)
        note_failure(learn, err, text);
    for (size_t i = 0; i < count; i++) {
        struct kafka_group *g =
            kafka_group(learn->state, rd_kafka_ConsumerGroupDescription_group_id(all[i]));
        const rd_kafka_error_t *failed = rd_kafka_ConsumerGroupDescription_error(all[i]);
        if (g && failed)
            g->describe_error = rd_kafka_err2str(rd_kafka_error_code(failed));
        else if (g)
            learn_description(learn, g, all[i]);
        if (failed)
            note_failure(learn, rd_kafka_error_code(failed), rd_kafka_error_string(failed));
        else
            learn->good++;
    }
}

static GArray *commits_new(struct kafka_state *s, const rd_kafka_topic_partition_list_t *list)
{
    GArray *commits = g_array_new(FALSE, TRUE, sizeof(struct kafka_commit));
    struct kafka_topic *t = NULL; /* of the one before: they come topic by topic */
    for (int i = 0; list && i < MIN(list->cnt, KAFKA_COMMITS_MAX); i++) {
        const rd_kafka_topic_partition_t *tp = &list->elems[i];
        if (!t || strcmp(t->name, tp->topic) != 0)
            t = kafka_topic_get(s, tp->topic);
        if (!t || (tp->offset < 0 && !tp->err))
            continue;
        struct kafka_commit c = {.topic = t,
            .partition = tp->partition,
            .offset = tp->offset,
            .error = tp->err ? rd_kafka_err2str(tp->err) : NULL};
        g_array_append_val(commits, c);
    }
    return commits;
}

void learn_commits(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct learn *learn = r->data;
    struct kafka_group *g = kafka_group(learn->state, r->names[0]);
    size_t count = 0;
    const rd_kafka_group_result_t **results =
        event
            ? rd_kafka_ListConsumerGroupOffsets_result_groups(
                  rd_kafka_event_ListConsumerGroupOffsets_result((rd_kafka_event_t *)event), &count)
            : NULL;
    const rd_kafka_error_t *failed = count > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
    if (failed) {
        err = rd_kafka_error_code(failed);
        text = rd_kafka_error_string(failed);
    }
    if (!g)
        return;
    if (err == RD_KAFKA_RESP_ERR__TIMED_OUT)
        kafka_group_no_answer(g, "no answer from its coordinator", now_of(learn));
    if (count == 0 || failed) {
        if (err != RD_KAFKA_RESP_ERR__TIMED_OUT)
            g->commit_error = rd_kafka_err2str(err ? err : RD_KAFKA_RESP_ERR__BAD_MSG);
        g->commit_denied = kafka_error_code(err) == WEIR_ERROR_DENIED;
        note_failure(learn, err, text);
        return;
    }
    kafka_group_set_commits(
        g, commits_new(learn->state, rd_kafka_group_result_partitions(results[0])), now_of(learn));
    learn->good++;
}

#!/usr/bin/env python3
"""bulk.py BOOTSTRAP: 20 topics of 50 partitions and 200 groups that have committed on all of them.

For the benchmark: 200,000 committed offsets, the size at which tools that ask per group and per
partition take minutes. bulk-g-NNN lags by (NNN mod 10) records on every partition; the topics hold
10 records per partition. Runs again without doing anything twice.
"""
import sys
import time

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPICS = [f"bulk-{n:02d}" for n in range(20)]
PARTITIONS = 50
RECORDS = 10
GROUPS = [f"bulk-g-{n:03d}" for n in range(200)]
AT_ONCE = 20


def main(bootstrap):
    begin = time.monotonic()
    client = AdminClient({"bootstrap.servers": bootstrap})
    have = client.list_topics(timeout=20).topics
    new = [topic for topic in TOPICS if topic not in have]
    for future in (client.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in new]) if new else {}).values():
        future.result()
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "queue.buffering.max.messages": 100000})
    for topic in new:
        for partition in range(PARTITIONS):
            for n in range(RECORDS):
                producer.produce(topic, partition=partition, value=b"%d" % n)
        producer.poll(0)
    if producer.flush(120):
        raise SystemExit("the broker did not take the records within 120 s")
    listed = {group.group_id for group in client.list_consumer_groups(request_timeout=20).result().valid}
    groups = [group for group in GROUPS if group not in listed]
    for first in range(0, len(groups), AT_ONCE):
        commit(client, groups[first:first + AT_ONCE])
    print(f"{len(TOPICS) * PARTITIONS} partitions ({len(new)} topics new), {len(GROUPS)} groups ({len(groups)} new), "
          f"{time.monotonic() - begin:.1f} s")


def commit(client, groups):
    wanted = [
        ConsumerGroupTopicPartitions(group, [
            TopicPartition(topic, partition, RECORDS - int(group[-3:]) % 10)
            for topic in TOPICS for partition in range(PARTITIONS)])
        for group in groups
    ]
    futures = [client.alter_consumer_group_offsets([one], request_timeout=60) for one in wanted]
    for future in [future for answer in futures for future in answer.values()]:
        for part in future.result().topic_partitions:
            if part.error:
                raise KafkaException(part.error)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])

#!/usr/bin/env python3
"""What happens on the lab's Kafka: traffic, and consumer groups in every condition an on-call sees.

workload.py setup|run|check|setup3 BOOTSTRAP

setup makes topics, seed records and the groups that have no member; run is the traffic and the
groups with members, until it is ended; check succeeds once all of them are there. The numbers that
the live tests rely on stand in the tables below. Everything survives a broker that goes away and
comes back: the tests do that.
"""
import random
import signal
import sys
import threading
import time

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

try:
    from confluent_kafka import ShareConsumer
except ImportError:
    ShareConsumer = None

BOOTSTRAP = "127.0.0.1:9092"
DAY_MS = "86400000"

# topic: partitions, configuration, seed records
TOPICS = {
    "orders": (6, {"retention.ms": DAY_MS}, 2000),
    "payments": (12, {"retention.ms": DAY_MS}, 2000),
    "clicks": (24, {"retention.ms": DAY_MS}, 2000),
    "audit": (3, {"retention.ms": DAY_MS}, 2000),
    "orders.dlt": (2, {"retention.ms": "-1"}, 0),
    "customers": (4, {"cleanup.policy": "compact", "segment.ms": "600000"}, 0),
    "samples": (1, {"retention.ms": "-1"}, 0),
    "jobs": (4, {"retention.ms": DAY_MS}, 200),
    "txn-open": (1, {"retention.ms": DAY_MS}, 0),
    "idle": (1, {}, 0),  # stays empty
}

# records per second into each topic while `run` lives
RATES = {"orders": 20, "payments": 30, "clicks": 60, "audit": 2, "jobs": 4, "customers": 2}

# A group id may hold anything: an escape sequence that turns a careless terminal red and a mark that
# turns the rest of the line around.
EVIL_GROUP = "evil\x1b[31m\u202egroup"

# Groups without members: committed offsets by hand, so that a test knows them. Partition 2 of audit
# is left without a commit in dead-batch.
EMPTY_GROUPS = {
    "dead-batch": [("audit", 0, 100), ("audit", 1, 200)],
    "dlt-inspector": [("orders.dlt", 0, 3), ("orders.dlt", 1, 2)],
    EVIL_GROUP: [("audit", 0, 10), ("audit", 1, 10), ("audit", 2, 10)],
}

# Messages for the browser, in this order in samples:0. One of each kind that is hard to show.
SAMPLES = [
    (b"plain", b"hello", None),
    (b"json", b'{"order": 4711, "item": "screw", "price": 1.25, "tags": ["a", "b"]}', None),
    (None, b"no key", None),
    (b"tombstone", None, None),
    (b"empty", b"", None),
    (b"headers", b"see headers", [("trace-id", b"abc-123"), ("empty", b""), ("null", None), ("bin", b"\x00\xff\x7f")]),
    (b"unicode", "żółw \u2603 \U0001f422 日本語".encode(), None),
    (b"ansi", b"\x1b[31mred\x1b[0m \x1b]0;owned\x07 title \x1b[2J cleared", None),
    (b"rtl", "abc \u202edef\u202c ghi".encode(), None),
    (b"not-utf8", b"\xff\xfe\x80 broken \xc3\x28", None),
    (b"binary", bytes(range(256)), None),
    (b"long", b"0123456789" * 10000, None),
    (b"multi\nline", b"line one\nline two\r\nline three\ttab", None),
]

stop = threading.Event()


def admin():
    return AdminClient({"bootstrap.servers": BOOTSTRAP})


def consumer(group, **settings):
    return Consumer({
        "bootstrap.servers": BOOTSTRAP,
        "group.id": group,
        "client.id": group + "-app",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        # Small buffers: a group that lags must not hold its backlog in this process.
        "queued.max.messages.kbytes": 1024,
        "fetch.wait.max.ms": 1000,
        **{name.replace("_", "."): value for name, value in settings.items()},
    })


def retry(seconds, action):
    """The first calls on a new cluster fail while the internal topics are made."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except KafkaException:
            if time.monotonic() > end:
                raise
            stop.wait(0.3)


# ---- setup -----------------------------------------------------------------------------------------

def make_topics(wanted, replication):
    client = admin()
    have = retry(60, lambda: client.list_topics(timeout=10)).topics
    new = [NewTopic(name, parts, replication, config=config)
           for name, (parts, config, _) in wanted.items() if name not in have]
    for future in (client.create_topics(new) if new else {}).values():
        future.result()
    return {topic.topic for topic in new}


def seed(new):
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 20})
    for name, (_, _, count) in TOPICS.items():
        for n in range(count if name in new else 0):
            producer.produce(name, key=f"k{n % 97}", value=f'{{"n":{n},"topic":"{name}"}}')
            producer.poll(0)
    if "orders.dlt" in new:
        for n in range(37):
            dead_letter(producer, n % 2, n)
    if "samples" in new:
        for key, value, headers in SAMPLES:
            producer.produce("samples", key=key, value=value, headers=headers or [])
            # One at a time: the order is part of what the tests know.
            producer.flush(20)
    if "customers" in new:
        for n in range(300):
            producer.produce("customers", key=f"c{n % 50}", value=None if n % 50 == 49 else f'{{"version":{n // 50}}}')
    if producer.flush(60):
        raise SystemExit("the broker did not take the seed records within 60 s")


def dead_letter(producer, partition, n):
    producer.produce("orders.dlt", partition=partition, key=f"k{n}", value=f'{{"order":{n},"amount":"NaN"}}', headers={
        "kafka_dlt-exception-message": "NullPointerException: amount",
        "kafka_dlt-original-topic": "orders",
        "kafka_dlt-original-offset": str(n),
    })


def commit(group, offsets):
    client = consumer(group)
    try:
        wanted = [TopicPartition(topic, partition, offset) for topic, partition, offset in offsets]
        have = retry(60, lambda: client.committed(wanted, timeout=10))
        if any(part.offset >= 0 for part in have):
            return
        for part in retry(60, lambda: client.commit(offsets=wanted, asynchronous=False)):
            if part.error:
                raise SystemExit(f"commit of {group!r} at {part.topic}:{part.partition}: {part.error}")
    finally:
        client.close()


def ends(topic):
    client = consumer("search-indexer")
    try:
        return [client.get_watermark_offsets(TopicPartition(topic, n), timeout=20)[1] for n in range(TOPICS[topic][0])]
    finally:
        client.close()


def setup():
    seed(make_topics(TOPICS, 1))
    for group, offsets in EMPTY_GROUPS.items():
        commit(group, offsets)
    commit("fraud-check", [("orders", partition, 10) for partition in range(6)])
    # Its lag begins at nothing and grows on every partition alike.
    commit("search-indexer", [("clicks", partition, end) for partition, end in enumerate(ends("clicks"))])


def setup3():
    new = make_topics({"replicated": (6, {}, 0)}, 3)
    producer = Producer({"bootstrap.servers": BOOTSTRAP})
    for n in range(600 if new else 0):
        producer.produce("replicated", key=f"k{n}", value=f'{{"n":{n}}}')
    if producer.flush(60):
        raise SystemExit("the brokers did not take the records within 60 s")


# ---- run -------------------------------------------------------------------------------------------

def produce():
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 100, "message.timeout.ms": 60000})
    n = 0
    due = dict.fromkeys(RATES, 0.0)
    while not stop.is_set():
        for topic, rate in RATES.items():
            due[topic] += rate * 0.5
            while due[topic] >= 1:
                due[topic] -= 1
                n += 1
                try:
                    producer.produce(topic, key=f"k{random.randrange(97)}", value=f'{{"n":{n}}}')
                except BufferError:  # the broker is away: what does not fit is lost
                    due[topic] = 0
        if n % 3000 < 70:
            dead_letter(producer, n % 2, n)
        producer.poll(0)
        stop.wait(0.5)
    producer.flush(5)


def consume(group, topics, rate=None, **settings):
    """Reads at most `rate` records per second and commits every two seconds."""
    client = consumer(group, **settings)
    client.subscribe(topics)
    allowed, last, dirty = 0.0, time.monotonic(), False
    committed = last
    try:
        while not stop.is_set():
            now = time.monotonic()
            batch = 1000
            if rate:
                allowed = min(allowed + rate * (now - last), rate)
                batch = int(allowed)
            last = now
            got = client.consume(batch, timeout=0.1) if batch else []
            allowed -= len(got)
            dirty |= any(not message.error() for message in got)
            if dirty and now - committed > 2:
                client.commit(asynchronous=True)
                committed, dirty = now, False
            stop.wait(0.4)
    finally:
        client.close()


def stalled(group, topic):
    """A static member that holds its partitions, keeps its heartbeat and never commits again."""
    client = consumer(group, group_instance_id=group + "-1", max_poll_interval_ms=86400000)
    client.subscribe([topic])
    try:
        while not stop.is_set():
            client.poll(1.0)
            client.pause(client.assignment())
    finally:
        client.close()


def open_transaction():
    """Holds txn-open's last stable offset below its end. The broker would abort after 15 minutes."""
    topic = "txn-open"
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": "lab-open", "transaction.timeout.ms": 900000})
    producer.init_transactions(60)
    while not stop.is_set():
        producer.begin_transaction()
        for n in range(5):
            producer.produce(topic, value=f"open {n}")
        producer.flush(20)
        stop.wait(800)
        producer.abort_transaction(20)


def share(group, topic):
    client = ShareConsumer({"bootstrap.servers": BOOTSTRAP, "group.id": group, "client.id": group + "-app"})
    client.subscribe([topic])
    read = getattr(client, "consume", None) or client.poll
    try:
        while not stop.is_set():
            read(timeout=1.0)
            stop.wait(0.5)
    finally:
        client.close()


def keep(function, *args, **settings):
    """Begins again when a client gave up, for instance on a fatal error after a long outage."""
    while not stop.is_set():
        try:
            function(*args, **settings)
        except Exception as error:  # whatever it was, the state must come back
            print(f"{function.__name__} {args}: {error!r}", file=sys.stderr, flush=True)
            stop.wait(5)


def run():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    jobs = [
        (produce, (), {}),
        (consume, ("billing", ["payments", "orders"]), {"client_id": "billing-a"}),
        (consume, ("billing", ["payments", "orders"]), {"client_id": "billing-b"}),
        # Small fetches, else it would work through one partition's backlog after the other.
        (consume, ("search-indexer", ["clicks"], 15), {"fetch_message_max_bytes": 1000, "queued_min_messages": 2}),
        (stalled, ("fraud-check", "orders"), {}),
        (consume, ("analytics-848", ["clicks"]), {"group_protocol": "consumer", "client_id": "analytics-a"}),
        (consume, ("analytics-848", ["clicks"]), {"group_protocol": "consumer", "client_id": "analytics-b"}),
        (open_transaction, (), {}),
    ]
    if ShareConsumer:
        jobs.append((share, ("job-workers", "jobs"), {}))
    threads = [threading.Thread(target=keep, args=(function, *args), kwargs=settings)
               for function, args, settings in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- check -----------------------------------------------------------------------------------------

def check():
    client = admin()
    members = {"billing": 2, "search-indexer": 1, "fraud-check": 1, "analytics-848": 2,
               **dict.fromkeys(EMPTY_GROUPS, 0)}
    for group, future in client.describe_consumer_groups(list(members), request_timeout=10).items():
        found = future.result()
        stable = found.state == (ConsumerGroupState.STABLE if members[group] else ConsumerGroupState.EMPTY)
        assigned = all(member.assignment.topic_partitions for member in found.members)
        if not stable or not assigned or len(found.members) != members[group]:
            raise SystemExit(f"{group!r}: {found.state}, {len(found.members)} members")
    for group in ("billing", "search-indexer", "analytics-848"):
        probe = consumer(group)
        topic = "payments" if group == "billing" else "clicks"
        try:
            parts = [TopicPartition(topic, n) for n in range(TOPICS[topic][0])]
            if not any(part.offset >= 0 for part in probe.committed(parts, timeout=10)):
                raise SystemExit(f"{group}: nothing committed yet")
        finally:
            probe.close()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("setup", "run", "check", "setup3"):
        raise SystemExit(__doc__)
    BOOTSTRAP = sys.argv[2]
    globals()[sys.argv[1]]()

#!/usr/bin/env python3
"""Kafka by REST against a proxy of the test's own that is large, slow or stuck: what is asked, how much of
it at a time, and what is shown of a cluster of which one group hangs. (Answers are those of Confluent's REST
Proxy v3 as its documentation has them; test_kafka_rest.c has their variants.)"""
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from tap import finish, ok, skip_all

WEIR = os.environ.get("WEIR", os.path.join(HERE, "../../build/weir"))
ROOT = "/kafka/v3/clusters"


class Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, topics, partitions, groups):
        super().__init__(("127.0.0.1", 0), Handler)
        self.topics = [f"topic-{n}" for n in range(topics)]
        self.partitions = partitions
        self.groups = [f"group-{n}" for n in range(groups)]
        self.page = 1000
        self.stuck = set()      # groups whose lags never come
        self.lock = threading.Lock()
        self.free = threading.Event()
        self.asked = []
        self.running = self.most = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that goes away is no error here."""

    def forget(self):
        self.asked, self.most = [], 0

    def items(self, path):
        """The items of a list, or None."""
        parts = path.split("/")
        if path == "/brokers":
            return [{"broker_id": n, "host": f"b{n}", "port": 9092, "rack": None} for n in (1, 2, 3)]
        if path == "/topics":
            return [{"topic_name": t, "is_internal": False, "replication_factor": 3,
                     "partitions_count": self.partitions} for t in self.topics]
        if path == "/consumer-groups":
            return [{"consumer_group_id": g, "is_simple": False, "partition_assignor": "range", "state": "STABLE",
                     "coordinator": {"related": f"http://other{ROOT}/c/brokers/1"}} for g in self.groups]
        if path.endswith("/partition-replicas"):
            broker = int(parts[2])
            return [{"kind": "KafkaReplica", "metadata": {"self": f"http://proxy{ROOT}/c/topics/{t}/partitions/{p}/replicas/1"},
                     "cluster_id": "c", "topic_name": t, "partition_id": p, "broker_id": broker,
                     "is_leader": p % 3 + 1 == broker, "is_in_sync": True}
                    for t in self.topics for p in range(self.partitions)]
        if path.endswith("/lags"):
            n = self.groups.index(urllib.parse.unquote(parts[2]))
            return [{"topic_name": self.topics[n % len(self.topics)], "partition_id": p, "current_offset": 100,
                     "log_end_offset": 100 + n, "lag": n, "consumer_id": f"c-{n}-{p}", "instance_id": None,
                     "client_id": "app"} for p in range(self.partitions)]
        if path.endswith("/configs"):
            return [{"topic_name": parts[2], "name": "retention.ms", "value": "1000", "is_default": False}]
        if path.endswith("/partitions"):
            return [{"partition_id": p, "leader": {"related": f"/v3/x/{p % 3 + 1}"}} for p in range(self.partitions)]
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def reply(self, path, query):
        proxy = self.server
        if path == "":
            return self.answer({"data": [{"cluster_id": "c", "controller": {"related": "/v3/x/1"}}]})
        path = path[2:]
        if path.endswith("/offset"):
            return self.answer({"earliest_offset": 0, "latest_offset": 100})
        if path.endswith("process.roles"):
            return self.answer({"name": "process.roles", "value": "broker"})
        if path.endswith("/lags") and path.split("/")[2] in proxy.stuck:
            proxy.free.wait(60)
        items = proxy.items(path)
        if items is None:
            return self.answer({"error_code": 404, "message": "HTTP 404 Not Found"}, 404)
        at = int(urllib.parse.parse_qs(query).get("page_token", ["0"])[0])
        page = len(items) if path.endswith("partition-replicas") else proxy.page
        more = at + page < len(items)
        self.answer({"kind": "List", "metadata": {
            "next": f"http://not-this-host:1{ROOT}/c{path}?page_token={at + page}" if more else None},
            "data": items[at:at + page]})

    def do_GET(self):
        proxy = self.server
        path, _, query = self.path.partition("?")
        with proxy.lock:
            proxy.asked.append(self.path)
            proxy.running += 1
            proxy.most = max(proxy.most, proxy.running)
        try:
            self.reply(path[len(ROOT):], query)
        except OSError:
            pass
        finally:
            with proxy.lock:
                proxy.running -= 1

    def do_POST(self):
        with self.server.lock:
            self.server.asked.append("POST " + self.path)
        self.answer({}, 405)


def configuration(folder, proxy, more=""):
    path = os.path.join(folder, f"{proxy.server_port}{len(more)}.yaml")
    with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as out:
        out.write("environments:\n  e:\n    class: dev\n    sources:\n      k:\n        type: kafka\n"
                  f"        url: http://127.0.0.1:{proxy.server_port}/kafka\n{more}")
    return path


def get(config, *args):
    began = time.monotonic()
    done = subprocess.run([WEIR, "--config", config, "get", *args, "-o", "json"], capture_output=True, text=True,
                          timeout=90, check=False)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"rows": [], "complete": None}
    rows = {row["name"]: row for row in answer["rows"]}
    return done.returncode, rows, answer, done.stderr, time.monotonic() - began


def is_whole(answer, err):
    """Nothing is missing but rates, which one fetch cannot have."""
    return answer["complete"] or err.strip() == "weir: no history: rates are absent; --wait 60s samples them"


def large(folder):
    proxy = Proxy(2500, 4, 1000)
    config = configuration(folder, proxy)
    code, rows, answer, err, seconds = get(config, "kafka.groups")
    lags = [path for path in proxy.asked if path.endswith("/lags")]
    ok(code == 0 and is_whole(answer, err) and len(rows) == 1000, "1,000 groups are read whole", code, err[:300], len(rows))
    ok(rows.get("group-7", {}).get("lag") == 28 and rows.get("group-7", {}).get("members") == 4, "with their lag",
       rows.get("group-7"))
    ok(len(lags) == len(set(lags)) == 1000 and len(proxy.asked) <= 1010, "by one request each", len(lags),
       len(proxy.asked))
    ok(proxy.most <= 4, "at most four at a time", proxy.most)
    ok(not [path for path in proxy.asked if path.startswith("POST")], "and nothing but GET")
    print(f"# {len(proxy.asked)} requests in {seconds:.1f} s", flush=True)
    proxy.forget()
    code, rows, answer, err, seconds = get(config, "kafka.topics")
    ok(code == 0 and is_whole(answer, err) and len(rows) == 2500, "2,500 topics of 10,000 partitions are read whole", code,
       err[:300], len(rows))
    row = rows.get("topic-2499", {})
    ok(row.get("partitions") == 4 and row.get("offline") == 0 and row.get("under_replicated") == 0,
       "with what their partitions lack", row)
    ok(row.get("messages") is None and row["absent"].get("messages") == "not_asked", "what costs a request per partition is not asked", row)
    ok(len(proxy.asked) <= 60, "in less than 60 requests", len(proxy.asked))
    print(f"# {len(proxy.asked)} requests in {seconds:.1f} s", flush=True)
    proxy.shutdown()


def stuck(folder):
    proxy = Proxy(3, 2, 12)
    proxy.stuck = {"group-5"}
    config = configuration(folder, proxy)
    code, rows, _, err, seconds = get(config, "kafka.groups")
    others = [row for name, row in rows.items() if name != "group-5"]
    ok(code == 0 and len(rows) == 12 and all(row["lag"] is not None for row in others),
       "a group that hangs costs no other its lag", code, err, others)
    row = rows.get("group-5", {})
    ok(row.get("lag") is None and row.get("absent", {}).get("lag") == "failed" and row.get("health") == "unknown"
       and "no answer from the proxy in time" in row.get("why", ""), "its own row says why it has none", row)
    ok(seconds < 25, "and it is given up in time", seconds)
    watch = subprocess.Popen([WEIR, "--config", configuration(folder, proxy, "        every: 1s\n"), "get", "kafka.groups",
                              "--watch", "-o", "ndjson"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    timer = threading.Timer(80, watch.kill)
    timer.start()
    seen = set()
    for line in watch.stdout:
        row = json.loads(line)
        if row["name"] == "group-5" and row["lag"] is not None:
            break
        if row["name"] == "group-5" and row.get("error"):
            seen.add("stuck")
            proxy.stuck = set()
            proxy.free.set()
    timer.cancel()
    watch.kill()
    watch.wait(10)
    ok(seen and row["name"] == "group-5" and row["lag"] == 10, "when it answers again it is read again", row)
    proxy.shutdown()


def gone(folder):
    proxy = Proxy(2, 2, 2)
    config = configuration(folder, proxy)
    proxy.shutdown()
    proxy.server_close()
    code, rows, answer, err, _ = get(config, "kafka.groups")
    ok(code == 3 and not rows and answer["complete"] is False and re.search("connection refused", err),
       "a proxy that is down is named", code, err)


def main():
    if not os.access(WEIR, os.X_OK):
        return skip_all(f"{WEIR} is not built")
    with tempfile.TemporaryDirectory() as folder:
        large(folder)
        stuck(folder)
        gone(folder)
    return finish()


if __name__ == "__main__":
    sys.exit(main())

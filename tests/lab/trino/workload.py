#!/usr/bin/env python3
"""What happens on the lab's Trino: queries in every state an on-call sees.

workload.py run|check

run keeps one endless join RUNNING, one query of the slow group RUNNING with three QUEUED behind it,
and repeats short ones that finish, fail by their user, fail by the system, are turned away by a full
queue or are cancelled. check succeeds once all of those are in the server's list.

An endless query would take a whole core. These are held back by their client: it takes a small page
every few seconds, the output buffer stays full, and the scan waits. So they are RUNNING, their rows
and splits grow, and they cost next to nothing.
"""
import http.client
import json
import signal
import sys
import threading
import time
import urllib.request

from statement import BASE, Statement

stop = threading.Event()
# Set by whoever finds the server away: its history is gone then, and all the short ones are due again.
outage = threading.Event()

ENDLESS = """-- nightly export, made by no_such_team
SELECT l.orderkey, l.linenumber, l.extendedprice, l.comment, n.name AS nation, r.name AS region
FROM tpch.sf1000.lineitem l
JOIN tpch.tiny.nation n ON n.nationkey = l.suppkey % 25
JOIN tpch.tiny.region r ON r.regionkey = n.regionkey"""

SLOW = "SELECT l.*, {n} AS part FROM tpch.sf100.lineitem l"

# seconds between two of them, user, source, statement, session properties
SHORT = [
    (60, "dash", "dashboard", "SELECT orderstatus, count(*), sum(totalprice) FROM tpch.tiny.orders GROUP BY orderstatus", {}),
    (120, "dbt", "dbt", "SELECT n.name, count(*) FROM tpch.tiny.customer c JOIN tpch.tiny.nation n ON c.nationkey = n.nationkey "
     "JOIN tpch.tiny.orders o ON o.custkey = c.custkey GROUP BY n.name ORDER BY 2 DESC", {}),
    (120, "bob", "adhoc", "SELECT orderkey FORM tpch.tiny.orders", {}),
    (180, "bob", "adhoc", "SELECT 1 / (regionkey - regionkey) FROM tpch.tiny.region", {}),
    (180, "bob", "etl-heavy", "SELECT partkey, suppkey, array_agg(comment) FROM tpch.sf1.lineitem GROUP BY 1, 2",
     {"query_max_memory_per_node": "10MB"}),
]
LOAD_EVERY = 180
CANCELLED_EVERY = 240
TURNED_AWAY_EVERY = 300

# Full queue: three wait in the slow group, a fourth that would wait is refused.
SLOW_CLIENTS = 4


def held_back(user, source, sql):
    """Posts a statement and takes one small page now and then, for ever. When the query ends, because
    somebody killed it or the server restarted, a new one follows after a pause in which that can be
    seen."""
    while not stop.is_set():
        try:
            statement = Statement(user, source, sql, page_bytes=1 << 20)
            while statement.next and not stop.is_set():
                statement.fetch()
                # A queued query is told nothing new by a short poll; a client may be silent for 5 minutes.
                stop.wait(20 if statement.state == "QUEUED" else 4)
            if stop.is_set():
                statement.cancel()
            stop.wait(15)
        except (OSError, http.client.HTTPException) as error:
            print(f"{source}: {error}", file=sys.stderr, flush=True)
            outage.set()
            stop.wait(5)


def once(user, source, sql, session):
    statement = Statement(user, source, sql, session)
    for _ in statement.finish():
        pass


def load():
    """The memory catalog forgets its tables with the server."""
    once("dbt", "dbt", "CREATE TABLE IF NOT EXISTS memory.default.heartbeat (at timestamp(3) with time zone, n bigint)", {})
    once("dbt", "dbt", "INSERT INTO memory.default.heartbeat SELECT current_timestamp, count(*) FROM tpch.tiny.region", {})


def turned_away():
    """False while the queue is not full: it would wait there instead of being refused."""
    if not queue_is_full():
        return False
    once("carol", "slow-late", SLOW.format(n=99), {})
    return True


def cancelled():
    statement = Statement("carol", "adhoc", SLOW.format(n=0), page_bytes=1 << 20)
    while statement.next and statement.state in ("QUEUED", "PLANNING", "STARTING"):
        statement.fetch()
    statement.cancel()


def listed():
    request = urllib.request.Request(BASE + "/v1/query", headers={"X-Trino-User": "lab"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def queue_is_full():
    states = [query["state"] for query in listed() if query.get("resourceGroupId") == ["global", "slow"]]
    return states.count("QUEUED") >= SLOW_CLIENTS - 1


def run():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clients = [threading.Thread(target=held_back, args=("alice", "nightly-export", ENDLESS))]
    for n in range(1, SLOW_CLIENTS + 1):
        clients.append(threading.Thread(target=held_back, args=("bob", f"slow-report-{n}", SLOW.format(n=n))))
    for thread in clients:
        thread.start()
    jobs = [(period, lambda job=job: once(*job)) for period, *job in SHORT]
    jobs += [(LOAD_EVERY, load), (CANCELLED_EVERY, cancelled), (TURNED_AWAY_EVERY, turned_away)]
    due = [0.0] * len(jobs)
    while not stop.is_set():
        if outage.is_set():
            outage.clear()
            due = [0.0] * len(jobs)
        for n, (period, job) in enumerate(jobs):
            if stop.is_set() or time.monotonic() < due[n]:
                continue
            try:
                if job() is not False:
                    due[n] = time.monotonic() + period
            except (OSError, http.client.HTTPException) as error:
                print(f"short {n}: {error}", file=sys.stderr, flush=True)
                outage.set()
                stop.wait(5)
        stop.wait(1)
    for thread in clients:
        thread.join()


def check():
    queries = listed()
    slow = [query for query in queries if query.get("resourceGroupId") == ["global", "slow"]]
    wanted = {
        "nightly-export RUNNING": any(query["state"] == "RUNNING" and query["session"].get("source") == "nightly-export" for query in queries),
        "one of the slow group RUNNING": sum(query["state"] == "RUNNING" for query in slow) == 1,
        "three of the slow group QUEUED": sum(query["state"] == "QUEUED" for query in slow) == 3,
        "one FINISHED": any(query["state"] == "FINISHED" for query in queries),
    }
    for name in ("SYNTAX_ERROR", "DIVISION_BY_ZERO", "EXCEEDED_LOCAL_MEMORY_LIMIT", "QUERY_QUEUE_FULL", "USER_CANCELED"):
        wanted[name] = any((query.get("errorCode") or {}).get("name") == name for query in queries)
    missing = [name for name, there in wanted.items() if not there]
    if missing:
        raise SystemExit("not there yet: " + ", ".join(missing))


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["check"]):
        raise SystemExit(__doc__)
    globals()[sys.argv[1]]()

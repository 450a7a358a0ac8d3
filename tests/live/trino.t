#!/usr/bin/env python3
"""The Trino connector against the lab's Trino: what `weir get` and `weir show` print is compared with
the coordinator's own REST API and with its system.runtime tables, read before and after, so that what
moves in between has bounds. Skipped when the lab is not up (make lab)."""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip_all

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.environ.get("WEIR", os.path.join(ROOT, "build", "weir"))
NUMBERS = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
SPANS = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3}


def lab_url():
    if "LAB_TRINO" in os.environ:
        return os.environ["LAB_TRINO"]
    try:
        with open(os.path.join(ROOT, "build", "lab", "env"), encoding="utf-8") as env:
            values = dict(line.strip().split("=", 1) for line in env if "=" in line and line[0] != "#")
    except OSError:
        return None
    return values.get("LAB_TRINO") if "trino" in values.get("LAB_UP", "").strip('"').split() else None


BASE = lab_url()


def rest(path, method="GET", body=None, user="lab"):
    request = urllib.request.Request(BASE + path, data=body, method=method, headers={"X-Trino-User": user})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def listed():
    return {query["queryId"]: query for query in rest("/v1/query")}


def sql(statement, user="lab", source="live-test"):
    headers = {"X-Trino-User": user, "X-Trino-Source": source}
    request = urllib.request.Request(BASE + "/v1/statement", data=statement.encode(), headers=headers)
    rows = []
    while True:
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        rows += page.get("data") or []
        if "nextUri" not in page:
            return rows, page
        request = urllib.request.Request(page["nextUri"], headers=headers)


def begin(statement, user, source):
    """A query that has begun and whose client then falls silent: it waits, and costs nothing."""
    headers = {"X-Trino-User": user, "X-Trino-Source": source}
    request = urllib.request.Request(BASE + "/v1/statement", data=statement.encode(), headers=headers)
    for _ in range(300):
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        if page["stats"]["state"] == "RUNNING" or "nextUri" not in page:
            return page["id"]
        request = urllib.request.Request(page["nextUri"], headers=headers)
    raise RuntimeError(f"{page['id']} does not begin: {page['stats']['state']}")


def size(text):
    number, unit = re.fullmatch(r"([0-9.eE+]+)([a-zA-Z]+)", text).groups()
    return float(number) * NUMBERS[unit]


def span(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", text).groups()
    return float(number) * SPANS[unit]


def weir(*args, status=0):
    run = subprocess.run([WEIR, "--config", CONFIG, *args], capture_output=True, text=True, timeout=180, check=False)
    if status is not None and run.returncode != status:
        print(f"# weir {' '.join(args)}: exit {run.returncode}: {run.stderr.strip()}", flush=True)
    return run


def get(kind, *args):
    run = weir("get", kind, "-o", "json", *args)
    return json.loads(run.stdout) if run.stdout else {"rows": [], "complete": False}


def rows_of(kind, *args):
    answer = get(kind, *args)
    return {row["name"]: row for row in answer["rows"]}


def between(value, a, b, slack=0.0):
    low, high = min(a, b), max(a, b)
    return value is not None and low - slack * abs(low) - 1 <= value <= high + slack * abs(high) + 1


# -- the list --------------------------------------------------------------------------------------

def error_name(query):
    return (query.get("errorCode") or {}).get("name")


def one_line(text):
    return re.sub(r"[ \t\r\n\v\f]+", " ", text).strip(" ") if len(text) < 4000 else None


def compare_query(row, before, after):
    """Everything that is wrong with one row of weir's."""
    bad = []

    def check(good, column, *values):
        if not good:
            bad.append((row["name"], column, row.get(column), *values))

    states = {before["state"], after["state"]}
    if len(states) == 1:
        check(row["state"] in states, "state", states)
    check(row["user"] == before["session"]["user"], "user", before["session"]["user"])
    check(row["source_name"] == before["session"].get("source"), "source_name")
    group = ".".join(after.get("resourceGroupId") or []) or None
    check(row["resource_group"] == group, "resource_group", group)
    if error_name(before) == error_name(after):
        check(row["error"] == error_name(after), "error", error_name(after))
    if one_line(before["query"]):
        check(row["sql"].strip() == one_line(before["query"]), "sql", before["query"])
    a, b = before["queryStats"], after["queryStats"]
    for column, field in (("memory_bytes", "totalMemoryReservation"), ("peak_memory_bytes", "peakTotalMemoryReservation"),
                          ("read_bytes", "physicalInputDataSize")):
        if column != "memory_bytes" or row["phase"] != "run":  # memory goes up and down
            check(between(row[column], size(a[field]), size(b[field])), column, a[field], b[field])
    check(between(row["read_rows"], a["rawInputPositions"], b["rawInputPositions"]), "read_rows")
    check(between(row["splits_done"], a["completedDrivers"], b["completedDrivers"]), "splits_done")
    check(between(row["splits_total"], a["totalDrivers"], b["totalDrivers"]), "splits_total")
    for column, field in (("elapsed_ms", "elapsedTime"), ("cpu_ms", "totalCpuTime")):
        # Three digits: 5.87m may be 0.3 s off.
        check(between(row[column], span(a[field]), span(b[field]), 0.01), column, a[field], b[field])
    return bad


def test_queries():
    before = listed()
    answer = get("trino.queries")
    after = listed()
    rows = {row["name"]: row for row in answer["rows"]}
    ok(answer["complete"], "the list of queries is complete", answer.get("incomplete"))
    missing = (before.keys() & after.keys()) - rows.keys()
    ok(not missing, f"no query is missing ({len(rows)} there)", missing)
    extra = rows.keys() - before.keys() - after.keys()
    ok(not extra, "none is invented", extra)
    bad = [fault for name, row in rows.items() if name in before and name in after
           for fault in compare_query(row, before[name], after[name])]
    ok(not bad, "every cell is what /v1/query says", *bad[:10])
    wrong = [row["name"] for row in rows.values() if row["state"] == "QUEUED"
             and (row["health"] == "warn") != (row["queued_ms"] > 60000)]
    ok(not wrong, "who waits for more than a minute is warned of", wrong)
    return rows


def test_health(rows):
    def judged(error, health, phase):
        found = [row for row in rows.values() if row["error"] == error]
        bad = [(row["name"], row["health"], row["phase"]) for row in found if (row["health"], row["phase"]) != (health, phase)]
        ok(found and not bad, f"{error} is {health}, {phase} ({len(found)} there)", *bad)

    judged("QUERY_QUEUE_FULL", "fail", "done")
    judged("EXCEEDED_LOCAL_MEMORY_LIMIT", "fail", "done")
    judged("SYNTAX_ERROR", "ok", "off")
    judged("DIVISION_BY_ZERO", "ok", "off")
    judged("USER_CANCELED", "ok", "off")


def test_runtime_queries():
    table, _ = sql("SELECT query_id, state, \"user\", source, error_code, error_type FROM system.runtime.queries")
    rows = rows_of("trino.queries")
    table = {row[0]: row[1:] for row in table}
    ended = {name: row for name, row in table.items() if row[0] in ("FINISHED", "FAILED") and name in rows}
    bad = [(name, row, rows[name]["state"]) for name, row in ended.items()
           if [rows[name][column] for column in ("state", "user", "source_name", "error", "error_type")] != row]
    ok(len(ended) > 5 and not bad, f"what has ended is as in system.runtime.queries ({len(ended)} rows)", *bad[:10])
    missing = [name for name, row in table.items() if row[0] not in ("FINISHED", "FAILED") and name not in rows]
    ok(not missing, "what is live there is known here", missing)


# -- nodes and cluster -------------------------------------------------------------------------------

def test_nodes():
    rows = rows_of("trino.nodes")
    table, _ = sql("SELECT node_id, http_uri, node_version, coordinator, state FROM system.runtime.nodes")
    ok({row[0] for row in table} == {name for name, row in rows.items() if row["state"] not in ("gone", "failed")},
       f"the nodes are those of system.runtime.nodes ({len(table)})", table, list(rows))
    bad = [row for row in table if row[0] in rows
           and [rows[row[0]][column] for column in ("url", "version", "coordinator", "state")] != row[1:]]
    ok(not bad, "with their address, version, role and state", bad, rows)
    status = rest("/v1/status")
    own = rows.get(status["nodeId"], {})
    ok(own.get("heap_max_bytes") == status["heapAvailable"], "the heap's limit is that of /v1/status", own, status["heapAvailable"])
    ok(own.get("pool_max_bytes") == status["memoryInfo"]["pool"]["maxBytes"], "so is the pool's", own)
    ok(own.get("processors") == status["processors"], "and the number of processors", own)
    ok(0 <= (own.get("cpu") or 0) <= 100 and 0 < own.get("heap_bytes", 0) <= status["heapAvailable"],
       "load and heap are within their limits", own)


def test_cluster():
    before = listed()
    answer = get("trino.cluster")
    after = listed()
    info, status = rest("/v1/info"), rest("/v1/status")
    ok(len(answer["rows"]) == 1, "the cluster is one row", answer)
    row = answer["rows"][0]
    ok(row["name"] == info["environment"] and row["version"] == info["nodeVersion"]["version"], "with its name and version", row)

    def counted(queries, *states):
        return sum(query["state"] in states for query in queries.values())

    for column, states in (("running", ["RUNNING"]), ("queued", ["QUEUED", "WAITING_FOR_RESOURCES"])):
        a, b = counted(before, *states), counted(after, *states)
        ok(min(a, b) - 1 <= row[column] <= max(a, b) + 1, f"{column} is what /v1/query counts", row[column], a, b)
    if row["nodes"] == 1:
        ok(row["memory_limit_bytes"] == status["memoryInfo"]["pool"]["maxBytes"], "its memory is the pool of its one node", row)
    else:
        ok((row["memory_limit_bytes"] or 0) > status["memoryInfo"]["pool"]["maxBytes"], "its memory is that of all nodes", row)
    ok(between(row["uptime_ms"], span(info["uptime"]), span(info["uptime"]), 0.02) or row["uptime_ms"] < 120000,
       "its uptime is that of /v1/info", row["uptime_ms"], info["uptime"])
    failed = sum(query["state"] == "FAILED" for query in after.values())
    ok(0 <= row["failed_5m"] <= failed and row["system_failed_5m"] <= row["failed_5m"], "failures are counted", row, failed)


# -- one query ---------------------------------------------------------------------------------------

def tree_of(stage, parent=None, into=None):
    into = {} if into is None else into
    name = stage["stageId"].rsplit(".", 1)[1]
    into[name] = (stage, parent)
    for child in stage["subStages"]:
        tree_of(child, name, into)
    return into


def test_stages(source, state):
    names = [name for name, query in listed().items() if query["session"].get("source") == source and query["state"] == state]
    if not names:
        ok(False, f"there is a {state} query of {source}")
        return
    name = names[0]
    a = tree_of(rest("/v1/query/" + name)["outputStage"])
    answer = get("trino.stages", "--scope", f"warehouse/queries/{name}")
    b = tree_of(rest("/v1/query/" + name)["outputStage"])
    rows = {row["name"]: row for row in answer["rows"]}
    ok(set(rows) == set(a), f"{state}: the stages are those of /v1/query/ID ({len(rows)})", list(rows), list(a))
    bad = []
    for stage, row in rows.items():
        (x, _), (y, _) = a[stage], b[stage]
        s, t = x["stageStats"], y["stageStats"]
        if x["state"] == y["state"] and row["state"] != x["state"]:
            bad.append((stage, "state", row["state"], x["state"]))
        nodes = {task["taskStatus"]["nodeId"] for task in y["tasks"]}
        if row["node"] != (nodes.pop() if len(nodes) == 1 else f"{len(nodes)} nodes"):
            bad.append((stage, "node", row["node"]))
        for column, field in (("splits", "totalDrivers"), ("splits_done", "completedDrivers"), ("rows", "processedInputPositions"),
                              ("rows_out", "outputPositions"), ("tasks", "totalTasks")):
            if not between(row[column], s[field], t[field]):
                bad.append((stage, column, row[column], s[field], t[field]))
        if not between(row["bytes"], size(s["processedInputDataSize"]), size(t["processedInputDataSize"])):
            bad.append((stage, "bytes", row["bytes"]))
        longest = [max(span(task["stats"]["elapsedTime"]) for task in z["tasks"]) for z in (x, y)]
        if not between(row["elapsed_ms"], *longest, 0.01):
            bad.append((stage, "elapsed_ms", row["elapsed_ms"], longest))
        if len(y["tasks"]) < 2 and row["skew"] is not None:
            bad.append((stage, "skew", row["skew"]))
        if row["blocked"] is not None and not 0 <= row["blocked"] <= 100:
            bad.append((stage, "blocked", row["blocked"]))
    ok(not bad, f"{state}: every cell is what it says", *bad[:10])


def test_show(rows):
    failed = [name for name, row in rows.items() if row["error"] == "EXCEEDED_LOCAL_MEMORY_LIMIT"]
    text = weir("show", "warehouse/queries/" + failed[0]).stdout
    ok("Query exceeded per-node memory limit" in text, "show gives a failure's own words", text)
    ok("131079" in text and "bob" in text and "array_agg(comment)" in text, "its code, user and statement", text)
    raw = json.loads(weir("show", "warehouse/queries/" + failed[0], "--raw").stdout)
    ok(raw["queryId"] == failed[0] and raw["failureInfo"]["message"] in text, "--raw is the server's own JSON")
    node = rest("/v1/status")["nodeId"]
    text = weir("show", "warehouse/nodes/" + node).stdout
    ok("heap_max_bytes" in text and "active" in text, "show gives a node's load", text)
    gone = weir("show", "warehouse/queries/20260101_000000_00001_abcde", status=3)
    ok(gone.returncode == 3 and "gone from the coordinator's memory" in gone.stderr, "a query that is gone says so", gone)
    odd = weir("show", "warehouse/queries/..%2F..%2Finfo", status=None)
    ok(odd.returncode != 0 and "no query id" in odd.stderr, "nothing but a query id is asked for", odd)


def test_kill():
    name = begin("SELECT l.*, 'weir' AS part FROM tpch.sf100.lineitem l", "carol", "live-kill")
    row = rows_of("trino.queries").get(name, {})
    ok(row.get("state") == "RUNNING" and row.get("phase") == "run", "a query that has begun runs", row)
    request = urllib.request.Request(f"{BASE}/v1/query/{name}/killed", data=b"by the live test", method="PUT",
                                     headers={"X-Trino-User": "lab", "Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        ok(answer.status == 202, "it is killed")
    row = rows_of("trino.queries", "--wait", "6s").get(name, {})
    ok((row.get("state"), row.get("error"), row.get("health"), row.get("phase")) == ("FAILED", "ADMINISTRATIVELY_KILLED", "ok", "off"),
       "a killed query has failed, and is nobody's alarm", row)


def test_blocked():
    """The config's trino_blocked_for is 8 s; the export's client takes a page every few seconds."""
    once = rows_of("trino.queries")
    export = [row for row in once.values() if row["source_name"] == "nightly-export" and row["state"] == "RUNNING"]
    ok(len(export) == 1, "the held-back export runs", export)
    if not export:
        return
    row = export[0]
    ok(row["blocked_ms"] is None if row["stalled"] else row["blocked_ms"] == 0,
       "one look does not say for how long it is blocked", row)
    row = rows_of("trino.queries", "--wait", "22s").get(row["name"], {})
    ok(row.get("health") == "warn" and "have waited" in (row.get("why") or ""), "watched for a while, it is warned of", row)


def test_quiet():
    others = {query["session"]["user"] for query in listed().values()}
    ok("weir" not in others, "weir itself has run no query", others)
    doctor = weir("doctor").stdout
    ok(re.search(r"^ok +warehouse: reachable", doctor, re.M) and re.search(r"^ok +warehouse: others' queries", doctor, re.M)
       and re.search(r"^ok +warehouse: workers", doctor, re.M), "the doctor finds nothing wrong", doctor)


def main():
    try:
        if BASE is None or rest("/v1/info")["starting"]:
            raise OSError
    except (OSError, urllib.error.URLError):
        return skip_all("no Trino in the lab: make lab")
    rows = test_queries()
    test_health(rows)
    test_runtime_queries()
    test_nodes()
    test_cluster()
    test_stages("nightly-export", "RUNNING")
    test_stages("dashboard", "FINISHED")
    test_show(rows)
    test_kill()
    test_blocked()
    test_quiet()
    return finish()


with tempfile.TemporaryDirectory() as folder:
    CONFIG = os.path.join(folder, "weir.yaml")
    with open(CONFIG, "w", encoding="utf-8") as config:
        config.write(f"""environment: live
environments:
  live:
    class: dev
    sources:
      warehouse: {{type: trino, url: "{BASE or 'http://127.0.0.1:18080'}"}}
    thresholds: {{trino_blocked_for: 8s}}
""")
    sys.exit(main())

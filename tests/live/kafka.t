#!/usr/bin/env python3
"""The Kafka connector against the lab's broker: what `weir get` and `weir show` print is compared with
what Kafka's own tools print, which are run before and after, so that what moves in between has bounds.
Where a comparison fails it is made again before it counts. Skipped when the lab is not up (make lab)."""
import collections
import csv
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip_all

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.environ.get("WEIR", os.path.join(ROOT, "build", "weir"))
ROUNDS = 3
BULK = "bulk-"  # topics and groups of the benchmark, when they are there: many, and nothing moves


def lab():
    """The variables of build/lab/env; nothing when Kafka is not up."""
    try:
        with open(os.path.join(ROOT, "build", "lab", "env"), encoding="utf-8") as env:
            values = dict(line.strip().split("=", 1) for line in env if "=" in line and line[0] != "#")
    except OSError:
        return {}
    if "kafka" not in values.get("LAB_UP", "").strip('"').split():
        return {}
    host, port = values["LAB_KAFKA"].split(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except OSError:
        return {}
    return values


LAB = lab()
BASE = LAB.get("LAB_KAFKA")


# -- Kafka's own tools -----------------------------------------------------------------------------

def cli(tool, *args):
    """What a tool prints. Each is a JVM of some seconds, so few are run."""
    run = subprocess.run([LAB["LAB_KAFKA_SH"], "cli", tool, *args], capture_output=True, timeout=100, check=False,
                         env=dict(os.environ, LC_ALL="C.UTF-8"))
    if run.returncode != 0:
        raise RuntimeError(f"{tool} {' '.join(args)}: {run.stderr.decode()}")
    return run.stdout.decode()


def absent(text):
    return None if text == "-" else text


Commit = collections.namedtuple("Commit", "committed end member host client")


def cli_commits(groups):
    """(group, topic, partition) to Commit, of `kafka-consumer-groups --describe`."""
    commits = {}
    named = [word for group in groups for word in ("--group", group)]
    for line in cli("consumer-groups", "--describe", *named).splitlines():
        cell = line.split()
        if len(cell) == 9 and cell[2].isdigit():
            numbers = [int(text) if text != "-" else None for text in cell[3:6]]
            commits[cell[0], cell[1], int(cell[2])] = Commit(*numbers[:2], *map(absent, cell[6:9]))
    return commits


def cli_states():
    """Group to (assignor, state, members)."""
    states = {}
    for line in cli("consumer-groups", "--describe", "--all-groups", "--state").splitlines():
        cell = line.split()
        if len(cell) == 6 and cell[5].isdigit():
            states[cell[0]] = (absent(cell[3]), cell[4], int(cell[5]))
    return states


def cli_topics():
    """Topic to its partitions, as lists [leader, replicas, isr]."""
    topics = collections.defaultdict(dict)
    for line in cli("topics", "--describe").splitlines():
        found = re.match(r"\tTopic: (\S+)\tPartition: (\d+)\tLeader: (\S+)\tReplicas: (\S*)\tIsr: (\S*)", line)
        if found:
            leader = int(found[3]) if found[3].isdigit() else None
            topics[found[1]][int(found[2])] = [leader, found[4], found[5]]
    return topics


def cli_configs():
    """Topic to its settings, defaults included."""
    topics, topic = {}, None
    for line in cli("configs", "--describe", "--entity-type", "topics", "--all").splitlines():
        title = re.fullmatch(r"All configs for topic (\S+) are:", line)
        setting = re.match(r"  (\S+?)=(.*?) sensitive=", line)
        if title:
            topic = topics[title[1]] = {}
        elif setting:
            topic[setting[1]] = setting[2]
    return topics


def cli_offsets(when):
    """(topic, partition) to its first or next offset."""
    lines = (line.rsplit(":", 2) for line in cli("get-offsets", "--time", when).splitlines() if ":" in line)
    return {(topic, int(partition)): int(offset) for topic, partition, offset in lines if offset}


def cli_brokers():
    """Id to (host, port, rack)."""
    found = re.findall(r"^(\S+):(\d+) \(id: (\d+) rack: (\S+)", cli("api-versions"), re.M)
    return {int(i): (host, int(port), None if rack == "null" else rack) for host, port, i, rack in found}


# -- weir ------------------------------------------------------------------------------------------

def weir(*args, status=0, config=None):
    run = subprocess.run([WEIR, "--config", config or LAB["LAB_CONFIG"], *args], capture_output=True, timeout=60,
                         check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    run.stdout, run.stderr = run.stdout.decode(), run.stderr.decode()
    if status is not None and run.returncode != status:
        print(f"# weir {' '.join(args)}: exit {run.returncode}: {run.stderr.strip()}", flush=True)
    return run


def get(kind, scope=None, *args):
    run = weir("get", kind, "-o", "json", *(["--scope", scope] if scope else ["-s", SOURCE]), *args)
    return json.loads(run.stdout) if run.stdout else {"rows": [], "complete": False}


def rows_of(kind, scope=None, *args):
    return {row["name"]: row for row in get(kind, scope, *args)["rows"]}


def plain(name):
    """A name as weir shows it: what would steer the terminal is made visible."""
    def clean(c):
        if ord(c) < 32:
            return chr(0x2400 + ord(c))
        return f"\u27e8U+{ord(c):04X}\u27e9" if unicodedata.category(c) in ("Cf", "Cc") else c
    return "".join(map(clean, name))


def between(value, low, high):
    return value is not None and low <= value <= high


def eventually(read):
    """Faults of a comparison, after as many rounds as it takes to find none."""
    for _ in range(ROUNDS):
        faults = read()
        if not faults:
            break
    return faults


# -- brokers and topics ------------------------------------------------------------------------------

def test_brokers(topics):
    rows = rows_of("kafka.brokers")
    brokers = cli_brokers()
    got = {row["id"]: (row["host"], row["port"], row["rack"]) for row in rows.values()}
    ok(got == brokers, f"the brokers are those that api-versions lists, with host, port and rack ({len(brokers)})", got, brokers)
    bad = []
    for i, row in ((row["id"], row) for row in rows.values()):
        parts = [part for topic in topics.values() for part in topic.values()]
        wanted = [sum(part[0] == i for part in parts), sum(str(i) in part[1].split(",") for part in parts),
                  sum(str(i) in part[1].split(",") and str(i) not in part[2].split(",") for part in parts)]
        if [row[column] for column in ("leaders", "replicas", "under_replicated")] != wanted or not row["online"]:
            bad.append((row, wanted))
    ok(not bad, "they lead, hold and lack as many replicas as topics --describe says", *bad)
    one = next(iter(rows.values()))
    ok(one["controller"] is None and one["absent"]["controller"] == "no_value",
       "a KRaft broker is not called controller: clients cannot know", one)


def topic_faults(rows, topics, configs):
    for name, parts in topics.items():
        setting, retention = configs[name], configs[name]["retention.ms"]
        wanted = {
            "partitions": len(parts),
            "replication": min(len(part[1].split(",")) for part in parts.values()),
            "under_replicated": sum(len(part[2].split(",")) < len(part[1].split(",")) for part in parts.values()),
            "offline": sum(part[0] is None for part in parts.values()),
            "retention_ms": None if retention == "-1" else int(retention),
            "cleanup": setting["cleanup.policy"],
            "internal": name in ("__consumer_offsets", "__transaction_state", "__share_group_state"),
        }
        got = {column: rows.get(name, {}).get(column, "no row") for column in wanted}
        if got != wanted:
            yield name, got, wanted


def test_topics():
    topics, configs = cli_topics(), cli_configs()
    answer = get("kafka.topics")
    rows = {row["name"]: row for row in answer["rows"]}
    ok(answer.get("incomplete") == ["no history"], "the list of topics lacks nothing but rates, which one look cannot know",
       answer.get("incomplete"))
    ok(set(rows) == set(topics), f"the topics are those that topics --describe lists ({len(topics)})", set(rows) ^ set(topics))
    bad = list(topic_faults(rows, topics, configs))
    ok(not bad, "their partitions, replicas and settings are what topics and configs --describe say", *bad[:5])
    endless = [name for name, setting in configs.items() if setting["retention.ms"] == "-1"]
    bad = [rows[name] for name in endless if rows[name]["absent"].get("retention_ms") != "no_value"]
    ok(endless and not bad, "a topic kept for ever has no retention, rather than one of -1 or 0", *bad)
    idle = rows["idle"]
    ok(idle["messages"] == 0, "an empty topic has no messages: 0, since that is known", idle)
    return topics


def partition_faults(topics):
    """Every partition of every topic, between two readings of its offsets."""
    first, ends = cli_offsets("earliest"), cli_offsets("latest")
    rows = {name: list(rows_of("kafka.partitions", f"{SOURCE}/topics/{name}").values()) for name in topics}
    sums = rows_of("kafka.topics")
    later, ends_later = cli_offsets("earliest"), cli_offsets("latest")
    faults = []
    for name, parts in topics.items():
        if sorted(row["partition"] for row in rows[name]) != sorted(parts):
            faults.append((name, "partitions", rows[name]))
            continue
        for row in rows[name]:
            at = name, row["partition"]
            if [row["leader"], row["replicas"], row["isr"]] != parts[row["partition"]]:
                faults.append((at, row, parts[row["partition"]]))
            if not between(row["begin"], first[at], later[at]) or not between(row["end"], ends[at], ends_later[at]):
                faults.append((at, row["begin"], (first[at], later[at]), row["end"], (ends[at], ends_later[at])))
        least = sum(ends[name, i] - later[name, i] for i in parts)
        most = sum(ends_later[name, i] - first[name, i] for i in parts)
        if not between(sums[name]["messages"], least, most):
            faults.append((name, "messages", sums[name]["messages"], least, most))
    return faults


def test_partitions(topics):
    some = {name: parts for name, parts in topics.items() if not name.startswith(BULK)}
    faults = eventually(lambda: partition_faults(some))
    ok(not faults, f"every partition has the leader, replicas and offsets that Kafka's tools print "
       f"({sum(map(len, some.values()))} partitions), and every topic the sum of its messages", *faults[:8])


# -- groups ------------------------------------------------------------------------------------------

def group_faults(states):
    """Rows of the groups that do not fit what consumer-groups says of them."""
    rows = rows_of("kafka.groups")
    faults = [("names", set(rows) ^ set(map(plain, states)))] if set(rows) != set(map(plain, states)) else []
    for name, (assignor, state, members) in states.items():
        row = rows.get(plain(name), {})
        got = row.get("protocol"), row.get("state"), row.get("members")
        if got != (assignor, state, members):
            faults.append((name, got, (assignor, state, members)))
    return faults


def offset_fault(row, before, after):
    """What is wrong with one row of the offsets of a group."""
    if before is None or after is None:
        good = row["committed"] is None and row["lag"] is None and row["absent"]["lag"] == "no_value"
        return None if good else "not committed, but has a number"
    if not between(row["committed"], before.committed, after.committed) or not between(row["end"], before.end, after.end):
        return "offsets"
    if row["lag"] != row["end"] - row["committed"]:
        return "lag"
    host = before.host.lstrip("/") if before.host else None
    member = row["member"] or ""
    if before[2:] == after[2:] and ((row["client_id"], row["host"]) != (before.client, host)
                                    or not (before.member or "").startswith(member) or bool(member) != bool(before.member)):
        return "member"
    return None


def commit_faults(names):
    """Every commit of these groups between two runs of consumer-groups, and the sums over them."""
    before = cli_commits(names)
    groups = rows_of("kafka.groups")
    offsets = {plain(name): rows_of("kafka.offsets", groups[plain(name)]["address"]) for name in names}
    after = cli_commits(names)
    faults, compared = [], 0
    for raw in names:
        name, keys = plain(raw), [key for key in before if key[0] == raw]
        for row in offsets[name].values():
            key = raw, row["topic"], row["partition"]
            fault = offset_fault(row, before.get(key), after.get(key))
            compared += 1
            if fault:
                faults.append((fault, key, row, before.get(key), after.get(key)))
        missing = [key for key in keys if f"{key[1]}:{key[2]}" not in offsets[name]]
        least = sum(before[key].end - after[key].committed for key in keys if key in after)
        most = sum(after[key].end - before[key].committed for key in keys if key in after)
        row = groups[name]
        if missing or not between(row["lag"], max(least, 0), most):
            faults.append((name, missing, row["lag"], least, most))
        counts = len({key[1] for key in keys}), len(offsets[name]), len(offsets[name]) - len(keys)
        if (row["topics"], row["partitions"], row["uncommitted"]) != counts:
            faults.append((name, "counts", row, counts))
    return faults or (None if compared else ["nothing to compare"])


def test_groups():
    states = cli_states()
    faults = group_faults(states)
    for _ in range(ROUNDS - 1):  # a group that rebalances just then is asked about again
        if faults:
            faults = group_faults(states := cli_states())
    ok(not faults, f"the groups are those of consumer-groups, with their state, assignor and members ({len(states)})", *faults)
    rows = rows_of("kafka.groups")
    types = {name: rows[name]["type"] for name in ("billing", "analytics-848", "dead-batch")}
    ok(types == {"billing": "classic", "analytics-848": "consumer", "dead-batch": "simple"},
       "they are told apart by protocol: classic, consumer (KIP-848), simple", types)
    names = [name for name in states if not name.startswith(BULK)]
    faults = eventually(lambda: commit_faults(names))
    ok(not faults, "every commit, end, lag and member is what consumer-groups prints, and lag is their sum", *(faults or [])[:8])


def test_unknown():
    row = rows_of("kafka.groups")["dead-batch"]
    offsets = rows_of("kafka.offsets", f"{SOURCE}/groups/dead-batch")
    part = offsets["audit:2"]
    ok(part["committed"] is None and part["lag"] is None and part["lost"] is None
       and part["absent"]["committed"] == part["absent"]["lag"] == "no_value" and part["end"] > 0,
       "where a group has not committed its lag is unknown, not 0", part)
    ok(row["uncommitted"] == 1 and row["lag"] is not None and row["partitions"] == 3,
       "the group's row counts such partitions apart from its lag", row)
    ok((row["state"], row["members"], row["phase"], row["health"]) == ("Empty", 0, "off", "ok"),
       "an empty group is off, and nobody's alarm", row)
    ok(row["lag_per_s"] is None and row["absent"]["lag_per_s"] == "not_asked",
       "one look knows no rate, and says that it was not asked for", row)
    line = re.search(r"^audit:2 .*$", weir("get", "kafka.offsets", "--scope", f"{SOURCE}/groups/dead-batch").stdout, re.M)
    ok(line and re.fullmatch(r"audit:2 +ok +- +\d+ +-( +-)*", line[0].rstrip()), "the table prints it as -", line and line[0])


def test_evil():
    """A group id with an escape sequence and a mark that turns the direction of text."""
    rows = [row for row in get("kafka.groups")["rows"] if row["name"].startswith("evil")]
    ok(len(rows) == 1 and rows[0]["name"] == "evil\u241b[31m\u27e8U+202E\u27e9group",
       "a group id that would steer the terminal arrives with its marks made visible", rows)
    if not rows:
        return
    address = rows[0]["address"]
    ok(address == f"{SOURCE}/groups/evil%1B[31m%E2%80%AEgroup", "its address has them escaped", address)
    texts = [weir("get", "kafka.groups", "-s", SOURCE, "-o", form).stdout for form in ("table", "wide", "json", "ndjson", "csv", "md")]
    texts += [weir("show", address).stdout, weir("show", address, "--raw").stdout,
              weir("get", "kafka.offsets", "--scope", address).stdout, weir("get", "kafka.groups", rows[0]["name"]).stdout]
    raw = [text for text in texts if "\x1b" in text or "\u202e" in text]
    ok(not raw and all("group" in text or "audit" in text for text in texts), "nothing raw is printed in any form", *raw)
    offsets = rows_of("kafka.offsets", address)
    ok(sorted(offsets) == ["audit:0", "audit:1", "audit:2"] and all(row["committed"] == 10 for row in offsets.values()),
       "by that address its offsets are to be had", offsets)
    first = next(csv.DictReader(weir("get", "kafka.groups", "-o", "csv", rows[0]["name"]).stdout.splitlines()), {})
    ok(first.get("state") == "Empty", "and by its shown name its row", first)


def test_rates():
    """Rates need two looks: the console's, or --wait."""
    start, before = time.monotonic(), cli_offsets("latest")
    groups = subprocess.Popen([WEIR, "--config", LAB["LAB_CONFIG"], "get", "kafka.groups", "-s", SOURCE, "-o", "json", "--wait", "16s"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answer = get("kafka.topics", None, "--wait", "16s")
    rows = {row["name"]: row for row in answer["rows"]}
    after, took = cli_offsets("latest"), time.monotonic() - start
    lag = {row["name"]: row for row in json.loads(groups.communicate(timeout=30)[0])["rows"]}
    bad = []
    for name in ("orders", "payments", "clicks", "audit", "idle"):
        rate = sum(after[at] - before[at] for at in after if at[0] == name) / took
        if not between(rows[name]["rate_in_per_s"], 0.5 * rate - 1, 2 * rate + 1):
            bad.append((name, rows[name]["rate_in_per_s"], rate))
    ok(not bad and answer["complete"], "with --wait, topics show how much comes in per second, and nothing lacks", *bad,
       answer.get("incomplete"))
    row, rate = lag["fraud-check"], rows["orders"]["rate_in_per_s"]
    ok(between(row["lag_per_s"], 0.5 * rate - 1, 2 * rate + 1) and row["health"] == "warn" and "behind" in row["why"],
       "a group that never commits falls behind by all that comes in, and is warned of", row, rate)
    row = lag["billing"]
    ok(row["health"] == "ok", "one that keeps up is fine", row)


# -- one thing, and faults ---------------------------------------------------------------------------

def test_show(topics):
    before = cli_commits(["fraud-check"])
    raw = json.loads(weir("show", f"{SOURCE}/groups/fraud-check", "--raw").stdout)
    member = next(commit.member for key, commit in before.items() if key[0] == "fraud-check")
    ok((raw["state"], raw["member_count"], [one["member"] for one in raw["members"]], raw["members"][0]["instance"])
       == ("Stable", 1, [member], "fraud-check-1"), "show gives a group's members, static ones with their instance", raw)
    bad = [part for part in raw["offsets"] if part["committed"] != 10 or part["lag"] != part["end"] - part["committed"]
           or part["end"] < before["fraud-check", part["topic"], part["partition"]].end]
    ok(len(raw["offsets"]) == 6 and not bad, "and its offsets", *bad)
    text = weir("show", f"{SOURCE}/groups/fraud-check").stdout
    ok(member in text and "orders:5" in text and "coordinator: 1 (127.0.0.1:9092)" in text, "as text as well", text)
    raw = json.loads(weir("show", f"{SOURCE}/topics/clicks", "--raw").stdout)
    got = {part["partition"]: [part["leader"], ",".join(map(str, part["replicas"])), ",".join(map(str, part["isr"]))]
           for part in raw["partitions"]}
    ok(got == topics["clicks"], "show gives a topic's partitions", got, topics["clicks"])
    settings = {one["name"]: one for one in raw["configs"]}
    ok(settings["retention.ms"]["value"] == "86400000" and not settings["retention.ms"]["default"]
       and settings["cleanup.policy"]["default"], "and its settings, those that somebody set apart from defaults", settings["retention.ms"])
    text = weir("show", f"{SOURCE}/brokers/1").stdout
    ok("(secret)" in text and "bob-pw" not in text and "node.id: 1" in text, "show gives a broker's settings, its secrets masked", text)


def test_faults():
    def fails(args, status, words):
        run = weir(*args, status=None)
        ok(run.returncode == status and words in run.stderr and run.stderr.startswith("weir: "),
           f"{' '.join(args)}: exit {status}, \"{words}\"", run.returncode, run.stderr)
        return run

    fails(["show", f"{SOURCE}/groups/no-such"], 3, 'has no consumer group "no-such"')
    fails(["show", f"{SOURCE}/groups/job-workers"], 3, "share groups cannot be read yet")
    fails(["show", f"{SOURCE}/topics/no-such"], 3, 'has no topic "no-such"')
    fails(["show", f"{SOURCE}/brokers/7"], 3, "has no broker 7")
    fails(["show", f"{SOURCE}/topics/orders/partitions/orders:99"], 3, "has no partition 99")
    fails(["show", "no-such/groups/billing"], 2, 'no source "no-such"')
    fails(["show", f"{SOURCE}/frobs/x"], 2, "a source of type kafka has:")
    fails(["get", "kafka.offsets", "--scope", f"{SOURCE}/groups/no-such"], 3, 'has no consumer group "no-such"')
    fails(["get", "kafka.partitions"], 2, "add --scope SOURCE/topics/NAME")


def wrong(folder, brokers, what, *words):
    config = os.path.join(folder, "wrong.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'environments:\n  live:\n    class: dev\n    sources:\n      away: {{type: kafka, brokers: "{brokers}"}}\n')
    start = time.monotonic()
    run = weir("get", "kafka.groups", "-o", "json", status=None, config=config)
    took, answer = time.monotonic() - start, json.loads(run.stdout)
    said = [line for line in run.stderr.splitlines() if "away" in line]
    ok(run.returncode == 3 and len(said) == 1 and all(word in said[0] for word in (brokers, *words)),
       f"{what}: exit 3 and one line that says so and what to check", run.returncode, run.stderr)
    ok(not answer["complete"] and answer["rows"] == [] and answer["sources"][0]["state"] == "failing"
       and answer["sources"][0]["error"] in said[0], f"{what}: the JSON says the same, and has no rows", answer)
    ok("suppressed" not in said[0] and "in state" not in said[0] and "receive.message" not in said[0], f"{what}: without the library's own asides", said[0])
    ok(took < 20, f"{what}: weir does not wait on", took)


def greet(server):
    """A server of another protocol, until it is closed."""
    while True:
        try:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
        except OSError:
            return


def test_login(folder):
    """The listener with TLS and SCRAM, with the right password and with a wrong one."""
    def login(secret, ca):
        config, password = os.path.join(folder, "login.yaml"), os.path.join(folder, "password")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(secret + "\n")
        names = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "alice", **ca}
        source = {"type": "kafka", "brokers": LAB["LAB_KAFKA_TLS"], "properties": names, "password": {"file": password}}
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"environments": {"live": {"class": "prod", "sources": {"tls": source}}}}, file)
        return weir("get", "kafka.brokers", status=None, config=config)

    ca = {"ssl.ca.location": LAB["LAB_KAFKA_CA"]}
    run = login("alice-pw", ca)
    ok(run.returncode == 0 and "localhost" in run.stdout, "SCRAM over TLS lets in who has the password", run.stdout, run.stderr)
    run = login("wrong", ca)
    ok(run.returncode == 3 and "the login failed" in run.stderr and "check sasl.username" in run.stderr and "wrong" not in run.stderr,
       "a wrong password: exit 3, what to check, and not the password itself", run.returncode, run.stderr)
    run = login("alice-pw", {})
    ok(run.returncode == 3 and "certificate verify failed" in run.stderr and "check ssl.ca.location" in run.stderr,
       "a certificate of an unknown authority is not accepted: exit 3 and what to check", run.returncode, run.stderr)


def main():
    if not LAB:
        return skip_all("no Kafka in the lab: make lab")
    topics = test_topics()
    test_brokers(topics)
    test_partitions(topics)
    test_groups()
    test_unknown()
    test_evil()
    test_rates()
    test_show(topics)
    test_faults()
    with tempfile.TemporaryDirectory() as folder:
        wrong(folder, "127.0.0.1:1", "a port where nobody listens", "refused", "check brokers")
        wrong(folder, "no-such-host.invalid:9092", "a name that does not exist", "resolve", "check brokers")
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=greet, args=(server,), daemon=True).start()
            wrong(folder, f"127.0.0.1:{server.getsockname()[1]}", "a port that is not Kafka's", "not be Kafka's", "security.protocol")
        test_login(folder)
    return finish()


SOURCE = "events"
sys.exit(main())

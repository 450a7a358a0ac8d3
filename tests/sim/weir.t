#!/usr/bin/env python3
"""weir on the simulated platform, and `make demo`, which opens it there."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from simulation import LIMIT_S, PROGRAM, ROOT, WEIR, Simulation, need, run
from tap import finish, ok, skip

KINDS = ("sources", "problems", "dags", "runs", "queries", "hosts", "alerts", "groups")
DEMO = os.path.join(ROOT, "tests", "sim", "demo.sh")


def without_kafka(config):
    """weir learns to speak REST to Kafka; a weir that cannot yet is shown the rest."""
    code, _, errors = run(WEIR, "--config", config, "get", "clusters")
    if '"url" is not supported' not in errors:
        return None
    with open(config, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("      events:")]
    with open(config, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return errors.splitlines()[0]


def get(config, kind):
    """The rows of a kind by name, after weir's own way to print them as JSON."""
    code, out, errors = run(WEIR, "--config", config, "get", kind, "-o", "json")
    try:
        return code, json.loads(out), errors
    except ValueError:
        return code, {"rows": [], "sources": []}, errors


def whats(found):
    return [row["what"] for row in found["rows"]]


def check_problems(problems):
    text = "\n".join(whats(problems))
    due = {"the failed task": r"task load_fct in orders_daily .*try 3 failed",
           "the failed DAG": r"dag orders_daily: the last run failed",
           "the alert of the DAG": r"alert AirflowDagFailed: DAG orders_daily",
           "the alert of the stale table": r"alert TableStale: lake\.orders\.fct_orders",
           "the alert of the host that died": r"alert HostDown: dp-w07",
           "the alert of the group's lag": r"alert KafkaConsumerLag: enrich-v2 is \d+ records behind"}
    for name, pattern in due.items():
        ok(re.search(pattern, text), "the problem list has %s" % name, text)


def check_rows(found):
    rows = {kind: {row["name"]: row for row in found[kind][1]["rows"]} for kind in KINDS}
    ok(len(rows["dags"]) == 40 and rows["dags"]["orders_daily"]["last_state"] == "failed",
       "get dags shows the platform's DAGs, and the one that failed", len(rows["dags"]))
    ok(any(r["dag"] == "orders_daily" and r["state"] == "failed" for r in rows["runs"].values()),
       "get runs shows its run", list(rows["runs"])[:5])
    ok({"RUNNING", "FAILED"} <= {q["state"] for q in rows["queries"].values()},
       "get queries shows what runs and what failed", len(rows["queries"]))
    hosts = rows["hosts"]
    ok(len(hosts) == 24 and hosts["dp-w07"]["state"] != "up" and
       all(hosts[h]["state"] == "up" for h in hosts if h != "dp-w07"),
       "get hosts shows all of them up but the one that died", {h: hosts[h]["state"] for h in hosts})
    ok({"KafkaConsumerLag", "TableStale", "HostDown"} <= set(rows["alerts"]), "get alerts shows what fires",
       list(rows["alerts"]))
    return rows["groups"]


def commands():
    """All at once: what waits for the host that died waits ten seconds."""
    with Simulation("--plot", "enrich-lag", "--at", "+95m", clock=()) as sim:
        config = sim.folder + "/weir.yaml"
        lacks = without_kafka(config)
        with ThreadPoolExecutor(len(KINDS)) as pool:
            found = dict(zip(KINDS, pool.map(lambda kind: get(config, kind), KINDS)))
        for kind in KINDS:
            code, answer, errors = found[kind]
            states = {s["source"]: s["state"] for s in answer["sources"]}
            if kind != "groups" or not lacks:
                ok(code == 0 and states and set(states.values()) == {"ok"} and answer["rows"],
                   "weir get %s: every source is ok" % kind, code, states, errors)
        check_problems(found["problems"][1])
        groups = check_rows(found)
        if lacks:
            skip("get groups shows the lag of enrich-v2", lacks)
        else:
            lag = groups.get("enrich-v2", {}).get("lag") or 0
            ok(lag > 2000000, "get groups shows the lag of enrich-v2", groups.get("enrich-v2"))
    return lacks


# -- make demo

class Demo:
    """demo.sh with a folder for its temporary files that is its own."""

    def __init__(self, **environment):
        self.tmp = tempfile.TemporaryDirectory(prefix="weir-demo-test.")
        self.process = subprocess.Popen(
            ["sh", DEMO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "BUILD": os.path.dirname(PROGRAM), "TMPDIR": self.tmp.name, **environment},
            start_new_session=True)

    def await_weir(self):
        """Until weir is open on the simulation."""
        while self.process.poll() is None and not any("weir.yaml" in line for line in self.processes()):
            pass

    def end(self):
        out, errors = self.process.communicate(timeout=LIMIT_S)
        left = [line for line in self.processes() if line]
        folders = os.listdir(self.tmp.name)
        self.tmp.cleanup()
        return out, errors, left, folders

    def processes(self):
        """What still runs of the demo: all of it has the folder's name in its command line."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, encoding="utf-8", errors="replace") as file:
                    words = file.read()
            except OSError:
                continue
            if self.tmp.name in words:
                yield words.replace("\0", " ")


def demo_prints(demo, lacks):
    out, errors, left, folders = demo.end()
    if lacks:
        skip("make demo without a terminal prints the list of problems", lacks)
    else:
        ok(demo.process.returncode == 0 and re.match(r"SEV +SYSTEM ", out) and "load_fct" in out,
           "make demo without a terminal prints the list of problems", demo.process.returncode, out, errors)
    ok(not left and not folders, "it leaves no process and no folder behind", left, folders)


def demo_takes_words(lacks):
    demo = Demo(PLOT="bad-deploy", AT="+20m", ARGS="get alerts -o json")
    out, errors, left, folders = demo.end()
    ok(lacks or (demo.process.returncode == 0 and "TableStale" not in out and "Watchdog" in out),
       "it takes PLOT, AT and ARGS", demo.process.returncode, out[:200], errors)
    ok(not left and not folders, "and leaves nothing behind then", left, folders)


def demo_is_killed(demo):
    _, _, left, folders = demo.end()
    ok(demo.process.returncode == 130 and not left and not folders,
       "killed by SIGTERM it leaves no process and no folder behind", demo.process.returncode, left, folders)


def demo_cannot_start():
    demo = Demo(PLOT="nope")
    _, errors, left, folders = demo.end()
    ok(demo.process.returncode == 2 and "there are quiet" in errors and not left and not folders,
       "a plot that it does not know: it says which there are", demo.process.returncode, errors)


def main():
    need(PROGRAM, WEIR)
    demo, killed = Demo(), Demo()  # they wait for the host that died while the commands do
    killed.await_weir()
    killed.process.send_signal(signal.SIGTERM)
    lacks = commands()
    demo_prints(demo, lacks)
    demo_takes_words(lacks)
    demo_is_killed(killed)
    demo_cannot_start()


main()
sys.exit(finish())

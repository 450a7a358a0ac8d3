#!/usr/bin/env python3
"""Runs and settings of the lab's Airflow, through its public API. Standard library only.

seed.py run STATE_FILE      makes what is missing, then looks after the states that can end
seed.py check STATE_FILE    succeeds once every state is there
seed.py trigger DAG [CONF]  triggers a run and prints its id

The scheduler is the father of running tasks: when it was restarted, theirs are gone, which Airflow may
take minutes to find out. run notices (STATE_FILE holds the pid of the scheduler that was
seeded) and begins those runs again under the same id, so that a test can rely on the id.
"""
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

BASE = os.environ.get("LAB_AIRFLOW", "http://127.0.0.1:18081")
USER = os.environ.get("LAB_AIRFLOW_USER", "admin")

# run id of everything that is made here
SEED = "seed__0"

# In this order: what takes long first.
RUNS = [
    ("lab_long", SEED, {}),
    ("lab_pool", SEED, {}),
    ("lab_no_worker", SEED, {}),
    ("lab_deferred", SEED, {}),
    ("lab_one_run", SEED, {}),
    ("lab_one_run", "seed__1", {}),
    ("lab_input", SEED, {}),
    ("lab_retry", SEED, {}),
    ("lab_fail_chain", SEED, {}),
    ("lab_success", SEED, {"n": 1}),
    ("lab_mapped", SEED, {}),
    ("lab_groups", SEED, {}),
    ("lab_log_text", SEED, {}),
    ("lab_biglog", SEED, {"lines": 200000}),
    ("lab_producer", SEED, {}),
    ("lab_success", "seed__1", {"n": 2}),
    ("lab_success", "seed__2", {"n": 3}),
    ("lab_fail_chain", "seed__1", {}),
]

# Their tasks are children of the scheduler and end with it.
LIVE = ["lab_long", "lab_pool"]

# They never end by themselves.
LASTING = LIVE + ["lab_no_worker", "lab_deferred", "lab_one_run", "lab_input", "lab_retry"]

# What a settled lab shows: task instances by state in the seeded run.
STATES = {
    "lab_success": {"success": 2},
    "lab_fail_chain": {"success": 5, "failed": 1, "upstream_failed": 2, "skipped": 1},
    "lab_retry": {"up_for_retry": 1, "success": 1},
    "lab_long": {"running": 1},
    "lab_mapped": {"success": 16, "failed": 2},
    "lab_groups": {"success": 5},
    "lab_pool": {"running": 1, "scheduled": 3},
    "lab_no_worker": {"queued": 1},
    "lab_one_run": {"deferred": 1},
    "lab_deferred": {"deferred": 1, "up_for_reschedule": 1},
    "lab_input": {"awaiting_input": 1},
    "lab_log_text": {"success": 1},
    "lab_biglog": {"success": 1},
    "lab_producer": {"success": 1},
}

LOOK_EVERY = 60

stop = threading.Event()


class Api:
    def __init__(self):
        self.token = None

    def call(self, method, path, body=None, ok=(200, 201, 204)):
        """Returns (status, answer). Raises OSError on a status that is not in ok."""
        if self.token is None and path != "/auth/token":
            _, answer = self.call("POST", "/auth/token", {"username": USER, "password": USER})
            self.token = answer["access_token"]
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(BASE + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()[:300].decode(errors="replace")
            if error.code in (401, 403):
                self.token = None  # expired, or the server has a new secret
            if error.code in ok:
                return error.code, text
            raise OSError(f"{method} {path}: HTTP {error.code}: {text}") from None

    def get(self, path):
        return self.call("GET", path)[1]


def run_path(dag, run):
    return f"/api/v2/dags/{dag}/dagRuns/{urllib.parse.quote(run, safe='')}"


def start(api, dag, run, conf):
    """True when the run is there. 404: the DAG is not parsed yet."""
    if api.call("GET", run_path(dag, run), ok=(200, 404))[0] == 200:
        return True
    body = {"dag_run_id": run, "conf": conf, "logical_date": None, "note": "made by the lab"}
    return api.call("POST", f"/api/v2/dags/{dag}/dagRuns", body, ok=(200, 201, 404, 409))[0] != 404


def states(api, dag, run=SEED):
    count = {}
    for task in api.get(run_path(dag, run) + "/taskInstances?limit=100")["task_instances"]:
        count[task["state"]] = count.get(task["state"], 0) + 1
    return count


def ensure(api, collection, name, body):
    """Asked first: a conflict would leave a page of traceback in the server's log."""
    if api.call("GET", f"/api/v2/{collection}/{name}", ok=(200, 404))[0] == 404:
        api.call("POST", f"/api/v2/{collection}", body, ok=(200, 201, 409))


def settings(api):
    ensure(api, "pools", "one", {"name": "one", "slots": 1, "description": "one slot"})
    ensure(api, "variables", "lab_plain", {"key": "lab_plain", "value": "hello"})
    ensure(api, "variables", "lab_password", {"key": "lab_password", "value": "hunter2"})
    ensure(api, "connections", "lab_warehouse", {
        "connection_id": "lab_warehouse", "conn_type": "http", "host": "127.0.0.1", "login": "lab",
        "password": "hunter2", "port": 18080})


def backfill(api):
    if api.get("/api/v2/backfills?dag_id=lab_backfill")["total_entries"] == 0:
        api.call("POST", "/api/v2/backfills", {
            "dag_id": "lab_backfill", "from_date": "2021-01-01T00:00:00Z", "to_date": "2024-01-02T00:00:00Z",
            "max_active_runs": 2, "reprocess_behavior": "none"}, ok=(200, 409))


def begin_again(api, dag):
    """Only a run that has ended can be deleted. The last one goes first: the others of lab_one_run
    would start when the one before them ends."""
    runs = [one for one in RUNS if one[0] == dag]
    for _, run, _ in reversed(runs):
        path = run_path(dag, run)
        if api.call("PATCH", path, {"state": "failed"}, ok=(200, 404, 409))[0] != 404:
            api.call("DELETE", path, ok=(204, 404))
    for one in runs:
        start(api, *one)


def spoiled(api, dag, run_state):
    """Has it ended otherwise than it should, or ended at all although it lasts? Tasks on their way
    are none of our business: a retry runs now and then."""
    if run_state in ("success", "failed") and dag in LASTING:
        return True
    found, wanted = states(api, dag), STATES[dag]
    if run_state in ("success", "failed"):
        return found != wanted
    return any(found.get(state, 0) > wanted.get(state, 0) for state in ("failed", "upstream_failed", "skipped"))


def look_after(api):
    """What a test ended or cleared, or what broke because a server was taken away, begins again."""
    for dag, run, conf in RUNS:
        status, found = api.call("GET", run_path(dag, run), ok=(200, 404))
        if status == 404:
            start(api, dag, run, conf)
        elif run == SEED and spoiled(api, dag, found["state"]):
            print(f"{time.strftime('%H:%M:%S')} {dag} begins again", file=sys.stderr, flush=True)
            begin_again(api, dag)


def scheduler_pid(state_file):
    """The pid file's whole line: pid and start time."""
    root = os.environ["LAB_ROOT"]
    with open(os.path.join(root, "run", "airflow-scheduler.pid"), encoding="ascii") as file:
        now = file.read().strip()
    try:
        with open(state_file, encoding="ascii") as file:
            return now, file.read().strip()
    except FileNotFoundError:
        return now, ""


def run(state_file):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    api = Api()
    ready = False
    while not stop.is_set():
        try:
            if not ready:
                settings(api)
            now, before = scheduler_pid(state_file)
            if now != before:
                # Of an earlier scheduler. On an empty database there is nothing to begin again.
                for dag in LIVE if before else ():
                    begin_again(api, dag)
                with open(state_file, "w", encoding="ascii") as file:
                    file.write(now)
            if ready:
                look_after(api)
            elif all([start(api, *one) for one in RUNS]):
                backfill(api)
                ready = True
                look_after(api)
            pause = LOOK_EVERY if ready else 1
        except (OSError, ValueError, KeyError) as error:
            print(f"{time.strftime('%H:%M:%S')} {error}", file=sys.stderr, flush=True)
            pause = 5
        stop.wait(pause)


def check(state_file):
    api = Api()
    missing = []
    now, seeded = scheduler_pid(state_file)
    if now != seeded:
        missing.append("the runs are those of an earlier scheduler")
    for dag, wanted in STATES.items():
        found = states(api, dag)
        if found != wanted:
            missing.append(f"{dag}: {found} instead of {wanted}")
    if api.get(run_path("lab_one_run", "seed__1"))["state"] != "queued":
        missing.append("lab_one_run/seed__1 is not queued")
    if api.get("/api/v2/importErrors")["total_entries"] < 1:
        missing.append("no import error")
    if missing:
        raise SystemExit("not there yet:\n" + "\n".join(missing))


def trigger(dag, conf="{}"):
    body = {"logical_date": None, "conf": json.loads(conf)}
    print(Api().call("POST", f"/api/v2/dags/{dag}/dagRuns", body)[1]["dag_run_id"])


if __name__ == "__main__":
    verbs = {"run": run, "check": check, "trigger": trigger}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        raise SystemExit(__doc__)
    try:
        verbs[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        raise SystemExit(f"{BASE}: {error}") from None

#!/usr/bin/env python3
"""weir against a real Airflow 3: what it prints is what the REST API says at that moment.

TAP on standard output. WEIR names the program, LAB_AIRFLOW the server (tests/lab: the default),
LAB_ROOT the lab's folder (for the key that signs tokens: without it expiry is not tested). What moves
is compared again, a few times, before it counts as different.
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip_all

HERE = os.path.dirname(os.path.abspath(__file__))
WEIR = os.environ.get("WEIR", os.path.join(HERE, "../../build/weir"))
BASE = os.environ.get("LAB_AIRFLOW", "http://127.0.0.1:18081")
ROOT = os.environ.get("LAB_ROOT", "/var/tmp/weir-lab")
ROUNDS = 6
ACTIVE = ["running", "queued", "scheduled", "up_for_retry", "deferred", "up_for_reschedule", "restarting",
          "awaiting_input"]


def comment(text):
    print("# " + text, flush=True)


# ---- the API -------------------------------------------------------------------------------------

class Api:
    def __init__(self, user):
        body = json.dumps({"username": user, "password": user}).encode()
        request = urllib.request.Request(BASE + "/auth/token", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.token = json.load(answer)["access_token"]

    def open(self, path, accept="application/json"):
        request = urllib.request.Request(
            BASE + path, headers={"Authorization": "Bearer " + self.token, "Accept": accept})
        return urllib.request.urlopen(request, timeout=300)

    def get(self, path):
        with self.open(path) as answer:
            return json.load(answer)

    def all(self, path, member):
        """Every item of a paged list."""
        items = []
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=100&offset={len(items)}")
            items += page[member]
            if not page[member] or len(items) >= page["total_entries"]:
                return items


def quote(text):
    return urllib.parse.quote(text, safe="")


def run_path(dag, run):
    return f"/api/v2/dags/{quote(dag)}/dagRuns/{quote(run)}"


def millis(text):
    """ISO time to milliseconds, cut as weir cuts."""
    if text is None:
        return None
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1)) // 1000


# ---- weir ----------------------------------------------------------------------------------------

class Weir:
    def __init__(self, folder):
        self.folder = folder
        self.files = 0

    def config(self, credentials):
        """credentials: a list of lines of the source."""
        self.files += 1
        path = os.path.join(self.folder, f"weir{self.files}.yaml")
        lines = ["environment: live", "environments:", "  live:", "    class: dev", "    sources:", "      af:",
                 "        type: airflow", f"        url: {BASE}", "        timeout: 120s"]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines + ["        " + line for line in credentials]) + "\n")
        return path

    def user(self, name, password=None):
        return self.config([f"username: {name}", f"password: {self.secret(password or name)}"])

    def secret(self, text):
        self.files += 1
        path = os.path.join(self.folder, f"secret{self.files}")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return "{file: " + path + "}"


def run(config, *arguments):
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    done = subprocess.run([WEIR, "--config", config, *arguments], capture_output=True, env=environment,
                          timeout=600, check=False)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")


def rows(config, kind, scope=None):
    """Rows of `weir get`, by address, after checking that the answer is whole."""
    arguments = ["get", kind, "-o", "json"] + (["--scope", scope] if scope else [])
    code, out, err = run(config, *arguments)
    if code != 0:
        raise ValueError(f"{kind}: exit {code}: {err}")
    answer = json.loads(out)
    if not answer["complete"]:
        raise ValueError(f"{kind}: not complete: {answer}")
    return {row["address"]: row for row in answer["rows"]}


def differences(wanted, got):
    """What differs, as short texts. wanted: {address: {column: value}}."""
    notes = [f"missing: {address}" for address in wanted if address not in got]
    notes += [f"too much: {address} {got[address].get('state')}" for address in got if address not in wanted]
    for address in wanted.keys() & got.keys():
        for column, value in wanted[address].items():
            if got[address].get(column) != value:
                notes.append(f"{address}: {column} is {got[address].get(column)!r}, the API says {value!r}")
    return sorted(notes)


def compare(name, wanted, got):
    """wanted and got are functions; the API is asked before and after weir, and what moved meanwhile is
    asked again."""
    notes = ["never stable"]
    began = time.monotonic()
    for _ in range(ROUNDS):
        first = wanted()
        try:
            seen = got()
        except ValueError as error:
            notes = [error]
            continue
        notes = differences(first, seen)
        if not notes:
            comment(f"{len(seen)} rows, {sum(map(len, first.values()))} cells, {time.monotonic() - began:.1f} s")
            break
    ok(not notes, name, *notes[:20])


# ---- what the API says -------------------------------------------------------------------------------

def wanted_health(api):
    answer = api.get("/api/v2/monitor/health")
    return {f"af/health/{name}": {"component": name, "state": part["status"]} for name, part in answer.items()}


def run_columns(one):
    return {"dag": one["dag_id"], "state": one["state"], "type": one["run_type"], "note": one["note"],
            "logical_date": iso(one["logical_date"]), "started": iso(one["start_date"]), "ended": iso(one["end_date"]),
            "run_after": iso(one["run_after"]), "user": one["triggering_user_name"]}


def iso(text):
    at = millis(text)
    if at is None:
        return None
    return datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1000:03}Z"


def escape(text):
    """As weir writes names into addresses."""
    return urllib.parse.quote(text, safe="-._~:+=@,!$*()'[]")


def run_address(one):
    return f"af/dags/{escape(one['dag_id'])}/runs/{escape(one['dag_run_id'])}"


def day_ago():
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def held_runs(api):
    active = api.all("/api/v2/dags/~/dagRuns?state=running&state=queued", "dag_runs")
    ended = api.all(f"/api/v2/dags/~/dagRuns?end_date_gte={day_ago()}", "dag_runs")
    return {run_address(one): one for one in active + ended}


def wanted_runs(api):
    return {address: run_columns(one) for address, one in held_runs(api).items()}


def wanted_dag_runs(api, dag):
    found = api.get(f"/api/v2/dags/{quote(dag)}/dagRuns?order_by=-run_after&limit=100")["dag_runs"]
    return {run_address(one): run_columns(one) for one in found}


def wanted_dags(api):
    everything = held_runs(api).values()
    answer = {}
    for dag in api.all("/api/v2/dags", "dags"):
        own = [one for one in everything if one["dag_id"] == dag["dag_id"]]
        newest = api.get(f"/api/v2/dags/{quote(dag['dag_id'])}/dagRuns?order_by=-run_after&limit=14")["dag_runs"]
        counts = {state: sum(one["state"] == state for one in own) for state in ("running", "queued", "failed")}
        answer[f"af/dags/{escape(dag['dag_id'])}"] = {
            "paused": dag["is_paused"], "schedule": dag["timetable_summary"],
            "owners": ", ".join(dag["owners"]) or None,
            "tags": ", ".join(tag["name"] for tag in dag["tags"]) or None,
            "next_run": iso(dag["next_dagrun_run_after"]),
            "last_state": newest[0]["state"] if newest else None,
            "running": counts["running"], "queued": counts["queued"], "failed_24h": counts["failed"],
            "import_errors": dag["has_import_errors"],
            "strip": [one["state"] for one in reversed(newest)],
        }
    return answer


def with_strip(found):
    for row in found.values():
        row["strip"] = [mark["state"] for mark in row["states"] or []]
    return found


def task_address(one):
    index = f"[{one['map_index']}]" if one["map_index"] >= 0 else ""
    return f"{run_address(one)}/tasks/{escape(one['task_id'] + index)}"


def task_columns(one):
    return {"dag": one["dag_id"], "run": one["dag_run_id"], "task": one["task_id"], "state": one["state"],
            "try": one["try_number"], "max_tries": one["max_tries"], "started": iso(one["start_date"]),
            "ended": iso(one["end_date"]), "pool": one["pool"], "host": one["hostname"] or None,
            "operator": one["operator_name"], "map_index": one["map_index"] if one["map_index"] >= 0 else None}


def wanted_tasks(api):
    """Active ones, and the failed ones of runs that are running or whose failure no success followed."""
    states = "&".join("state=" + state for state in ACTIVE)
    found = api.all(f"/api/v2/dags/~/dagRuns/~/taskInstances?{states}", "task_instances")
    runs = held_runs(api).values()
    for one in runs:
        later = any(other["dag_id"] == one["dag_id"] and other["state"] == "success"
                    and other["run_after"] > one["run_after"] for other in runs)
        if one["state"] == "running" or (one["state"] == "failed" and not later):
            path = run_path(one["dag_id"], one["dag_run_id"]) + "/taskInstances?state=failed&state=upstream_failed"
            found += api.all(path, "task_instances")
    return {task_address(one): task_columns(one) for one in found}


def wanted_run_tasks(api, dag, run_id):
    found = api.all(run_path(dag, run_id) + "/taskInstances", "task_instances")
    return {task_address(one): task_columns(one) for one in found}


# ---- logs -----------------------------------------------------------------------------------------

CONTEXT = {"timestamp", "event", "level", "logger", "filename", "lineno", "error_detail", "sources", "ti_id",
           "dag_id", "task_id", "run_id", "try_number", "map_index"}


def exception_lines(one):
    if one["frames"]:
        yield "Traceback (most recent call last):"
    for frame in one["frames"]:
        yield f"  File \"{frame['filename']}\", line {frame['lineno']}, in {frame['name']}"
    yield from (one["exc_type"] + (": " + one["exc_value"] if one["exc_value"] else "")).split("\n")
    yield from one.get("exc_notes") or []


def entry_lines(entry):
    event = entry["event"]
    if event == "::endgroup::":
        return
    if event.startswith("::group::"):
        yield "▾ " + event[len("::group::"):]
    else:
        extra = "".join(f" {name}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
                        for name, value in entry.items() if name not in CONTEXT and value is not None)
        yield from (event + extra).split("\n")
    chain = entry.get("error_detail") or []
    for n, one in reversed(list(enumerate(chain))):
        yield from exception_lines(one)
        if n > 0:
            yield ("The above exception was the direct cause of the following exception:" if one["is_cause"]
                   else "During handling of the above exception, another exception occurred:")


def wanted_log(api, dag, run_id, task, attempt=1, map_index=-1):
    path = f"{run_path(dag, run_id)}/taskInstances/{task}/logs/{attempt}?map_index={map_index}"
    with api.open(path, "application/x-ndjson") as answer:
        for line in answer:
            entry = json.loads(line)
            stamp = iso(entry.get("timestamp"))
            for text in entry_lines(entry):
                yield (stamp + " " if stamp else "") + (f"{entry['level']:<7} " if entry.get("level") else "") + text


def check_failed_log(api, config):
    wanted = list(wanted_log(api, "lab_fail_chain", "seed__0", "boom"))
    code, out, err = run(config, "logs", "af/dags/lab_fail_chain/runs/seed__0/tasks/boom")
    got = out.split("\n")[:-1]
    notes = [(a, b) for a, b in zip(wanted, got) if a.rstrip() != b.rstrip()]
    notes += [err] if code else []
    comment(f"{len(got)} lines compared")
    ok(code == 0 and len(wanted) == len(got) and not notes, "the log of a failed task, line by line",
       f"{len(wanted)} wanted, {len(got)} got", *notes[:5])


def check_big_log(api, config):
    began = time.monotonic()
    wanted = sum(1 for _ in wanted_log(api, "lab_biglog", "seed__0", "spam"))
    server = time.monotonic() - began
    address = "af/dags/lab_biglog/runs/seed__0/tasks/spam"
    began = time.monotonic()
    program = subprocess.Popen([WEIR, "--config", config, "logs", address], stdout=subprocess.PIPE)
    got = 0
    first = None
    for line in program.stdout:
        first = first or time.monotonic() - began
        got += 1
    _, status, usage = os.wait4(program.pid, 0)
    comment(f"{got} lines: the first after {first or 0:.1f} s, all after {time.monotonic() - began:.1f} s "
            f"(the plain download: {server:.1f} s), {usage.ru_utime + usage.ru_stime:.1f} s CPU, "
            f"{usage.ru_maxrss / 1024:.0f} MB at most")
    ok(status == 0 and got == wanted and got > 200000, "a log of 200,000 lines is there to the last line",
       f"{wanted} wanted, {got} got, status {status}")
    ok(usage.ru_maxrss < 120 * 1024, "and it is never in memory as a whole", f"{usage.ru_maxrss} kB")
    code, out, _ = run(config, "logs", address, "--tail", "3")
    ok(code == 0 and out.count("\n") == 3, "--tail 3 prints three lines", out)


def check_follow(api, config):
    """The running task writes a line every two seconds: six more of them, no double, no gap."""
    program = subprocess.Popen([WEIR, "--config", config, "logs", "-f", "--tail", "2",
                                "af/dags/lab_long/runs/seed__0/tasks/slow"], stdout=subprocess.PIPE, text=True)
    ticks = []
    began = time.monotonic()
    try:
        for line in program.stdout:
            found = re.search(r"tick (\d+)$", line)
            ticks += [int(found.group(1))] if found else []
            if len(ticks) >= 8 or time.monotonic() - began > 120:
                break
    finally:
        program.kill()
        program.wait()
    wanted = list(range(ticks[0], ticks[0] + len(ticks))) if ticks else []
    ok(len(ticks) >= 8 and ticks == wanted, "following doubles and loses no line", ticks)


# ---- credentials -----------------------------------------------------------------------------------

def fails_with(config, name, words):
    code, out, err = run(config, "get", "airflow.dags", "-o", "json")
    answer = json.loads(out)
    ok(code == 3 and re.search(words, err) and answer["complete"] is False and not answer["rows"], name,
       code, err, out[:300])


def sign(key, claims):
    def code(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    head = code(json.dumps({"alg": "HS512", "kid": "not-used", "typ": "JWT"}).encode())
    text = head + b"." + code(json.dumps(claims).encode())
    return (text + b"." + code(hmac.new(key, text, hashlib.sha512).digest())).decode()


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def check_tokens(api, weir):
    good = weir.config([f"token: {weir.secret(api.token)}"])
    code, _, err = run(good, "get", "airflow.health", "-o", "json")
    ok(code == 0, "a token is enough", err)
    fails_with(weir.config([f"token: {weir.secret(api.token[:-8] + 'AAAAAAAA')}"]), "a token with a wrong signature",
               r"does not accept the token: it is wrong or has expired; give a new one")
    try:
        with open(os.path.join(ROOT, "airflow/secrets/jwt"), "rb") as file:
            key = file.read().strip()
    except OSError as error:
        return comment(f"no expired token is tried: {error}")
    now = int(time.time())
    expired = sign(key, dict(claims_of(api.token), iat=now - 7200, nbf=now - 7200, exp=now - 3600))
    fails_with(weir.config([f"token: {weir.secret(expired)}"]), "an expired token",
               r"does not accept the token: it is wrong or has expired; give a new one")
    return None


def check_credentials(api, weir):
    fails_with(weir.user("admin", "wrong"), "a wrong password",
               r'does not accept the user "admin" with this password; check username and password')
    fails_with(weir.config([]), "no credentials at all", r"set username and password, or token")
    check_tokens(api, weir)
    viewer = weir.user("viewer")
    compare("a viewer sees the same DAGs", lambda: wanted_dags(Api("viewer")),
            lambda: with_strip(rows(viewer, "airflow.dags")))
    for kind in ("airflow.health", "airflow.runs", "airflow.tasks"):
        code, _, err = run(viewer, "get", kind, "-o", "json")
        ok(code == 0, f"a viewer may read {kind}", err)


# ---- all of it ---------------------------------------------------------------------------------------

def check_kinds(api, config):
    compare("airflow.health", lambda: wanted_health(api), lambda: rows(config, "airflow.health"))
    compare("airflow.dags", lambda: wanted_dags(api), lambda: with_strip(rows(config, "airflow.dags")))
    compare("airflow.runs", lambda: wanted_runs(api), lambda: rows(config, "airflow.runs"))
    compare("airflow.tasks", lambda: wanted_tasks(api), lambda: rows(config, "airflow.tasks"))
    for dag in ("lab_success", "lab_backfill", "lab_every_10min"):
        compare(f"runs of {dag}", lambda dag=dag: wanted_dag_runs(api, dag),
                lambda dag=dag: rows(config, "airflow.runs", f"af/dags/{dag}"))
    for dag in ("lab_fail_chain", "lab_mapped", "lab_pool", "lab_retry", "lab_deferred"):
        compare(f"tasks of {dag}", lambda dag=dag: wanted_run_tasks(api, dag, "seed__0"),
                lambda dag=dag: rows(config, "airflow.tasks", f"af/dags/{dag}/runs/seed__0"))


def check_show(api, config):
    path = run_path("lab_fail_chain", "seed__0") + "/taskInstances/boom"
    code, out, err = run(config, "show", "--raw", "af/dags/lab_fail_chain/runs/seed__0/tasks/boom")
    ok(code == 0 and json.loads(out) == api.get(path), "show --raw is the server's own JSON", err, out[:300])
    code, out, err = run(config, "show", "af/dags/lab_pool/runs/seed__0/tasks/waits[3]")
    ok(code == 0 and "Pool Slots Available" in out, "show says why a task waits", err, out)
    code, _, err = run(config, "show", "af/dags/no-such-dag")
    ok(code == 3 and "404" in err and "no-such-dag" in err, "a DAG that is not there", code, err)


def main():
    try:
        with urllib.request.urlopen(BASE + "/api/v2/version", timeout=20) as answer:
            comment(f"Airflow {json.load(answer)['version']} at {BASE}")
    except (OSError, ValueError) as error:
        return skip_all(f"no Airflow at {BASE}: {error}")
    api = Api("admin")
    with tempfile.TemporaryDirectory() as folder:
        weir = Weir(folder)
        config = weir.user("admin")
        check_kinds(api, config)
        check_show(api, config)
        check_failed_log(api, config)
        check_big_log(api, config)
        check_follow(api, config)
        check_credentials(api, weir)
    return finish()


if __name__ == "__main__":
    sys.exit(main())

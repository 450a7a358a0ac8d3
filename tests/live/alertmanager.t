#!/usr/bin/env python3
"""weir against a real Alertmanager: what it prints is what the API and amtool say at that moment.

TAP on standard output. WEIR names the program, LAB_ALERTMANAGER the server (tests/lab: the default). What
moves is compared again, a few times, before it counts as different.
"""
import base64
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip, skip_all

HERE = os.path.dirname(os.path.abspath(__file__))
WEIR = os.environ.get("WEIR", os.path.join(HERE, "../../build/weir"))
BASE = os.environ.get("LAB_ALERTMANAGER", "http://127.0.0.1:19093")
ROUNDS = 6
MONTH_MS = 30 * 24 * 3600 * 1000


def ask(path):
    with urllib.request.urlopen(BASE + path, timeout=30) as answer:
        return json.load(answer)


def config(folder, url=BASE, more=()):
    path = os.path.join(folder, f"weir{len(os.listdir(folder))}.yaml")
    lines = ["environment: live", "environments:", "  live:", "    class: dev", "    sources:", "      am:",
             "        type: alertmanager", f"        url: {url}", *("        " + line for line in more)]
    with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write("\n".join(lines) + "\n")
    return path


def weir(path, *arguments):
    done = subprocess.run([WEIR, "--config", path, *arguments], capture_output=True, timeout=120, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")


def rows(path, kind, *more):
    code, out, err = weir(path, "get", kind, "-o", "json", *more)
    if code != 0:
        raise ValueError(f"{kind}: exit {code}: {err}")
    answer = json.loads(out)
    if not answer["complete"]:
        raise ValueError(f"{kind}: not complete: {answer}")
    return {row["address"]: row for row in answer["rows"]}


def time_of(text):
    """As weir prints it: Alertmanager leaves out what is 0 at the end."""
    return re.sub(r"(?:\.(\d{1,3})\d*)?Z$", lambda m: "." + (m[1] or "").ljust(3, "0") + "Z", text)


# ---- what the server says -------------------------------------------------------------------------

def plain(text):
    """weir shows other characters as pictures: those are for test_alertmanager.c to compare."""
    return text if text is None or text.isprintable() and text.isascii() else None


def wanted_alerts():
    found = {}
    for alert in ask("/api/v2/alerts"):
        labels, status = alert["labels"], alert["status"]
        held = bool(status["silencedBy"] or status["inhibitedBy"])
        summary = alert["annotations"].get("summary") or alert["annotations"].get("description")
        row = {"name": labels["alertname"], "state": status["state"], "silenced": bool(status["silencedBy"]),
               "inhibited": bool(status["inhibitedBy"]), "since": time_of(alert["startsAt"]),
               "receiver": ", ".join(one["name"] for one in alert["receivers"]), "generator": alert["generatorURL"],
               "health": "ok" if held else "fail" if labels.get("severity") == "critical" else "warn",
               "phase": "off" if held else "run"}
        if plain(summary) == summary:
            row["summary"] = summary
        if plain(labels.get("severity")) == labels.get("severity"):
            row["severity"] = labels.get("severity")
        found[f"am/alerts/{labels['alertname']}:{alert['fingerprint']}"] = row
    return found


def wanted_silences():
    alerts = ask("/api/v2/alerts")
    return {f"am/silences/{one['id']}": {
        "state": one["status"]["state"], "created_by": one["createdBy"], "comment": one["comment"],
        "starts": time_of(one["startsAt"]), "ends": time_of(one["endsAt"]),
        "alerts": sum(one["id"] in alert["status"]["silencedBy"] for alert in alerts)}
        for one in ask("/api/v2/silences")}


def differences(wanted, got):
    notes = [f"missing: {address}" for address in wanted.keys() - got.keys()]
    notes += [f"too much: {address}" for address in got.keys() - wanted.keys()]
    for address in wanted.keys() & got.keys():
        for column, value in wanted[address].items():
            if got[address][column] != value:
                notes.append(f"{address}: {column} is {got[address][column]!r}, the API says {value!r}")
    return sorted(notes)


def compare(name, wanted, path, kind):
    notes = []
    for _ in range(ROUNDS):
        first = wanted()
        try:
            seen = rows(path, kind)
        except ValueError as error:
            notes = [error]
            continue
        notes = differences(first, seen)
        if not notes:
            print(f"# {len(seen)} rows, {sum(map(len, first.values()))} cells", flush=True)
            break
    ok(not notes, name, *notes[:20])
    return seen


# ---- tests ------------------------------------------------------------------------------------------

def test_rows(path):
    alerts = compare("every alert is as the API has it", wanted_alerts, path, "alerts")
    states = {row["name"]: row for row in alerts.values()}
    ok(states["LabCritical"]["health"] == "fail" and states["LabWarning"]["health"] == "warn"
       and states["LabInfo"]["health"] == "warn", "what fires is judged by its severity", states)
    ok(states["LabSilenced"]["silenced"] and states["LabInhibited"]["inhibited"]
       and not states["LabSilenced"]["inhibited"], "silenced and inhibited are told apart", states)
    ok("\x1b" not in json.dumps(alerts, ensure_ascii=False) and "\u202e" not in json.dumps(alerts, ensure_ascii=False),
       "no control character leaves weir")
    silences = compare("every silence is as the API has it", wanted_silences, path, "alerts.silences")
    by_state = {row["state"]: row for row in silences.values()}
    ok(0 < by_state["active"]["left_ms"] <= MONTH_MS and by_state["expired"]["left_ms"] is None,
       "a silence says how long it lasts", by_state)
    ok(by_state["pending"]["matchers"] == "alertname=LabWarning, instance=~dp-w0[12], team!=ops",
       "matchers read as amtool takes them", by_state)
    problems = rows(path, "problems")
    about = {row["about"] for row in problems.values()}
    wanted = {address for address, row in wanted_alerts().items() if row["health"] != "ok"}
    ok(about == wanted, "what fires is a problem, what is held back is none", about ^ wanted)


def test_amtool(path):
    amtool = shutil.which("amtool")
    if not amtool:
        return skip("amtool agrees", "there is no amtool")
    for state, column in (("active", None), ("silenced", "silenced"), ("inhibited", "inhibited")):
        done = subprocess.run([amtool, "--alertmanager.url", BASE, "alert", "query", "-o", "json", f"--{state}"],
                              capture_output=True, timeout=30, check=True)
        theirs = {one["fingerprint"] for one in json.loads(done.stdout)}
        ours = {row["fingerprint"] for row in rows(path, "alerts").values()
                if (row[column] if column else row["state"] == "active")}
        ok(theirs == ours and ours, f"amtool lists the same alerts as {state}", theirs, ours)
    return None


def test_show(path):
    address = next(a for a, row in wanted_alerts().items() if row["name"] == "LabInhibited")
    code, out, err = weir(path, "show", address)
    ok(code == 0 and "inhibited by:\n  LabCritical:" in out, "an inhibited alert names its cause", err, out)
    code, out, err = weir(path, "show", "am/alerts/LabSilenced")
    ok(code == 0 and "comment: the test cluster is rebuilt" in out, "a silenced alert says who silenced it and why", err, out)
    code, out, err = weir(path, "show", address, "--raw")
    raw = json.loads(out)
    mine = next(one for one in ask("/api/v2/alerts") if one["fingerprint"] == raw["fingerprint"])
    ok(code == 0 and raw["labels"] == mine["labels"] and raw["startsAt"] == mine["startsAt"],
       "--raw has the server's own JSON", raw, mine)
    hostile = next(a for a, row in wanted_alerts().items() if row["name"] == "LabHostile")
    code, out, err = weir(path, "show", hostile)
    ok(code == 0 and "\x1b" not in out and "日本語" in out, "a hostile alert is shown whole and harmless", err, out)
    silence = next(a for a, row in wanted_silences().items() if row["state"] == "active")
    code, out, err = weir(path, "show", silence)
    ok(code == 0 and "silences now:\n  LabSilenced:" in out, "a silence names the alerts that it holds back", err, out)
    code, out, err = weir(path, "show", "am/alerts/LabPending")
    ok(code == 3 and "no alert LabPending fires" in err, "what does not fire is said not to", code, err)


def test_doctor(path):
    code, out, err = weir(path, "doctor")
    version = ask("/api/v2/status")["versionInfo"]["version"]
    ok(code == 0 and version in out and "runs alone" in out, "the doctor tells version and cluster", err, out)


class Door(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password, or answers as something else."""

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(b"ann:secret").decode()
        if self.path.startswith("/html/"):
            return self.send(200, "text/html", b"<html>Sign in</html>")
        if self.headers.get("Authorization") not in (wanted, "Bearer secret"):
            return self.send(401, "text/plain", b"who are you?")
        try:
            with urllib.request.urlopen(BASE + self.path, timeout=30) as answer:
                return self.send(answer.status, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as error:
            return self.send(error.code, "text/plain", error.read())

    def send(self, code, kind, body):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_door(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    secret = os.path.join(folder, "secret")
    with open(secret, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write("secret\n")
    count = len(wanted_alerts())
    for name, more in (("user and password", ["username: ann", f"password: {{file: {secret}}}"]),
                       ("a token", [f"token: {{file: {secret}}}"])):
        try:
            seen = rows(config(folder, url, more), "alerts")
        except ValueError as error:
            seen = [error]
        ok(len(seen) == count, f"{name} open the door of a proxy", seen)
    code, out, err = weir(config(folder, url), "get", "alerts", "-o", "json")
    ok(code == 3 and "401 Unauthorized" in err and "who are you?" in err and json.loads(out)["complete"] is False,
       "without them the refusal is told", code, err)
    code, out, err = weir(config(folder, url + "/html"), "get", "alerts")
    ok(code == 3 and "HTML instead of JSON" in err, "a sign-in page is told apart", code, err)
    code, out, err = weir(config(folder, "http://127.0.0.1:1"), "get", "alerts")
    ok(code == 3 and "is the server running there?" in err, "a server that is down is said to be", code, err)
    server.shutdown()


def main():
    try:
        ask("/api/v2/status")
    except OSError:
        return skip_all(f"no Alertmanager at {BASE} (make lab)")
    with tempfile.TemporaryDirectory() as folder:
        path = config(folder)
        test_rows(path)
        test_amtool(path)
        test_show(path)
        test_doctor(path)
        test_door(folder)
    return finish()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every HTTP connector against every way in which a server can misbehave (server.py beside this file).

Whatever comes back: exit code 3, JSON that is valid and says that it is not complete, a sentence that
names the source, what happened and what to do, no control byte on the terminal, and an end within the
deadline. TAP on standard output; WEIR names the program.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip_all

HERE = os.path.dirname(os.path.abspath(__file__))
WEIR = os.environ.get("WEIR", os.path.join(HERE, "../../build/weir"))
TIMEOUT_S = 2
TIMEOUTS_S = {"big": 20, "bomb": 20}  # what takes its time on a busy machine
SLACK_S = 8  # of a loaded machine: a program that waits for ever takes longer
AT_ONCE = 4

# Systems: type of source, options, kinds. LATE: what a session begins with works, the rest fails.
SYSTEMS = [
    ("airflow", ["username: someone", "password: {env: WEIR_FAULT_SECRET}"],
     ["airflow.health", "airflow.dags", "airflow.runs", "airflow.tasks"]),
    ("trino", ["username: someone"],
     ["trino.cluster", "trino.queries", "trino.nodes"]),
    ("kafka", ["username: someone", "password: {env: WEIR_FAULT_SECRET}"],
     ["kafka.topics", "kafka.groups"]),
]

WHERE = r"; is url that of (the right server|a Trino coordinator)\?"

# mode: what the sentence must say, as a regular expression.
MODES = {
    "refused": r"connection refused; is the server running there\?",
    "hung": r"no answer within \S+ s; is the server overloaded\? timeout may be raised",
    "drip": r"(not complete after \S+ s|no answer within \S+ s).* timeout may be raised",
    "401": r"(check (username|the user)|who we are|does not accept)",
    "403": r"(lacks? the right|does not accept|who we are)",
    "404": r"404.*is url (not )?the root of",
    "429": r"429 Too Many Requests.*set every to a longer span",
    "500": r"500.*(its own log says why|starting)",
    "503": r"503 Service Unavailable.*is it starting, or overloaded\?",
    "empty": r"(empty answer instead of JSON|breaks off)" + ".*" + WHERE,
    "html": r"HTML instead of JSON: is a proxy or sign-in page in front of it\?|no JSON list" + WHERE,
    "truncated": r"(JSON that breaks off at byte 36|no JSON list)" + WHERE,
    "big": r"more than \d+ MiB; ask for less",
    "bomb": r"more than \d+ MiB; ask for less",
    "deep": r"nested deeper than 256 levels.*" + WHERE,
    "reset": r"broke off after 9 bytes .*; does the server restart, or a proxy cut it off\?",
    "longer": r"broke off after 12 bytes .*; does the server restart, or a proxy cut it off\?",
    "redirect": r"redirects are not followed: is a proxy or sign-in page in front of it\? Set url",
    "junk-length": r"makes no sense .*; is url that of the right server\?",
    "headers": r"headers of more than 256 KiB; is url that of the right server\?",
    "no-http": r"makes no sense .*; is url that of the right server\?",
    "controls": r"400 Bad Request.*; this weir may not know the server's version",
}


def start_server():
    server = subprocess.Popen([sys.executable, os.path.join(HERE, "server.py")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port, refused = server.stdout.readline().split()
    return server, int(port), int(refused)


def configuration(folder, system, options, url, timeout_s=TIMEOUT_S):
    lines = ["environment: faults", "environments:", "  faults:", "    class: dev", "    sources:",
             "      broken:", f"        type: {system}", f"        url: {url}",
             f"        timeout: {timeout_s}s"] + ["        " + option for option in options]
    handle, path = tempfile.mkstemp(".yaml", dir=folder)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def run(path, *arguments):
    """Exit code, standard output, standard error, seconds."""
    environment = dict(os.environ, WEIR_FAULT_SECRET="hunter2", LC_ALL="C.UTF-8")
    began = time.monotonic()
    try:
        done = subprocess.run([WEIR, "--config", path, *arguments], capture_output=True, env=environment,
                              timeout=60, check=False)
    except subprocess.TimeoutExpired as error:
        return "never ended", error.stdout or b"", error.stderr or b"", 60
    return done.returncode, done.stdout, done.stderr, time.monotonic() - began


def faults_of(code, out, err, seconds, words, timeout_s):
    """What is wrong with the answer; nothing when all is well."""
    wrong = []
    if code != 3:
        wrong.append(f"exit code {code}")
    if seconds > timeout_s + SLACK_S:
        wrong.append(f"took {seconds:.1f} s")
    if re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", out + err):
        wrong.append("a control byte")
    if b"hunter2" in out + err:
        wrong.append("the password")
    said = err.decode("utf-8", "replace")
    if "broken" not in said:
        wrong.append("the source is not named")
    if not re.search(words, said):
        wrong.append(f"does not say {words}")
    try:
        answer = json.loads(out)
        source = answer["sources"][0]
        if answer["complete"] is not False or answer["rows"] or source["source"] != "broken":
            wrong.append("JSON: not marked as incomplete")
        if not source["error"] or not re.search(words, source["error"]):
            wrong.append("JSON: no error, or another")
    except (ValueError, KeyError, IndexError) as error:
        wrong.append(f"JSON: {error!r}")
    return wrong + [said, out[:400]] if wrong else []


def one(folder, job):
    system, options, kind, url, mode, name = job
    timeout_s = TIMEOUTS_S.get(mode, TIMEOUT_S)
    path = configuration(folder, system, options, url, timeout_s)
    return name, faults_of(*run(path, "get", kind, "-o", "json"), MODES[mode], timeout_s)


def jobs(port, refused, systems):
    for system, options, kinds in systems:
        for kind in kinds:
            for mode in MODES:
                url = f"http://127.0.0.1:{refused}" if mode == "refused" else f"http://127.0.0.1:{port}/{mode}"
                yield system, options, kind, url, mode, f"{kind}: {mode}"
                if mode in ("refused", "bomb"):
                    continue
                late = f"http://127.0.0.1:{port}/late/{mode}"
                yield system, options, kind, late, mode, f"{kind}: {mode}, after the first steps"


def is_there(folder, system, options):
    """Whether this weir was built with the connector."""
    path = configuration(folder, system, options, "http://127.0.0.1:1")
    code, _, err, _ = run(path, "config", "check")
    return not (code == 2 and b"unknown type" in err)


def main():
    if not os.access(WEIR, os.X_OK):
        return skip_all(f"{WEIR} is not built")
    server, port, refused = start_server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            there = [one_ for one_ in SYSTEMS if is_there(folder, one_[0], one_[1])]
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                for name, notes in pool.map(lambda job: one(folder, job), jobs(port, refused, there)):
                    ok(not notes, name, *notes)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/hits", timeout=10) as answer:
                hits = json.load(answer)["hits"]
            ok(hits == 0, "no redirect was followed", f"{hits} requests")
            missing = {system for system, _, _ in SYSTEMS} - {system for system, _, _ in there}
            for system in sorted(missing):
                print(f"# {system} is not part of this build")
    finally:
        server.stdin.close()
        server.wait(10)
    return finish()


if __name__ == "__main__":
    sys.exit(main())

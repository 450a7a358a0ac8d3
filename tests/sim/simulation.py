"""Starts weir-sim for a test, in a folder of its own, and speaks to it as weir and people do. It ends with
the test, whatever becomes of that: by its id, and by the kernel when the test is killed."""
import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import ok, skip_all

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
PROGRAM = os.path.join(BUILD, "weir-sim")
WEIR = os.environ.get("WEIR", os.path.join(BUILD, "weir"))
EPOCH = "2026-06-12T11:00:00Z"
CLUSTER = "/v3/clusters/kQ3ReWeirSimPlatform01"
LIMIT_S = 30  # nothing that a test waits for takes longer
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def need(*programs):
    """Ends the test when something that it needs is not built."""
    for program in programs or (PROGRAM,):
        if not os.access(program, os.X_OK):
            sys.exit(skip_all("%s is not built" % os.path.basename(program)))


def run(*words, **options):
    """A command that ends by itself: its exit code and what it printed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=False,
                          stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent, **options)
    return done.returncode, done.stdout, done.stderr


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @property
    def text(self):
        return self.data.decode()

    @property
    def json(self):
        return json.loads(self.data)


class Simulation:
    """with Simulation("--plot", "quiet") as sim: ... Its clock stands still at EPOCH unless told otherwise,
    so that it moves by sim.at() only."""

    def __init__(self, *options, command=(), clock=("--epoch", EPOCH, "--speed", "0"), folder=None):
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="weir-sim.")
        self.folder = folder or self._own.name
        self.socket = os.path.join(self.folder, "control")
        self.base, self.token = {}, None
        self.process = subprocess.Popen(
            [PROGRAM, *options, *clock, "--socket", self.socket, *command], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=_die_with_parent)
        self._await_ready()

    def _await_ready(self):
        watchdog = threading.Timer(LIMIT_S, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            words = line.split()
            if words == ["ready"]:
                break
            if len(words) == 2 and words[1].startswith("http"):
                self.base[words[0]] = words[1]
        else:
            errors = self.process.stderr.read()
            self.end()
            raise RuntimeError("weir-sim did not start: " + errors)
        watchdog.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        errors = self.process.stderr.read()
        if "Sanitizer" in errors or "runtime error" in errors:
            ok(False, "weir-sim runs without an error of memory", errors)
        self.process.stdout.close()
        self.process.stderr.close()
        if self._own:
            self._own.cleanup()
            self._own = None

    def port(self, service):
        return urllib.parse.urlsplit(self.base[service]).port

    # -- what people say to it

    def say(self, *words):
        """A client command: its exit code, and what it printed on either stream."""
        code, out, errors = run(PROGRAM, "--socket", self.socket, *words)
        return code, out + errors

    def must(self, *words):
        code, text = self.say(*words)
        if code != 0:
            raise RuntimeError("weir-sim %s: %s" % (" ".join(words), text))
        return text

    def at(self, moment):
        self.must("at", moment)
        self.token = None

    def do(self, verb, **args):
        self.must("do", verb, *("%s=%s" % pair for pair in args.items()))

    def now(self):
        """Seconds since the plot's first moment."""
        where = self.must("status").split()[3]  # plot NAME at +95m00s
        minutes, seconds = where.rstrip("s").split("m")
        return int(minutes) * 60 + int(seconds)

    # -- what weir says to it

    def ask(self, service, method, path, body=None, headers=()):
        """A request on a connection of its own. The host it names does not depend on the port."""
        if service == "airflow" and not self.token and path != "/auth/token":
            self.sign_in()
        c = http.client.HTTPConnection("127.0.0.1", self.port(service), timeout=LIMIT_S)
        try:
            all_headers = {"Host": service + ".example", "Content-Type": "application/json",
                           "X-Trino-User": "oncall", **dict(headers)}
            if service == "airflow" and self.token:
                all_headers["Authorization"] = "Bearer " + self.token
            c.request(method, path, body=body, headers=all_headers)
            answer = c.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            c.close()

    def sign_in(self):
        self.token = self.ask("airflow", "POST", "/auth/token",
                              '{"username":"admin","password":"admin"}').json["access_token"]

    def get(self, service, path):
        return self.ask(service, "GET", path).json

    def post(self, service, path, **body):
        return self.ask(service, "POST", path, json.dumps(body))

    # -- the parts of the world, as their services show them

    def lag(self, group):
        return self.get("kafka", CLUSTER + "/consumer-groups/%s/lag-summary" % group)["total_lag"]

    def groups(self):
        return [g["consumer_group_id"] for g in self.get("kafka", CLUSTER + "/consumer-groups")["data"]]

    def ends(self, topic):
        """End offsets of the topic's partitions."""
        partitions = self.get("kafka", CLUSTER + "/topics/%s/partitions" % topic)["data"]
        path = CLUSTER + "/topics/%s/partitions/%d/offset"
        return [self.ask("kafka", "GET", path % (topic, p["partition_id"])).json for p in partitions]

    def runs(self, dag):
        """Of a DAG, the newest first."""
        found = self.get("airflow", "/api/v2/dags/%s/dagRuns?order_by=-run_after&limit=20" % dag)
        return found["dag_runs"]

    def tasks(self, dag, run_id):
        """Task instances of a run, by name."""
        path = "/api/v2/dags/%s/dagRuns/%s/taskInstances" % (dag, urllib.parse.quote(run_id, safe=""))
        return {t["task_id"]: t for t in self.get("airflow", path)["task_instances"]}

    def alerts(self, state=None):
        """(name, what it is about) of the alerts that fire, or of those in one state."""
        found = set()
        for alert in self.get("alertmanager", "/api/v2/alerts"):
            labels = alert["labels"]
            what = [labels[k] for k in ("group", "dag", "table", "instance") if k in labels]
            if state in (None, alert["status"]["state"]):
                found.add((labels["alertname"], what[0] if what else ""))
        return found

    def queries(self, state=None):
        return self.get("trino", "/v1/query" + ("?state=" + state if state else ""))

    def host(self, name):
        return Shell(self, name)


class Shell:
    """What weir has of a host: the shell of `weir-sim host NAME`."""

    def __init__(self, sim, name):
        self.process = subprocess.Popen(
            [PROGRAM, "--socket", sim.socket, "host", name], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def send(self, word):
        self.process.stdin.write(b"probe %s\n" % word.encode())
        self.process.stdin.flush()

    def read(self):
        """The next bytes; b"" when the shell has ended."""
        return self.process.stdout.read1(65536)

    def probe(self, word="m1"):
        """The answer to one question, until its end or the shell's."""
        self.send(word)
        answer = b""
        while not answer.endswith(b"@@%s end\n" % word.encode()):
            more = self.read()
            if not more:
                break
            answer += more
        return answer.decode(errors="replace")


def _on_term(number, _):
    sys.exit(128 + number)


signal.signal(signal.SIGTERM, _on_term)  # so that what is open is closed

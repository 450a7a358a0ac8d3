#!/bin/sh
# One look at the lag of 200 groups over 1,000 partitions on the lab's broker: weir beside Kafka's own
# consumer-groups tool; and what a console at rest costs beside a bare librdkafka handle.
#
#   sh tests/bench/kafka_lag.sh [ROUNDS]      BUILD and WEIR as for the live tests
#
# Nothing of the figures is asserted. Topics and groups of the benchmark are removed afterwards, unless
# they were there before.
here=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
env=$here/build/lab/env
[ -e "$env" ] && . "$env"
case " ${LAB_UP:-} " in
*' kafka '*) ;;
*)
    echo "kafka: skipped, the lab is not up (make lab)"
    exit 0
    ;;
esac
cd "$here" || exit 2
WEIR=${WEIR:-${BUILD:-build}/weir}
export WEIR LAB_CONFIG LAB_KAFKA LAB_KAFKA_SH
exec timeout 600 "$LAB_KAFKA_PYTHON" - "${1:-3}" <<'END'
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

import confluent_kafka
from confluent_kafka.admin import AdminClient

ROUNDS = int(sys.argv[1])
WEIR, SH, BROKER = os.environ["WEIR"], os.environ["LAB_KAFKA_SH"], os.environ["LAB_KAFKA"]
GROUPS = [f"bulk-g-{n:03d}" for n in range(200)]
PARTITIONS, REST_S, STATISTICS_S = 1000, 40, 10
CONFIG = 'environments:\n  bench:\n    class: dev\n    sources:\n      k: {type: kafka, brokers: "%s"%s}\n'
GET = ["get", "kafka.groups", "-o", "json"]
TOOL = [SH, "cli", "consumer-groups", "--describe", "--all-groups"]


# -- the groups --------------------------------------------------------------------------------------

def bulk_there(admin):
    topics = [name for name in admin.list_topics(timeout=20).topics if re.fullmatch(r"bulk-\d\d", name)]
    listed = admin.list_consumer_groups(request_timeout=20).result().valid
    return topics, [group.group_id for group in listed if group.group_id in GROUPS]


def bulk_remove(admin):
    topics, groups = bulk_there(admin)
    for futures in (admin.delete_consumer_groups(groups, request_timeout=60) if groups else {},
                    admin.delete_topics(topics, request_timeout=60) if topics else {}):
        for future in futures.values():
            future.result()
    for _ in range(60):
        if bulk_there(admin) == ([], []):
            return
        time.sleep(0.5)
    print("the benchmark's topics are still there: remove them with tests/lab/kafka.sh cli", file=sys.stderr)


# -- one run -----------------------------------------------------------------------------------------

def measure(argv, output):
    """Wall seconds, CPU seconds and most memory of a command and its children."""
    begin = time.monotonic()
    child = subprocess.Popen(argv, stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise SystemExit(f"{' '.join(argv)}: status {status}")
    return time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def check(path):
    """That it has seen what there is: a fast wrong answer is no figure."""
    with open(path, encoding="utf-8") as file:
        rows = {row["name"]: row for row in json.load(file)["rows"]}
    bad = [name for name in GROUPS if name not in rows
           or (rows[name]["lag"], rows[name]["uncommitted"]) != (int(name[-3:]) % 10 * PARTITIONS, 0)]
    print(f"{len(rows)} groups; the lag of {len(GROUPS) - len(bad)} of {len(GROUPS)} is as committed")


def requests(argv, call):
    """Writes to connections: each is one request. None where perf may not count system calls."""
    if not shutil.which("perf"):
        return None
    event = "syscalls:sys_enter_" + call
    run = subprocess.run(["perf", "stat", "-x,", "-e", event, *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True, check=False)
    counted = re.findall(rf"^(\d+),[^\n]*{event}", run.stderr, re.M)
    return int(counted[0]) if counted and not run.returncode else None


# -- at rest -----------------------------------------------------------------------------------------

def tasks(pid):
    """CPU seconds and voluntary context switches of all threads, by thread."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as file:
            cell = file.read().rsplit(")", 1)[1].split()
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            text = file.read()
        cpu = (int(cell[11]) + int(cell[12])) / os.sysconf("SC_CLK_TCK")
        name = re.search(r"Name:\s*(.*)", text)[1]
        found[task] = name, cpu, int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", text)[1])
    return found


def rest(pid, settle_s):
    time.sleep(settle_s)
    before, begin = tasks(pid), time.monotonic()
    time.sleep(REST_S)
    after, took = tasks(pid), time.monotonic() - begin
    none = (None, 0, 0)
    threads = {}
    for task, (name, cpu, switches) in after.items():
        was = before.get(task, none)
        old = threads.get(name, (0, 0))
        threads[name] = old[0] + (cpu - was[1]) / took, old[1] + (switches - was[2]) / took
    return sum(one[0] for one in threads.values()), sum(one[1] for one in threads.values()), len(after), threads


def console(config):
    """A console on a terminal of 160x45, its first refresh over."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(WEIR, [WEIR, "--config", config])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
    written = [0]

    def drain():
        try:
            while chunk := os.read(fd, 65536):
                written[0] += len(chunk)
        except OSError:
            pass

    threading.Thread(target=drain, daemon=True).start()
    try:
        return rest(pid, 15)
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


HANDLE = """
import sys, time
from confluent_kafka.admin import AdminClient
a = AdminClient({"bootstrap.servers": sys.argv[1]})
a.list_topics(timeout=20)
time.sleep(120)
"""


def bare_handle():
    child = subprocess.Popen([sys.executable, "-c", HANDLE, BROKER])
    try:
        return rest(child.pid, 5)
    finally:
        child.kill()
        child.wait()


def per_minute(config, span):
    """weir's own count of requests (librdkafka's statistics come every 10 s)."""
    run = subprocess.run([WEIR, "--config", config, "get", "sources", "-o", "json", "--wait", f"{span}s"],
                         capture_output=True, check=False)
    return json.loads(run.stdout)["rows"][0]["requests_per_min"]


# -- report ------------------------------------------------------------------------------------------

def line(title, weir, other, form="{:.2f}"):
    ratio = f"{other / weir:.1f}" if weir and other is not None else "-"
    print(f"{title:<44} {form.format(weir) if weir is not None else '-':>10} "
          f"{form.format(other) if other is not None else '-':>16} {ratio:>8}")


def refresh(folder, config):
    weir, tool = [], []
    for _ in range(ROUNDS):
        with open(os.path.join(folder, "weir.json"), "wb") as file:
            weir.append(measure([WEIR, "--config", config, *GET], file))
        with open(os.path.join(folder, "tool.txt"), "wb") as file:
            tool.append(measure(TOOL, file))
    check(os.path.join(folder, "weir.json"))
    print(f"{'one refresh (median of ' + str(ROUNDS) + ')':<44} {'weir':>10} {'consumer-groups':>16} {'ratio':>8}")
    for title, i, form in (("wall, s", 0, "{:.2f}"), ("CPU, s", 1, "{:.2f}"), ("most memory, MB", 2, "{:.0f}")):
        line(title, statistics.median(run[i] for run in weir), statistics.median(run[i] for run in tool), form)
    # What librdkafka and what Java sends a request with; neither uses the call for anything else.
    line("requests, as sent", requests([WEIR, "--config", config, *GET], "sendmsg"), requests(TOOL, "writev"), "{:.0f}")
    first = per_minute(config, STATISTICS_S + 5)
    line("requests of both feeds, by weir's counter", first, None, "{:.0f}")


def at_rest(folder, config):
    """Between polls, which an hour between them shows; and with its polls, of all the groups there are."""
    idle = os.path.join(folder, "idle.yaml")
    with open(idle, "w", encoding="utf-8") as file:
        file.write(CONFIG % (BROKER, ", every: 1h"))
    columns = console(idle), console(config), bare_handle()
    print(f"\n{f'a running process, over {REST_S} s':<44} {'weir, idle':>10} {'weir, polling':>16} {'bare librdkafka':>16} {'idle/bare':>10}")
    for title, i, form in (("wakeups a second (voluntary switches)", 1, "{:.1f}"), ("CPU, % of a core", 0, "{:.2%}"),
                           ("threads", 2, "{:.0f}")):
        a, b, bare = (column[i] for column in columns)
        print(f"{title:<44} {form.format(a):>10} {form.format(b):>16} {form.format(bare):>16} "
              f"{(f'{a / bare:.1f}' if bare else '-'):>10}")
    for name in sorted(columns[0][3] | columns[1][3], key=lambda name: -columns[1][3].get(name, (0, 0))[1]):
        print(f"  thread {name:<35} {columns[0][3].get(name, (0, 0))[1]:>10.1f} {columns[1][3].get(name, (0, 0))[1]:>16.1f}")
    print(f"bare librdkafka: {confluent_kafka.libversion()[0]}, of the lab's Python client")


def main():
    admin = AdminClient({"bootstrap.servers": BROKER, "log_level": 3})
    topics, groups = bulk_there(admin)
    subprocess.run([SH, "bulk"], check=True, timeout=300, stdout=subprocess.DEVNULL)
    try:
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "weir.yaml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(CONFIG % (BROKER, ""))
            refresh(folder, config)
            at_rest(folder, config)
    finally:
        if not topics and not groups:
            bulk_remove(admin)


main()
END

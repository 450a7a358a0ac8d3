#!/usr/bin/env python3
"""What is wrong with a plot, an option or a command is said at once, with its place and what to do."""
import os
import re
import socket
import sys
import tempfile

sys.dont_write_bytecode = True
from simulation import PROGRAM, Simulation, need, run
from tap import finish, ok

# Text of a plot, and what must be said of it: LINE:COLUMN and words, in this order.
PLOTS = [
    ("an unknown verb", "title: a\nevents:\n  - {at: 3m, explode: {host: dp-w01}}\n",
     [("3:14", 'nothing is called "explode"; there are: member_leaves, ')]),
    ("a missing key", "title: a\nevents:\n  - {at: 3m, host_down: {}}\n", [("3:14", "host_down needs host")]),
    ("a key too many", "title: a\nevents:\n  - {at: 3m, host_down: {host: dp-w01, why: no}}\n",
     [("3:14", 'host_down takes no "why"; it takes: host')]),
    ("a wrong span", "title: a\nevents:\n  - {at: soon, host_down: {host: dp-w01}}\n",
     [("3:10", "at is a span from the plot's beginning, as +3m or +90s")]),
    ("a moment that is missing", "title: a\nevents:\n  - {host_down: {host: dp-w01}}\n", [("3:5", "it needs at")]),
    ("a verb that is missing", "title: a\nevents:\n  - {at: 3m}\n", [("3:5", "it needs a verb")]),
    ("two verbs in one event", "title: a\nevents:\n  - {at: 3m, host_up: {host: dp-w01}, pause: {dag: a}}\n",
     [("3:39", "make pause an event of its own")]),
    ("a list where a text belongs", "title: [a]\nevents: []\n", [("1:8", "title must be a text")]),
    ("a map where the list of events belongs", "title: a\nevents: {at: 3m}\n", [("2:9", "events is a list: - {at")]),
    ("a text where the list of events belongs", "title: a\nevents: none\n", [("2:9", "events is a list: - {at")]),
    ("a text where an event belongs", "title: a\nevents:\n  - later\n", [("3:5", "an event is a map: {at: +3m")]),
    ("a text where a verb's map belongs", "title: a\nevents:\n  - {at: 3m, host_down: dp-w01}\n",
     [("3:25", "host_down takes a map: {host}")]),
    ("an unknown member of the plot", "title: a\nevent: []\n", [("2:1", "a plot has title, about and events")]),
    ("a key that stands twice", "title: a\ntitle: b\n", [("2:1", "the key title stands twice")]),
    ("a title that is missing", "about: a\n", [("", "a plot needs a title")]),
    ("a second document", "title: a\n---\ntitle: b\n", [("3:1", "a second document begins here")]),
    ("an empty file", "", [("", "a plot is a map of title, about and events")]),
    ("a file that is no map", "- a\n", [("1:1", "a plot is a map of title, about and events")]),
    ("a file that is no YAML", "{]\n", [("1:2", "")]),
    ("a tab", "title: a\nevents:\n\t- {at: 3m}\n", [("3:1", "never with tabs")]),
    ("an unknown group", "title: a\nevents:\n  - {at: 3m, group_stops: {group: b}}\n",
     [("3:14", 'group_stops: there is no group "b"; there are enrich-v2, ')]),
    ("an unknown member", "title: a\nevents:\n  - {at: 3m, member_leaves: {group: enrich-v2, member: b}}\n",
     [("3:14", 'has no member "b"; it has enrich-1 to enrich-6')]),
    ("an unknown topic", "title: a\nevents:\n  - {at: 3m, produce: {topic: b, rate: 1}}\n",
     [("3:14", 'produce: there is no topic "b"; there are orders.raw, ')]),
    ("an unknown host", "title: a\nevents:\n  - {at: 3m, host_down: {host: b}}\n",
     [("3:14", 'host_down: there is no host "b"; there are dp-b01 to dp-b03 (kafka), ')]),
    ("an unknown DAG", "title: a\nevents:\n  - {at: 3m, pause: {dag: b}}\n",
     [("3:14", 'pause: there is no DAG "b"; of the 40 some are billing_hourly, ')]),
    ("an unknown task", "title: a\nevents:\n  - {at: 3m, fail_task: {dag: dim_store, task: b, message: c}}\n",
     [("3:14", 'dim_store has no task "b"; it has extract_stores, load_dim')]),
    ("an unknown Trino node", "title: a\nevents:\n  - {at: 3m, worker_leaves: {node: b}}\n",
     [("3:14", 'there is no worker "b"; there are dp-t02 to dp-t06')]),
    ("an unknown resource group", "title: a\nevents:\n  - {at: 3m, queue_fills: {group: b, queries: 3}}\n",
     [("3:14", 'there is no resource group "b"; there are adhoc, etl and dashboard')]),
    ("a number that is none", "title: a\nevents:\n  - {at: 3m, host_load: {host: dp-w01, load: much}}\n",
     [("3:14", 'load is a number, not "much"')]),
    ("all of it at once", "titel: a\nevents:\n  - {at: 3, explode: {}}\n  - {at: 3m, host_up: {}}\n",
     [("1:1", 'not "titel"'), ("3:10", "at is a span"), ("3:13", "explode"), ("4:14", "host_up needs host")]),
]

OPTIONS = [
    ("an unknown plot", ("--plot", "nope"), r'no plot "nope"; there are quiet, enrich-lag, .* path of a file'),
    ("a plot file that is not there", ("--plot", "./nope.yaml"), r"\./nope\.yaml: cannot be read: No such file"),
    ("an unknown --scale", ("--scale", "dogs=3"), r'--scale takes dags, runs, .* not "dogs=3"'),
    ("a --scale that is no number", ("--scale", "dags=many"), r'each =NUMBER, not "dags=many"'),
    ("a wrong --rtt", ("--rtt", "fast"), r'--rtt takes a span as 20ms .*, not "fast"'),
    ("a wrong --at", ("--at", "later"), r'--at takes a span as .* \+12m, not "later"'),
    ("a wrong --epoch", ("--epoch", "now"), r'--epoch takes a time as 2026-.*, not "now"'),
    ("a clock that runs backwards", ("--speed", "-1"), r"--speed takes .* from 0 "),
    ("a rate below nothing", ("--rate", "-1"), r"--rate takes bytes a second"),
    ("a proxy without its server", ("proxy",), r"proxy needs --to PORT"),
    ("a host without its name", ("host",), r"host needs a NAME"),
    ("an unknown option", ("--plots",), r"Unknown option --plots"),
]


def plots(folder):
    path = os.path.join(folder, "story.yaml")
    for name, text, due in PLOTS:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        code, out, errors = run(PROGRAM, "--plot", path, "--socket", folder + "/control")
        told = [line for line in errors.replace("weir-sim: ", "", 1).splitlines() if line.startswith(path)]
        fits = [line.startswith(path + ":" + (place + ":" if place else "")) and words in line
                for line, (place, words) in zip(told, due)]
        ok(code == 2 and not out and len(told) == len(due) and all(fits),
           "%s in a plot is told with its place and what to do" % name, code, due, errors)
    ok(not os.path.exists(folder + "/control"), "what did not start leaves no socket behind")


def options(folder):
    for name, words, due in OPTIONS:
        code, out, errors = run(PROGRAM, *words, "--socket", folder + "/control")
        ok(code == 2 and not out and re.search(due, errors), "%s: it says what there is" % name, code, errors)
    for command in ("status", "log", "fault", "do", "at", "quit"):
        code, _, errors = run(PROGRAM, command, "--socket", folder + "/control")
        ok(code == 2 and "none runs at %s/control" % folder in errors and "start one: weir-sim --plot" in errors,
           "%s without a simulation says how to start one" % command, code, errors)
    code, _, errors = run(PROGRAM, "host", "dp-b01", "--socket", folder + "/control")
    ok(code == 255 and "start one" in errors, "so does host, with the exit code of ssh", code, errors)


def ports():
    """A socket that is in somebody's hands is not taken away."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8082))
            taken.listen()
        except OSError:
            pass  # it is taken already, which does as well
        with Simulation() as sim:
            with open(sim.folder + "/weir.yaml", encoding="utf-8") as config:
                text = config.read()
            ok(sim.port("kafka") > 8082, "a port in use: the next free one is taken, and printed", sim.base)
            ok(all(base in text for base in sim.base.values()), "and stands in the configuration", text)
            ok(len(sim.groups()) == 12, "and is answered at")


def same_socket():
    with Simulation() as sim:
        for words in ((), ("--tls",), ("proxy", "--to", "80")):
            code, out, errors = run(PROGRAM, *words, "--socket", sim.socket)
            ok(code == 2 and not out and "one runs at %s already" % sim.socket in errors and "--socket" in errors,
               "a second weir-sim%s at the same socket refuses" % "".join(" " + w for w in words[:1]), code, errors)
        run(PROGRAM, "--at", "later", "--socket", sim.socket)
        ok(sim.now() == 0, "the first one is reached as before")
        ok(sim.process.poll() is None and not os.path.exists(sim.folder + "/ca.pem"), "and lost nothing")
        sim.process.kill()
        sim.process.wait()
        ok(os.path.exists(sim.socket), "one that is killed leaves its socket")
        with Simulation(folder=sim.folder) as next_one:
            ok(next_one.now() == 0, "the next one takes over what nobody listens at")
            next_one.must("quit")
            ok(next_one.process.wait(20) == 0 and not os.path.exists(sim.socket), "quit ends it and its socket")


def relative_socket(folder):
    with Simulation(folder=os.path.relpath(folder)) as sim:
        with open(folder + "/weir.yaml", encoding="utf-8") as config:
            text = config.read()
        ok('"%s/password"' % folder in text and '"%s/control"' % folder in text and sim.now() == 0,
           "a socket's relative path is a full one in the configuration", text)


def commands():
    with Simulation("--at", "+95m") as sim:
        for name, words, due in [
                ("an unknown service", ("fault", "oozie", "reset"),
                 r'no service "oozie"; there are airflow, trino, kafka, alertmanager, hosts'),
                ("an unknown fault", ("fault", "trino", "rain"), r'trino has no fault "rain"; it has off, refuse, '),
                ("no fault", ("fault", "trino"), r"it has off, refuse, "),
                ("a shell's fault of a service", ("fault", "trino", "shell-dies"), r"it has off, refuse, "),
                ("a service's fault of hosts", ("fault", "hosts", "reset"), r"it has off, shell-exits, "),
                ("a TLS fault without TLS", ("fault", "trino", "tls-none"), r"start weir-sim with --tls"),
                ("a wrong limit of a fault", ("fault", "trino", "reset", "often"), r"path=/\.\.\. nor count=N"),
                ("a count of nothing", ("fault", "trino", "reset", "count=0"), r"path=/\.\.\. nor count=N"),
                ("a path where there is none yet", ("fault", "trino", "refuse", "path=/v1"), r"before there is a path"),
                ("a count of what lasts", ("fault", "trino", "refuse", "count=3"), r"it has no count"),
                ("an unknown verb", ("do", "rain"), r'nothing is called "rain"; there are:\nmember_leaves +group'),
                ("a verb without its key", ("do", "host_down"), r"host_down takes host\n"),
                ("a verb with a key too many", ("do", "host_up", "host=dp-b01", "why=no"), r"host_up takes host\n"),
                ("a word that is no key=value", ("do", "host_up", "dp-b01"), r'"dp-b01" is not key=value'),
                ("a name that is not there", ("do", "host_up", "host=x"), r"there are dp-b01 to dp-b03"),
                ("a moment that is over", ("at", "+20m"), r"\+20m is over: the plot is at \+95m.* --at"),
                ("a moment that is none", ("at", "noon"), r"at \+20m: a span"),
                ("an unknown command", ("rain",), r'fault, do, at, status, log or quit, not "rain"')]:
            code, text = sim.say(*words)
            ok(code == 1 and re.search(due, text), "%s: it says what there is" % name, code, text)
        ok(sim.now() == 95 * 60 and "now:" not in sim.must("fault"), "none of them did anything")
        ok("member_leaves" in sim.must("do"), "do alone lists the verbs")


need()
with tempfile.TemporaryDirectory(prefix="weir-sim.") as work:
    plots(work)
    options(work)
    relative_socket(work)
ports()
same_socket()
commands()
sys.exit(finish())

#!/usr/bin/env python3
"""The same seed, plot, epoch and moment give the same answers, byte for byte, however the moment is reached."""
import re
import sys

sys.dont_write_bytecode = True
from simulation import CLUSTER, Simulation, need
from tap import finish, ok

HOSTS = ("dp-b01", "dp-w05", "dp-t02", "dp-a01")


def host_text(sim, name):
    """Its clock is the real one: what depends on it is left out."""
    with sim.host(name) as shell:
        return re.sub(r"(?m)^date .*", "date", shell.probe())


def picture(sim):
    """What every service says now, as bytes."""
    post = [("airflow", "/api/v2/dags/~/dagRuns/list", b'{"page_limit":100}'),
            ("airflow", "/api/v2/dags/~/dagRuns/~/taskInstances/list", b'{"page_limit":100}')]
    get = [("airflow", "/api/v2/dags?limit=100"), ("airflow", "/api/v2/monitor/health"),
           ("airflow", "/api/v2/pools"), ("trino", "/v1/query"), ("trino", "/v1/status"),
           ("trino", "/v1/node"), ("alertmanager", "/api/v2/alerts"), ("alertmanager", "/api/v2/silences")]
    get += [("kafka", CLUSTER + "/consumer-groups/%s/lags" % group) for group in sim.groups()]
    said = {}
    for service, path, body in post:
        said.setdefault(service, []).append(sim.ask(service, "POST", path, body).data)
    for service, path in get:
        said.setdefault(service, []).append(sim.ask(service, "GET", path).data)
    said["hosts"] = [host_text(sim, name) for name in HOSTS]
    return said


def picture_of(*options, jumps=(), asks=False):
    with Simulation("--plot", "enrich-lag", *options) as sim:
        for moment in jumps:
            sim.at(moment)
            if asks:
                picture(sim)
        return picture(sim)


def first_difference(a, b):
    for x, y in zip(a, b):
        if x != y:
            at = next((i for i, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
            return x[max(at - 80, 0):at + 80], y[max(at - 80, 0):at + 80]
    return None


def compare(first, second, how):
    for service in first:
        ok(first[service] == second[service], "%s says the same again %s" % (service, how),
           first_difference(first[service], second[service]))


def ways_to_a_moment():
    once = picture_of("--at", "+95m")
    ok(all(len(answer) > 0 for answers in once.values() for answer in answers),
       "every service has something to say")
    compare(once, picture_of("--at", "+95m"), "in another run with the same seed")
    compare(once, picture_of(jumps=("+10m", "+32m", "+77m", "+95m")), "when it is reached by jumps")
    compare(once, picture_of(jumps=("+31m", "+64m", "+95m"), asks=True),
            "when it was asked on the way there")
    other = picture_of("--at", "+95m", "--seed", "2")
    for service in ("airflow", "trino", "kafka", "hosts"):
        ok(once[service] != other[service], "another seed gives %s other things to say" % service)


def epochs():
    clock = ("--epoch", "2026-03-01T00:00:00Z", "--speed", "0")
    with Simulation("--at", "+5m", clock=clock) as sim:
        newest = sim.runs("orders_daily")[0]["run_after"]
        ok(newest == "2026-03-01T00:00:00.000Z", "--epoch says when the plot's first moment is", newest)


def speeds():
    fast = ("--epoch", "2026-06-12T11:00:00Z", "--speed", "60")
    with Simulation("--at", "+1m") as still, Simulation("--at", "+1m", clock=fast) as moving:
        before = picture(still)
        while moving.now() < 90:
            pass
        ok(True, "--speed 60 lets half a minute pass in half a second")
        ok(still.now() == 60, "--speed 0 stands still meanwhile", still.now())
        compare(before, picture(still), "while the clock stands still")


need()
ways_to_a_moment()
epochs()
speeds()
sys.exit(finish())

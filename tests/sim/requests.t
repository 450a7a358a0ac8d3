#!/usr/bin/env python3
"""What weir asks of a large platform, counted: the order of Airflow's first requests, how many are in
flight, and how much of Trino's memory of queries is fetched."""
import sys

sys.dont_write_bytecode = True
from simulation import WEIR, Simulation, need, run
from tap import finish, ok

SCALE = "dags=5000,runs=50,queries=24000"
ROUND_TRIPS = 8  # the connection's own included


def figures(text, service):
    line = next(one for one in text.splitlines() if one.startswith(service + " "))
    return {key: int(value) for key, _, value in (word.partition("=") for word in line.split()[1:])
            if value.lstrip("-").isdigit()}


def watch(sim, kind, span):
    """weir as it runs for a while, its polls and all; not the single fetch of a command."""
    code, out, errors = run(WEIR, "--config", sim.folder + "/weir.yaml", "get", kind, "--watch=" + span)
    return out if code in (0, 3) else errors


def main():
    need(WEIR)
    sim = Simulation("--plot", "enrich-lag", "--at", "+95m", "--scale", SCALE, "--trace", clock=())
    rows = watch(sim, "airflow.runs", "3s")
    watch(sim, "airflow.dags", "4s")
    watch(sim, "trino.queries", "3s")
    code, status = sim.say("status")
    sim.process.terminate()
    trace = [line.split() for line in sim.process.stdout.read().splitlines()]
    sim.end()

    asked = [word[2] + " " + word[3] for word in trace if len(word) > 3 and word[1] == "airflow"]
    lists = [i for i, one in enumerate(asked) if one == "POST /api/v2/dags/~/dagRuns/list"]
    ok(len(lists) > 1 and lists[1] + 2 <= ROUND_TRIPS,
       "what runs, what failed, and what of it is history is known after %d round trips" % ROUND_TRIPS,
       asked[:12])
    ok('"orders_daily"' in rows and '"failed"' in rows, "the failed run is among the first rows", rows[-300:])
    ok("GET /ui/dags" in asked and asked.index("GET /ui/dags") > lists[1],
       "the inventory of DAGs comes after that", asked[:20])
    airflow, trino = figures(status, "airflow"), figures(status, "trino")
    ok(airflow["in_flight_max"] <= 2, "no more than two of Airflow's requests are in flight", airflow)
    ok(trino["bytes_out"] < 12 * 1024 * 1024,
       "of 24,000 queries, 49 MB, no list is fetched whole", trino)


main()
sys.exit(finish())

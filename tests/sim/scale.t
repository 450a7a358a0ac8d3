#!/usr/bin/env python3
"""--scale gives as much as was asked for, in the services' own totals; what is beyond the story behaves."""
import os
import re
import sys

sys.dont_write_bytecode = True
from simulation import CLUSTER, Simulation, need
from tap import finish, ok

ASKED = {"dags": 5000, "runs": 5, "groups": 300, "topics": 200, "partitions": 2000, "queries": 3000,
         "hosts": 60}
STORY = {"dags": 40, "groups": 12, "topics": 12, "partitions": 133, "hosts": 23}


def counts(sim):
    topics = [t for t in sim.get("kafka", CLUSTER + "/topics")["data"] if not t["is_internal"]]
    with open(os.path.join(sim.folder, "weir.yaml"), encoding="utf-8") as config:
        hosts = re.search(r"hosts: \[(dp-[^\]]*)\]", config.read()).group(1)
    return {"dags": sim.get("airflow", "/api/v2/dags?limit=1")["total_entries"],
            "groups": len(sim.groups()), "topics": len(topics),
            "partitions": sum(t["partitions_count"] for t in topics), "hosts": len(hosts.split(", ")),
            "queries": sum(q["state"] in ("FINISHED", "FAILED") for q in sim.queries()),
            "runs": sum(r["state"] in ("success", "failed") for r in sim.runs("finance_close"))}


def large():
    with Simulation("--scale", ",".join("%s=%d" % pair for pair in ASKED.items())) as sim:
        found = counts(sim)
        for name, asked in ASKED.items():
            ok(found[name] == asked, "%s=%d gives as many" % (name, asked), found[name])
        listed = [d["dag_id"] for offset in range(0, ASKED["dags"], 100) for d in
                  sim.get("airflow", "/api/v2/dags?limit=100&offset=%d" % offset)["dags"]]
        ok(len(listed) == len(set(listed)) == ASKED["dags"], "DAGs come page by page, each once",
           len(listed), len(set(listed)))
        sim.at("+1h")
        kept = counts(sim)["queries"]
        ok(kept == ASKED["queries"], "an hour later Trino remembers as many queries", kept)
        ok(not any(g.startswith("crowd") and sim.lag(g) > 5000 for g in sim.groups()[::20]),
           "groups beyond the story behave")


def small():
    with Simulation("--scale", "dags=3,groups=2,topics=1,partitions=1,hosts=1") as sim:
        found = counts(sim)
        ok(found["dags"] == 9 and all(found[k] == STORY[k] for k in STORY if k != "dags"),
           "less than the story needs gives the story", found)


def usual():
    with Simulation() as sim:
        found = counts(sim)
        ok(all(found[k] == STORY[k] for k in STORY), "without --scale there is what the story needs", found)


need()
large()
small()
usual()
sys.exit(finish())

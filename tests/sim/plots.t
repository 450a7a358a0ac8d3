#!/usr/bin/env python3
"""Each plot shows in the systems' own answers what its text says, at the moments that it names."""
import re
import select
import sys
import urllib.parse

sys.dont_write_bytecode = True
from simulation import CLUSTER, Simulation, need, run, PROGRAM
from tap import finish, ok

STANDING = {("Watchdog", ""), ("CertificateExpires", "dp-b02:9093")}
BEHIND_S = 10  # records of so many seconds are an ordinary lag: groups commit every five
QUIET_S = 0.2  # so long must nothing come


def failed_dags(sim):
    """DAGs whose newest run that has ended failed."""
    listed = sim.post("airflow", "/api/v2/dags/~/dagRuns/list", states=["failed"], page_limit=100)
    suspects = {r["dag_id"] for r in listed.json["dag_runs"]}
    newest = {dag: next(r for r in sim.runs(dag) if r["end_date"]) for dag in suspects}
    return {dag for dag, last in newest.items() if last["state"] == "failed"}


def readings(sim, group):
    return sim.get("kafka", CLUSTER + "/consumer-groups/%s/lags" % group)["data"]


def ends_of(sim):
    return {group: sum(r["log_end_offset"] for r in readings(sim, group)) for group in sim.groups()}


def disk_share(text):
    used, left = map(int, re.search(r"/dev/nvme1n1 xfs \d+ (\d+) (\d+)", text).groups())
    return used / (used + left)


def load_of(text):
    return float(text.split("@@m1 up\n")[1].splitlines()[1].split()[0])


def probe(sim, host):
    with sim.host(host) as shell:
        return shell.probe()


def is_silent(sim, host):
    with sim.host(host) as shell:
        shell.send("m1")
        return not select.select([shell.process.stdout], [], [], QUIET_S)[0]


def ordinary(sim, when):
    """Nothing is wrong anywhere."""
    found = failed_dags(sim)
    ok(not found, "%s no DAG's last run has failed" % when, found)
    before = ends_of(sim)
    sim.at("+%ds" % (sim.now() + BEHIND_S))
    after = ends_of(sim)
    found = {g: sim.lag(g) for g in before if sim.lag(g) > after[g] - before[g]}
    ok(not found, "%s no group is more than %d seconds' records behind" % (when, BEHIND_S), found)
    ok(sim.alerts() == STANDING, "%s no alert fires but the standing ones" % when, sim.alerts())
    ok(sim.alerts("active") == {("Watchdog", "")}, "%s the certificate's alert is silenced" % when,
       sim.alerts("active"))


def quiet():
    with Simulation("--plot", "quiet") as sim:
        ordinary(sim, "at the beginning of quiet")
        sim.at("+3h")
        ordinary(sim, "three hours into quiet")
        states = {q["state"] for q in sim.queries()}
        ok({"FINISHED", "FAILED"} <= states, "even in quiet a query fails now and then", states)


def lag_grows(sim):
    before = sim.lag("enrich-v2")
    sim.at("+%ds" % (sim.now() + 100))
    per_s = (sim.lag("enrich-v2") - before) / 100
    ok(590 < per_s < 650, "the lag grows by 620 records a second", per_s)


def enrich_lag():
    with Simulation("--plot", "enrich-lag", "--at", "+20m") as sim:
        ordinary(sim, "before the consumer of enrich-lag leaves")
        sim.at("+35m")
        lost = {r["partition_id"] for r in readings(sim, "enrich-v2") if not r["consumer_id"]}
        ok(lost == {2, 8}, "partitions 2 and 8 have no owner", lost)
        group = sim.get("kafka", CLUSTER + "/consumer-groups/enrich-v2")
        ok(group["state"] == "STABLE", "the group calls itself stable all the same", group["state"])
        ok(is_silent(sim, "dp-w07"), "the host dp-w07 does not answer")
        lag_grows(sim)
        sim.at("+70m")
        waits = sim.tasks("orders_daily", sim.runs("orders_daily")[0]["dag_run_id"])["wait_enriched"]
        ok(waits["state"] == "up_for_reschedule", "orders_daily waits for the enriched orders", waits)
        sim.at("+95m")
        last = sim.runs("orders_daily")[0]
        load = sim.tasks("orders_daily", last["dag_run_id"])["load_fct"]
        ok(last["state"] == "failed" and (load["state"], load["try_number"]) == ("failed", 3),
           "its guard fails load_fct three times, and the run with it", last, load)
        log = sim.ask("airflow", "GET", "/api/v2/dags/orders_daily/dagRuns/%s/taskInstances/load_fct/logs/3"
                      % urllib.parse.quote(last["dag_run_id"], safe="")).text
        ok("RowCountGuard" in log, "the log of its third try says why", log[-1500:])
        due = {("KafkaConsumerLag", "enrich-v2"), ("HostDown", "dp-w07"), ("AirflowDagFailed", "orders_daily"),
               ("TableStale", "lake.orders.fct_orders"), ("TableStale", "lake.exec.kpi")} | STANDING
        ok(sim.alerts() == due, "the alerts say all that, and that two tables are stale", sim.alerts() ^ due)
        ok(failed_dags(sim) == {"orders_daily"}, "no other DAG has failed", failed_dags(sim))


def under_replicated(sim, topic):
    """Partitions of the topic with a replica that is not in sync, and the leaders of all."""
    lost, leaders = 0, set()
    for p in sim.get("kafka", CLUSTER + "/topics/%s/partitions" % topic)["data"]:
        path = CLUSTER + "/topics/%s/partitions/%d/replicas" % (topic, p["partition_id"])
        replicas = sim.get("kafka", path)["data"]
        lost += not all(r["is_in_sync"] for r in replicas)
        leaders |= {r["broker_id"] for r in replicas if r["is_leader"]}
    return lost, leaders


def broker_down():
    with Simulation("--plot", "broker-down", "--at", "+1m") as sim:
        before = disk_share(probe(sim, "dp-b02"))
        sim.at("+31m")
        text = probe(sim, "dp-b02")
        ok(disk_share(text) > 0.95 > before, "the disk of dp-b02 fills within half an hour", before, disk_share(text))
        ok(load_of(text) > 5, "then its load rises", load_of(text))
        sim.at("+37m")
        ok(is_silent(sim, "dp-b02"), "then it does not answer")
        lost, leaders = under_replicated(sim, "payments")
        ok(lost == 12 and leaders == {1, 3}, "all partitions are under-replicated, and led by the others",
           lost, leaders)
        due = {("HostDown", "dp-b02"), ("KafkaUnderReplicated", "")}
        ok(due <= sim.alerts("active"), "the alerts say so", sim.alerts())
        ok(sim.lag("fraud-score") > 50000, "a group whose consumers pause is behind", sim.lag("fraud-score"))
        sim.at("+55m")
        lost, leaders = under_replicated(sim, "payments")
        ok(lost == 0 and leaders == {1, 2, 3}, "twenty minutes later it is back and its replicas catch up",
           lost, leaders)
        ok(not due & sim.alerts(), "their alerts are over", sim.alerts())
        ok(sim.lag("fraud-score") < 10000, "so is the lag", sim.lag("fraud-score"))


def bad_deploy():
    with Simulation("--plot", "bad-deploy", "--at", "+37m") as sim:
        errors = sim.get("airflow", "/api/v2/importErrors")["import_errors"]
        ok([e["filename"] for e in errors] == ["billing_hourly.py"], "billing_hourly cannot be imported", errors)
        ok(not any("T11:10" in r["run_after"] for r in sim.runs("billing_hourly")),
           "its run of ten past has not begun", sim.runs("billing_hourly")[0])
        ok("clickstream_sessions" in failed_dags(sim), "clickstream_sessions has failed", failed_dags(sim))
        last = next(r for r in sim.runs("clickstream_sessions") if r["state"] == "failed")
        path = "/api/v2/dags/clickstream_sessions/dagRuns/%s/taskInstances" % urllib.parse.quote(
            last["dag_run_id"], safe="")
        failed = {t["task_id"] for t in sim.get("airflow", path)["task_instances"] if t["state"] == "failed"}
        ok(failed == {"sessionize"}, "it is its task sessionize that fails", failed)
        log = sim.ask("airflow", "GET", path + "/sessionize/logs/3?map_index=0").text
        ok("TypeError" in log, "with a type error", log[-1500:])
        ok(sim.must("log").count("deploy pipelines 4.12.0 by ana") > 0, "the deployment is noted")
        sim.at("+75m")
        ok(sim.get("airflow", "/api/v2/importErrors")["total_entries"] == 0, "rolled back, everything imports")
        ok(any("T12:10" in r["run_after"] for r in sim.runs("billing_hourly")), "billing_hourly runs again")
        ok(not failed_dags(sim), "no DAG's last run has failed any more", failed_dags(sim))


def slow_warehouse():
    with Simulation("--plot", "slow-warehouse", "--at", "+20m") as sim:
        heavy = [q for q in sim.queries("RUNNING") if q["session"]["user"] == "mira"]
        ok(len(heavy) == 1, "mira's query runs", heavy)
        waiting = [q for q in sim.queries("QUEUED") if q["resourceGroupId"] == ["global", "etl"]]
        ok(len(waiting) > 5, "queries of the group global.etl wait", len(waiting))
        active = {n["uri"] for n in sim.get("trino", "/v1/node")} - {
            n["uri"] for n in sim.get("trino", "/v1/node/failed")}
        ok(not any("dp-t05" in uri for uri in active), "the worker dp-t05 is not among those that answer", active)
        ok({("TrinoMemory", ""), ("TrinoQueue", "")} <= sim.alerts("active"), "the alerts say so", sim.alerts())
        sim.at("+60m")
        ok(not any(q["session"]["user"] == "mira" and q["state"] == "RUNNING" for q in sim.queries()),
           "after half an hour the query has ended")
        ok(not sim.queries("QUEUED"), "no query waits any more", sim.queries("QUEUED"))
        ok(any("dp-t05" in n["uri"] for n in sim.get("trino", "/v1/node")), "the worker is back")
        ok(sim.alerts() == STANDING, "no alert fires but the standing ones", sim.alerts())


def listed():
    _, out, _ = run(PROGRAM, "plots")
    named = re.findall(r"(?m)^([a-z-]+) {2,}\S", out)
    ok(named == ["quiet", "enrich-lag", "broker-down", "bad-deploy", "slow-warehouse"],
       "weir-sim plots lists them all, with what each is about", out)


need()
listed()
quiet()
enrich_lag()
broker_down()
bad_deploy()
slow_warehouse()
sys.exit(finish())

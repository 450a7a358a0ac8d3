#!/usr/bin/env python3
"""It is one world: what happens to one part is seen in the parts that live on it."""
import sys

sys.dont_write_bytecode = True
from simulation import CLUSTER, Simulation, need
from tap import finish, ok


def total_end(sim, topic):
    return sum(p["latest_offset"] for p in sim.ends(topic))


def newest(sim, dag):
    return sim.runs(dag)[0]


def feeding():
    """enrich-v2 writes orders.enriched, orders_daily waits for it, exec_kpi for orders_daily."""
    with Simulation("--at", "+10m") as sim:
        ok(newest(sim, "orders_daily")["state"] == "success", "orders_daily takes less than ten minutes")
        before = total_end(sim, "orders.enriched")
        sim.at("+50m")
        moved = total_end(sim, "orders.enriched") - before
        ok(moved > 40 * 60 * 1000, "a group writes what it reads into the topic that it feeds", moved)
        sim.do("group_stops", group="enrich-v2")
        at_stop = total_end(sim, "orders.enriched")
        raw = total_end(sim, "orders.raw")
        sim.at("+70m")
        ok(total_end(sim, "orders.enriched") == at_stop, "when the group stops, that topic's end stands still")
        ok(total_end(sim, "orders.raw") > raw, "the topic that it read grows on")
        group = sim.get("kafka", CLUSTER + "/consumer-groups/enrich-v2")
        ok(group["state"] == "EMPTY", "the group is empty", group["state"])
        ok(sim.lag("orders-audit") < 20, "who reads the topic that stands still has read it all",
           sim.lag("orders-audit"))
        run = newest(sim, "orders_daily")
        tasks = sim.tasks("orders_daily", run["dag_run_id"])
        ok(run["state"] == "running" and tasks["wait_enriched"]["state"] == "up_for_reschedule",
           "the DAG that waits for it is late", {t: v["state"] for t, v in tasks.items()})
        kpi = newest(sim, "exec_kpi")
        ok(kpi["state"] == "running" and
           sim.tasks("exec_kpi", kpi["dag_run_id"])["wait_orders"]["state"] == "up_for_reschedule",
           "so is the DAG that waits for that one", kpi)
        sim.do("group_starts", group="enrich-v2")
        sim.at("+3h")
        ok(sim.lag("enrich-v2") < 10000, "when the group starts again it catches up", sim.lag("enrich-v2"))


def replicas(sim, topic):
    for p in sim.get("kafka", CLUSTER + "/topics/%s/partitions" % topic)["data"]:
        path = CLUSTER + "/topics/%s/partitions/%d/replicas" % (topic, p["partition_id"])
        yield sim.get("kafka", path)["data"]


def brokers():
    with Simulation("--at", "+1m") as sim:
        ok(all(r["is_in_sync"] for p in replicas(sim, "payments") for r in p), "at first all replicas are in sync")
        sim.do("host_down", host="dp-b02")
        sim.at("+5m")
        listed = {b["broker_id"] for b in sim.get("kafka", CLUSTER + "/brokers")["data"]}
        ok(listed == {1, 3}, "a broker's host goes down, and the cluster lacks the broker", listed)
        found = list(replicas(sim, "payments"))
        ok(all({r["broker_id"] for r in p if r["is_in_sync"]} == {1, 3} for p in found),
           "its partitions are under-replicated", found[0])
        ok(all(sum(r["is_leader"] for r in p) == 1 for p in found), "all of them still have a leader")
        ok({("KafkaUnderReplicated", ""), ("HostDown", "dp-b02")} <= sim.alerts("active"),
           "two alerts fire", sim.alerts())
        sim.do("host_down", host="dp-b01")
        sim.do("host_down", host="dp-b03")
        sim.at("+6m")
        before = total_end(sim, "payments")
        sim.at("+10m")
        ok(total_end(sim, "payments") == before, "without a broker nobody can write")
        for host in ("dp-b01", "dp-b02", "dp-b03"):
            sim.do("host_up", host=host)
        sim.at("+15m")
        ok(all(r["is_in_sync"] for p in replicas(sim, "payments") for r in p),
           "with all of them back the replicas are in sync again")


def clients(sim, group):
    path = CLUSTER + "/consumer-groups/%s/consumers" % group
    return {c["client_id"] for c in sim.get("kafka", path)["data"]}


def workers():
    with Simulation("--at", "+1m") as sim:
        running = sim.post("airflow", "/api/v2/dags/~/dagRuns/~/taskInstances/list", state=["running"],
                           page_limit=100).json["task_instances"]
        task = next(t for t in running if t["hostname"].startswith("dp-w"))
        sim.do("host_down", host=task["hostname"])
        sim.do("host_down", host="dp-w07")
        ok("enrich-3" in clients(sim, "enrich-v2"), "the group does not know yet that its consumer is lost")
        sim.at("+4m")
        ok("enrich-3" not in clients(sim, "enrich-v2"), "with a worker's host its consumers leave their groups",
           clients(sim, "enrich-v2"))
        lags = sim.get("kafka", CLUSTER + "/consumer-groups/enrich-v2/lags")["data"]
        ok(all(r["consumer_id"] for r in lags), "the consumers that are left take over its partitions")
        tries = sim.get("airflow", "/api/v2/dags/%s/dagRuns/%s/taskInstances/%s/%d/tries" % (
            task["dag_id"], task["dag_run_id"].replace("+", "%2B"), task["task_id"], task["map_index"]))
        first = tries["task_instances"][0]
        ok(first["hostname"] == task["hostname"] and first["state"] in ("failed", "up_for_retry"),
           "the tasks that ran there fail for want of a heartbeat", first)
        others = [t["hostname"] for t in tries["task_instances"][1:] if t["state"] != "queued"]
        ok(task["hostname"] not in others, "they are tried again elsewhere", others)
        sim.do("host_down", host="dp-t03")
        sim.at("+6m")
        failing = {n["uri"] for n in sim.get("trino", "/v1/node/failed")}
        active = {n["uri"] for n in sim.get("trino", "/v1/node")} - failing
        ok(not any("dp-t03" in uri for uri in active), "a Trino worker's host goes, and the worker with it", active)


need()
feeding()
brokers()
workers()
sys.exit(finish())

#!/usr/bin/env python3
"""What weir and people do to the simulated platform changes it: tasks run again, queries end, alerts fall
silent, lag falls."""
import datetime
import select
import sys

sys.dont_write_bytecode = True
from simulation import EPOCH, Simulation, need
from tap import finish, ok

ZERO = datetime.datetime.fromisoformat(EPOCH.replace("Z", "+00:00"))
QUIET_S = 0.2  # so long must nothing come


def iso(minutes):
    """The moment of the plot, as a server writes it."""
    return (ZERO + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def clear(sim, run, **more):
    return sim.post("airflow", "/api/v2/dags/orders_daily/clearTaskInstances", dag_run_id=run,
                    task_ids=["load_fct"], only_failed=True, include_downstream=True, **more)


def lost_consumer(sim):
    """At +95m of enrich-lag: the cause is mended, then what failed for it is cleared."""
    run = next(r["dag_run_id"] for r in sim.runs("orders_daily") if r["state"] == "failed")
    before = sim.tasks("orders_daily", run)["load_fct"]
    ok((before["state"], before["try_number"]) == ("failed", 3), "load_fct has failed three times", before)
    behind = sim.lag("enrich-v2")
    sim.do("host_up", host="dp-w07")
    sim.do("member_returns", group="enrich-v2", member="enrich-3")
    sim.at("+105m")
    ok(0 < sim.lag("enrich-v2") < behind, "the lag falls when its consumer is back",
       behind, sim.lag("enrich-v2"))

    answer = clear(sim, run, dry_run=True)
    named = {t["task_id"] for t in answer.json["task_instances"]}
    ok(answer.status == 200 and named == {"load_fct", "dq_fct_orders", "publish_kpi"},
       "a dry clear names the task and what could not run because of it", answer.text)
    sim.at("+106m")
    same = sim.tasks("orders_daily", run)["load_fct"]
    ok((same["state"], same["try_number"]) == ("failed", 3), "a dry clear changes nothing", same)

    sim.at("+170m")
    ok(sim.lag("enrich-v2") < 10000, "an hour later nothing is left of the lag", sim.lag("enrich-v2"))
    ok(clear(sim, run, dry_run=False).status == 200, "Airflow takes a clear for good")
    sim.at("+171m")
    ok(sim.tasks("orders_daily", run)["load_fct"]["try_number"] == 4, "a cleared task begins its next try")
    sim.at("+178m")
    tasks = sim.tasks("orders_daily", run)
    ok({t["state"] for t in tasks.values()} == {"success"}, "the cleared tasks and those after them end well",
       {name: t["state"] for name, t in tasks.items()})
    ended = next(r for r in sim.runs("orders_daily") if r["dag_run_id"] == run)
    ok(ended["state"] == "success", "the run is a success then", ended)


def pausing(sim):
    path = "/api/v2/dags/dim_store"
    before = len(sim.runs("dim_store"))
    answer = sim.ask("airflow", "PATCH", path, '{"is_paused":true}')
    ok(answer.status == 200 and answer.json["is_paused"], "Airflow pauses a DAG", answer.text)
    sim.at("+2h")
    ok(len(sim.runs("dim_store")) == before, "a paused DAG starts no run, whatever its schedule says")
    sim.ask("airflow", "PATCH", path, '{"is_paused":false}')
    sim.at("+3h")
    newest = sim.runs("dim_store")[0]["run_after"]
    ok(newest > iso(120), "it starts runs again when it is on", newest)


def triggering(sim):
    answer = sim.post("airflow", "/api/v2/dags/customers_sync/dagRuns", logical_date=None, conf={"day": "x"})
    run = answer.json.get("dag_run_id", "")
    ok(answer.status == 200 and answer.json["state"] == "queued", "a triggered run is queued", answer.text)
    sim.at("+%dm" % (sim.now() // 60 + 15))
    found = next((r for r in sim.runs("customers_sync") if r["dag_run_id"] == run), {})
    ok(found.get("state") == "success" and found["conf"] == {"day": "x"},
       "a triggered run runs, with what it was given", found)
    tasks = sim.tasks("customers_sync", run)
    ok(all(t["state"] == "success" for t in tasks.values()), "so do its tasks", tasks)


def killing(sim):
    sim.do("query", user="mira", source="notebook", sql="SELECT 1", lasts="30m", state="running")
    sim.at("+%dm" % (sim.now() // 60 + 1))
    query = next(q["queryId"] for q in sim.queries("RUNNING") if q["session"]["user"] == "mira")
    answer = sim.ask("trino", "PUT", "/v1/query/%s/killed" % query, "too much")
    ok(answer.status == 202, "Trino takes the order to kill a query", answer.text)
    detail = sim.get("trino", "/v1/query/" + query)
    ok(detail["state"] == "FAILED" and detail["errorCode"]["name"] == "ADMINISTRATIVELY_KILLED" and
       "too much" in detail["failureInfo"]["message"],
       "a killed query ends as killed, for the reason that was given", detail.get("errorCode"))
    listed = next(q for q in sim.queries() if q["queryId"] == query)
    ok(listed["state"] == "FAILED", "the list of queries says so too", listed)
    again = sim.ask("trino", "PUT", "/v1/query/%s/killed" % query, "again")
    ok(again.status == 409, "it cannot be killed twice", again.status)


def silencing(sim):
    sim.do("host_down", host="dp-t04")
    now = sim.now() // 60
    sim.at("+%dm" % (now + 2))
    ok(("HostDown", "dp-t04") in sim.alerts("active"), "a host that is down fires an alert", sim.alerts())
    silence = {"matchers": [{"name": "instance", "value": "dp-t04", "isRegex": False, "isEqual": True}],
               "startsAt": iso(now + 2), "endsAt": iso(now + 12), "createdBy": "jo", "comment": "known"}
    answer = sim.post("alertmanager", "/api/v2/silences", **silence)
    ok(answer.status == 200, "Alertmanager takes a silence", answer.text)
    made = answer.json["silenceID"]
    ok(("HostDown", "dp-t04") in sim.alerts("suppressed"), "its alert is suppressed", sim.alerts("suppressed"))
    sim.at("+%dm" % (now + 13))
    state = sim.get("alertmanager", "/api/v2/silence/" + made)["status"]["state"]
    ok(state == "expired", "the silence expires at its end", state)
    ok(("HostDown", "dp-t04") in sim.alerts("active"), "its alert is active again then", sim.alerts())


def returning(sim):
    sim.do("host_down", host="dp-w02")
    with sim.host("dp-w02") as shell:
        shell.send("m1")
        came, _, _ = select.select([shell.process.stdout], [], [], QUIET_S)
        ok(not came, "a host that is down answers nothing")
        sim.do("host_up", host="dp-w02")
        ok(b"@@m1 head" in shell.read(), "a host that comes back answers again")
    with sim.host("dp-w02") as shell:
        up = float(shell.probe().split("@@m1 up\n")[1].split()[0])
        ok(up < 60, "it was booted anew", up)


need()
with Simulation("--plot", "enrich-lag", "--at", "+95m") as platform:
    lost_consumer(platform)
with Simulation() as platform:
    pausing(platform)
    triggering(platform)
    killing(platform)
    silencing(platform)
    returning(platform)
sys.exit(finish())

#!/usr/bin/env python3
"""Every request on the tapes of the real servers is put to weir-sim, and the shape of its answer is held
against the recorded one: a member that the real server gives and the simulation lacks, or gives as
another type, fails. null fits any type, and the elements of a list count as one."""
import json
import os
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
from simulation import ROOT, Simulation, need
from tap import finish, ok

TAPES = {"airflow": ["airflow.tape"], "trino": ["trino/476.tape"], "alertmanager": ["alertmanager.tape"]}
# Objects whose keys are data, not members.
MAPS = re.compile(r"\.(labels|annotations|params|conf|setSystemProperties|"
                  r"rendered_fields|op_kwargs|executor_config|systemProperties|catalogProperties|"
                  r"queryMemory\w+|taskMemory\w+|tagged\w*)$")


def merge(value, path, out):
    """Adds the types of value and of all in it to out: path to set of type names."""
    kind = {dict: "object", list: "list", str: "text", bool: "bool", int: "number", float: "number",
            type(None): "null"}[type(value)]
    out.setdefault(path, set()).add(kind)
    if kind == "object" and not MAPS.search(path):
        for key, member in value.items():
            merge(member, path + "." + key, out)
    elif kind == "list":
        for item in value:
            merge(item, path + "[]", out)


def shape_of(text):
    """JSON, or lines of JSON, or no JSON at all."""
    out = {}
    try:
        merge(json.loads(text), "", out)
    except ValueError:
        try:
            for line in text.splitlines():
                merge(json.loads(line), "[]", out)
        except ValueError:
            return None
    return out


def differences(real, simulated):
    for path, kinds in sorted(real.items()):
        parent = re.sub(r"(\[\]|\.[^.\[]*)$", "", path)
        if path not in simulated:
            around = simulated.get(parent, set())
            empty = path.endswith("[]") or not around & {"object", "list"}
            if not empty:
                yield "lacks %s (%s)" % (path, "/".join(sorted(kinds)))
        elif not (kinds - {"null"}) <= simulated[path] and not simulated[path] <= {"null"}:
            if not kinds & simulated[path]:
                yield "%s is %s, not %s" % (path, "/".join(sorted(simulated[path])), "/".join(sorted(kinds)))


def names_of_airflow(sim):
    """What stands in the recorded paths, and what stands for it in the simulation."""
    one = sim.post("airflow", "/api/v2/dags/~/dagRuns/~/taskInstances/list", state=["failed"],
                   page_limit=100).json["task_instances"][0]
    return [(r"/dags/lab_\w+", "/dags/" + one["dag_id"]),
            (r"/dagRuns/seed__\d+", "/dagRuns/" + urllib.parse.quote(one["dag_run_id"], safe="")),
            (r"/taskInstances/boom", "/taskInstances/" + one["task_id"]),
            (r"map_index=-?\d+", "map_index=%d" % one["map_index"]),
            (r"updated_at_gte=[^&]*", "updated_at_gte=2020-01-01T00%3A00%3A00Z")]


def names_of_trino(sim, exchanges):
    recorded = [re.match(r"/v1/query/(\w+)", e["path"]) for e in exchanges]
    states = {}
    for state in ("RUNNING", "FINISHED", "FAILED"):
        for query in sim.queries(state):
            if query.get("errorType") != "USER_ERROR":  # one that got as far as the recorded one
                states.setdefault(state, query["queryId"])
    out = []
    for match, exchange in zip(recorded, exchanges):
        if match and exchange["status"] == 200:
            state = json.loads(exchange["text"])["state"]
            out.append((match.group(1), states.get(state, "no-" + state)))
    return out


def put(sim, service, exchange, names):
    path, body = exchange["path"], exchange.get("body")
    for old, new in names:
        path = re.sub(old, new, path)
    if service == "airflow" and path == "/auth/token":
        body = '{"username":"admin","password":"admin"}'
    if service == "airflow" and body and "list" in path:
        body = re.sub(r'"end_date_gte":"[^"]*"', '"end_date_gte":"2020-01-01T00:00:00Z"', body)
        body = re.sub(r'"dag_ids":\[[^\]]*\],?', "", body)
    answer = sim.ask(service, exchange["method"], path, body)
    return path, answer.status, answer.text


def compare(sim, service, exchange, names):
    path, status, text = put(sim, service, exchange, names)
    found = [] if status == exchange["status"] else ["status %d, not %d" % (status, exchange["status"])]
    real, simulated = shape_of(exchange["text"]), shape_of(text)
    if real is None and simulated is not None and simulated.get("") == {"object"}:
        found.append("JSON, where the real server gives text")
    elif real is not None and simulated is None:
        found.append("no JSON: " + text[:80])
    elif real is not None:
        found += list(differences(real, simulated))
    name = "%s answers %s %s in the real server's shape" % (service, exchange["method"], exchange["path"][:90])
    ok(not found, name.replace("#", ""), "%s\n%s" % (path, "\n".join(found[:20])))


def run(sim):
    for service, files in TAPES.items():
        exchanges = []
        for file in files:
            tape = os.path.join(ROOT, "tests", "tapes", file)
            if os.path.exists(tape):
                with open(tape, encoding="utf-8") as lines:
                    exchanges += [e for e in map(json.loads, lines) if "status" in e and e["method"] != "SHELL"]
        names = []
        if service == "airflow":
            names = names_of_airflow(sim)
        elif service == "trino":
            names = names_of_trino(sim, exchanges)
        elif service == "alertmanager":
            silence = sim.get(service, "/api/v2/silences")[0]["id"]
            names = [(r"/silence/[-0-9a-f]+", "/silence/" + silence)]
        seen = set()
        for exchange in exchanges:
            key = (exchange["method"], exchange["path"])
            if key not in seen:
                seen.add(key)
                compare(sim, service, exchange, names)


need()
with Simulation("--plot", "enrich-lag", "--at", "+95m") as platform:
    run(platform)
sys.exit(finish())

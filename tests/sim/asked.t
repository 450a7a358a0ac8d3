#!/usr/bin/env python3
"""weir's own log of what it asked every system, and that no secret stands in it, on the simulated
platform. The simulated Airflow's users have their own names as passwords; "op" is as good a secret."""
import json
import os
import sys

sys.dont_write_bytecode = True
from simulation import WEIR, Simulation, need, run
from tap import finish, ok


def add_secrets(path, folder):
    """A secret wherever the configuration takes one; each has the canary in it."""
    for name, text in (("password", "admin\n"), ("canary", "c4n4ry-0815\n")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(folder, name), 0o600)
    canary = '{file: "%s/canary"}' % folder
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("type: trino,", "type: trino, password: %s," % canary)
    text = text.replace("type: alertmanager,", "type: alertmanager, token: %s, headers: {X-Tenant: %s, X-Plain: seen},"
                        % (canary, canary))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    need(WEIR)
    with Simulation("--plot", "enrich-lag", "--at", "+95m", "--trace", clock=()) as sim:
        config = sim.folder + "/weir.yaml"
        add_secrets(config, sim.folder)
        sim.must("fault", "trino", "http-503", "path=/v1/node")
        words = (WEIR, "--config", config, "get", "requests", "--source")
        found = {}
        for source in ("scheduler", "warehouse", "events", "alerts", "here"):
            _, out, errors = run(*words, source, "-o", "json")
            found[source] = json.loads(out)["rows"] if out else [errors]
            ok("c4n4ry" not in out + errors and '"admin\\"' not in out, "no secret of %s is in its log" % source)
        for source, path in (("scheduler", "/api/v2/dags/~/dagRuns/list"), ("warehouse", "/v1/query"),
                             ("events", "/v3/clusters"), ("alerts", "/api/v2/alerts"), ("here", "local: probe")):
            rows = [row for row in found[source] if row["target"].split("?")[0] == path]
            ok(rows and rows[0]["from"] == source and rows[0]["status"] in ("200", "ok") and rows[0]["bytes_in"] > 0,
               "what %s was asked is listed: %s" % (source, path), found[source][:5])
        sign_in = [row for row in found["scheduler"] if row["target"] == "/auth/token"]
        ok(sign_in and sign_in[0]["method"] == "POST" and sign_in[0]["body"] is None,
           "a sign-in is listed without what it said", sign_in)
        lists = [row for row in found["scheduler"] if row["target"].endswith("/list")]
        ok(lists and "page_limit" in lists[0]["body"], "any other body stands there as it was sent", lists[:1])
        failed = [row for row in found["warehouse"] if row["target"] == "/v1/node"]
        ok(failed and failed[0]["health"] == "fail" and "503" in failed[0]["why"],
           "a request that failed is marked, with the reason", found["warehouse"])


main()
sys.exit(finish())

#!/usr/bin/env python3
"""Turns the QueryInfo of a Trino up to 476 into the form of 477 and later, for want of such a server:

    flatten.py <query_476_56_stages.json >query_477_56_stages.json

From 477 on the stages stand in one list, `stages: {outputStageId, stages: [...]}`, their `subStages`
are ids, and the fields named rawInput* are gone."""
import json
import sys


def without_raw(value):
    if isinstance(value, dict):
        return {key: without_raw(item) for key, item in value.items() if not key.startswith("rawInput")}
    if isinstance(value, list):
        return [without_raw(item) for item in value]
    return value


def collect(stage, into):
    children = stage.pop("subStages")
    stage["subStages"] = [child["stageId"] for child in children]
    into.append(stage)
    for child in children:
        collect(child, into)


info = without_raw(json.load(sys.stdin))
first = info.pop("outputStage")
flat = []
collect(first, flat)
# Their order is no tree's: a reader must go by the ids.
flat.sort(key=lambda stage: stage["stageId"])
info["stages"] = {"outputStageId": first["stageId"], "stages": flat}
json.dump(info, sys.stdout, separators=(",", ":"))
print()

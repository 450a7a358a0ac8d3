#!/usr/bin/env python3
"""The tables of README.md are those of the program."""
import os
import re
import sys

sys.dont_write_bytecode = True
from simulation import ROOT, Simulation, need, run, PROGRAM
from tap import finish, ok


def rows(text, title):
    """The cells of the table below a header line, without their marks."""
    table = text.split(title + "\n", 1)[1].split("\n\n", 1)[0]
    return [[re.sub("`", "", cell).strip() for cell in line.strip("|").split("|")]
            for line in table.splitlines()[1:]]


def words(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def main():
    with open(os.path.join(ROOT, "tests", "sim", "README.md"), encoding="utf-8") as file:
        readme = file.read()
    with Simulation() as sim:
        for name, title, command in (("verb", "| verb | keys | |", "do"), ("fault", "| fault | |", "fault")):
            told = [" ".join(" ".join(cells).split()) for cells in rows(readme, title)]
            there = words(sim.must(command))
            ok(told == there, "the README has each %s, with the program's own words" % name,
               set(told) ^ set(there))
    told = {row[0]: row[1] for row in rows(readme, "| plot | | look at it |")}
    _, out, _ = run(PROGRAM, "plots")
    ok(told and all(re.search("(?m)^%s +%s$" % (re.escape(n), re.escape(t)), out) for n, t in told.items()),
       "the README has the plots, with their titles", told, out)
    _, out, _ = run(PROGRAM, "--help")
    options = set(re.findall(r"(?m)^ +(--[a-z]+)", out)) - {"--help", "--plot", "--to"}
    lacks = {option for option in options if "`%s" % option not in readme and option + " " not in readme}
    ok(not lacks, "the README has each option", lacks)


need()
main()
sys.exit(finish())

#!/usr/bin/env python3
"""weir --plain: lines that are only appended, for screen readers and pipes."""
import os
import re
import select
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WEIR = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "fake", "weir")
PATIENCE_S = 30
ONE = ("thing alpha ok 12 all is well\nthing beta failed 4000 disk full\nthing gamma late 77 waiting\n"
       "part beta root\npart beta left root\n")


class Bed:
    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "weir.yaml")
        self.answer("one", ONE)
        self.answer("two", "thing \u017c\u00f3\u0142w ok 5 from the other\n")
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write("environments:\n  test:\n    class: dev\n    sources:\n"
                       "      one: {type: fake, file: \"%s/one\"}\n"
                       "      two: {type: fake, file: \"%s/two\"}\n" % (folder, folder))

    def answer(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def start(self, *options):
        env = {**os.environ, "XDG_STATE_HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
               "LC_ALL": "C.UTF-8"}
        return subprocess.Popen([WEIR, "--config", self.config, "--plain", *options], env=env,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, typed, *options):
        p = self.start(*options)
        out = p.communicate(typed.encode(), timeout=PATIENCE_S)[0].decode()
        return p.returncode, out


def until(p, seen, pattern):
    """Reads on until what came since matches."""
    end = time.monotonic() + PATIENCE_S
    while not re.search(pattern, seen, re.M) and time.monotonic() < end:
        if select.select([p.stdout], [], [], 1)[0]:
            more = os.read(p.stdout.fileno(), 4096).decode()
            if not more:
                break
            seen += more
    return seen


def has(pattern, name, text):
    ok(re.search(pattern, text, re.M), name, text)


def check_commands(bed):
    code, out = bed.run("")
    has(r"\A.*environment test, 2 sources.*\n2 problems\n1 error, .*thing beta: failed.*\n2 warn, .*gamma.*\n\Z",
        "it begins with the list of problems, and ends with its input", out)
    ok(code == 0, "its exit code is 0", code)
    ok("\033" not in out and "\r" not in out, "it writes no control character", out)
    _, out = bed.run("1\n")
    has(r"^2 parts\n1 ok: root.*\n2 ok: left", "a number opens that row of the last list", out)
    _, out = bed.run(":things\n2\n")
    has(r"^4 things\n1 fail: beta, source one, STATE failed, COUNT 4000, .*\n2 warn: gamma",
        "a kind lists its rows, each with its health and headings", out)
    has(r"no parts", "and a number opens from that list", out)
    _, out = bed.run("things /count>50\nthings /nope:1\nthings /zzz\n")
    has(r"^2 things\n1 fail: beta", "a filter may follow", out)
    has(r"no column \"nope\"", "a wrong filter is told", out)
    has(r"none of the things matches", "an empty result is told from no rows", out)
    _, out = bed.run("one/things/beta\none/things/beta/parts/left\ntwo\nnow\nq\nthings\n")
    has(r"2 parts\n(.*\n)+.*left", "an address opens its thing", out)
    has(r"^1 things?\n1 ok: \u017c\u00f3\u0142w", "a source lists what it has", out)
    has(r"2 problems\n[^~]*2 problems\n.*\n.*\n\Z", "q ends it at once", out)
    _, out = bed.run("thingz\n99\nparts\nnosuch/x/y\n?\n" + "x" * 9000 + "\n\n  \n")
    has(r"no kind \"thingz\"; did you mean \"things\"", "a wrong word is answered with the nearest", out)
    has(r"there is no row 99", "so is a wrong number", out)
    has(r"parts belong to one of fake.things", "so is a kind that belongs to another", out)
    has(r"no source \"nosuch\"", "so is a wrong address", out)
    has(r"^NUMBER +open that row", "? lists what can be typed", out)
    has(r"a line of more than 4096 bytes was left out", "too long a line is left out", out)
    _, out = bed.run("two\n", "--ascii")
    ok(out.isascii() and "???w" in out, "with --ascii it is ASCII", out)


def check_changes(bed):
    p = bed.start()
    seen = until(p, "", r"^2 warn, .*gamma.*\n")
    bed.answer("one", ONE.replace("gamma late 77 waiting", "gamma failed 78 waiting")
               .replace("beta failed 4000 disk full", "beta ok 1 fine"))
    seen = until(p, seen, r"^gone: .*\n")
    seen = until(p, seen, r"^changed: .*\n")
    has(r"^gone: error, thing beta: failed", "a problem that goes is said", seen)
    has(r"^changed: error, .*thing gamma: failed", "a problem that gets worse is said", seen)
    bed.answer("two", "fail the door is shut\n")
    seen = until(p, seen, r"^new: .*\n")
    has(r"^new: error, .*source two: the door is shut", "a new problem is said", seen)
    p.stdin.write(b"two\n")
    p.stdin.flush()
    seen = until(p, seen, r"^1 ok: .*\n")
    has(r"^two is old: the door is shut\n1 things?\n1 ok:", "rows that are old are said to be", seen)
    p.stdin.write(b"q\n")
    p.stdin.flush()
    rest = p.communicate(timeout=PATIENCE_S)[0].decode()
    ok(len(re.findall(r"^(new|changed|gone):", seen + rest, re.M)) == 3,
       "nothing else is said: new figures of the same problem are none", seen + rest)


def check_hanging(bed):
    bed.answer("one", "hang\n")
    _, out = bed.run("two\nq\n", "--timeout", "1s")
    has(r"^no answer yet: one ", "a source that hangs is named", out)
    has(r"^1 things?\n1 ok:", "and holds up no other", out)


def main():
    with tempfile.TemporaryDirectory(prefix="weir-plain-") as folder:
        check_commands(Bed(folder))
    with tempfile.TemporaryDirectory(prefix="weir-plain-") as folder:
        check_changes(Bed(folder))
    with tempfile.TemporaryDirectory(prefix="weir-plain-") as folder:
        check_hanging(Bed(folder))
    return finish()


sys.exit(main())

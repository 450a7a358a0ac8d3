#!/usr/bin/env python3
"""weir inside tmux and GNU screen: what one sees there, and what is left when it ends."""
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WEIR = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "fake", "weir")
PATIENCE_S = 30
ROWS = "thing alpha ok 12 all is well\nthing beta failed 4000 disk full\nthing gamma late 77 waiting\n"


class Multiplexer:
    """A server of its own with one window of 80x24, in which a command runs."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "TMUX_TMPDIR": folder, "SCREENDIR": folder, "LANG": "C.UTF-8",
                    "TERM": "xterm-256color", "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        for name in ("LC_ALL", "TMUX", "STY", "NO_COLOR", "COLORFGBG", "TERMINFO"):
            self.env.pop(name, None)

    def call(self, *words):
        return subprocess.run(words, env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", check=False).stdout

    def until(self, pattern):
        """The screen, once it matches; at the latest when patience ends."""
        end = time.monotonic() + PATIENCE_S
        while True:
            text = self.text()
            if re.search(pattern, text, re.M) or time.monotonic() > end:
                return text
            select.select([], [], [], 0.02)


class Tmux(Multiplexer):
    def tmux(self, *words):
        return self.call("tmux", "-L", "weir", "-f", "/dev/null", *words)

    def open(self, command):
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", command)

    def text(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def enter(self):
        self.tmux("send-keys", "Enter")

    def down(self):
        self.tmux("send-keys", "Down")

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))
        return True

    def coloured(self):
        return re.search(r"\x1b\[[0-9;]*3[0-9]", self.text("-e")) is not None

    def close(self):
        self.tmux("kill-server")


class Screen(Multiplexer):
    def screen(self, *words):
        return self.call("screen", "-c", os.path.join(self.folder, "screenrc"), "-S", "weir", *words)

    def open(self, command):
        os.chmod(self.folder, 0o700)
        with open(os.path.join(self.folder, "screenrc"), "w", encoding="utf-8") as file:
            file.write("altscreen on\n")
        self.screen("-U", "-d", "-m", "sh", "-c", command)

    def text(self):
        path = os.path.join(self.folder, "copy")
        self.screen("-X", "hardcopy", path)
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def type(self, text):
        self.screen("-p", "0", "-X", "stuff", text)

    def enter(self):
        self.type("\r")

    def down(self):
        self.type("\033[B")

    def resize(self, width, height):
        """Only a screen that is attached can be resized: 4.9 ends otherwise."""
        return False

    def coloured(self):
        return True  # a hard copy is text

    def close(self):
        self.screen("-X", "quit")


def walk(name, window, command):
    window.open(command)
    seen = window.until(r"^X> error .*thing beta: failed")
    ok(re.search(r"^X> error .*thing beta: failed", seen, re.M), "in %s it opens on the problems" % name, seen)
    ok("rgb:" not in seen and "2026" not in seen and "[?" not in seen,
       "in %s nothing of what it asks the terminal is seen" % name, seen)
    ok(window.coloured(), "in %s it has colours" % name, seen)
    window.down()
    seen = window.until(r"^!> warn")
    ok(re.search(r"^!> warn", seen, re.M), "in %s the arrow keys move" % name, seen)
    window.type(":things")
    window.until(r"^:things")
    window.enter()
    seen = window.until(r"^ test > things[^~]*alpha")
    ok(re.search(r"^X> beta", seen, re.M), "in %s a kind opens" % name, seen)
    window.type("N")
    window.until(r"^ NOW")
    if window.resize(50, 12):
        seen = window.until(r"^ NOW +X1 !1 \?0  dev$")
        ok(re.search(r"^ NOW +X1 !1 \?0  dev$", seen, re.M),
           "in %s it follows the size of the window" % name, seen)
        window.resize(80, 24)
        window.until(r"dev \[RO\]")
    window.type("q")
    seen = window.until(r"^after 0")
    ok(re.search(r"^before\s+after 0\s*$", seen, re.M) and "rgb:" not in seen,
       "in %s quitting brings back what was there before" % name, seen)


def main():
    for name, kind in (("tmux", Tmux), ("screen", Screen)):
        if not shutil.which(name):
            skip("weir in %s" % name, "%s is not installed" % name)
            continue
        with tempfile.TemporaryDirectory(prefix="weir-mux-") as folder:
            config = os.path.join(folder, "weir.yaml")
            with open(os.path.join(folder, "rows"), "w", encoding="utf-8") as file:
                file.write(ROWS)
            with open(os.open(config, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                file.write("environments:\n  test:\n    class: dev\n    sources:\n"
                           "      one: {type: fake, file: \"%s/rows\"}\n" % folder)
            window = kind(folder)
            try:
                walk(name, window, "echo before; %s --config %s; echo after $?; read end"
                     % (shlex.quote(WEIR), shlex.quote(config)))
            finally:
                window.close()
    return finish()


sys.exit(main())

"""Logs that are hard to show: big, coloured, in other scripts, and hostile to a terminal."""
import logging
from datetime import datetime

from airflow.sdk import dag, task

lab = {"schedule": None, "start_date": datetime(2025, 1, 1), "catchup": False}

log = logging.getLogger("lab")

LINES = [
    "\x1b[31mred\x1b[0m \x1b[1;32mbold green\x1b[0m \x1b[38;5;208m256 colours\x1b[0m \x1b[48;2;1;2;3mtrue colour\x1b[0m",
    "title \x1b]0;owned\x07 after it",
    "link \x1b]8;;http://127.0.0.1/\x1b\\here\x1b]8;;\x1b\\ after it",
    "clear \x1b[2J\x1b[H after it",
    "report \x1b[6n\x1b[c after it",
    "C1 \x9b31m after it",
    "polski: żółw, 日本語: 亀, русский: черепаха, العربية: سلحفاة",
    "emoji: \U0001f422 \U0001f469\u200d\U0001f4bb \U0001f1f5\U0001f1f1",
    "combining: e\u0301 a\u0308\u0323, wide: ＡＢＣ, zero width: a\u200bb",
    "right to left: \u202eevil\u202c end",
    "tab\there, carriage\rreturn, bell\x07, backspace\b",
    "long: " + "0123456789" * 2000,
    '{"json": true, "level": "warning", "n": [1, 2, 3]}',
    "last line",
]


@dag(tags=["lab", "log"], **lab)
def lab_log_text():
    @task
    def speak():
        for line in LINES:
            log.info(line)
        for level in (logging.DEBUG, logging.WARNING, logging.ERROR, logging.CRITICAL):
            log.log(level, "a line of level %s", logging.getLevelName(level))
        print("a line that was printed")
        print("two lines that were\nprinted at once")

    speak()


@dag(tags=["lab", "log"], params={"lines": 200000}, **lab)
def lab_biglog():
    @task
    def spam(params=None):
        # Printed in pieces: the logging module would take two minutes for this.
        lines = int(params["lines"])
        for first in range(0, lines, 1000):
            print("\n".join(f"line {n} of a big log, with some text behind it to have the usual width"
                            for n in range(first, min(first + 1000, lines))))

    spam()


lab_log_text()
lab_biglog()

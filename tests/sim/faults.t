#!/usr/bin/env python3
"""Each fault gives what its line in `weir-sim fault` says, where it was switched on and nowhere else."""
import email.utils
import http.server
import re
import socket
import ssl
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from simulation import Simulation, need
from tap import finish, ok

QUIET_S = 0.3   # so long must nothing come
DRIP_S = 0.9    # a byte a second, less what clocks round
PATHS = {"airflow": "/api/v2/version", "trino": "/v1/info", "kafka": "/v3/clusters",
         "alertmanager": "/api/v2/status"}
DAY_S = 86400
MB = 1024 * 1024


class Wire:
    """One connection on which one request was written."""

    def __init__(self, sim, service, path=None, wait=20):
        self.socket = socket.create_connection(("127.0.0.1", sim.port(service)), timeout=wait)
        self.data, self.end = bytearray(), None
        self.ask(path or PATHS.get(service, "/"))

    def ask(self, path):
        self.socket.sendall(b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path.encode())

    def more(self, wait=20):
        """Reads on; False when nothing came in time, or the connection has ended."""
        self.socket.settimeout(wait)
        try:
            data = self.socket.recv(MB)
        except socket.timeout:
            return False
        except ConnectionResetError:
            self.end = "reset"
            return False
        self.data += data
        self.end = self.end if data else "fin"
        return bool(data)

    def rest(self):
        """All of it, to the answer's end by Content-Length or the connection's."""
        while not self.is_whole() and self.more():
            pass
        return self

    def is_whole(self):
        blank = self.data.find(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", self.data[:max(blank, 0)])
        return length is not None and len(self.data) - blank - 4 >= int(length.group(1))

    @property
    def status(self):
        return int(self.data.split(b" ", 2)[1]) if self.data.startswith(b"HTTP/1.1 ") else 0

    @property
    def head(self):
        return self.data.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self):
        return self.data.partition(b"\r\n\r\n")[2]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def exchange(sim, service, path=None):
    with Wire(sim, service, path) as wire:
        return wire.rest()


def unpacked(data):
    """Bytes that a gzip stream holds, counted and not kept."""
    inflate, size = zlib.decompressobj(31), 0
    while data and not inflate.eof:
        size += len(inflate.decompress(data, 16 * MB))
        data = inflate.unconsumed_tail
    return size


def is_reply(status, *words):
    return lambda w: w.status == status and all(word in w.data for word in words)


AT_ONCE = {  # what comes within no time
    "reset": lambda w: w.end == "reset" and not w.data,
    "reset-headers": lambda w: w.end == "reset" and w.data.startswith(b"HTTP/1.1 200 OK\r\n") and len(w.data) == 20,
    "fin-body": lambda w: w.end == "fin" and len(w.body) == 10 and not w.is_whole(),
    "garbage": lambda w: w.end == "fin" and b"this is not HTTP" in w.data and not w.status,
    "no-headers": lambda w: w.end == "fin" and w.data == b"HTTP/1.1 200 OK\r\n",
    "length-long": lambda w: w.end == "fin" and b"100000" in w.data and len(w.body) < 10,
    "length-short": lambda w: b"Content-Length: 3\r\n" in w.data and len(w.body) > 3,
    "bad-chunk": lambda w: b"chunked" in w.data and b"fffffffffffffffff\r\n" in w.body,
    "http-400": is_reply(400, b"bad request"),
    "http-401": is_reply(401, b"WWW-Authenticate: "),
    "http-403": is_reply(403, b"Forbidden"),
    "http-404": is_reply(404, b"Not Found"),
    "http-429": is_reply(429, b"Retry-After: 3"),
    "http-500": is_reply(500, b"Internal Server Error"),
    "http-502": is_reply(502, b"text/html", b"502 Bad Gateway"),
    "http-503": is_reply(503, b"Retry-After: 3"),
    "redirect": is_reply(302, b"Location: "),
    "login-page": is_reply(200, b"text/html", b"Sign in"),
    "wrong-type": is_reply(200, b"image/png", b"\x89PNG"),
    "empty": lambda w: w.status == 200 and w.body == b"",
    "null": lambda w: w.status == 200 and w.body == b"null",
    "other-json": is_reply(200, b'{"hello":'),
    "cut-json": lambda w: w.status == 200 and w.is_whole() and w.body.count(b"{") > w.body.count(b"}"),
    "bad-utf8": is_reply(200, b"\xff\xfe"),
    "surrogate": is_reply(200, b"\\ud800"),
    "nul": is_reply(200, b"\0\0\0"),
    "huge": lambda w: w.status == 200 and len(w.body) == 100 * MB,
    "deep": lambda w: w.status == 200 and w.body == b"[" * 100000,
    "long-line": lambda w: w.status == 200 and len(w.body) > MB and b"\n" not in w.body,
    "bomb": lambda w: "Content-Encoding: gzip" in w.head and len(w.body) < 2 * MB and unpacked(w.body) == 256 * MB,
}


def answers(sim):
    helps = dict(line.split(None, 1) for line in sim.must("fault").splitlines())
    for name, holds in AT_ONCE.items():
        sim.must("fault", "kafka", name)
        got = exchange(sim, "kafka")
        ok(holds(got), "%s: %s" % (name, helps[name]), got.end, got.data[:300])
    sim.must("fault", "kafka", "off")
    ok(exchange(sim, "kafka").status == 200, "off ends it")
    for name, days in (("clock-ahead", 1), ("clock-behind", -1)):
        usual = date_of(exchange(sim, "trino"))
        sim.must("fault", "trino", name)
        ok(date_of(exchange(sim, "trino")) - usual == days * DAY_S, "%s: %s" % (name, helps[name]))
        sim.must("fault", "trino", "off")
    known = set(AT_ONCE) | set(LATE) | set(SHELLS) | set(TLS) | {"refuse", "blackhole", "clock-ahead",
                                                                  "clock-behind", "shell-hangs"}
    ok(set(helps) == known, "there is no fault that is not tried here", set(helps) ^ known)


def date_of(wire):
    date = re.search(r"(?i)\r\ndate: ([^\r]*)", wire.head).group(1)
    return email.utils.parsedate_to_datetime(date).timestamp()


# -- what takes time: each at a service of its own, all of them at once

def drips(sim, service):
    with Wire(sim, service) as wire:
        begun = time.monotonic()
        wire.more()
        first = len(wire.data)
        wire.more()
        return first == 1 and len(wire.data) == 2 and time.monotonic() - begun >= DRIP_S


def drips_body(sim, service):
    with Wire(sim, service) as wire:
        while not wire.body and wire.more():
            pass
        begun = time.monotonic()
        had = len(wire.body)
        wire.more()
        return wire.status == 200 and had == 1 and len(wire.body) == 2 and time.monotonic() - begun >= DRIP_S


def is_slow(sim, service):
    begun = time.monotonic()
    return exchange(sim, service).status == 200 and time.monotonic() - begun >= 2


def stalls(sim, service):
    with Wire(sim, service) as wire:
        return not wire.more(QUIET_S) and wire.end is None


def shell_is_slow(sim, _):
    begun = time.monotonic()
    with sim.host("dp-b01") as shell:
        return "@@m1 end" in shell.probe() and time.monotonic() - begun >= 2


LATE = {"drip": (drips, "airflow"), "drip-body": (drips_body, "trino"), "slow": (is_slow, "kafka"),
        "stall": (stalls, "alertmanager"), "shell-slow": (shell_is_slow, "hosts")}


def late(sim):
    for name, (_, service) in LATE.items():
        sim.must("fault", service, name)
    with ThreadPoolExecutor() as pool:
        found = {name: pool.submit(holds, sim, service) for name, (holds, service) in LATE.items()}
        for name, held in found.items():
            ok(held.result(), "%s: as its line says" % name)
    with Wire(sim, "alertmanager") as wire:
        wire.more(QUIET_S)
        sim.must("fault", "alertmanager", "off")
        ok(wire.rest().status == 200, "what was held back comes when the fault is switched off")
    for service in (*PATHS, "hosts"):
        sim.must("fault", service, "off")


def listening(sim):
    sim.must("fault", "trino", "refuse")
    try:
        exchange(sim, "trino")
        refused = False
    except ConnectionRefusedError:
        refused = True
    ok(refused, "refuse: connections are refused")
    sim.must("fault", "trino", "off")
    ok(exchange(sim, "trino").status == 200, "off lets them in again at the same port")
    with Wire(sim, "trino") as kept:
        kept.rest()
        sim.must("fault", "trino", "blackhole")
        kept.data.clear()
        kept.ask(PATHS["trino"])
        silent = not kept.more(QUIET_S) and kept.end is None
        try:
            Wire(sim, "trino", wait=QUIET_S).more(QUIET_S)
            made = True
        except socket.timeout:
            made = False
        ok(not made and silent, "blackhole: no connection is made, those that stand are silent", made, silent)
        sim.must("fault", "trino", "off")
        ok(kept.rest().status == 200 and exchange(sim, "trino").status == 200,
           "off lets both go on", kept.data[:200])


def limits(sim):
    sim.must("fault", "trino", "http-500", "count=2")
    found = [exchange(sim, "trino").status for _ in range(4)]
    ok(found == [500, 500, 200, 200], "count=2 breaks two answers", found)
    ok("now:" not in sim.must("fault"), "then it is no longer said to be switched on", sim.must("fault")[-200:])
    sim.must("fault", "trino", "reset", "count=1")
    found = [exchange(sim, "trino").end for _ in range(2)]
    ok(found == ["reset", None], "a count is of connections' faults too", found)
    sim.must("fault", "trino", "http-503", "path=/v1/info", "count=9")
    ok("now: trino http-503 path=/v1/info count=9" in sim.must("fault"), "the list says what is switched on")
    found = [exchange(sim, "trino", path).status for path in ("/v1/info", "/v1/status", "/v1/info/state")]
    ok(found == [503, 200, 503], "path= breaks what is below that path only", found)
    sim.must("fault", "trino", "garbage", "path=/v1/info")
    ok(exchange(sim, "trino").status == 0 and exchange(sim, "trino", "/v1/status").status == 200,
       "so it is with bytes")
    ok(exchange(sim, "kafka").status == 200, "other services do not know of it")
    sim.must("fault", "trino", "off")


def delays():
    with Simulation("--rtt", "150ms") as sim:
        begun = time.monotonic()
        with Wire(sim, "trino") as wire:
            wire.rest()
            first = time.monotonic()
            wire.data.clear()
            wire.ask("/v1/info")
            wire.rest()
            second = time.monotonic()
        ok(first - begun >= 0.3, "--rtt delays a first answer by two round trips: one makes the connection",
           first - begun)
        ok(second - first >= 0.15, "and the next one by one", second - first)
        begun = time.monotonic()
        with sim.host("dp-b01") as shell:
            shell.probe()
        ok(time.monotonic() - begun >= 0.15, "hosts are as far away", time.monotonic() - begun)
    with Simulation("--rate", "100000") as sim:
        begun = time.monotonic()
        got = exchange(sim, "kafka", "/v3/clusters/kQ3ReWeirSimPlatform01/topics/clicks.raw/partitions")
        due = len(got.data) / 100000
        ok(time.monotonic() - begun >= due > 0.1, "--rate lets so many bytes a second through", due)


# -- TLS

def handshake(sim, version=None):
    context = ssl.create_default_context(cafile=sim.folder + "/ca.pem")
    if version:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", sim.port("trino")), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as wire:
            wire.sendall(b"GET /v1/info HTTP/1.1\r\nHost: h\r\n\r\n")
            return wire.recv(65536)


TLS = {"tls-expired": "has expired", "tls-name": "ostname mismatch", "tls-self-signed": "self.signed",
       "tls-1.0": "protocol|version|alert", "tls-none": "wrong version|record layer"}


def tls():
    with Simulation("--tls") as sim:
        ok(sim.base["trino"].startswith("https:") and b"200 OK" in handshake(sim),
           "--tls serves a certificate that ca.pem in its folder vouches for")
        for name, reason in TLS.items():
            sim.must("fault", "trino", name)
            try:
                said = repr(handshake(sim))
            except (ssl.SSLError, ConnectionError) as error:
                said = str(error)
            ok(re.search(reason, said, re.IGNORECASE), "%s: a client that looks refuses" % name, said)
        sim.must("fault", "trino", "off")
        ok(b"200 OK" in handshake(sim), "off brings the good certificate back")


# -- hosts

def dripped(shell):
    begun = time.monotonic()
    shell.send("m1")
    first = shell.read()
    return len(first) == 1 and len(shell.read()) == 1 and time.monotonic() - begun >= DRIP_S


def is_endless(shell):
    shell.send("m1")
    size = 0
    while size < 4 * MB:
        size += len(shell.read())
    return True


def exits(shell):
    ended = shell.read() == b"" and shell.process.wait(20) == 255
    return ended and b"dp-b01" in shell.process.stderr.read()


def says(word):
    def holds(shell):
        shell.send("m1")
        return word in shell.read()
    return holds


SHELLS = {
    "shell-exits": exits,
    "shell-dies": lambda shell: "@@m1 head" in (text := shell.probe()) and "@@m1 end" not in text,
    "shell-drips": dripped,
    "shell-garbage": says(b"command not found"),
    "shell-banner": says(b"Welcome"),
    "shell-huge": is_endless,
    "shell-other": says(b"@@0m1 head"),
}


def shells(sim):
    helps = dict(line.split(None, 1) for line in sim.must("fault").splitlines())
    for name, holds in SHELLS.items():
        sim.must("fault", "hosts", name)
        with sim.host("dp-b01") as shell:
            ok(holds(shell), "%s: %s" % (name, helps[name]))
    sim.must("fault", "hosts", "shell-hangs", "path=dp-b01", "count=1")
    with sim.host("dp-b01") as one, sim.host("dp-b02") as other:
        one.send("m1")
        ok("@@m2 end" in other.probe("m2"), "path=HOST breaks that host only")
        sim.must("fault", "hosts", "off")
        first = one.read()
        ok(first.startswith(b"@@m1 head"), "shell-hangs: nothing comes until it is switched off", first[:80])
    sim.must("fault", "hosts", "shell-garbage", "count=1")
    with sim.host("dp-b01") as shell:
        shell.send("m1")
        first = shell.read()
        ok(b"command not found" in first and "@@m2 end" in shell.probe("m2"),
           "count=1 breaks one answer of one shell", first[:80])


# -- a real server behind it

class Real(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"the real one says " + self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def proxy():
    real = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Real)
    real.daemon_threads = True
    threading.Thread(target=real.serve_forever, daemon=True).start()
    with Simulation("--to", str(real.server_port), command=("proxy",), clock=()) as sim:
        ok(exchange(sim, "proxy", "/a?b=c").body == b"the real one says /a?b=c",
           "proxy carries a real server's answers")
        sim.must("fault", "proxy", "fin-body", "path=/cut")
        ok(len(exchange(sim, "proxy", "/cut").body) == 10, "and breaks them as it is told to")
        ok(exchange(sim, "proxy", "/whole").is_whole(), "by path as well")
        sim.must("fault", "proxy", "reset", "count=1")
        found = [exchange(sim, "proxy", "/").end for _ in range(2)]
        ok(found == ["reset", None], "and by count", found)
        code, text = sim.say("fault", "proxy", "http-500")
        ok(code == 1 and "real server" in text, "it does not invent answers", text)
        code, text = sim.say("status")
        ok(code == 0 and re.search(r"proxy port=\d+ requests", text), "status counts what it carried", text)
        code, text = sim.say("do", "host_down", "host=dp-b01")
        ok(code == 1 and "no plot" in text, "it has no plot to play", text)
        ok(sim.say("host", "dp-b01")[0] == 255, "nor hosts")
    real.shutdown()


need()
with Simulation() as platform:
    answers(platform)
    late(platform)
    listening(platform)
    limits(platform)
    shells(platform)
delays()
tls()
proxy()
sys.exit(finish())

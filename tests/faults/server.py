#!/usr/bin/env python3
"""A server that misbehaves, for tests. Python 3, standard library only; 127.0.0.1 only.

server.py [--certificate FILE]     prints PORT and REFUSED on one line and serves until its standard
                                   input ends. REFUSED is a port that refuses connections. With a
                                   certificate (PEM, with its key) it speaks TLS.

The first segment of a path names what goes wrong: GET http://127.0.0.1:PORT/reset/api/v2/dags. Behind
/late/MODE the first steps of a session (version, sign-in) work, and MODE meets what follows. /hits
tells how many requests came to the place that /redirect points to. See MODES.
"""
import argparse
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

BIG = 40 * 1024 * 1024
DEEP = 100_000
BOMB = 64 * 1024 * 1024
EVIL = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \u202eevil \x9b31m"

# What a session begins with, by path: answers good enough to come to the next step.
FIRST_STEPS = {
    "/api/v2/version": {"version": "3.3.2", "git_version": None},
    "/auth/token": {"access_token": "token-of-the-fault-server"},
    "/v1/info": {"nodeVersion": {"version": "476"}, "environment": "faults", "coordinator": True,
                 "starting": False, "uptime": "1.00h"},
    "/v3/clusters": {"data": [{"cluster_id": "faults"}]},
}

hits = 0


def head(status, fields, length=None):
    lines = [f"HTTP/1.1 {status}", "Date: Sat, 21 Nov 2026 12:00:00 GMT"] + fields
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def answer(connection, status, text, kind="application/json", fields=()):
    body = text.encode()
    connection.sendall(head(status, [f"Content-Type: {kind}", *fields], len(body)) + body)


def wait_for_end(connection):
    """Until the client goes away."""
    while connection.recv(65536):
        pass


def ok(connection, path, _request):
    answer(connection, "200 OK", json.dumps({"ok": True, "path": path}))


def echo(connection, _path, request):
    answer(connection, "200 OK", json.dumps({"request": request}), fields=["Set-Cookie: a=b", "Set-Cookie: c=d"])


def hung(connection, _path, _request):
    wait_for_end(connection)


def status(code, name):
    def mode(connection, _path, _request):
        answer(connection, f"{code} {name}", json.dumps({"detail": f"no luck: {code}"}))
    return mode


def empty(connection, _path, _request):
    answer(connection, "200 OK", "")


def html(connection, _path, _request):
    answer(connection, "200 OK", "<!DOCTYPE html><html><body>Please sign in</body></html>", "text/html; charset=utf-8")


def truncated(connection, _path, _request):
    answer(connection, "200 OK", '{"dags": [{"dag_id": "cut in the mid')


def big(connection, _path, _request):
    connection.sendall(head("200 OK", ["Content-Type: application/json"], BIG) + b"[")
    block = b'{"a":1},' * 8192
    sent = 1
    while sent < BIG:
        sent += connection.send(block[:BIG - sent])


def deep(connection, _path, _request):
    answer(connection, "200 OK", "[" * DEEP + "]" * DEEP)


def drip(connection, _path, _request):
    connection.sendall(head("200 OK", ["Content-Type: application/json"], 100000))
    for byte in b'{"slow": "' + b"x" * 100000:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def reset(connection, _path, _request):
    connection.sendall(head("200 OK", ["Content-Type: application/json"], 1000) + b'{"half": ')
    # With this a close sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def redirect(connection, _path, request):
    host = re.search(r"(?im)^host: *(\S+)", request).group(1)
    port = host.rsplit(":", 1)[1]
    answer(connection, "302 Found", "", "text/plain", [f"Location: http://127.0.0.1:{port}/elsewhere"])


def elsewhere(connection, _path, _request):
    global hits
    hits += 1
    answer(connection, "200 OK", "{}")


def hit_count(connection, _path, _request):
    answer(connection, "200 OK", json.dumps({"hits": hits}))


def bomb(connection, _path, _request):
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    body = packer.compress(b'["') + b"".join(packer.compress(b"x" * 1048576) for _ in range(BOMB // 1048576))
    body += packer.flush()
    connection.sendall(head("200 OK", ["Content-Type: application/json", "Content-Encoding: gzip"], len(body)) + body)


def longer(connection, _path, _request):
    connection.sendall(head("200 OK", ["Content-Type: application/json"], 5000) + b'{"ok": true}')


def junk_length(connection, _path, _request):
    connection.sendall(head("200 OK", ["Content-Type: application/json"], "-17x") + b'{"ok": true}')


def controls(connection, _path, _request):
    answer(connection, f"400 {EVIL}", json.dumps({"detail": EVIL, "message": EVIL}))


def headers(connection, _path, _request):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(1_000_000):
        connection.sendall(f"X-Endless-{n}: {'x' * 1000}\r\n".encode())


def no_http(connection, _path, _request):
    connection.sendall(b"220 mail.example ESMTP\r\n" * 10)


MODES = {
    "ok": ok, "echo": echo, "hung": hung, "empty": empty, "html": html, "truncated": truncated, "big": big,
    "deep": deep, "drip": drip, "reset": reset, "redirect": redirect, "elsewhere": elsewhere,
    "hits": hit_count, "bomb": bomb, "longer": longer, "junk-length": junk_length,
    "controls": controls, "headers": headers, "no-http": no_http,
    "401": status(401, "Unauthorized"), "403": status(403, "Forbidden"),
    "404": status(404, "Not Found"), "429": status(429, "Too Many Requests"),
    "500": status(500, "Internal Server Error"), "503": status(503, "Service Unavailable"),
}
# After these the connection may serve another request.
KEEP = {"ok", "echo", "empty", "html", "truncated", "deep", "redirect", "elsewhere", "hits", "controls",
        "401", "403", "404", "429", "500", "503"}


def read_request(stream):
    """The head and the body as text; None at the end."""
    lines = []
    while True:
        line = stream.readline(65536)
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            break
        lines.append(line.decode("latin-1"))
    text = "".join(lines)
    length = re.search(r"(?im)^content-length: *(\d+)", text)
    if length:
        text += "\r\n" + stream.read(int(length.group(1))).decode("utf-8", "replace")
    return text


def route(path):
    """What to do, and the path that is left."""
    parts = path.split("?")[0].split("/")
    mode, rest = parts[1], "/" + "/".join(parts[2:])
    if mode == "late" and len(parts) > 2:
        mode, rest = parts[2], "/" + "/".join(parts[3:])
        if rest in FIRST_STEPS:
            def first_step(connection, _path, _request):
                answer(connection, "201 Created" if "token" in rest else "200 OK", json.dumps(FIRST_STEPS[rest]))
            return "ok", first_step, rest
    return mode, MODES.get(mode, MODES["404"]), rest


def serve(connection, context):
    stream = None
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        stream = connection.makefile("rb")
        if stream.peek(1)[:1] == b"\x16":  # TLS where none is spoken: servers answer so
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        while (request := read_request(stream)) is not None:
            mode, act, rest = route(request.split(" ")[1])
            act(connection, rest, request)
            if mode not in KEEP:
                break
    except (OSError, IndexError):
        pass  # the client went away, or is none
    finally:
        connection.close()
        if stream:
            stream.close()


def accept(listener, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, context), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    refused = socket.socket()  # bound, so that nobody else takes the port, and never listening
    refused.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], refused.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(listener, context), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()

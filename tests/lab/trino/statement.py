#!/usr/bin/env python3
"""A small client of Trino's statement protocol, standard library only.

statement.py USER SOURCE SQL    prints the query id, the rows (tab separated) and the final state.
Exit code 0 when the statement finished, 1 when it failed, 2 when the server did not answer.
"""
import http.client
import json
import os
import sys
import urllib.parse

BASE = os.environ.get("LAB_TRINO", "http://127.0.0.1:18080")


class Statement:
    """One statement. Iterating fetches page after page; what came last is in `page`."""

    def __init__(self, user, source, sql, session=None, page_bytes=None):
        self.headers = {"X-Trino-User": user, "X-Trino-Source": source}
        if session:
            self.headers["X-Trino-Session"] = ",".join(f"{name}={value}" for name, value in session.items())
        self.query = f"?targetResultSize={page_bytes}B" if page_bytes else ""
        url = urllib.parse.urlsplit(BASE)
        self.http = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        self.page = self.call("POST", "/v1/statement", sql.encode())
        self.id = self.page["id"]

    def call(self, method, path, body=None):
        self.http.request(method, path, body, self.headers)
        answer = self.http.getresponse()
        data = answer.read()
        if answer.status not in (200, 204):
            raise OSError(f"{method} {path}: HTTP {answer.status}: {data[:200]!r}")
        return json.loads(data) if data else {}

    @property
    def next(self):
        return self.page.get("nextUri")

    def fetch(self):
        self.page = self.call("GET", urllib.parse.urlsplit(self.next).path + self.query)
        return self.page

    def cancel(self):
        if self.next:
            self.call("DELETE", urllib.parse.urlsplit(self.next).path)

    def finish(self):
        """Fetches to the end; yields the pages' rows."""
        while self.next:
            yield from self.fetch().get("data") or []

    @property
    def state(self):
        return self.page["stats"]["state"]

    @property
    def error(self):
        return self.page.get("error")


def main(user, source, sql):
    statement = Statement(user, source, sql)
    print(statement.id, flush=True)
    for row in statement.finish():
        print("\t".join("NULL" if cell is None else str(cell) for cell in row))
    if statement.error:
        print(f"{statement.state} {statement.error['errorType']} {statement.error['errorName']}: {statement.error['message']}")
        return 1
    print(statement.state)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as error:
        print(f"{BASE}: {error}", file=sys.stderr)
        sys.exit(2)

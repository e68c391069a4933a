"""One account at a time, as JSON: a model, a history and the standard library's HTTP server.

    python examples/service.py models/2026-06 data/samples/saas --at 2026-06-01
    curl 'http://127.0.0.1:8080/risk?account_id=A0001'

The model and the peers' values are loaded once; a request then costs a few milliseconds.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import churnkit as ck
from churnkit.errors import ChurnkitError, UnknownAccount


@dataclass(frozen=True)
class Desk:
    """What answers need: the model, the facts, the moment, and the peers' values at it."""

    model: ck.ChurnModel
    history: ck.History
    at: str
    peers: ck.Scores

    @classmethod
    def open(cls, model: str, data: str, at: str) -> Desk:
        """Load everything once."""
        fitted, history = ck.ChurnModel.load(model), ck.read_history(data)
        return cls(fitted, history, at, fitted.score(history, at=at))


def answer(desk: Desk, account_id: str) -> tuple[int, str]:
    """Give the HTTP status and the JSON of one account's risk."""
    try:
        risk = desk.model.assess(desk.history, account_id, at=desk.at, book=desk.peers.book)
    except UnknownAccount as problem:
        return 404, json.dumps({"error": str(problem)})
    except ChurnkitError as problem:
        return 400, json.dumps({"error": str(problem)})
    return 200, risk.model_dump_json()


def serve(desk: Desk, port: int) -> ThreadingHTTPServer:
    """Answer ``GET /risk?account_id=…`` on this machine only."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            account = parse_qs(asked.query).get("account_id", [""])[0]
            if asked.path != "/risk" or not account:
                status, body = 404, json.dumps({"error": "ask for /risk?account_id=..."})
            else:
                status, body = answer(desk, account)
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Read the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder of the model, as written by `churnkit fit`")
    parser.add_argument("data", help="folder of tables")
    parser.add_argument("--at", required=True, help="the moment: only what was known before it counts")
    parser.add_argument("--port", type=int, default=8080, help="0 takes any free one")
    given = parser.parse_args()
    server = serve(Desk.open(given.model, given.data, given.at), given.port)
    print(f"http://127.0.0.1:{server.server_port}/risk?account_id=...", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()

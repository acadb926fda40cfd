#!/usr/bin/env python3
"""Stands in for holdfast in the tests of local clusters: the same command line and files, and nothing behind them.

FAKE_NODE_FAILS names a node that ends at once, FAKE_NODE_TROUBLE one that says it will not serve."""
import http.server
import json
import os
import re
import signal
import sys


def node(arguments):
    manifest = arguments[arguments.index("--manifest") + 1]
    text = open(manifest, encoding="utf-8").read()
    folder = os.path.join(os.path.dirname(manifest), "data")
    name = re.search(r'name = "(.*)"', text).group(1)
    if name == os.environ.get("FAKE_NODE_FAILS"):
        sys.exit("this node was told to fail")
    identity = os.path.join(folder, "node.identity")
    if not os.path.exists(identity):
        if "--found" not in arguments and os.environ.get("HOLDFAST_TOKEN") != "token-for-node":
            sys.exit("neither --found nor --join with a token")
        os.makedirs(folder, exist_ok=True)
        open(identity, "w", encoding="utf-8").close()
        if "--found" in arguments:
            open(os.path.join(folder, "operator.toml"), "w", encoding="utf-8").close()

    class answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            troubled = name == os.environ.get("FAKE_NODE_TROUBLE")
            body = json.dumps({"state": "starting", "trouble": "it was revoked"} if troubled else {"state": "serving"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    if name == "node-3":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one that must be ended by force
    port = int(re.search(r'dashboard = "127.0.0.1:(\d+)"', text).group(1))
    http.server.HTTPServer(("127.0.0.1", port), answer).serve_forever()


def main():
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "node":
        node(rest)
    elif command == "invite":
        if not os.path.exists(rest[rest.index("--profile") + 1]):
            sys.exit("no operator profile")
        print("token-for-" + rest[0])
    elif command == "profile" and os.environ.get("HOLDFAST_TOKEN") == "token-for-client":
        open(rest[rest.index("--profile") + 1], "w", encoding="utf-8").close()
    else:
        sys.exit("unknown command")


main()

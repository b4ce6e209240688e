"""A registry of npm packages in memory, on loopback, for .ci/packages: what is published there can be installed from it.

Usage: registry.py FILE-TO-WRITE-THE-PORT-TO
"""

import base64
import http.server
import json
import os
import sys
from urllib.parse import unquote

packages: dict[str, dict] = {}
tarballs: dict[str, bytes] = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = unquote(self.path.split("?")[0])
        if path in tarballs:
            self.answer(200, tarballs[path])
        elif path[1:] in packages:
            self.answer(200, json.dumps(packages[path[1:]]).encode())
        else:
            self.answer(404, b"{}")

    def do_PUT(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = sent["name"]
        for version, manifest in sent["versions"].items():
            path = f"/{name}/-/{name}-{version}.tgz"
            [attached] = sent.pop("_attachments").values()
            tarballs[path] = base64.b64decode(attached["data"])
            manifest["dist"]["tarball"] = f"http://127.0.0.1:{self.server.server_port}{path}"
        packages[name] = sent
        self.answer(201, b"{}")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()

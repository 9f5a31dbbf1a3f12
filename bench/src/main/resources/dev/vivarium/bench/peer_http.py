"""A server of the standard library that sends back what it gets: JSON under /small, bytes under /bytes."""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # Head and body are written together, when the handler is done.

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/small":
            body = json.dumps(json.loads(body)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # Of 32 connections that come at once, its five would be all that is not refused.


def end_with_the_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


server = Server(("127.0.0.1", 0), Echo)
threading.Thread(target=end_with_the_input, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()

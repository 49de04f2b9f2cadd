"""A proxy in front of the relay that refuses the first request, as a relay that restarts does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@contextmanager
def unreliable(port: int) -> Iterator[int]:
    """Stand in front of the relay, and answer the first request with 503; yields the port."""
    answered: list[int] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not answered:
                answered.append(503)
                self.reply(503, b'{"code":"unavailable","message":"not now"}')
                return
            request = Request(f"http://127.0.0.1:{port}{self.path}", data=body, method="POST")
            for name, value in self.headers.items():
                request.add_header(name, value)
            try:
                with urlopen(request, timeout=10) as answer:
                    self.reply(answer.status, answer.read())
            except HTTPError as error:
                with error:
                    self.reply(error.code, error.read())

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

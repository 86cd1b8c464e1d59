"""One URL, from a real server on loopback."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from extractors.records import Capture
from flows.readers.files import Failure
from flows.readers.http import read_url

PAGE = "<html><body><p>Café talks</p></body></html>"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/page":
            self.answer(200, PAGE.encode("latin-1"), {"Content-Type": "text/html; charset=iso-8859-1", "ETag": '"1"'})
        elif self.path == "/moved":
            self.answer(302, b"", {"Location": "/page"})
        elif self.path == "/loop":
            self.answer(302, b"", {"Location": "/loop"})
        elif self.path == "/bomb":
            self.answer(
                200, gzip.compress(b"0" * (11 << 20)), {"Content-Encoding": "gzip", "Content-Type": "text/html"}
            )
        else:
            self.answer(404, b"gone", {"Content-Type": "text/plain"})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_page_is_captured_with_where_it_came_from(server: str) -> None:
    got = read_url(f"{server}/moved", "wire")
    assert isinstance(got, Capture)
    assert got.body.decode(got.charset or "") == PAGE
    assert (got.url, got.final_url, got.source, got.media_type) == (
        f"{server}/moved",
        f"{server}/page",
        "wire",
        "text/html",
    )
    assert dict(got.headers)["etag"] == '"1"'
    assert got.fetched_at is not None
    assert got.fetched_at.tzinfo is not None


@pytest.mark.parametrize(("path", "reason"), [("/none", "http_404"), ("/loop", "fetch_failed"), ("/bomb", "too_large")])
def test_what_goes_wrong_is_a_failure(server: str, path: str, reason: str) -> None:
    got = read_url(server + path)
    assert isinstance(got, Failure)
    assert got.reason == reason


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "http://[::1", "https://"])
def test_bad_addresses_never_raise(url: str) -> None:
    assert isinstance(read_url(url), Failure)

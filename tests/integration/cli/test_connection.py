"""The commands' HTTP client against servers that are not what they should be."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from relay.cli.connection import Connection, CutOff, NoAnswer
from relay.errors import ConfigError
from tests.given.port.certificate import CERTIFICATE, KEY

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
SECRET = {"Authorization": "Bearer rk_canary"}


@contextmanager
def server(answer: bytes, read_bytes: int = 65_536) -> Iterator[str]:
    """Answer one request with some bytes, having read at most so many of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(read_bytes)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def failure(url: str, kind: type[NoAnswer] | None = None, *, timeout_s: float = 5.0) -> str:
    """Return the one line of a request that gets no answer."""
    with (
        Connection(url, headers=SECRET, timeout_s=timeout_s) as connection,
        pytest.raises(NoAnswer) as caught,
    ):
        connection.request("GET", "/")
    assert kind is None or type(caught.value) is kind
    assert "canary" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 999999 x\r\n\r\n"])
def test_what_is_no_http_is_told_as_such(answer: bytes) -> None:
    with server(answer) as url:
        assert failure(url).endswith(("what came is no HTTP", "connection reset by peer"))


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = failure(f"http://127.0.0.1:{silent.getsockname()[1]}", CutOff, timeout_s=0.05)

    assert line.endswith("it took too long")


def test_a_server_that_ends_before_it_answers_was_there() -> None:
    with server(b"") as url:
        line = failure(url, CutOff)

    assert line.endswith(("it closed the connection", "connection reset by peer"))


def test_where_nobody_listens_nothing_was_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"

    assert failure(url, NoAnswer).endswith("connection refused")


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "relay.pem").write_text(CERTIFICATE + KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "relay.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands() -> None:
            with suppress(OSError), listening.accept()[0] as connection:
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        line = failure(f"https://127.0.0.1:{listening.getsockname()[1]}", NoAnswer)
        thread.join()

    assert "its certificate is not trusted" in line


def test_where_no_tls_is_spoken_nothing_is_told_of_openssl() -> None:
    with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        line = failure(url.replace("http:", "https:"), NoAnswer)

    assert line.endswith("TLS fails; does it speak https at all?")


@pytest.mark.parametrize("host", ["relay.invalid", "relay..invalid", "a" * 64 + ".invalid"])
def test_a_host_that_does_not_exist_is_told(host: str) -> None:
    assert failure(f"http://{host}").endswith("there is no such host")


def test_an_answer_before_the_body_was_read_is_heard_all_the_same() -> None:
    with (
        server(TOO_LARGE) as url,
        Connection(url, headers={}, timeout_s=5.0) as connection,
    ):
        assert connection.request("POST", "/", b"{}").status == 413


def test_an_answer_shows_nothing_of_its_body() -> None:
    with (
        server(TOO_LARGE) as url,
        Connection(url, headers={}, timeout_s=5.0) as connection,
    ):
        assert repr(connection.request("GET", "/")) == "<Reply 413>"


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop.example", "ftp://shop.example", "http://a:port", "http:///x"),
        *("http://a b", "http://a/b c", "http://a\x01b", "http://a/\u00e9"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"http://127\.0\.0\.1:8080"):
        Connection(url, headers={}, timeout_s=1.0)

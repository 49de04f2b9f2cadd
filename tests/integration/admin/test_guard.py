"""Who may use the admin port, and what every answer of it carries."""

from base64 import b64encode
from pathlib import Path

import pytest

from relay.admin.guard import FAILED, MISTAKE
from relay.config.secret import Secret
from relay.failed_attempts import FREE, STEP_S
from tests.given.port.admin import INVALID, PINTEREST, AdminPort

SUMMARY = "/api/v1/summary"
PAUSE = f"/api/v1/destinations/{PINTEREST}/pause"
SECRET = "correct horse: bättery"


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8081",
        "localhost.",
        "127.0.0.1",
        "127.8.9.1:1",
        "[::1]:8081",
        "relay.shop.example",
        "Relay.Shop.Example:8081",
        "[2001:db8::1]:8081",
    ],
)
async def test_a_known_host_is_served(tmp_path: Path, host: str) -> None:
    async with AdminPort(tmp_path, hosts=["relay.shop.example:443", "2001:db8::1"]) as port:
        assert (await port.ask(SUMMARY, headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8081",
        "2001",
        "[",
        "[::2]",
        "169.254.169.254",
        "relay.shop.example.",
        "localhost:8081.evil.example",
        "localhost:8081, evil.example",
        "127.0.0.1:8081@evil.example",
        "[::1].evil.example",
    ],
)
async def test_a_foreign_host_is_refused_everywhere(tmp_path: Path, host: str) -> None:
    async with AdminPort(tmp_path, hosts=["2001:db8::1"]) as port:
        for path in ("/", SUMMARY, "/healthz", "/nothing"):
            reply = await port.ask(path, headers={"Host": host})
            assert (reply.status, reply.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:8081", "https://localhost:8081", "HTTP://LOCALHOST:8081"],
)
async def test_a_change_from_the_ports_own_page_is_done(tmp_path: Path, origin: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(PAUSE, Host="localhost:8081", Origin=origin)

    assert (reply.status, reply.json["state"]) == (200, "paused")


async def test_the_port_of_a_scheme_need_not_be_named(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for host, origin in [
            ("localhost", "http://localhost:80"),
            ("localhost:443", "https://localhost"),
        ]:
            assert (await port.post(PAUSE, Host=host, Origin=origin)).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost:8082",
        "http://localhost",
        "http://localhost:8081.evil.example",
        "http://user@evil.example:8081",
        "file://",
        "http://[",
        "http://localhost:port",
        "chrome-extension://localhost:8081",
    ],
)
async def test_a_foreign_origin_is_refused(tmp_path: Path, origin: str) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(PAUSE, Host="localhost:8081", Origin=origin)

        assert (reply.status, reply.json["code"]) == (403, "forbidden")
        assert port.switch.health[PINTEREST].state == "active"


async def test_the_refusal_tells_a_proxy_to_pass_the_host_on(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(PAUSE, Host="127.0.0.1:8081", Origin="https://relay.example")

    assert "pass Host on" in reply.json["message"]


async def test_programs_send_no_origin_and_are_served(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.post(PAUSE)).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_browser_that_hides_its_origin_still_tells_by_its_site(
    tmp_path: Path, site: str
) -> None:
    async with AdminPort(tmp_path) as port:
        headers = {"Sec-Fetch-Site": site}
        assert (await port.ask(PAUSE, method="POST", headers=headers)).status == 403
        assert (await port.ask(SUMMARY, headers=headers)).status == 200


@pytest.mark.parametrize("path", ["/", SUMMARY, "/openapi.json", "/metrics", "/nothing"])
async def test_a_password_is_asked_for(tmp_path: Path, path: str) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        reply = await port.ask(path)
        allowed = await port.ask(path, headers=basic(SECRET))

    assert (reply.status, reply.json["code"]) == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert allowed.status in (200, 404)


async def test_a_page_that_looks_for_figures_makes_the_browser_prompt_for_nothing(
    tmp_path: Path,
) -> None:
    """It would every few seconds, once the password has changed."""
    async with AdminPort(tmp_path, password=SECRET) as port:
        reply = await port.ask("/", headers={"HX-Request": "true"})

    assert reply.status == 401
    assert "WWW-Authenticate" not in reply.headers


async def test_the_user_name_does_not_matter(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        for user in ("", "root", "jane@example.com"):
            assert (await port.ask(SUMMARY, headers=basic(SECRET, user))).status == 200


@pytest.mark.parametrize(
    "header",
    [
        *(basic(each)["Authorization"] for each in ("", SECRET[:-1], f"{SECRET}x", SECRET.upper())),
        "Basic",
        "Basic %%%",
        "Basic bättery",
        f"Basic {b64encode(b'no colon').decode()}",
        f"Basic {b64encode(bytes([58, 255])).decode()}",
        f"Bearer {SECRET.encode('ascii', 'ignore').decode()}",
        basic(SECRET)["Authorization"].replace("Basic", "Bearer"),
    ],
)
async def test_anything_but_the_password_is_refused(tmp_path: Path, header: str) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        assert (await port.ask(SUMMARY, headers={"Authorization": header})).status == 401


async def test_whoever_keeps_on_guessing_waits_for_the_refusals(tmp_path: Path) -> None:
    """Who asks without a password, or with the right one, does not."""
    async with AdminPort(tmp_path, password=SECRET) as port:
        for _ in range(FREE + 3):
            assert (await port.ask(SUMMARY, headers=basic("guess"))).status == 401
            assert (await port.ask(SUMMARY)).status == 401
            assert (await port.ask(SUMMARY, headers=basic(SECRET))).status == 200
        assert port.delays_s == pytest.approx([STEP_S, 2 * STEP_S, 3 * STEP_S])


async def test_what_is_refused_for_another_reason_is_no_guess(tmp_path: Path) -> None:
    """A browser sends the password along with whatever a foreign page has it ask."""
    async with AdminPort(tmp_path, password=SECRET) as port:
        for _ in range(FREE + 1):
            headers = {**basic(SECRET), "Origin": "https://evil.example"}
            assert (await port.ask(PAUSE, method="POST", headers=headers)).status == 403
        assert port.delays_s == []


async def test_a_password_is_the_one_that_its_place_holds_now(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        port.password = Secret("another")
        assert (await port.ask(SUMMARY, headers=basic(SECRET))).status == 401
        assert (await port.ask(SUMMARY, headers=basic("another"))).status == 200


async def test_nobody_is_let_in_while_there_is_no_password(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        port.password = None
        assert (await port.ask(SUMMARY)).status == 401
        assert (await port.ask(SUMMARY, headers=basic(""))).status == 401


@pytest.mark.parametrize("header", ["Basic bättery", "Basic %%%", "Basic"])
async def test_credentials_that_nobody_asked_for_may_be_anything(
    tmp_path: Path, header: str
) -> None:
    async with AdminPort(tmp_path) as port:
        assert (await port.ask(SUMMARY, headers={"Authorization": header})).status == 200


async def test_probes_need_no_password(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, password=SECRET) as port:
        assert (await port.ask("/healthz")).status == 200
        assert (await port.ask("/readyz")).status == 200
        assert (await port.ask("/healthz/")).status == 401


async def test_metrics_are_open_where_the_settings_say_so(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, password=SECRET, metrics_open=True) as port:
        assert (await port.ask("/metrics")).status == 200
        assert (await port.ask(SUMMARY)).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", SUMMARY, 200),
        ("GET", "/static/relay.css", 200),
        ("GET", f"{SUMMARY}?range=1y", 400),
        ("GET", "/nothing", 404),
        ("DELETE", SUMMARY, 405),
        ("POST", "/api/v1/dead-letters/drop", 413),
    ],
)
async def test_every_answer_is_hardened(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with AdminPort(tmp_path) as port:
        body = bytes(2**20 + 1) if status == 413 else None
        reply = await port.ask(path, method=method, body=body)

    assert reply.status == status
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    html = reply.headers["Content-Type"].startswith("text/html")
    assert reply.headers["Referrer-Policy"] == ("same-origin" if html else "no-referrer")
    assert reply.headers["Server"] == "relay"
    assert "Cache-Control" in reply.headers
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_aiohttps_own_errors_are_hardened_too(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask(SUMMARY, headers={"Expect": "the-impossible"})

    assert (reply.status, reply.headers["X-Content-Type-Options"]) == (417, "nosniff")


async def test_a_mistake_before_any_handler_ends_the_connection_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Secret):
        def reveal(self) -> str:
            raise RuntimeError(SECRET)

    async with AdminPort(tmp_path, password=SECRET) as port:
        port.password = Broken(SECRET)
        reply = await port.ask(SUMMARY, headers={"Connection": "keep-alive"})

    assert (reply.status, reply.json) == (500, {"code": "internal", "message": MISTAKE})
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Connection"] == "close"
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == [FAILED]


async def test_a_page_cannot_be_framed_nor_load_what_is_foreign(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        headers = (await port.ask("/")).headers

    policy = headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy


async def test_a_journal_that_takes_nothing_is_told_with_a_time_to_wait(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("order-1", pinterest=INVALID)
        port.fail_replays("the disk is full", retry_after_s=7)
        body = {"reason": "invalid_event", "dry_run": False}
        reply = await port.post("/api/v1/dead-letters/replay", body)

    assert reply.status == 503
    assert reply.json == {"code": "unavailable", "message": "the disk is full"}
    assert reply.headers["Retry-After"] == "7"

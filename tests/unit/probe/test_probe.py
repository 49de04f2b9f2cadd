"""`relay check --live`: from a platform's raw answer to the sentence that a person reads."""

from collections.abc import Sequence

import msgspec
import pytest

from relay.config import DestinationConfig, PinterestConfig, Secret, TikTokConfig
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault
from relay.outcome.probe import Probe
from relay.probe.probe import probe

NOW_S = 1_790_000_000.0
TOKEN = "pina_canary-token"
PINTEREST = PinterestConfig(ad_account_id="549755885175")
TIKTOK = TikTokConfig(pixel_code="C4K6A3Q2NE1S77JXXXXX")
TIKTOK_TEST = msgspec.structs.replace(TIKTOK, test_event_code="TEST1")
ALL_SOURCES = msgspec.structs.replace(
    TIKTOK, app_id="1", offline_event_set_id="2", crm_event_set_id="3"
)


class Platform:
    """Answers with what the test says, the last answer over and over; keeps what it was sent."""

    def __init__(self, *answers: HttpResponse | Fault) -> None:
        self._answers = list(answers)
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        del timeout_s
        self.requests.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    async def close(self) -> None:
        pass


def tiktok(code: int, message: str = "", status: int = 200) -> HttpResponse:
    body = {"code": code, "message": message, "request_id": "1", "data": {}}
    return HttpResponse(status, {}, msgspec.json.encode(body))


def pinterest(status: int, code: int = 1) -> HttpResponse:
    return HttpResponse(status, {}, msgspec.json.encode({"code": code, "message": "Text."}))


def processed() -> HttpResponse:
    body = {
        "num_events_received": 1,
        "num_events_processed": 1,
        "events": [{"status": "processed", "error_message": "", "warning_message": ""}],
    }
    return HttpResponse(200, {}, msgspec.json.encode(body))


async def ask(config: DestinationConfig, *answers: HttpResponse | Fault) -> Sequence[Probe]:
    return await probe(
        "main", config, Secret(TOKEN), Platform(*answers), now_s=NOW_S, test_event_code=None
    )


@pytest.mark.parametrize(
    ("config", "answer", "verdict", "reason", "words"),
    [
        (PINTEREST, processed(), "ok", None, "takes the token and the id"),
        (PINTEREST, pinterest(401, 2), "wrong", "token_rejected", "Generate new token"),
        (PINTEREST, pinterest(401, 3), "wrong", "no_permission", "`ads:write`"),
        (PINTEREST, pinterest(403, 29), "wrong", "no_permission", "Business Access"),
        (PINTEREST, pinterest(404), "wrong", "account_not_found", "`ad_account_id`"),
        (PINTEREST, pinterest(422), "ok", None, "takes the token and the id"),
        (PINTEREST, HttpResponse(413, {}, b"<html>"), "wrong", "request_refused", "settings"),
        (PINTEREST, pinterest(429, 8), "unknown", None, "patience"),
        (PINTEREST, pinterest(503), "unknown", None, "Try again later"),
        (PINTEREST, HttpResponse(302, {}, b""), "wrong", "request_refused", "settings"),
        (PINTEREST, Fault("name"), "unknown", None, "name server"),
        (PINTEREST, Fault("connect"), "unknown", None, "firewall"),
        (PINTEREST, Fault("tls"), "unknown", None, "SSL_CERT_FILE"),
        (PINTEREST, Fault("proxy"), "unknown", None, "HTTPS_PROXY"),
        (PINTEREST, Fault("timeout"), "unknown", None, "in time"),
        (PINTEREST, Fault("broken"), "unknown", None, "connection"),
        (TIKTOK, tiktok(40002, "data: Missing data"), "ok", None, "with a test event code"),
        (TIKTOK, tiktok(40000), "ok", None, "with a test event code"),
        (TIKTOK, tiktok(0, "OK"), "ok", None, "with a test event code"),
        (
            *(TIKTOK, tiktok(40002, "Invalid value for event_source_id: x")),
            *("wrong", "pixel_not_found", "Data sources"),
        ),
        (TIKTOK, tiktok(40001), "wrong", "no_permission", "admin or operator"),
        (TIKTOK, tiktok(40007), "wrong", "pixel_not_found", "`pixel_code`"),
        (TIKTOK, tiktok(40102), "wrong", "token_expired", "Generate Access Token"),
        (TIKTOK, tiktok(40104, status=401), "wrong", "token_missing", "Generate Access Token"),
        (TIKTOK, tiktok(40105), "wrong", "token_rejected", "Generate Access Token"),
        (TIKTOK, tiktok(40100, status=401), "unknown", None, "patience"),
        (TIKTOK, tiktok(40300), "wrong", "account_not_found", "Events Manager"),
        (TIKTOK, tiktok(40400), "wrong", "request_refused", "settings"),
        (TIKTOK, tiktok(50000), "unknown", None, "Try again later"),
        (TIKTOK, HttpResponse(413, {}, b"<html>"), "wrong", "request_refused", "settings"),
        (TIKTOK, HttpResponse(404, {}, b"<html>"), "wrong", "request_refused", "settings"),
        (TIKTOK, HttpResponse(401, {}, b"<html>"), "wrong", "token_rejected", "Generate"),
        (TIKTOK_TEST, tiktok(0, "OK"), "ok", None, "takes the token and the id"),
        (TIKTOK_TEST, tiktok(40002, "data.0.user"), "ok", None, "takes the token and the id"),
        (TIKTOK_TEST, tiktok(40001), "wrong", "no_permission", "admin or operator"),
        (TIKTOK_TEST, tiktok(40000), "wrong", "request_refused", "Test Events"),
    ],
)
async def test_each_class_of_answer_has_its_sentence(
    config: DestinationConfig,
    answer: HttpResponse | Fault,
    verdict: str,
    reason: str | None,
    words: str,
) -> None:
    [found] = await ask(config, answer)

    assert (found.verdict, found.reason) == (verdict, reason)
    assert words in found.message
    assert found.message[0].isupper()
    assert found.message.endswith(".")


@pytest.mark.parametrize(("times", "verdict"), [(1, "ok"), (2, "ok"), (3, "wrong")])
async def test_a_refusal_by_a_gateway_counts_once_it_is_repeated(times: int, verdict: str) -> None:
    """As often as it takes to pause a destination."""
    [found] = await ask(TIKTOK, *[HttpResponse(401, {}, b"<html>")] * times, tiktok(40002))

    assert found.verdict == verdict


async def test_without_a_token_no_platform_is_asked() -> None:
    platform = Platform(processed())

    [found] = await probe("main", PINTEREST, None, platform, now_s=NOW_S, test_event_code=None)

    assert (found.verdict, found.reason) == ("wrong", "token_missing")
    assert "Ads Manager" in found.message
    assert platform.requests == []


async def test_pinterest_gets_one_made_up_event_in_test_mode() -> None:
    platform = Platform(processed())
    await probe("main", PINTEREST, Secret(TOKEN), platform, now_s=NOW_S, test_event_code=None)

    [request] = platform.requests
    assert request.url.endswith("/events?test=true")
    assert request.body.count(b'"event_id"') == 1


async def test_tiktok_gets_no_event_unless_there_is_a_code_for_tests() -> None:
    platform = Platform(tiktok(40002))
    await probe("main", TIKTOK, Secret(TOKEN), platform, now_s=NOW_S, test_event_code=None)
    await probe("main", TIKTOK_TEST, Secret(TOKEN), platform, now_s=NOW_S, test_event_code=None)

    without, with_code = platform.requests
    assert without.body.endswith(b'"data":[]}')
    assert b'"test_event_code":"TEST1"' in with_code.body
    assert with_code.body.count(b'"event_id"') == 1


async def test_each_event_source_of_tiktok_is_asked_about_once() -> None:
    found = await ask(ALL_SOURCES, tiktok(40002))

    assert [each.source for each in found] == ["web", "app_android", "offline", "crm"]

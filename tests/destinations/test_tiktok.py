"""TikTok, case by case. The cases are JSON, to be read and added to without reading this file.

A mapping case changes the plain web purchase below and says what TikTok gets: `sends` is the whole
event, `sends_with` single values by dotted path (null: left out), `skipped` and `dead` the reason.
An answer case is what TikTok answers to a request of three events (or `events`), and what it means.
`sha256:TEXT` stands for the digest of TEXT.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from relay.config import TikTokConfig
from relay.conversion import App, Conversion, Item, Order
from relay.delivery import Answer, HttpResponse, Payload, Skip, Unusable
from relay.destinations.tiktok import TikTok
from relay.destinations.tiktok.answer_code import BY_CODE, BY_STATUS, row_of
from relay.identity import Identity

CASES = Path(__file__).parent / "tiktok" / "cases"
SETTINGS: dict[str, Any] = {
    "pixel_code": "C4K6A3Q2NE1S77JXXXXX",
    "app_id": "7000000000000000001",
    "offline_event_set_id": "7000000000000000002",
    "crm_event_set_id": "7000000000000000003",
    "token": "env:TIKTOK_TOKEN",
}
NO_CHANGE: Mapping[str, Any] = MappingProxyType({})
PURCHASE: dict[str, Any] = {
    "event": "purchase",
    "event_id": "order-1",
    "event_time": 1_790_000_000,
    "received_ms": 1_790_000_001_000,
    "action_source": "web",
    "page_url": "https://shop.example/",
    "identity": {"email_trimmed": ["sha256:jane@example.com"]},
}


def read(*names: str) -> list[Any]:
    return [
        pytest.param(case, id=case["title"])
        for name in names
        for case in json.loads((CASES / f"{name}.json").read_text())
    ]


MAPPING_CASES = read("event_names", "event_sources", "persons", "orders")
ANSWER_CASES = read("answers_by_code", "answers_without_code")


@pytest.mark.parametrize("case", MAPPING_CASES)
def test_mapping(case: dict[str, Any]) -> None:
    """The event reaches TikTok as the case says, or stays here for the reason that it names."""
    prepared = destination(case.get("settings", {})).prepare(conversion_of(case["event"]))
    match prepared:
        case Skip(reason):
            assert case.get("skipped") == reason
        case Unusable(reason, path):
            assert (case.get("dead"), case.get("path")) == (reason, path)
        case Payload(body):
            sent = json.loads(body)
            assert "sends" in case or "sends_with" in case, f"sent, not kept: {sent}"
            assert sent == digested(case.get("sends", sent))
            wanted = digested(case.get("sends_with", {}))
            assert {path: value_at(sent, path) for path in wanted} == wanted


@pytest.mark.parametrize("case", ANSWER_CASES)
def test_answer(case: dict[str, Any]) -> None:
    """TikTok's answer means what the case says, and nothing else."""
    answer = destination().answer(response_of(case), case.get("events", 3))
    assert meaning(answer) == {
        "pause": None,
        "culprits": [],
        "wait_s": None,
        "confirmations": 0,
        "verdicts": [],
        "warnings": [],
        **case["means"],
    }
    body = case.get("body", {})
    assert answer.http_status == case.get("status", 200)
    assert (answer.code, answer.message) == (str(body.get("code", "")), body.get("message", ""))
    assert answer.request_id == body.get("request_id", "")


def test_every_row_of_the_tables_has_a_case() -> None:
    """A code that TikTok adds cannot slip in without saying what an operator will see."""
    cases = [param.values[0] for param in ANSWER_CASES]
    codes = {row_of(case["body"]["code"], BY_CODE) for case in cases if "body" in case}
    statuses = {row_of(case["status"], BY_STATUS) for case in cases if "text" in case}
    assert codes == set(BY_CODE)
    assert statuses == set(BY_STATUS)


def destination(settings: Mapping[str, Any] = NO_CHANGE) -> TikTok:
    return TikTok("tiktok-main", TikTokConfig(**{**SETTINGS, **settings}))


def conversion_of(event: dict[str, Any]) -> Conversion:
    given = digested(PURCHASE | event)
    given["identity"] = Identity(**{key: frozen(value) for key, value in given["identity"].items()})
    if "order" in given:
        given["order"] = order_of(given["order"])
    if "app" in given:
        given["app"] = App(**given["app"])
    return Conversion(**given)


def order_of(given: dict[str, Any]) -> Order:
    items = tuple(Item(**with_amounts(item)) for item in given.get("items", ()))
    return Order(**{**with_amounts(given), "items": items})


def with_amounts(given: dict[str, Any]) -> dict[str, Any]:
    amounts = given.keys() & {"value", "price", "predicted_ltv"}
    return given | {key: Decimal(given[key]) for key in amounts}


def response_of(case: dict[str, Any]) -> HttpResponse:
    body = case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()
    return HttpResponse(case.get("status", 200), case.get("headers", {}), body)


def meaning(answer: Answer) -> dict[str, Any]:
    return {
        "kind": answer.kind,
        "pause": answer.pause,
        "culprits": list(answer.culprits),
        "wait_s": answer.wait_s,
        "confirmations": answer.confirmations,
        "verdicts": [verdict.outcome for verdict in answer.verdicts],
        "warnings": [verdict.warning for verdict in answer.verdicts if verdict.warning],
    }


def value_at(sent: Any, path: str) -> Any:
    for key in path.split("."):
        sent = sent.get(key) if isinstance(sent, dict) else None
    return sent


def digested(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: digested(part) for key, part in value.items()}
    if isinstance(value, list):
        return [digested(part) for part in value]
    if isinstance(value, str) and value.startswith("sha256:"):
        return hashlib.sha256(value.removeprefix("sha256:").encode()).hexdigest()
    return value


def frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

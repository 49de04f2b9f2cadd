"""How the JSON cases of destinations are read: a few words of theirs into the relay's own structs.

`sha256:TEXT` stands for the digest of TEXT, money is a text, and an event says only how it differs
from `PURCHASE`.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, assert_never

import pytest

from relay.conversion import App, Conversion, Item, Order
from relay.delivery import Answer, HttpResponse, Payload, Skip, Unusable
from relay.identity import Identity

DESTINATIONS = Path(__file__).parent
AMOUNTS = {"value", "price", "predicted_ltv"}
MEANS_NOTHING: Mapping[str, Any] = MappingProxyType(
    {
        "pause": None,
        "culprits": [],
        "wait_s": None,
        "spent_s": None,
        "confirmations": 0,
        "verdicts": [],
        "warnings": [],
    }
)
"""What an answer means where its case says nothing."""
PURCHASE: dict[str, Any] = {
    "event": "purchase",
    "event_id": "order-1",
    "event_time": 1_790_000_000,
    "received_ms": 1_790_000_001_000,
    "action_source": "web",
    "identity": {"email_compact": ["sha256:jane@example.com"]},
}


def read(destination: str, *names: str) -> list[Any]:
    """Return the cases of these files as pytest parameters, named by their titles."""
    folder = DESTINATIONS / destination / "cases"
    return [
        pytest.param(case, id=f"{name}: {case['title']}")
        for name in names
        for case in json.loads((folder / f"{name}.json").read_text())
    ]


def conversion_of(event: dict[str, Any]) -> Conversion:
    """Return the purchase that differs from `PURCHASE` as the case says."""
    given = digested(PURCHASE | event)
    given["identity"] = Identity(**{key: frozen(value) for key, value in given["identity"].items()})
    if "order" in given:
        given["order"] = order_of(given["order"])
    if "app" in given:
        given["app"] = App(**given["app"])
    return Conversion(**given)


def order_of(given: dict[str, Any]) -> Order:
    """Return an order; its amounts are texts in the case."""
    items = tuple(Item(**with_amounts(item)) for item in given.get("items", ()))
    return Order(**{**with_amounts(given), "items": items})


def with_amounts(given: dict[str, Any]) -> dict[str, Any]:
    """Return `given` with its money as decimals."""
    return given | {key: Decimal(given[key]) for key in given.keys() & AMOUNTS}


def response_of(case: dict[str, Any]) -> HttpResponse:
    """Return the platform's answer: `body` is JSON, `text` anything else."""
    body = case["text"].encode() if "text" in case else json.dumps(case.get("body", {})).encode()
    return HttpResponse(case.get("status", 200), case.get("headers", {}), body)


def assert_prepared(prepared: Payload | Skip | Unusable, case: dict[str, Any]) -> Any:
    """Return the event that is sent, None if none is; it, or the reason, is as the case says."""
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
            return sent
        case _:
            assert_never(prepared)
    return None


def meaning(answer: Answer) -> dict[str, Any]:
    """Return what decides about the events, in words of the cases."""
    return {
        "kind": answer.kind,
        "pause": answer.pause,
        "culprits": list(answer.culprits),
        "wait_s": answer.wait_s,
        "spent_s": answer.spent_s,
        "confirmations": answer.confirmations,
        "verdicts": [verdict.outcome for verdict in answer.verdicts],
        "warnings": [verdict.warning for verdict in answer.verdicts if verdict.warning],
    }


def value_at(sent: Any, path: str) -> Any:
    """Return the value at a dotted path, None if there is none."""
    for key in path.split("."):
        sent = sent.get(key) if isinstance(sent, dict) else None
    return sent


def digested(value: Any) -> Any:
    """Return `value` with each `sha256:TEXT` in it as the digest of TEXT."""
    if isinstance(value, dict):
        return {key: digested(part) for key, part in value.items()}
    if isinstance(value, list):
        return [digested(part) for part in value]
    if isinstance(value, str) and value.startswith("sha256:"):
        return hashlib.sha256(value.removeprefix("sha256:").encode()).hexdigest()
    return value


def frozen(value: Any) -> Any:
    """Return a list as the tuple that structs hold."""
    return tuple(value) if isinstance(value, list) else value

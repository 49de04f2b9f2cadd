"""Every way in which an event can be wrong has its code and its path, and no value in its words."""

import json
import time
from typing import Any

import pytest

from relay.intake.decode import decode, diagnose
from relay.intake.explain import explain
from relay.intake.problem import Problem, Unreadable, Unusable
from tests.given.event.inbound import encoded, event, without

CANARY = "c4n4ry"
DEEP = 100_000
LONG_NAMES = (
    *("limitedDataUseEnabled", "sha256_email_address", "opt-out-of-limited-use"),
    *("google_analytics_4_client_id", "AcceptsMarketingEmails", "limited_data_use_enabled"),
)
NEARLY_A_PATH = f" - at `${'a' * 26}!"


def problem_of(raw: bytes) -> Problem:
    with pytest.raises(Unusable) as caught:
        decode(raw)
    _, problem = diagnose(raw, caught.value.problem)
    return problem


def order(**parts: Any) -> bytes:
    return encoded(order=parts)


def items(*lines: Any) -> bytes:
    return order(items=list(lines))


def user(**parts: Any) -> bytes:
    return encoded(user=parts)


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        (b"1", "wrong_type", ""),
        (b"[]", "wrong_type", ""),
        (b"null", "wrong_type", ""),
        (b'"text"', "wrong_type", ""),
        (b"{}", "missing", "event"),
        (encoded(evnet=CANARY), "unknown_key", "evnet"),
        (encoded(event=1), "wrong_type", "event"),
        (encoded(event=None), "wrong_type", "event"),
        (encoded(event=""), "out_of_range", "event"),
        (encoded(event=CANARY * 20), "out_of_range", "event"),
        (encoded(event_id=1.5), "wrong_type", "event_id"),
        (encoded(event_id=True), "wrong_type", "event_id"),
        (encoded(event_id=[CANARY]), "wrong_type", "event_id"),
        (encoded(event_id=""), "out_of_range", "event_id"),
        (encoded(event_id=CANARY * 50), "out_of_range", "event_id"),
        (encoded(event_time={}), "wrong_type", "event_time"),
        (encoded(event_time=None), "wrong_type", "event_time"),
        (encoded(action_source="website"), "invalid_value", "action_source"),
        (encoded(action_source=CANARY), "invalid_value", "action_source"),
        (encoded(action_source=7), "wrong_type", "action_source"),
        (encoded(user=None), "wrong_type", "user"),
        (encoded(user=[]), "wrong_type", "user"),
        (user(mail=CANARY), "unknown_key", "user.mail"),
        (user(email=7), "wrong_type", "user.email"),
        (user(email={}), "wrong_type", "user.email"),
        (user(email=[CANARY, 7]), "wrong_type", "user.email[1]"),
        (user(email=[CANARY] * 11), "out_of_range", "user.email"),
        (user(email=CANARY * 2000), "out_of_range", "user.email"),
        (user(email=["a", CANARY * 2000]), "out_of_range", "user.email[1]"),
        (user(phone=2065550100), "wrong_type", "user.phone"),
        (user(external_id=1.5), "wrong_type", "user.external_id"),
        (user(external_id=[1, 1.5]), "wrong_type", "user.external_id[1]"),
        (user(first_name=[CANARY]), "wrong_type", "user.first_name"),
        (user(customer_type=CANARY), "invalid_value", "user.customer_type"),
        (user(customer_type="NEW"), "invalid_value", "user.customer_type"),
        (encoded(order=[]), "wrong_type", "order"),
        (order(total=1), "unknown_key", "order.total"),
        (order(value=True), "wrong_type", "order.value"),
        (order(currency=840), "wrong_type", "order.currency"),
        (order(order_id=1.5), "wrong_type", "order.order_id"),
        (order(num_items=-1), "out_of_range", "order.num_items"),
        (order(num_items=2**53 + 1), "out_of_range", "order.num_items"),
        (order(num_items=1.5), "wrong_type", "order.num_items"),
        (order(num_items="2"), "wrong_type", "order.num_items"),
        (order(items={}), "wrong_type", "order.items"),
        (items(*[{"id": 1}] * 201), "out_of_range", "order.items"),
        (items(CANARY), "wrong_type", "order.items[0]"),
        (items({"id": "a"}, {}), "missing", "order.items[1].id"),
        (items({"id": None}), "wrong_type", "order.items[0].id"),
        (items({"id": "a", "sku": CANARY}), "unknown_key", "order.items[0].sku"),
        (
            items({"id": "a"}, {"id": "b"}, {"id": "c", "price": True}),
            "wrong_type",
            "order.items[2].price",
        ),
        (items({"id": "a", "price": []}), "wrong_type", "order.items[0].price"),
        (items({"id": "a", "quantity": -1}), "out_of_range", "order.items[0].quantity"),
        (items({"id": "a", "quantity": 1.0}), "wrong_type", "order.items[0].quantity"),
        (encoded(page="https://shop.example/"), "wrong_type", "page"),
        (encoded(page={"url": 1}), "wrong_type", "page.url"),
        (encoded(page={"uri": CANARY}), "unknown_key", "page.uri"),
        (encoded(app={}), "missing", "app.id"),
        (encoded(app={"id": False}), "wrong_type", "app.id"),
        (encoded(lead={"id": False}), "wrong_type", "lead.id"),
        (encoded(lead=CANARY), "wrong_type", "lead"),
        (encoded(consent={"advertising": "true"}), "wrong_type", "consent.advertising"),
        (encoded(consent={"advertising": 1}), "wrong_type", "consent.advertising"),
        (encoded(consent={"ads": True}), "unknown_key", "consent.ads"),
        (encoded(destinations=CANARY), "wrong_type", "destinations"),
        (encoded(destinations=["a", None]), "wrong_type", "destinations[1]"),
        (encoded(destinations=["a"] * 101), "out_of_range", "destinations"),
        (encoded(custom=[CANARY]), "wrong_type", "custom"),
        (encoded(custom={"a": 1, "key": [CANARY]}), "wrong_type", "custom.key"),
        (encoded(custom={"key": {"a": CANARY}, "b": []}), "wrong_type", "custom.key"),
        (encoded(custom={"jane@example.com": []}), "wrong_type", "custom.[e-mail]"),
        (encoded(custom={"": []}), "wrong_type", "custom"),
        (encoded(custom={"a": []})[:-1] + b',"custom":1}', "wrong_type", "custom"),
    ],
)
def test_a_wrong_event_has_a_code_and_a_path(raw: bytes, code: str, path: str) -> None:
    problem = problem_of(raw)

    assert (problem.code, problem.path) == (code, path)
    assert CANARY not in problem.message
    assert "`" not in problem.message
    assert problem.message.endswith(".")


@pytest.mark.parametrize("key", ["event", "event_id", "event_time", "user"])
def test_a_required_key_that_is_missing_is_named(key: str) -> None:
    problem = problem_of(json.dumps(without(key)).encode())

    assert (problem.code, problem.path) == ("missing", key)


@pytest.mark.parametrize(
    "key", ["action_source", "order", "page", "app", "lead", "consent", "destinations", "custom"]
)
def test_null_on_an_optional_key_means_absent(key: str) -> None:
    assert getattr(decode(encoded(**{key: None})), key) is None


def test_the_first_problem_in_the_order_of_the_text_is_the_one() -> None:
    raw = b'{"user":{"mail":"a"},"event_id":[],"event":7}'

    assert problem_of(raw).path == "user.mail"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("jane.canary@example.com", "[e-mail]"),
        ("+1 206 555 0100", "[phone]"),
        ("8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d", "[opaque]"),
        ("line\nbreak", "line break"),
        ("x` - at `$.jane.canary@example.com", "x` - at [e-mail]"),
        (" - at `$[12065550100]", " - at `$[[phone]]"),
        (" - at `$" + ".a" * 2000, " - at `[opaque]"),
        ("emailAddress", "emailAddress"),
        *[(name, name) for name in LONG_NAMES],
        ("aBcDeFgHiJkLmNoPqRsTuVwXyZ", "[opaque]"),
        ("tk7h3vq9xw2mzr4bd8np", "[opaque]"),
        ("user_12065550100", "user_[phone]"),
        ("k" * 500, "[opaque]"),
        ("€ " * 200, ("€ " * 50).rstrip()),
    ],
)
def test_a_producers_own_key_is_scrubbed_and_shortened(key: str, path: str) -> None:
    assert problem_of(encoded(**{key: 1})).path == path
    assert problem_of(encoded(order={key: 1})).path == f"order.{path}"


def test_a_key_cannot_pass_for_a_path() -> None:
    """The decoder writes the key between backquotes and the path behind it, in one line."""
    problem = explain("Object contains unknown field `x` - at `$.jane@example.com` - at `$.order`")

    assert problem.path == "order.x` - at [e-mail]"


@pytest.mark.parametrize("changes", [{NEARLY_A_PATH: 1}, {"action_source": NEARLY_A_PATH}])
def test_what_looks_like_a_path_holds_nobody_up(changes: dict[str, Any]) -> None:
    """The next character doubled the time, and nothing else was done meanwhile."""
    start = time.process_time()
    problem = problem_of(encoded(**changes))
    took_s = time.process_time() - start

    assert problem.code in {"unknown_key", "invalid_value"}
    assert took_s < 0.5


def test_a_line_that_nobody_knows_is_a_wrong_type_without_a_path() -> None:
    assert explain("Something `new` happened") == Problem(
        "wrong_type", "", "Something new happened."
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"event":',
        b'{"event":NaN}',
        b'{"event":"a\xff"}',
        b'{"event":"\\ud800"}',
        b'{"event":"a\x00"}',
    ],
)
def test_what_is_no_json_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(raw)


@pytest.mark.parametrize(
    "rest",
    [
        b'"event_time":1e999',
        b'"order":{"value":-1e999}',
        b'"custom":{"a":1e400}',
        b'"event_id":' + b"9" * 5000,
        b'"custom":{"a":"\xff"}',
        b'"custom":{"a":\xff}',
        b'"custom":{"a":"\\udead"}',
        b'"custom":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    ],
)
def test_a_number_or_text_that_no_reader_can_hold_is_unreadable_behind_any_problem(
    rest: bytes,
) -> None:
    with pytest.raises(Unreadable) as caught:
        diagnose(b'{"event":7,' + rest + b"}", Problem("wrong_type", "event", ""))

    assert "`" not in caught.value.problem.message


@pytest.mark.parametrize(
    ("event_id", "shown"),
    [
        ("order-1", "order-1"),
        (" Order-1 ", " Order-1 "),
        (17, "17"),
        (-17, "-17"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        (10**256, None),
        ("", None),
        (None, None),
        (True, None),
        (1.5, None),
        (["order-1"], None),
    ],
)
def test_a_rejected_event_is_known_by_its_id_if_that_is_proper(event_id: Any, shown: str) -> None:
    raw = json.dumps(event(event_id=event_id, event=7)).encode()

    assert diagnose(raw, Problem("wrong_type", "event", ""))[0] == shown

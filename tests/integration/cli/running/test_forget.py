"""`relay forget` against a real relay: no byte of the person is left in any file or output."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.given.command.process import Running, Shop, assert_one_line

MAIL, PHONE, CUSTOMER = "ada.canary@example.com", "+49 30 901820-77", "customer-canary"
ADA = {
    "email": MAIL,
    "phone": PHONE,
    "external_id": CUSTOMER,
    "ip": "185.199.108.77",
    "user_agent": "Canary/7.0 (of ada)",
    "ttclid": "ttclid-canary-of-ada",
    "epik": "epik-canary-of-ada",
}
CANARIES = [
    *(str(value) for value in ADA.values()),
    *(sha256(text.encode()).hexdigest() for text in (MAIL, "493090182077", "+493090182077")),
    sha256(CUSTOMER.encode()).hexdigest(),
]


def event(event_id: str, user: dict[str, Any]) -> str:
    return json.dumps(
        {
            "event": "purchase",
            "event_id": event_id,
            "event_time": int(time()),
            "user": user,
            "order": {"value": "5.00", "currency": "USD", "order_id": f"order-{event_id}"},
            "page": {"url": f"https://shop.example/thanks?ttclid={user.get('ttclid')}"},
        }
    )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(tmp_path)


@pytest.fixture
def relay(shop: Shop) -> Iterator[Running]:
    with shop.serving("--sandbox") as process:
        yield process


def destinations(shop: Shop) -> dict[str, dict[str, Any]]:
    found = json.loads(shop.run("status", "--json").out)["destinations"]
    return {each["name"]: each for each in found}


def canaries_in(folder: Path) -> set[tuple[str, str]]:
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {(name, c) for name, data in files.items() for c in CANARIES if c.encode() in data}


@pytest.mark.parametrize(
    "who",
    [
        ("--email", f"  {MAIL.title()} "),
        ("--email", sha256(MAIL.encode()).hexdigest()),
        ("--external-id", CUSTOMER),
        ("--phone", "+493090182077"),
        ("--phone", "030 90182077", "--country", "DE"),
    ],
)
def test_a_person_is_gone_from_every_file_and_told_where_they_were_delivered(
    shop: Shop, relay: Running, who: tuple[str, ...]
) -> None:
    shop.run("pause", "tiktok-sandbox")
    shop.run("send", "-", stdin=f"{event('a', ADA)}\n{event('b', {'email': 'bob@example.com'})}\n")
    relay.wait_until(lambda: destinations(shop)["pinterest-sandbox"]["delivered"] == 2)
    assert canaries_in(shop.folder / "data")

    done = shop.run("forget", *who, "--json")

    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert (answer["events"], answer["complete"]) == (1, True)
    at = {each["destination"]: each for each in answer["destinations"]}
    assert at["pinterest-sandbox"]["delivered_event_ids"] == ["a"]
    assert at["tiktok-sandbox"]["erased"] == 1
    assert canaries_in(shop.folder) == set()
    shop.run("resume", "tiktok-sandbox")
    relay.wait_until(lambda: destinations(shop)["tiktok-sandbox"]["pending"] == 0)
    tiktok = destinations(shop)["tiktok-sandbox"]
    assert (tiktok["received"], tiktok["delivered"], tiktok["dead"]) == (2, 1, 1)
    assert "tiktok-sandbox: not delivered (erased)" in shop.run("event", "a").out
    assert "pinterest-sandbox: delivered" in shop.run("event", "--order", "order-a").out
    assert relay.end() == 0
    assert canaries_in(shop.folder) == set()


def test_what_was_done_is_told_in_words_and_once_more_finds_nobody(
    shop: Shop, relay: Running
) -> None:
    shop.run("pause", "tiktok-sandbox")
    shop.run("send", "-", stdin=event("a", ADA))
    relay.wait_until(lambda: destinations(shop)["pinterest-sandbox"]["delivered"] == 1)

    assert shop.run("forget", "--email", "-", stdin=f"{MAIL}\n").out.splitlines() == [
        "1 event erased.",
        "pinterest-sandbox: 1 delivered before.",
        "tiktok-sandbox: 1 waited and will not be sent.",
        "Only the platform of pinterest-sandbox can delete there: a",
    ]
    again = shop.run("forget", "--email", MAIL)
    assert (again.code, again.out) == (0, "No event of this person is on record.\n")


def test_events_that_cannot_be_read_are_told_and_fail_the_command(
    shop: Shop, relay: Running
) -> None:
    shop.run("pause", "tiktok-sandbox")
    shop.run("send", "-", stdin=f"{event('a', ADA)}\n{event('b', ADA)}\n")
    relay.wait_until(lambda: destinations(shop)["pinterest-sandbox"]["delivered"] == 2)
    [journal] = (shop.folder / "data").glob("*.sandbox")
    with closing(sqlite3.connect(journal, isolation_level=None)) as other:
        [(group, data)] = other.execute("SELECT id, entries FROM log")
        damaged = data.replace(b"Canary/7.0", b"Canary\xff7.0", 1)
        other.execute("UPDATE log SET entries = ? WHERE id = ?", (damaged, group))

    ended = shop.run("forget", "--email", MAIL)

    assert (ended.code, ended.out.splitlines()[0]) == (1, "1 event erased.")
    assert "1 damaged event may be this person's" in ended.err


def test_a_replay_does_not_call_an_event_too_old_whose_person_is_forgotten(
    shop: Shop, relay: Running
) -> None:
    shop.run("pause", "tiktok-sandbox")
    shop.run("send", "-", stdin=event("a", ADA))
    relay.wait_until(lambda: destinations(shop)["tiktok-sandbox"]["pending"] == 1)
    shop.run("forget", "--email", MAIL)

    assert shop.run("dead", "replay", "--destination", "tiktok-sandbox").out.splitlines() == [
        "1 dead letter matched; 0 will be sent.",
        "1 too old for the platform, or no longer on record: they stay as they are.",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--email, --external-id or --phone"),
        (["--email", "nobody-canary"], "--email: no event can be found"),
        (["--phone", "12"], "--phone: no event can be found"),
        (["--external-id", "null"], "--external-id: no event can be found"),
        (["--email", MAIL, "--country", "Neverland"], "--country"),
    ],
)
def test_a_value_by_which_nobody_is_found_is_wrong_usage_and_not_repeated(
    shop: Shop, arguments: list[str], words: str
) -> None:
    ended = shop.run("forget", *arguments)
    assert ended.code == 2
    [line] = ended.err.splitlines()
    assert words in line
    assert "canary" not in line


def test_nobody_is_erased_if_stdin_names_more_people_than_are_read(shop: Shop) -> None:
    """Whoever pipes a list into it would believe that all of them are erased."""
    ended = shop.run("forget", "--email", "-", stdin=f"{MAIL}\n\nbob-canary@example.com\n")
    assert_one_line(ended, 2, "stdin has more lines")
    assert "canary" not in ended.err

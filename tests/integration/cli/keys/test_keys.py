"""`relay keys` as a person uses it: beside a running relay, which takes notice by itself."""

import json
import stat
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.process import purchase
from tests.given.command.process import Shop

CONFIG = """
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "relay.toml").write_text(CONFIG)
    return Shop.of(tmp_path)


def made(shop: Shop, *arguments: str) -> dict[str, str]:
    ended = shop.run("keys", "create", *arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, str] = json.loads(ended.out)
    return found


def test_a_key_is_shown_once_and_kept_hashed_for_its_owner_only(shop: Shop) -> None:
    key = made(shop, "backend", "--max-uses", "5", "--rate", "100/s", "--expires", "90d")
    assert set(key) == {"name", "key", "secret", "token"}
    assert key["token"] == f"{key['key']}_{key['secret']}"
    file = shop.folder / "data" / "keys.json"
    assert key["secret"] not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    listed = shop.run("keys", "list")
    assert "backend" in listed.out
    assert key["secret"] not in listed.out
    assert json.loads(shop.run("keys", "list", "--json").out)["keys"][0]["max_uses"] == 5


def test_a_list_of_no_keys_tells_what_that_means_wherever_the_relay_listens(shop: Shop) -> None:
    """Off loopback the relay does not even start, so it is not said that it listens there."""
    listed = shop.run("keys", "list", RELAY_SERVER__LISTEN="0.0.0.0:8080").out
    assert listed.startswith("There is no key: on loopback the relay asks for none, elsewhere")


def test_a_person_sees_both_ways_to_use_it(shop: Shop) -> None:
    shown = shop.run("keys", "create", "backend").out
    assert "Authorization: Bearer relay_" in shown
    assert "relay-api-key: relay_" in shown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["a b"], "NAME must be"),
        (["a", "--scopes", "all"], "--scopes must be events:write or events:read"),
        (["a", "--rate", "fast"], "--rate must be a number of requests a second"),
        (["a", "--rate", "0/s"], "--rate must be"),
        (["a", "--rate", f"{'9' * 400}/s"], "--rate must be"),
        (["a", "--expires", "soon"], "--expires must be a duration"),
        (["a", "--expires", "1ms"], "--expires must be a second or more"),
        (["a", "--expires", "9999999d"], "--expires must be at most 36500d"),
        (["a", "--destinations", " ,"], "--destinations must name one or more"),
        (["a", "--destinations", "nowhere"], "nowhere is not configured; there is tiktok-main"),
        (["a", "--max-uses", "0"], "--max-uses"),
        (["a", "--max-uses", "9" * 20], "--max-uses"),
    ],
)
def test_a_mistake_is_one_line_and_makes_no_key(
    shop: Shop, arguments: list[str], problem: str
) -> None:
    ended = shop.run("keys", "create", *arguments)
    assert ended.code == 2
    assert problem in ended.err
    assert ended.err.count("\n") == 1
    assert not (shop.folder / "data" / "keys.json").exists()


def listed(shop: Shop) -> dict[str, object]:
    [found] = json.loads(shop.run("keys", "list", "--json").out)["keys"]
    return {name: found[name] for name in ("uses", "uses_left", "last_used_at")}


def test_uses_are_listed_where_the_relay_runs_and_a_hyphen_otherwise(shop: Shop) -> None:
    token = made(shop, "backend", "--max-uses", "5")["token"]
    assert listed(shop) == {"uses": None, "uses_left": None, "last_used_at": None}
    assert "- of 5" in shop.run("keys", "list").out
    with shop.serving():
        assert listed(shop) == {"uses": 0, "uses_left": 5, "last_used_at": None}
        post_purchase(shop, token)
        used = listed(shop)
        assert (used["uses"], used["uses_left"]) == (1, 4)
        assert str(used["last_used_at"]).endswith("Z")
        assert "4 of 5" in shop.run("keys", "list").out


def post_purchase(shop: Shop, token: str) -> None:
    body = json.dumps(purchase("order-1")).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{shop.producers}/v1/events"
    with urlopen(Request(url, body, headers), timeout=5) as answer:
        assert answer.status == 202


def test_two_keys_of_one_name_are_refused_until_the_first_is_revoked(shop: Shop) -> None:
    made(shop, "backend")
    again = shop.run("keys", "create", "backend")
    assert (again.code, again.err.count("\n")) == (1, 1)
    assert shop.run("keys", "revoke", "backend").code == 0
    made(shop, "backend")
    assert shop.run("keys", "revoke", "nobody").code == 1


def test_a_key_that_is_rotated_by_its_public_half_keeps_its_name(shop: Shop) -> None:
    key = made(shop, "backend")["key"]
    assert json.loads(shop.run("keys", "rotate", key, "--json").out)["name"] == "backend"


def test_a_rotation_ends_the_keys_of_its_name_and_no_other(shop: Shop) -> None:
    made(shop, "till")
    made(shop, "backend", "--expires", "1h")
    assert shop.run("keys", "rotate", "backend", "--overlap", "2h").code == 0
    keys = json.loads(shop.run("keys", "list", "--json").out)["keys"]
    till, old, new = ((each["name"], each["expires_at"]) for each in keys)
    assert till == ("till", None)
    assert old == new  # the overlap does not outlast what the key was given
    assert new[1] is not None


def test_a_second_rotation_by_the_old_public_half_lasts_as_long_as_the_key_in_force(
    shop: Shop,
) -> None:
    key = made(shop, "backend")["key"]
    shop.run("keys", "rotate", key)
    shop.run("keys", "rotate", key)
    keys = json.loads(shop.run("keys", "list", "--json").out)["keys"]
    assert keys[-1]["expires_at"] is None


def test_off_loopback_a_relay_asks_for_a_key_first(shop: Shop) -> None:
    ended = shop.run("check", RELAY_SERVER__LISTEN="0.0.0.0:8080")
    assert ended.code == 2
    assert 'make one with "relay keys create NAME"' in ended.err
    made(shop, "backend")
    assert shop.run("check", RELAY_SERVER__LISTEN="0.0.0.0:8080").code == 0


def status_of(shop: Shop, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = Request(f"http://127.0.0.1:{shop.producers}/v1/auth/test", headers=headers)
    try:
        with urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def within_a_second(shop: Shop, token: str | None, status: int) -> bool:
    """Return whether a request is answered so within a second, in which nothing else happens."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        if status_of(shop, token) == status:
            return True
    return False


def test_a_running_relay_notices_new_rotated_and_revoked_keys(shop: Shop) -> None:
    with shop.serving():
        assert status_of(shop, None) == 200
        first = made(shop, "backend")["token"]
        assert within_a_second(shop, first, 200)
        assert within_a_second(shop, None, 401)
        rotated = shop.run("keys", "rotate", "backend", "--overlap", "1h", "--json")
        second = json.loads(rotated.out)["token"]
        assert within_a_second(shop, second, 200)
        assert status_of(shop, first) == 200
        assert shop.run("keys", "revoke", "backend").code == 0
        assert within_a_second(shop, first, 401)
        assert status_of(shop, second) == 401


def test_a_relay_whose_keys_are_gone_says_that_nobody_needs_one(shop: Shop) -> None:
    """As after a journal was restored, or moved, without the file beside it."""
    key = made(shop, "backend")
    with shop.serving() as relay:
        sent = shop.run("send", "-", stdin=json.dumps(purchase("a")), RELAY_API_KEY=key["token"])
        assert sent.code == 0, sent.err
        assert "nobody needs one" not in relay.err
    (shop.folder / "data" / "keys.json").unlink()
    with shop.serving() as relay:
        assert "producers used keys, there is none now: nobody needs one" in relay.err

"""Who may do what, and when a change of the file is noticed; the clock is the test's."""

import hmac
import os
from pathlib import Path

import pytest

from relay.errors import ConfigError
from relay.keys.keyring import LOOK_S, NO_DIGEST, Denied, Keyring
from relay.keys.token import Token, new_token
from relay.keys.uses import Uses
from tests.given.event.builders import NOW_S
from tests.given.port.key_file import Keys


class Clock:
    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


NO_USES = Uses({}, Clock())


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json")


def ring(keys: Keys, clock: Clock | None = None, *, exposed: bool = False) -> Keyring:
    return Keyring(keys.path, NO_USES, clock or Clock(), exposed=exposed)


def kind_of(found: Keyring, token: Token | None) -> str:
    with pytest.raises(Denied) as denied:
        found.grant(token)
    return denied.value.kind


async def test_without_any_key_nobody_needs_one(keys: Keys) -> None:
    found = ring(keys)
    assert found.anonymous().name == ""
    assert await found.anonymous().uses_left() is None
    assert found.grant(new_token()).name == ""


def test_a_port_open_to_the_network_is_open_to_nobody_without_a_key(keys: Keys) -> None:
    with pytest.raises(Denied):
        ring(keys, exposed=True).anonymous()


def test_once_there_is_a_key_everybody_needs_one_even_after_it_is_revoked(keys: Keys) -> None:
    keys.revoke(keys.make())
    with pytest.raises(Denied):
        ring(keys).anonymous()


def test_a_key_is_told_by_its_secret(keys: Keys) -> None:
    token = keys.make("shop")
    found = ring(keys)
    assert found.grant(token).name == "shop"
    assert kind_of(found, Token(token.key, new_token().secret)) == "unauthorized"
    assert kind_of(found, new_token()) == "unauthorized"
    assert kind_of(found, None) == "unauthorized"


def test_a_wrong_secret_and_an_unknown_key_take_the_same_way(keys: Keys) -> None:
    """Each costs one comparison of two digests, in a time that says nothing of them."""
    token = keys.make()
    compared: list[tuple[str, str]] = []

    def same(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    found = Keyring(keys.path, NO_USES, Clock(), same=same)
    for stranger in (Token(token.key, new_token().secret), new_token()):
        assert kind_of(found, stranger) == "unauthorized"
    assert [(len(one), len(other)) for one, other in compared] == [(64, 64)] * 2
    assert found.grant(token).name == "shop"
    assert len(compared) == 3


def test_nobody_has_the_key_whose_digest_stands_in_for_an_unknown_one(keys: Keys) -> None:
    keys.make()
    found = Keyring(keys.path, NO_USES, Clock(), same=lambda _, other: other == NO_DIGEST)
    assert kind_of(found, new_token()) == "unauthorized"


def test_a_key_ends_when_it_expires(keys: Keys) -> None:
    clock = Clock()
    token = keys.make(expires_at=int(NOW_S) + 60)
    found = ring(keys, clock)
    assert found.grant(token).name == "shop"
    clock.now_s += 60
    assert kind_of(found, token) == "unauthorized"


def test_what_changes_in_the_file_is_in_force_within_a_second(keys: Keys) -> None:
    clock = Clock()
    first = keys.make("first")
    found = ring(keys, clock)
    found.grant(first)
    second = keys.make("second")
    keys.revoke(first)
    clock.now_s += LOOK_S
    assert LOOK_S < 1
    assert found.grant(second).name == "second"
    assert kind_of(found, first) == "unauthorized"


@pytest.mark.parametrize("content", ["", "{", '{"version":2}', "[]"])
def test_a_file_that_became_unreadable_leaves_the_last_good_keys(keys: Keys, content: str) -> None:
    clock = Clock()
    token = keys.make()
    found = ring(keys, clock)
    keys.path.write_text(content)
    clock.now_s += LOOK_S
    assert found.grant(token).name == "shop"


def test_a_file_that_can_be_read_again_is_in_force_whatever_it_looks_like(
    keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    """As after `chown`, which changes neither its time nor its size; a warning is enough."""
    clock = Clock()
    token = keys.make()
    found = ring(keys, clock)
    keys.revoke(token)
    good, status = keys.path.read_bytes(), keys.path.stat()
    keys.path.write_bytes(b"?" * len(good))
    os.utime(keys.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    for _ in range(2):
        clock.now_s += LOOK_S
        assert found.grant(token).name == "shop"

    keys.path.write_bytes(good)
    os.utime(keys.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    clock.now_s += LOOK_S

    assert kind_of(found, token) == "unauthorized"
    assert caplog.messages == ["the last good producer keys stay"]


def test_a_file_that_is_gone_opens_the_port_to_nobody(keys: Keys) -> None:
    clock = Clock()
    keys.make()
    found = ring(keys, clock)
    keys.path.unlink()
    clock.now_s += LOOK_S
    with pytest.raises(Denied):
        found.anonymous()


@pytest.mark.parametrize("content", [None, "{"])
def test_a_process_that_joins_others_has_their_last_good_keys(
    keys: Keys, content: str | None
) -> None:
    token = keys.make()
    last = ring(keys).in_force()
    keys.path.unlink() if content is None else keys.path.write_text(content)
    found = Keyring(keys.path, NO_USES, Clock(), last=last)
    assert found.grant(token).name == "shop"
    assert kind_of(found, None) == "unauthorized"


def test_a_process_that_joins_others_looks_at_the_file_at_once(keys: Keys) -> None:
    token = keys.make()
    last = ring(keys).in_force()
    keys.revoke(token)
    assert kind_of(Keyring(keys.path, NO_USES, Clock(), last=last), token) == "unauthorized"


def test_a_relay_does_not_start_with_an_unreadable_file(keys: Keys) -> None:
    keys.path.write_text("canary-content")
    with pytest.raises(ConfigError, match=r"keys\.json is no file of producer keys") as raised:
        ring(keys)
    assert "canary" not in str(raised.value)

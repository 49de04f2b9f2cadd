"""What commands change in the key file: which keys a name stands for, and what makes room."""

import pytest
from msgspec.structs import replace

from relay.cli.keys.change import MAX_KEYS, matching, refuse_taken, with_key
from relay.errors import RelayError
from relay.keys.record import Key, KeyFile, Limits

NOW_S = 1_000
SHOP = Key(
    key="k-shop", name="shop", digest="", limits=Limits(), created_at=NOW_S, uses_of="k-shop"
)
TILL = replace(SHOP, key="k-till", name="till")
REVOKED = replace(SHOP, key="k-revoked", revoked_at=NOW_S - 1)
EXPIRED = replace(SHOP, key="k-expired", expires_at=NOW_S)


def file_of(*keys: Key) -> KeyFile:
    return KeyFile(pepper="00", keys=keys)


@pytest.mark.parametrize(("name", "found"), [("shop", [SHOP]), ("k-till", [TILL])])
def test_a_name_or_a_public_half_stands_for_what_is_usable(name: str, found: list[Key]) -> None:
    assert matching(file_of(REVOKED, SHOP, EXPIRED, TILL), name, NOW_S) == found


@pytest.mark.parametrize("name", ["k-revoked", "k-expired", "nobody"])
def test_what_has_ended_is_found_by_no_name(name: str) -> None:
    with pytest.raises(RelayError, match="there is no usable key"):
        matching(file_of(REVOKED, EXPIRED, TILL), name, NOW_S)


def test_a_name_is_taken_until_its_keys_have_ended() -> None:
    refuse_taken(file_of(REVOKED, EXPIRED, TILL), "shop", NOW_S)
    with pytest.raises(RelayError, match="there is a key shop already"):
        refuse_taken(file_of(REVOKED, SHOP), "shop", NOW_S)


def test_in_a_full_file_what_ended_first_makes_room_and_nothing_that_is_usable() -> None:
    usable = [SHOP] * (MAX_KEYS - 2)
    found = with_key(file_of(*usable, REVOKED, EXPIRED), TILL)
    assert found.keys == [*usable, EXPIRED, TILL]
    with pytest.raises(RelayError, match="revoke some first"):
        with_key(file_of(*[SHOP] * MAX_KEYS), TILL)
    assert len(with_key(file_of(*[SHOP] * (MAX_KEYS - 1)), TILL).keys) == MAX_KEYS

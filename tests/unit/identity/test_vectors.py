"""The platforms' published examples and rules, as tables: one row, one value, one thing sent."""

import hashlib
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from relay.event import User
from relay.identity import Identity
from relay.identity.digest import DENYLIST
from relay.identity.user import identify

PINTEREST = {
    "email": "email_compact",
    "phone": "phone_digits",
    "zip": "zip_digits",
    "mobile_ad_id": "mobile_ad_id_lower",
}
TIKTOK = {
    "email": "email_trimmed",
    "phone": "phone_e164",
    "first_name": "first_name_letters",
    "last_name": "last_name_letters",
    "city": "city_plain",
    "state": "state_plain",
    "zip": "zip_compact",
    "country": "country_plain",
}
"""Which form a platform takes, where it is not the field of the same name."""


class Vector(msgspec.Struct, forbid_unknown_fields=True):
    field: str
    value: str | int
    normalised: str | None
    sent: str | None
    why: str
    form: str | None = None
    country: str | None = None
    default_country: str | None = None


class Vectors(msgspec.Struct):
    source: str
    vectors: list[Vector]


def vectors(platform: Literal["pinterest", "tiktok"]) -> list[Vector]:
    text = Path(__file__).with_name(f"vectors_{platform}.json").read_bytes()
    return msgspec.json.decode(text, type=Vectors).vectors


def sent(vector: Vector, forms: dict[str, str]) -> str | None:
    user = User(country=vector.country)
    setattr(user, vector.field, vector.value)
    identity, _ = identify(user, vector.default_country)
    return only(identity, vector.form or forms.get(vector.field, vector.field))


def only(identity: Identity, form: str) -> str | None:
    found = getattr(identity, form)
    if isinstance(found, tuple):
        assert len(found) <= 1
        return found[0] if found else None
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize("vector", vectors("pinterest"), ids=lambda vector: vector.why)
def test_pinterest(vector: Vector) -> None:
    assert sent(vector, PINTEREST) == vector.sent


@pytest.mark.parametrize("vector", vectors("tiktok"), ids=lambda vector: vector.why)
def test_tiktok(vector: Vector) -> None:
    assert sent(vector, TIKTOK) == vector.sent


@pytest.mark.parametrize(
    "vector", vectors("pinterest") + vectors("tiktok"), ids=lambda vector: vector.why
)
def test_a_vector_agrees_with_itself(vector: Vector) -> None:
    """What is sent is the normalised text or its SHA-256."""
    if vector.normalised is None:
        assert vector.sent is None
    else:
        digest = hashlib.sha256(vector.normalised.encode()).hexdigest()
        assert vector.sent in (vector.normalised, digest)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("null", "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"),
        ("undefined", "eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c"),
        ("none", "140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe"),
        ("None", "dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91"),
        ("nan", "9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0"),
        ("NaN", "d5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e"),
        ("(not set)", "34292f4267fcc40572e19d90988467838747a21321372edf934e1d1c0f3e65f2"),
        ("unknown", "b23a6a8439c0dde5515893e7c90c1e3233b8616e634470f20dc4928bcf3609bc"),
        (
            "00000000-0000-0000-0000-000000000000",
            "12b9377cbe7e5c94e8a70d9d23929523d14afa954793130f8a3959c7b849aca8",
        ),
    ],
)
def test_the_digest_of_nothing_is_never_sent(text: str, digest: str) -> None:
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert digest in DENYLIST
    identity, warnings = identify(User(email=digest.upper()), None)
    assert identity == Identity()
    assert [warning.path for warning in warnings] == ["user.email"]

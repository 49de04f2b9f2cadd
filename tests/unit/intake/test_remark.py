"""What came hashed and what is no use is stored with the event; nothing of a value is in it."""

from relay.conversion import HASHABLE
from relay.event import InboundEvent, User
from relay.identity.digest import DENYLIST, digest
from relay.intake.convert import convert

NOW_S = 1_700_000_000.0
DIGEST = digest("jane@example.com")


def converted(**user: object) -> tuple[set[str], tuple[tuple[str, str], ...], list[str]]:
    """Return what came hashed, what is no use and why, and the paths that are warned about."""
    person = User(**user)  # type: ignore[arg-type]  # any field of a user
    event = InboundEvent(event="signup", event_id="1", event_time=NOW_S, user=person)
    found, warnings = convert(event, source="http", now_s=NOW_S, default_country=None)
    hashed = {name for at, name in enumerate(HASHABLE) if found.hashed >> at & 1}
    return hashed, found.unusable, [each.path for each in warnings]


def test_plain_values_leave_no_remark() -> None:
    assert converted(email="jane@example.com", external_id=7, city="Ghent") == (set(), (), [])


def test_each_identifier_that_may_come_hashed_is_told_when_it_does() -> None:
    for name in HASHABLE:
        assert converted(**{"epik": "dj0", name: DIGEST.upper()}) == ({name}, (), [])


def test_one_digest_of_an_array_is_enough_and_is_no_warning() -> None:
    hashed, unusable, warned = converted(email=["jane@example.com", DIGEST, "nope"])
    assert (hashed, warned) == ({"email"}, ["user.email[2]"])
    assert unusable == (("email", "left out: not an e-mail address"),)


def test_the_digest_of_nothing_is_no_use_also_hashed_twice() -> None:
    for nothing in ("", " ", "\n", "null", digest("")):
        assert digest(nothing) in DENYLIST
        hashed, unusable, warned = converted(epik="dj0", email=digest(nothing))
        assert (hashed, warned) == (set(), ["user.email"])
        assert unusable == (("email", "left out: the digest of an empty text or of a placeholder"),)

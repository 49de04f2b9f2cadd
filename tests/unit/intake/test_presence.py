from prometheus_client import CollectorRegistry

from relay.identity import Identity
from relay.intake.presence import count, presence_of
from relay.journal.codec import entry_of
from relay.metrics import FORMS, IDENTIFIERS, IdentifierTally
from tests.builders import DIGEST, conversion, payload


def carried(identity: Identity) -> set[str]:
    return {name for name, there in zip(FORMS, presence_of(identity), strict=True) if there}


def test_nothing_is_there_unless_something_is() -> None:
    assert carried(Identity()) == set()


def test_each_identifier_is_seen_in_any_of_its_forms() -> None:
    identity = Identity(
        email_compact=(DIGEST,),
        phone_digits=(DIGEST,),
        city_plain="berlin",
        state=DIGEST,
        zip_compact=DIGEST,
        ip="203.0.113.7",
        ttclid="click",
    )
    assert carried(identity) == {"email", "phone", "city", "state", "zip", "ip", "ttclid"}


def test_an_event_counts_for_the_destinations_that_get_it() -> None:
    registry = CollectorRegistry()
    tally = IdentifierTally(registry, "present", "text")
    for name in ("first", "second"):
        tally.expect(name, IDENTIFIERS)
    identity = Identity(email_compact=(DIGEST,))
    event = entry_of(conversion(), {}, {"first": payload()}, presence_of(identity))
    count(tally, [event, event])
    labels = {"identifier": "email"}
    assert registry.get_sample_value("present_total", {**labels, "destination": "first"}) == 2
    assert registry.get_sample_value("present_total", {**labels, "destination": "second"}) == 0

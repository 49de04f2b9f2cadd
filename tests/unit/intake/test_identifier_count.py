from relay.identity import Identity
from relay.identity.presence import presence_of
from relay.intake.identifier_count import count
from relay.intake.problem import Finding, Problem
from relay.journal.codec import entry_of
from relay.metrics import IDENTIFIERS, Metrics
from tests.given.event.builders import DIGEST, conversion, payload


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_an_event_counts_for_the_destinations_that_get_it() -> None:
    metrics = Metrics()
    for name in ("first", "second"):
        metrics.identifiers.expect(name, IDENTIFIERS)
    identity = Identity(email_compact=(DIGEST,))
    event = entry_of(conversion(), {}, {"first": payload()}, presence_of(identity))
    count(metrics, [event, event], ())
    name = "relay_identifier_present_total"
    assert sample(metrics, name, destination="first", identifier="email") == 2
    assert sample(metrics, name, destination="second", identifier="email") == 0


def test_what_was_left_out_is_counted_by_why_without_a_value() -> None:
    metrics = Metrics()
    problem = Problem("invalid_value", "user.phone[1]", "left out: not a number (7 to 15 digits)")
    count(metrics, [], [Finding(0, "canary-id", problem)] * 3)
    name, reason = "relay_identifier_unusable_total", "left out: not a number"
    assert sample(metrics, name, identifier="phone", reason=reason) == 3

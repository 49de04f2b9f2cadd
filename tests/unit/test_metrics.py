"""The metrics: exact, bounded, and at zero before anything has happened."""

from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from relay.delivery import Outcome
from relay.event import User
from relay.metrics import (
    EVENTS,
    FORMS,
    IDENTIFIERS,
    MAX_KINDS,
    OUTCOMES,
    IdentifierTally,
    Metrics,
)

NOBODY = (False,) * len(IDENTIFIERS)


def carrying(*names: str) -> int:
    return sum(1 << at for at, name in enumerate(FORMS) if name in names)


def test_the_names_here_are_those_of_the_contracts() -> None:
    assert get_args(Outcome) == OUTCOMES
    assert set(FORMS) == set(IDENTIFIERS)
    assert set(IDENTIFIERS) == set(User.__struct_fields__) - {"att_status", "customer_type"}


def test_bounds_of_histograms_rise() -> None:
    assert list(EVENTS) == sorted(set(EVENTS))


def test_identifiers_are_counted_for_the_destinations_that_take_them() -> None:
    registry = CollectorRegistry()
    tally = IdentifierTally(registry, "present", "text")
    tally.expect("first", ["email", "phone"])
    tally.expect("second", ["email"])
    tally.add_events([(("first", "second"), carrying("email", "phone"), "purchase")] * 2)
    tally.add_events(
        [(("first",), carrying("email"), "lead"), (("unknown",), carrying("email"), "lead")]
    )
    for _ in range(2):  # a second look counts nothing twice
        found = {
            (sample.labels["destination"], sample.labels["identifier"]): sample.value
            for family in registry.collect()
            for sample in family.samples
        }
    assert found == {("first", "email"): 3, ("first", "phone"): 2, ("second", "email"): 2}
    carried = {
        label: (each.events, dict(each.identifiers))
        for label, each in tally.carried("first").items()
    }
    assert carried == {"purchase": (2, {"email": 2, "phone": 2}), "lead": (1, {"email": 1})}


def test_a_form_that_a_destination_does_not_get_is_none_to_it() -> None:
    """A phone number without its country goes to one platform alone."""
    tally = IdentifierTally(CollectorRegistry(), "present", "text")
    digits, e164 = (1 << at for at, name in enumerate(FORMS) if name == "phone")
    tally.expect("digits", ["phone"], digits)
    tally.expect("e164", ["phone"], e164)
    tally.add_events([(("digits", "e164"), digits, "lead")])
    assert tally.carried("digits")["lead"].identifiers == {"phone": 1}
    assert tally.carried("e164")["lead"].identifiers == {}


def test_kinds_of_events_are_bounded() -> None:
    tally = IdentifierTally(CollectorRegistry(), "present", "text")
    tally.expect("shop", IDENTIFIERS)
    for number in range(2 * MAX_KINDS):
        names = [name for at, name in enumerate(IDENTIFIERS) if number >> at & 1]
        tally.add_events([(("shop",), carrying(*names), "purchase")])
        assert len(tally._kinds) <= MAX_KINDS
    [family] = tally.collect()
    assert sum(sample.value for sample in family.samples) == sum(
        number.bit_count() for number in range(2 * MAX_KINDS)
    )


def test_a_configured_destination_starts_at_zero() -> None:
    metrics = Metrics()
    metrics.expect("shop")
    text = generate_latest(metrics.registry).decode()
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    outcomes = {
        sample.labels["outcome"] for sample in samples if sample.name == "relay_requests_total"
    }
    assert outcomes == set(OUTCOMES)
    assert all(sample.value == 0 for sample in samples)


def test_what_events_carry_is_told_by_kind_with_how_many_there_were() -> None:
    tally = IdentifierTally(CollectorRegistry(), "t", "text")
    tally.expect("shop", ["email", "phone"])
    tally.add_events([(("shop",), carrying("email"), "lead"), (("shop",), carrying(), "lead")])

    carried = tally.carried("shop")["lead"]
    assert (carried.events, dict(carried.identifiers)) == (2, {"email": 1})
    assert tally.carried("other") == {}

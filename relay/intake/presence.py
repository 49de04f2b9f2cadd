"""Counts which identifiers events carry: a figure that a shop can improve.

It checks only whether an identifier is present, and never looks at its value.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from relay.event_name import label_of
from relay.identity import Identity
from relay.intake.problem import Finding
from relay.intake.remark import identifier_of, reason_of
from relay.journal.entry import Entry
from relay.metrics import Metrics, Presence

_FORMS: Final = attrgetter(
    *("email_compact", "phone_digits", "external_id", "first_name", "last_name", "gender"),
    *("birth_date", "city", "city_plain", "state", "state_plain", "zip_digits", "zip_compact"),
    *("country", "country_plain", "mobile_ad_id_lower", "ip", "user_agent", "locale"),
    *("epik", "ttclid", "ttp"),
)
"""Reads the forms of `relay.metrics.FORMS` in one call."""


def presence_of(identity: Identity) -> Presence:
    """Return whether each form is present."""
    return bytes(map(bool, _FORMS(identity)))


def count(metrics: Metrics, entries: Iterable[Entry], warnings: Iterable[Finding]) -> None:
    """Count stored events for the destinations that get them, and unusable identifiers."""
    metrics.identifiers.add_events(
        [(tuple(entry.payloads), entry.presence, label_of(entry.event)) for entry in entries]
    )
    for warning in warnings:
        problem = warning.problem
        metrics.unusable.add(identifier_of(problem.path), reason_of(problem.message))

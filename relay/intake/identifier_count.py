"""Counts which identifiers stored events carry, and which were left out, so that a shop can act."""

from collections.abc import Iterable

from relay.event_name import label_of
from relay.intake.problem import Finding
from relay.intake.remark import identifier_of, reason_of
from relay.journal.entry import Entry
from relay.metrics import Metrics


def count(metrics: Metrics, entries: Iterable[Entry], warnings: Iterable[Finding]) -> None:
    """Count stored events for the destinations that get them, and unusable identifiers."""
    metrics.identifiers.add_events(
        [(tuple(entry.payloads), entry.presence, label_of(entry.event)) for entry in entries]
    )
    for warning in warnings:
        problem = warning.problem
        metrics.unusable.add(identifier_of(problem.path), reason_of(problem.message))

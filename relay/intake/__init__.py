"""Turns the bytes that producers send into journal entries, and reports what it rejects."""

from relay.intake.intake import Intake, Origin, Taken
from relay.intake.problem import Finding, Problem, TooMany, Unreadable
from relay.intake.route import Route, Router
from relay.intake.storage import Storage
from relay.intake.window import Window

__all__ = [
    "Finding",
    "Intake",
    "Origin",
    "Problem",
    "Route",
    "Router",
    "Storage",
    "Taken",
    "TooMany",
    "Unreadable",
    "Window",
]

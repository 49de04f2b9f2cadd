"""A destination that decides as a test says, for tests of what lies before the platforms."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from relay.conversion import Conversion
from relay.delivery import (
    Answer,
    Destination,
    HttpRequest,
    HttpResponse,
    Limits,
    PauseReason,
    Payload,
    Skip,
    Sourced,
    Unusable,
)
from relay.intake import Route
from relay.rules import Rules

LIMITS = Limits(
    max_events=1000, max_bytes=10**6, requests_per_s=10.0, deduplication_window_s=86_400.0
)


NO_RULES: Final = Rules()


def route_to(destination: Destination, rules: Rules = NO_RULES) -> Route:
    """Return the way to a destination, from which nothing is kept unless the test says so."""
    return Route(destination, rules)


class StubDestination:
    """See `relay.delivery.Destination`. Every event is prepared to `prepared`."""

    type = "stub"
    test = False
    emulated = False
    limits = LIMITS

    def __init__(
        self,
        name: str = "first",
        prepared: Payload | Skip | Unusable | None = None,
        *,
        max_age_s: float = 3600.0,
    ) -> None:
        self.name = name
        self.mapping: Hashable = name
        self.budget = name
        self.identifier_keys: Mapping[str, str] = {}
        self.identifier_forms: Sequence[str] = ()
        self.fixes: Mapping[PauseReason, str] = {}
        self.seen: list[str] = []
        """The ids of the events that were prepared."""
        self._prepared = prepared or Payload(b"{}", "web", "checkout")
        self._max_age_s = max_age_s

    def max_age_s(self, event: Sourced) -> float:
        """Return the same for all events."""
        return self._max_age_s

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        """Return what the test said."""
        self.seen.append(conversion.event_id)
        return self._prepared

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        """Return a request that says nothing."""
        return HttpRequest("http://127.0.0.1/", {}, b"")

    def answer(self, response: HttpResponse, count: int) -> Answer:
        """Return that it passes."""
        return Answer(kind="transient")

    def identifiers(self, conversion: Conversion) -> Mapping[str, str | Sequence[str]]:
        """Return the e-mail address, under the key of an imaginary platform."""
        return {"em": conversion.identity.email_compact} if self.identifier_keys else {}

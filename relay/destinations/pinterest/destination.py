"""Pinterest's Conversions API, v5: one configured ad account.

Documentation (all 2026): https://developers.pinterest.com/docs/api-features/conversion-overview,
https://developers.pinterest.com/docs/reference/rate-limits, and the OpenAPI description 5.23.0 at
https://github.com/pinterest/api-description, operation `events/create`. There is no sandbox: test
mode is `?test=true` at the same address, where events are checked and not recorded.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from relay.config import PinterestConfig
from relay.conversion import Conversion
from relay.delivery import (
    Answer,
    HttpRequest,
    HttpResponse,
    Limits,
    Payload,
    Skip,
    Sourced,
    Unusable,
)
from relay.destinations.pinterest.exchange import answer_of, events_url, request_of
from relay.destinations.pinterest.fix import FIXES
from relay.destinations.pinterest.mapping import event_of
from relay.destinations.pinterest.payload import Event, encode
from relay.destinations.pinterest.person import IDENTIFIER_FORMS, IDENTIFIER_KEYS, language, user_of
from relay.event import ActionSource

TYPE: Final = "pinterest"
CONFIG: Final = PinterestConfig

MAX_EVENTS: Final = 1000
"""The most events of a request (`maxItems` of `data` in the OpenAPI description)."""
MAX_BYTES: Final = 2_000_000
"""Pinterest publishes no limit for the body; other senders use this one."""
MAX_REQUESTS_PER_S: Final = 2000.0
"""120,000 per minute and ad account ("Rate limits", and the headers of answers). The reference
still says 5,000, and the default of `rate` stays below that; 429 is obeyed in any case."""
DEDUPLICATION_WINDOW_S: Final = 48 * 3600.0
"""Of events with the same id and name, the first one counts ("Conversion overview", 2026)."""
UNDEDUPLICATED: Final[frozenset[ActionSource]] = frozenset({"offline", "crm"})
"""Both are sent as `offline`, and offline events are never compared (OpenAPI 5.23.0,
`event_id`)."""
ONLINE_WALL_S: Final = 3600.0
"""An event that arrives more than an hour after it happened counts as an offline event, according
to Segment's and Tealium's pages on Pinterest (2026); Pinterest itself says nothing. So it is sent,
and counted as a warning."""
MAX_AGE_S: Final = 7 * 86_400.0
"""Pinterest publishes no age wall, but its customers report one of 7 days. So `max_event_age` may
lower or raise it, and an event that Pinterest then refuses is dead with Pinterest's own words."""

_NOT_TEXT: Final = Unusable("invalid_event", "", "a text of this event is not valid Unicode")


class Pinterest:
    """See `relay.delivery.Destination`. Offline events, never deduplicated, are batched apart."""

    type = TYPE
    identifier_keys = IDENTIFIER_KEYS
    identifier_forms = IDENTIFIER_FORMS
    fixes = FIXES

    def __init__(self, name: str, config: PinterestConfig) -> None:
        self.name = name
        self.test = config.test
        self.emulated = config.base_url.startswith("http:")
        self.limits = Limits(
            max_events=min(config.max_events, MAX_EVENTS),
            max_bytes=MAX_BYTES,
            requests_per_s=min(config.requests_per_s, MAX_REQUESTS_PER_S),
            deduplication_window_s=DEDUPLICATION_WINDOW_S,
            undeduplicated=UNDEDUPLICATED,
            online_wall_s=ONLINE_WALL_S,
        )
        url = events_url(config.base_url, config.ad_account_id)
        self.budget = url
        self._url = f"{url}?test=true" if config.test else url
        self.mapping = (TYPE, config.custom_events)
        self._custom_events = config.custom_events
        self._max_age_s = config.max_event_age or MAX_AGE_S

    def max_age_s(self, event: Sourced) -> float:  # noqa: ARG002 - the same for all events
        """Return the age in seconds beyond which an event is not sent to Pinterest."""
        return self._max_age_s

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        """Return the event in Pinterest's format, or why it is not sent."""
        event = event_of(conversion, custom_events=self._custom_events)
        if not isinstance(event, Event):
            return event
        try:
            body = encode(event)
        except UnicodeEncodeError:
            return _NOT_TEXT
        batch_key = "offline" if event.action_source == "offline" else "online"
        return Payload(body, batch_key, event.event_name)

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        """Return the POST that carries `payloads`."""
        return request_of(self._url, payloads, token)

    def answer(self, response: HttpResponse, count: int) -> Answer:
        """Return what Pinterest's answer to a request of `count` events means."""
        return answer_of(response, count)

    def identifiers(self, conversion: Conversion) -> Mapping[str, str | Sequence[str]]:
        """Return the identifiers that Pinterest gets, by its own keys."""
        user = msgspec.structs.asdict(user_of(conversion.identity))
        user["language"] = language(conversion.identity.locale)
        return {key: value for key, value in user.items() if value}


def build(name: str, config: PinterestConfig) -> Pinterest:
    """Return the destination that `config` describes."""
    return Pinterest(name, config)

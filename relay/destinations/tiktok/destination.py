"""TikTok Events API 2.0: one configured set of event sources that share a token.

A destination here covers up to four event sources (web pixel, app, offline event set, CRM event
set); `action_source` chooses among them, and a request carries events of one source only.
Documentation: business-api.tiktok.com/portal/docs, v1.3: "Report App, Web, Offline, or CRM Events",
"Parameters", "Supported events", "Responses and errors", "Rate limits", "Event deduplication"
(2026).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from relay.config import TikTokConfig
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
from relay.destinations.tiktok.event_name import EventSource, platform_name
from relay.destinations.tiktok.exchange import PATH, answer_of, request_of
from relay.destinations.tiktok.fix import FIXES
from relay.destinations.tiktok.mapping import EVENT_SOURCE, customer_type_of, event_of, user_of
from relay.destinations.tiktok.payload import Envelope, Event, encode
from relay.event import ActionSource

TYPE: Final = "tiktok"
CONFIG: Final = TikTokConfig

MAX_EVENTS: Final = 1000
"""The most events of a request; with one more, TikTok refuses all of them ("Report … Events")."""
MAX_BYTES: Final = 1_000_000
"""TikTok publishes no limit for the body; other senders use this one."""
MAX_REQUESTS_PER_S: Final = 1000.0
"""The limit of one developer app ("Rate limits")."""
DEDUPLICATION_WINDOW_S: Final = 48 * 3600.0
"""Of events with the same id and name, the first one counts, whether it came from the pixel or the
API ("Event deduplication", 2026). The page does not say whether the time of receipt or `event_time`
decides."""
UNDEDUPLICATED: Final[frozenset[ActionSource]] = frozenset({"app_android", "app_ios"})
"""The page mentions only web, offline and CRM events."""

_DAY_S: Final = 86_400.0
MAX_AGE_S: Final[Mapping[EventSource, float]] = {
    "web": 7 * _DAY_S,
    "app": 7 * _DAY_S,
    "offline": 28 * _DAY_S,
    "crm": 28 * _DAY_S,
}
"""Offline uploads must come within 28 days; older web and app events find no ad to credit."""

IDENTIFIER_KEYS: Final[Mapping[str, str]] = {
    "email": "email",
    "phone": "phone",
    "external_id": "external_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "city": "city",
    "state": "state",
    "zip": "zip_code",
    "country": "country",
    "mobile_ad_id": "gaid",
    "ip": "ip",
    "user_agent": "user_agent",
    "locale": "locale",
    "ttclid": "ttclid",
    "ttp": "ttp",
    "customer_type": "customer_type",
}
"""Inbound field of `user` → key in `user`, except `customer_type`, which is in `properties`; the
`mobile_ad_id` of an iOS app is sent as `idfa`."""
IDENTIFIER_FORMS: Final = (
    *("email_trimmed", "phone_e164", "external_id", "first_name_letters", "last_name_letters"),
    *("city_plain", "state_plain", "country_plain", "zip_compact", "mobile_ad_id_lower"),
    *("ip", "user_agent", "locale", "ttclid", "ttp"),
)
"""The fields of an identity that are sent under these keys."""

_NOT_MAPPED: Final = Skip("not_mapped")
_NOT_CONFIGURED: Final = Skip("not_configured")
_NOT_TEXT: Final = Unusable("invalid_event", "", "a text of this event is not valid Unicode")


class TikTok:
    """See `relay.delivery.Destination`. The batch key of a payload is its event source."""

    type = TYPE
    identifier_keys = IDENTIFIER_KEYS
    identifier_forms = IDENTIFIER_FORMS
    fixes = FIXES

    def __init__(self, name: str, config: TikTokConfig) -> None:
        self.name = name
        self.test = config.test
        self.emulated = config.base_url.startswith("http:")
        self.limits = Limits(
            max_events=min(config.max_events, MAX_EVENTS),
            max_bytes=MAX_BYTES,
            requests_per_s=min(config.requests_per_s, MAX_REQUESTS_PER_S),
            deduplication_window_s=DEDUPLICATION_WINDOW_S,
            undeduplicated=UNDEDUPLICATED,
        )
        self._url = config.base_url + PATH
        self._envelopes = _envelopes(config)
        self.mapping = (TYPE, config.custom_events, frozenset(self._envelopes))
        self.budget = f"{config.base_url} {next(iter(_source_ids(config).values()), '')}"
        self._custom_events = config.custom_events
        self._max_age_s = config.max_event_age

    def max_age_s(self, event: Sourced) -> float:
        """Return the age in seconds beyond which TikTok credits no ad with the event."""
        if self._max_age_s is not None:
            return self._max_age_s
        return MAX_AGE_S[EVENT_SOURCE[event.action_source]]

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        """Return the event in TikTok's format, or why it is not sent."""
        source = EVENT_SOURCE[conversion.action_source]
        name = platform_name(conversion.event, source, custom_events=self._custom_events)
        if name is None:
            return _NOT_MAPPED
        if source not in self._envelopes:
            return _NOT_CONFIGURED
        event = event_of(conversion, name, source)
        if not isinstance(event, Event):
            return event
        try:
            return Payload(encode(event), source, name)
        except UnicodeEncodeError:
            return _NOT_TEXT

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        """Return the POST that carries `payloads`, all of one event source."""
        return request_of(self._url, self._envelopes, payloads, token)

    def answer(self, response: HttpResponse, count: int) -> Answer:
        """Return what TikTok's answer to a request of `count` events means."""
        return answer_of(response, count)

    def identifiers(self, conversion: Conversion) -> Mapping[str, str | Sequence[str]]:
        """Return the identifiers that TikTok gets, by its own keys."""
        source = EVENT_SOURCE[conversion.action_source]
        user = msgspec.structs.asdict(user_of(conversion, source))
        user["customer_type"] = customer_type_of(conversion, source)
        return {key: value for key, value in user.items() if value}


def build(name: str, config: TikTokConfig) -> TikTok:
    """Return the destination that `config` describes."""
    return TikTok(name, config)


def _source_ids(config: TikTokConfig) -> dict[EventSource, str]:
    ids: dict[EventSource, str | None] = {
        "web": config.pixel_code,
        "app": config.app_id,
        "offline": config.offline_event_set_id,
        "crm": config.crm_event_set_id,
    }
    return {source: source_id for source, source_id in ids.items() if source_id}


def _envelopes(config: TikTokConfig) -> dict[str, bytes]:
    return {
        source: encode(Envelope(source, source_id, config.test_event_code))
        for source, source_id in _source_ids(config).items()
    }

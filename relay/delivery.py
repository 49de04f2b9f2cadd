"""The outbound contract: what a destination is, and what passes between it and the dispatcher.

A destination is pure. It turns a hashed event into a payload (or says why not), payloads into one
HTTP request, and the platform's answer into a verdict. It holds no socket, clock, retry or token;
those are the dispatcher's, written once for all platforms. An answer that a destination does not
understand is `transient`, never delivered.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from relay.conversion import Conversion
from relay.event import ActionSource

SkipReason = Literal[
    "not_selected", "not_mapped", "not_configured", "no_consent", "limited", "duplicate"
]
"""Why an event is kept from a destination on purpose."""

DeadReason = Literal[
    "invalid_event",
    "no_identifier",
    "expired",
    "platform_rejected",
    "dropped_by_operator",
    "erased",
]
"""Why an event will not reach a destination unless somebody acts."""

PauseReason = Literal[
    "token_missing",
    "token_rejected",
    "token_expired",
    "no_permission",
    "account_not_found",
    "pixel_not_found",
    "request_refused",
    "paused_by_operator",
]
"""Why nothing is sent to a destination; its events wait on disk."""

LateCode = Literal["may_count_twice", "may_be_offline"]
"""What a platform may make of an event that it took late; counted as a warning."""

Outcome = Literal["ok", "partial", "throttled", "transient", "invalid", "misconfigured"]
"""How one request ended, as metrics and receipts name it."""


class Payload(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One event as the platform takes it, encoded.

    Payloads whose `batch_key` differ never share a request (TikTok: one event source a request;
    Pinterest: offline events apart, since they are never deduplicated).
    """

    body: bytes
    batch_key: str
    event: str
    """The platform's own event name."""


class Skip(msgspec.Struct, frozen=True):
    """The event is kept from this destination on purpose."""

    reason: SkipReason


class Unusable(msgspec.Struct, frozen=True):
    """The event lacks what this platform needs; it is dead on arrival there.

    `path` is the inbound path at fault (`page.url`); `message` never quotes a value.
    """

    reason: Literal["invalid_event", "no_identifier"]
    path: str
    message: str

    @property
    def text(self) -> str:
        """Both in one line, for people."""
        return f"{self.path}: {self.message}"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform takes by its published documentation; configuration can only lower it."""

    max_events: int
    max_bytes: int
    """Bytes of a request body before a batch is closed."""
    requests_per_s: float
    """The budget of one account or pixel."""
    deduplication_window_s: float
    """For how long the platform drops a repeated event id."""
    undeduplicated: frozenset[ActionSource] = frozenset()
    """Sources whose events it never compares, or is not known to."""
    online_wall_s: float = math.inf
    """The age beyond which it may file an event of the web or an app as an offline one."""


class HttpRequest(msgspec.Struct, frozen=True):
    """One request to a platform. Its `repr` shows neither headers nor body: they hold the token."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<HttpRequest {len(self.body)} bytes>"


class HttpResponse(msgspec.Struct, frozen=True):
    """A platform's answer, read whole (bounded), undecoded; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<HttpResponse {self.status}>"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The platform's word on one event of a request.

    `code` and `message` are the platform's own text, not yet scrubbed; `warning` is advice on a
    delivered event, reduced to a bounded code.
    """

    outcome: Literal["delivered", "invalid", "transient"]
    code: str = ""
    message: str = ""
    warning: str = ""


DELIVERED = Verdict("delivered")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a response means, and so what happens next.

    - `settled`: `verdicts` holds one verdict per event, in request order.
    - `refused`: nothing was taken because of some event. `culprits` are the positions that the
      platform named; empty means that the batch must be halved until the culprit is alone. A
      request of one event that is refused without a culprit is that event's rejection.
    - `throttled`: not a failure; nothing was taken. Wait `wait_s` if given, and send again.
    - `transient`: unknown or failed for a reason that passes. Send the same events again, with
      the same ids. With `confirmations` set, the same answer that many more times in a row is
      taken for a misconfiguration if `pause` is set (some gateways answer 401 on their own), else
      for a refusal (what a platform cannot read at times, it cannot read at all if this lasts).
    - `misconfigured`: no event can pass until somebody acts: pause for the reason `pause`.
    """

    kind: Literal["settled", "refused", "throttled", "transient", "misconfigured"]
    http_status: int | None = None
    code: str = ""
    message: str = ""
    request_id: str = ""
    verdicts: Sequence[Verdict] = ()
    culprits: Sequence[int] = ()
    wait_s: float | None = None
    spent_s: float | None = None
    """For how long no request is left of the platform's budget, though it looked at this one."""
    pause: PauseReason | None = None
    confirmations: int = 0


class Sourced(Protocol):
    """What the age wall of an event depends on."""

    @property
    def action_source(self) -> ActionSource:
        """Where it happened."""
        ...


class Destination(Protocol):
    """One configured account or pixel at a platform.

    Every method is pure and quick, called on the event loop, and never raises for any input: an
    event that cannot be sent is a `Skip` or an `Unusable`, an unreadable answer is `transient`.
    """

    name: str
    """The name in the configuration."""
    type: str
    test: bool
    """Whether it sends in the platform's test mode, in which nothing is recorded."""
    limits: Limits
    mapping: Hashable
    """Destinations whose `mapping` is equal make the same payload of any event, so it is made once
    for all of them."""
    budget: str
    """Destinations with the same budget share one request rate: base URL and account or pixel."""
    identifier_keys: Mapping[str, str]
    """Inbound field of `user` → the key that the platform gets it under."""
    fixes: Mapping[PauseReason, str]
    """What to do about a pause at this platform, with the screen where it is done; a reason that is
    not in it is set right in the relay's own settings."""

    def max_age_s(self, event: Sourced) -> float:
        """Return the age in seconds beyond which the platform would refuse or misfile it."""
        ...

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        """Return the event as the platform takes it. The same event always gives the same bytes."""
        ...

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        """Return the one request that carries `payloads`, all of one batch key, in order."""
        ...

    def answer(self, response: HttpResponse, count: int) -> Answer:
        """Return what the platform's answer to a request of `count` events means."""
        ...

    def identifiers(self, conversion: Conversion) -> Mapping[str, str | Sequence[str]]:
        """Return what the platform gets of the person, by the platform's own keys."""
        ...

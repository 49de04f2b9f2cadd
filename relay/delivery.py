"""The contract between destinations and the dispatcher, and the values that pass between them.

A destination is pure. It turns a hashed event into a payload (or says why not), payloads into one
HTTP request, and the platform's answer into a verdict. It has no socket, clock, retry or token;
those belong to the dispatcher, written once for all platforms. An answer that a destination does
not understand is `transient`, never delivered.
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
"""Why an event is deliberately not sent to a destination."""

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
"""What a platform may do to an event that it accepted late; counted as a warning."""

Outcome = Literal["ok", "partial", "throttled", "transient", "invalid", "misconfigured"]
"""How one request ended, as metrics and receipts name it."""


class Payload(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One event, encoded in the platform's format.

    Payloads with different `batch_key` never share a request (TikTok: one event source per request;
    Pinterest: offline events apart, since they are never deduplicated).
    """

    body: bytes
    batch_key: str
    event: str
    """The platform's own event name."""


class Skip(msgspec.Struct, frozen=True):
    """The event is deliberately not sent to this destination."""

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
        """Path and message in one line, for people."""
        return f"{self.path}: {self.message}"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's published limits; the configuration can only lower them."""

    max_events: int
    max_bytes: int
    """The size of a request body, in bytes, at which a batch is full."""
    requests_per_s: float
    """The request budget of one account or pixel."""
    deduplication_window_s: float
    """Seconds for which the platform drops a repeated event id."""
    undeduplicated: frozenset[ActionSource] = frozenset()
    """Sources whose events it never deduplicates, or is not known to."""
    online_wall_s: float = math.inf
    """The age beyond which it may file a web or app event as an offline one."""


class HttpRequest(msgspec.Struct, frozen=True):
    """One request to a platform.

    Its `repr` shows neither headers nor body: they contain the token and personal data.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<HttpRequest {len(self.body)} bytes>"


class HttpResponse(msgspec.Struct, frozen=True):
    """A platform's whole answer, of bounded size and undecoded; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<HttpResponse {self.status}>"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The platform's verdict on one event of a request.

    `code` and `message` are the platform's own text, not yet scrubbed; `warning` is advice on a
    delivered event, reduced to one of a few codes.
    """

    outcome: Literal["delivered", "invalid", "transient"]
    code: str = ""
    message: str = ""
    warning: str = ""


DELIVERED = Verdict("delivered")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a response means, and so what happens next.

    - `settled`: `verdicts` holds one verdict per event, in request order.
    - `refused`: nothing was accepted, because of some event. `culprits` are the positions that the
      platform named; if it is empty, the batch must be halved until the culprit is alone. If a
      request of one event is refused without a culprit, that event is rejected.
    - `throttled`: not a failure; nothing was accepted. Wait `wait_s` if given, and send again.
    - `transient`: the outcome is unknown, or the request failed for a passing reason. Send the same
      events again, with the same ids. If `confirmations` is set and the same answer comes that many
      more times in a row, it counts as a misconfiguration if `pause` is set (some gateways answer
      401 on their own), else as a refusal (a platform that persistently fails to read a request
      will never read it).
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
    """Seconds for which the platform's budget is used up, although it processed this request."""
    pause: PauseReason | None = None
    confirmations: int = 0


class Sourced(Protocol):
    """The part of an event that its age wall depends on."""

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
    emulated: bool
    """Whether the platform is emulated on this machine: only such a one is asked without TLS."""
    limits: Limits
    mapping: Hashable
    """Destinations with an equal `mapping` make the same payload of any event, so it is made once
    for all of them."""
    budget: str
    """Destinations with the same budget share one request rate: base URL and account or pixel."""
    identifier_keys: Mapping[str, str]
    """Inbound field of `user` → the platform's own key for it."""
    identifier_forms: Sequence[str]
    """The fields of `relay.identity.Identity` that are sent; the platform gets nothing of an
    identifier that has none of its forms here."""
    fixes: Mapping[PauseReason, str]
    """What to do about a pause at this platform, with the screen on which to do it; a reason
    without an entry is fixed in the relay's own settings."""

    def max_age_s(self, event: Sourced) -> float:
        """Return the age in seconds beyond which the platform would refuse or misfile the event."""
        ...

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        """Return the event in the platform's format, or why it is not sent.

        The same event always gives the same bytes.
        """
        ...

    def request(self, payloads: Sequence[Payload], token: str) -> HttpRequest:
        """Return the one request that carries `payloads`, all of one batch key, in order."""
        ...

    def answer(self, response: HttpResponse, count: int) -> Answer:
        """Return what the platform's answer to a request of `count` events means."""
        ...

    def identifiers(self, conversion: Conversion) -> Mapping[str, str | Sequence[str]]:
        """Return the identifiers that the platform gets, by its own keys."""
        ...

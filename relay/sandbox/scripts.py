"""Fault scripts: what should go wrong, when and how often, as data that any language can send.

A script is a list of steps. For each request the first step that matches acts; when none does, the
platform answers by itself. `relay.sandbox.playback` runs a script; the scenarios that come with the
relay are scripts too, and good examples (`scenarios/*.json`). A key that no step knows is an error.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.errors import ConfigError
from relay.sandbox.answer import Answer, Fate, PlatformName
from relay.sandbox.catalogue import named
from relay.sandbox.fault import MALFORMED

MAX_STEPS = 1_000
MAX_WAIT_S = 600

Count = Annotated[int, Meta(ge=1, le=10**9)]
Share = Annotated[float, Meta(ge=0, le=1)]
Wait = Annotated[float, Meta(ge=0, le=MAX_WAIT_S)]
Period = Annotated[float, Meta(gt=0, le=10**6)]
Status = Annotated[int, Meta(ge=200, le=599)]
Text = Annotated[str, Meta(max_length=256)]
HeaderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,100}$")]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]{0,1000}$")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a script share: strict keys, so that a typing error is no silent no-op."""


class Rate(_Part, frozen=True, kw_only=True):
    """More than `requests` in a window of `per_s` seconds, counted per account."""

    requests: Annotated[int, Meta(ge=0, le=10**9)]
    per_s: Period


class Times(_Part, frozen=True, kw_only=True):
    """The first `for_s` seconds of each `every_s`, from the start of the script, `cycles` times."""

    for_s: Period
    every_s: Period
    cycles: Count = 1


class Match(_Part, frozen=True, kw_only=True):
    """Which requests a step is meant for: those that meet every condition given."""

    account: Text | None = None
    """Ad account or event source."""
    event_id: Text | None = None
    """One of the events has this text in its id."""
    nth: Count | None = None
    """Only this one of the requests that meet the conditions above, counted from 1."""
    every: Count | None = None
    """Each time this many of them have come."""
    during: Times | None = None
    over: Rate | None = None
    probability: Share | None = None


class Culprits(_Part, frozen=True, kw_only=True):
    """Events that the platform refuses for what they are: those that meet any condition given."""

    prefix: Text = ""
    contains: Text = ""
    one_in: Annotated[int, Meta(ge=0, le=10**9)] = 0
    """About one in so many, by the hash of the event id: always the same ones. 0 is none."""

    def __call__(self, event_id: str) -> bool:
        """Return whether the event with this id is refused."""
        if self.prefix and event_id.startswith(self.prefix):
            return True
        if self.contains and self.contains in event_id:
            return True
        return bool(self.one_in) and _hash(event_id) % self.one_in == 0


class CustomAnswer(_Part, frozen=True, kw_only=True):
    """An answer in full, for what no table holds."""

    status: Status = 200
    headers: dict[HeaderName, HeaderValue] = {}
    body: Annotated[str, Meta(max_length=1_048_576)] = ""
    fate: Fate = "turned_away"
    """What becomes of the events, for the counts."""


class Action(_Part, frozen=True, kw_only=True):
    """What happens: a wait, then an answer or a broken connection, or the platform's own answer."""

    delay_s: Wait = 0
    delay_up_to_s: Wait = 0
    """If longer than `delay_s`: a random wait between the two."""
    answer: Text | CustomAnswer | None = None
    """By its name in `relay.sandbox.catalogue`, or in full."""
    status: Status | None = None
    """HTTP status instead of the usual one of the named answer."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Headers besides the usual ones."""
    reset_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    """How long a throttle lasts, where the platform says so in a header."""
    refuse: Culprits | None = None
    """Events that are refused by the platform's own answer."""
    connection: Literal["keep", "slow_body", "reset", "half_body", "hang"] = "keep"
    """`reset` before any answer, after `half_body`, or `hang` for `hang_s` and then reset;
    `slow_body` is whole, but comes piece by piece over `hang_s`."""
    hang_s: Wait = 60
    recorded: bool = False
    """Whether a broken connection comes too late: the platform has taken the events as its answer
    would have said, and the sender cannot know."""

    @property
    def breaks(self) -> bool:
        """Whether the answer never reaches the sender whole."""
        return self.connection in {"reset", "half_body", "hang"}


class Step(_Part, frozen=True, kw_only=True):
    """One thing that goes wrong."""

    platform: PlatformName | Literal["any"] = "any"
    match: Match = Match()
    times: Count | None = None
    """How often at most; for ever if absent."""
    action: Action


class ScriptFile(_Part, frozen=True, kw_only=True):
    """A script as it is written down."""

    about: Annotated[str, Meta(max_length=1_000)] = ""
    """What it is for, in a sentence."""
    steps: Annotated[tuple[Step, ...], Meta(max_length=MAX_STEPS)] = ()


def parse(document: bytes) -> ScriptFile:
    """Return the script in a JSON document: an object with `steps`, or just the list of them.

    Raises:
        ConfigError: It is none; the message says where.

    """
    try:
        written = msgspec.json.decode(document)
        shape = {"steps": written} if isinstance(written, list) else written
        script = msgspec.convert(shape, ScriptFile)
    except MALFORMED as error:
        raise ConfigError(f"script: {error}") from None
    for position, step in enumerate(script.steps):
        _check(position, step)
    return script


def platform_of(step: Step) -> PlatformName | Literal["any"]:
    """Return the platform that a step is meant for; a named answer says it by itself."""
    if step.platform == "any" and isinstance(step.action.answer, str):
        return named(step.action.answer).platform
    return step.platform


def answer_of(action: Action, platform: PlatformName) -> Answer | None:
    """Return the answer that an action gives in the platform's place, None if it gives none."""
    if action.answer is None:
        return None
    if isinstance(action.answer, CustomAnswer):
        custom = action.answer
        return Answer(
            platform=platform,
            status=custom.status,
            headers={**custom.headers, **action.headers},
            form="raw",
            body=custom.body,
            fate=custom.fate,
        )
    answer = named(action.answer)
    return msgspec.structs.replace(
        answer,
        status=action.status or answer.status,
        headers={**answer.headers, **action.headers},
    )


def _check(position: int, step: Step) -> None:
    """Refuse a step that could never act as it is meant."""
    try:
        platform = platform_of(step)
        answer = step.action.answer
        meant = named(answer).platform if isinstance(answer, str) else platform
    except ConfigError as error:
        raise ConfigError(f"script: steps[{position}].action.{error}") from None
    if meant != platform:
        raise ConfigError(f"script: steps[{position}] is for {platform}, its answer for {meant}")


def _hash(event_id: str) -> int:
    return int.from_bytes(hashlib.sha256(event_id.encode()).digest()[:8])

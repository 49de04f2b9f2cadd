"""Fault scripts: what should go wrong, when and how often, as data that any language can send.

A script is a list of steps. On each request, the first step that matches acts; if none does, the
platform gives its own answer. `relay.sandbox.playback` runs a script. The scenarios that come with
the relay are scripts, too, and good examples (`scenarios/*.json`). Unknown keys are errors.
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
    """What all parts of a script share: unknown keys are errors, so a typo is not ignored."""


class Rate(_Part, frozen=True, kw_only=True):
    """More than `requests` requests in `per_s` seconds, counted per account."""

    requests: Annotated[int, Meta(ge=0, le=10**9)]
    per_s: Period


class Times(_Part, frozen=True, kw_only=True):
    """The first `for_s` seconds of every `every_s`, from the script's start, `cycles` times."""

    for_s: Period
    every_s: Period
    cycles: Count = 1


class Match(_Part, frozen=True, kw_only=True):
    """Which requests a step matches: those that meet every given condition."""

    account: Text | None = None
    """Ad account or event source."""
    event_id: Text | None = None
    """The id of one of the events contains this text."""
    nth: Count | None = None
    """Of the requests that meet the conditions above, only this one, counted from 1."""
    every: Count | None = None
    """Of the requests that meet the conditions above, one in this many: the last of each group."""
    during: Times | None = None
    over: Rate | None = None
    probability: Share | None = None


class Culprits(_Part, frozen=True, kw_only=True):
    """Events that the platform refuses: those that meet any given condition."""

    prefix: Text = ""
    contains: Text = ""
    one_in: Annotated[int, Meta(ge=0, le=10**9)] = 0
    """About one event in this many, chosen by the hash of its id, so always the same; 0 is none."""

    def __call__(self, event_id: str) -> bool:
        """Return whether the event with this id is refused."""
        if self.prefix and event_id.startswith(self.prefix):
            return True
        if self.contains and self.contains in event_id:
            return True
        return bool(self.one_in) and _hash(event_id) % self.one_in == 0


class CustomAnswer(_Part, frozen=True, kw_only=True):
    """An answer written out in full, if none of the named ones fits."""

    status: Status = 200
    headers: dict[HeaderName, HeaderValue] = {}
    body: Annotated[str, Meta(max_length=1_048_576)] = ""
    fate: Fate = "turned_away"
    """What becomes of the events, as the inbox counts them."""


class Action(_Part, frozen=True, kw_only=True):
    """What happens: a wait, then the platform's own answer, another one or a broken connection."""

    delay_s: Wait = 0
    delay_up_to_s: Wait = 0
    """If greater than `delay_s`, the wait is a random time between the two."""
    answer: Text | CustomAnswer | None = None
    """By its name in `relay.sandbox.catalogue`, or in full."""
    status: Status | None = None
    """HTTP status that replaces the named answer's own."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Headers in addition to the usual ones of the answer that `answer` gives."""
    reset_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    """How many seconds a throttle lasts, if the platform says so in a header."""
    refuse: Culprits | None = None
    """Events that the platform's own answer refuses."""
    connection: Literal["keep", "slow_body", "reset", "half_body", "hang"] = "keep"
    """`reset` breaks the connection before any answer, `half_body` in the middle of it, and `hang`
    after `hang_s` without one. `slow_body` sends the whole answer, in pieces, over `hang_s`."""
    hang_s: Wait = 60
    recorded: bool = False
    """Whether the platform had already processed the events, as its answer would have said, when
    the connection broke; the sender cannot know."""

    @property
    def breaks(self) -> bool:
        """Whether the sender never gets the whole answer."""
        return self.connection in {"reset", "half_body", "hang"}


class Step(_Part, frozen=True, kw_only=True):
    """One thing that goes wrong."""

    platform: PlatformName | Literal["any"] = "any"
    match: Match = Match()
    times: Count | None = None
    """The most times that it acts; without it, there is no limit."""
    action: Action


class ScriptFile(_Part, frozen=True, kw_only=True):
    """A script, as it is written in a file."""

    about: Annotated[str, Meta(max_length=1_000)] = ""
    """What the script is for, in a sentence."""
    steps: Annotated[tuple[Step, ...], Meta(max_length=MAX_STEPS)] = ()


def parse(document: bytes) -> ScriptFile:
    """Return the script in a JSON document: an object with `steps`, or just the list of them.

    Raises:
        ConfigError: The document is not a script; the message says where.

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
    """Return the platform whose requests a step matches; a named answer implies it."""
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
    """Raise `ConfigError` for a step that could never act as intended."""
    try:
        platform = platform_of(step)
        answer = step.action.answer
        meant = named(answer).platform if isinstance(answer, str) else platform
    except ConfigError as error:
        raise ConfigError(f"script: steps[{position}].action.{error}") from None
    if meant != platform:
        raise ConfigError(f"script: steps[{position}] is for {platform}, its answer for {meant}")
    idle = _idle_key(step.action)
    if idle is not None:
        raise ConfigError(f"script: steps[{position}].action.{idle} changes an answer; name one")


def _idle_key(action: Action) -> str | None:
    """Return a key of the action that changes an answer, if there is none that it could change."""
    if action.status is not None and not isinstance(action.answer, str):
        return "status"
    if action.answer is not None:
        return None
    return "headers" if action.headers else "reset_s" if action.reset_s is not None else None


def _hash(event_id: str) -> int:
    return int.from_bytes(hashlib.sha256(event_id.encode()).digest()[:8])

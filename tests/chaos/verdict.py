"""The account at the end: what producers were promised against what the platforms saw.

Pure, and stricter than a sum: every single duplicate must have a kill or a broken connection that
explains it, every dead letter an answer of the emulator, every accepted event an end.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

import msgspec

from relay.dispatch.in_flight import MAX_IN_FLIGHT
from relay.sandbox.answer import Fate, PlatformName
from tests.chaos.event import kind_of
from tests.chaos.record import PLATFORMS, Kill, Request, by_event

TOO_LARGE: Final = 413
"""What a gateway says of a single event by its status alone."""
IN_FLIGHT_S: Final = 12.0
"""The longest that a request can be under way: sent, answered, and its outcome on disk."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known when a run is over."""

    acknowledged: AbstractSet[str]
    requests: Sequence[Request]
    kills: Sequence[Kill]
    letters: Mapping[tuple[PlatformName, str], tuple[str, str]]
    """Reason and code of each dead letter; those of expired events may go when a disk is full."""
    dead: Mapping[PlatformName, int]
    """How many events the relay calls dead, whether there is a letter or not."""
    delivered: Mapping[PlatformName, int]
    """What the relay says it delivered."""


class Verdict(msgspec.Struct, kw_only=True):
    """What is wrong, and the figures."""

    problems: list[str] = []
    reached: Counter[tuple[PlatformName, str]] = msgspec.field(default_factory=Counter)
    """Events that a platform took, by platform and kind."""
    duplicates: int = 0
    in_flight: int = 0
    """What was in flight at each kill and reset, summed up: the bound of the duplicates."""


def judge(account: Account) -> Verdict:
    """Return the verdict on a run."""
    verdict = Verdict()
    for platform in PLATFORMS:
        seen = by_event(account.requests, platform)
        verdict.problems += [
            *_foreign(platform, seen, account),
            *_lost(platform, seen, account),
            *_unjustified(platform, seen, account),
            *_unexplained(platform, seen, account.kills),
            *_miscounted(platform, account),
        ]
        for event_id, requests in seen.items():
            took = sum(fate == "accepted" for _, fate in requests)
            verdict.reached[platform, event_id.partition("-")[0]] += bool(took)
            verdict.duplicates += max(0, took - 1)
        verdict.in_flight += in_flight(platform, account)
    if verdict.duplicates > verdict.in_flight:
        verdict.problems.append(
            f"{verdict.duplicates} duplicates, but only {verdict.in_flight} events were in flight"
        )
    return verdict


def in_flight(platform: PlatformName, account: Account) -> int:
    """Return how many events were under way at the kills and in broken requests, at most."""
    requests = [each for each in account.requests if each.platform == platform]
    broken = sum(each.accepted for each in requests if each.broken)
    for kill in account.kills:
        recent = [each for each in requests if _may_be_cut(each, kill)]
        broken += sum(sorted(each.accepted for each in recent)[-MAX_IN_FLIGHT:])
    return broken


Seen = Mapping[str, Sequence[tuple[Request, Fate]]]


def _foreign(platform: PlatformName, seen: Seen, account: Account) -> Iterator[str]:
    """Nothing reaches a platform that nobody posted, or that is not meant for it."""
    for event_id in seen:
        kind = kind_of(event_id)
        if event_id not in account.acknowledged or kind is None or platform not in kind.reaches:
            yield f"{platform} got {event_id}, which is not meant for it"


def _lost(platform: PlatformName, seen: Seen, account: Account) -> Iterator[str]:
    """Everything acknowledged is taken by the platform, dead with a reason, or skipped."""
    for event_id in account.acknowledged:
        kind = kind_of(event_id)
        letter = account.letters.get((platform, event_id))
        if kind is None or (kind.stale and letter is not None and letter[0] != "expired"):
            yield f"{event_id} should be expired at {platform}, but is {letter}"
        took = any(fate == "accepted" for _, fate in seen.get(event_id, ()))
        if kind and platform in kind.reaches and not took and letter is None:
            yield f"{event_id} was acknowledged and never reached {platform}"


def _unjustified(platform: PlatformName, seen: Seen, account: Account) -> Iterator[str]:
    """A dead letter has a cause: its age, or the platform's own answer about it."""
    for (name, event_id), (reason, code) in account.letters.items():
        kind = kind_of(event_id)
        if name != platform or kind is None or (kind.stale and reason == "expired"):
            continue
        answers = seen.get(event_id, ())
        if reason != "platform_rejected" or not any(_rejects(*each, code) for each in answers):
            told = [(request.status, request.code, fate) for request, fate in answers]
            yield f"{event_id} is dead at {platform} as {reason} {code}, but was answered {told}"


def _rejects(request: Request, fate: Fate, code: str) -> bool:
    """Return whether an answer is a reason to give an event up: refused, or blamed all alone."""
    alone = len(request.events) == 1 and fate == "turned_away"
    blamed = request.code == code and (code != "" or request.status == TOO_LARGE)
    return not request.broken and (fate == "refused" or (alone and blamed))


def _unexplained(platform: PlatformName, seen: Seen, kills: Sequence[Kill]) -> Iterator[str]:
    """An event that a platform took twice was in flight when something broke."""
    for event_id, requests in seen.items():
        took = [request for request, fate in requests if fate == "accepted"]
        for first, second in pairwise(took):
            cut = any(_may_be_cut(first, each) and each.at <= second.received_at for each in kills)
            if not first.broken and not cut:
                yield f"{platform} took {event_id} twice, and nothing had happened"


def _may_be_cut(request: Request, kill: Kill) -> bool:
    """Return whether a request may have been under way when the relay was killed."""
    return kill.at - IN_FLIGHT_S <= request.received_at <= kill.back_at


def _miscounted(platform: PlatformName, account: Account) -> Iterator[str]:
    """What is meant for a platform counts as delivered or as dead, and what is stale as dead."""
    kinds = {each: kind_of(each) for each in account.acknowledged}
    meant = {each for each, kind in kinds.items() if kind and platform in kind.reaches}
    stale = {each for each, kind in kinds.items() if kind and kind.stale}
    letters = {event_id for name, event_id in account.letters if name == platform}
    if account.delivered[platform] != len(meant - letters):
        yield (
            f"{account.delivered[platform]} events count as delivered to {platform}, "
            f"but {len(meant - letters)} should be"
        )
    if account.dead[platform] != len(letters | stale):
        yield (
            f"{account.dead[platform]} events count as dead at {platform}, "
            f"but {len(letters | stale)} should be"
        )

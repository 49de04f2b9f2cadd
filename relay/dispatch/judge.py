"""Decides what an answer means for each event of the request, and what is sent again at once.

`judge` turns a batch and an answer into a `Ruling`, and the batch keeps its history; there is no
I/O, clock or randomness. A refused batch is split: the events that the platform named are dead, and
the rest is sent again in one request. If the platform named none, the batch is halved until the
culprit is alone. After `MAX_NAMED` rounds the positions that it names are no longer trusted, since
a wrong one costs a good event.

A batch that fails while others pass is suspected: whatever the answer blames, it is halved, too,
and an event that fails alone gets a due time of its own.
"""

import re
from collections.abc import Callable, Sequence

import msgspec

from relay.delivery import DELIVERED, Answer, DeadReason, Outcome, Verdict
from relay.dispatch.batch import Batch
from relay.journal.entry import Pending
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.logs import scrub
from relay.outcome.health import UNREACHED

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
MAX_CODE = 40
"""The most characters kept of a platform's own code."""
SUSPICIOUS_FAILURES = 3
"""Failed requests after which a batch is suspected, if others passed meanwhile."""
MAX_NAMED = 5
"""How often a batch loses the events that the platform names; after that, it is halved anyway."""
MAX_ASIDE = 5
"""How many events of a batch may step aside before a refusal counts as a wrong configuration."""
MAX_REFUSALS = 3
"""After this many refusals, each alone and while others passed, an event is dead."""


class Refusal(msgspec.Struct, frozen=True):
    """An event that the platform refuses, for good or for now, with the platform's own words."""

    pending: Pending
    code: str
    message: str
    reason: DeadReason = "platform_rejected"


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one request. The batches in `again` are sent before all others, in order.

    `suspicious`: the answer is about these events, and says nothing about the platform.
    """

    outcome: Outcome
    delivered: Sequence[Pending] = ()
    dead: Sequence[Refusal] = ()
    retry: Sequence[Refusal] = ()
    waiting: Sequence[Pending] = ()
    again: Sequence[Batch] = ()
    warnings: Sequence[str] = ()
    suspicious: bool = False


def judge(batch: Batch, answer: Answer, *, sent_at: float = 0.0, passed_at: float = 0.0) -> Ruling:
    """Return the ruling; an answer that does not fit the batch never delivers anything.

    `sent_at` is when this request was sent, `passed_at` when the latest successful one was.
    """
    match answer.kind:
        case "settled" if len(answer.verdicts) == len(batch):
            return _settled(batch, answer.verdicts)
        case "refused":
            return _refused(batch, answer, sent_at)
        case "throttled":
            return Ruling(outcome="throttled", waiting=batch.pendings, again=[batch])
        case "misconfigured":
            return _misconfigured(batch, answer, sent_at, passed_at)
        case _:
            return _transient(batch, answer, sent_at, passed_at)


def settlement_of(ruling: Ruling, receipt: Receipt, due_ms: Callable[[Pending], int]) -> Settlement:
    """Return the settlement for the journal, in which the platform's words are scrubbed."""
    return Settlement(
        receipt=receipt,
        delivered=ruling.delivered,
        dead=[
            Dead(each.pending, each.reason, scrub(each.code, MAX_CODE), scrub(each.message))
            for each in ruling.dead
        ],
        retry=[
            Retry(
                each.pending, due_ms(each.pending), scrub(each.code, MAX_CODE), scrub(each.message)
            )
            for each in ruling.retry
        ],
        waiting=ruling.waiting,
    )


def safe_request_id(text: str) -> str:
    """Return a platform's request id, or an empty text if it does not look like one."""
    return text if REQUEST_ID.fullmatch(text) else ""


def _settled(batch: Batch, verdicts: Sequence[Verdict]) -> Ruling:
    if verdicts.count(DELIVERED) == len(verdicts):
        return Ruling(outcome="ok", delivered=batch.pendings)
    pairs = list(zip(batch.pendings, verdicts, strict=True))
    return Ruling(
        outcome=_outcome_of({verdict.outcome for verdict in verdicts}),
        delivered=[pending for pending, verdict in pairs if verdict.outcome == "delivered"],
        dead=[_refusal(*pair) for pair in pairs if pair[1].outcome == "invalid"],
        retry=[_refusal(*pair) for pair in pairs if pair[1].outcome == "transient"],
        warnings=[verdict.warning for verdict in verdicts if verdict.warning],
    )


def _outcome_of(kinds: set[str]) -> Outcome:
    """Return how a request ended, given the kinds of verdicts on its events."""
    if "delivered" in kinds:
        return "ok" if len(kinds) == 1 else "partial"
    return "invalid" if "invalid" in kinds else "transient"


def _refused(batch: Batch, answer: Answer, sent_at: float) -> Ruling:
    culprits = _culprits(batch, answer)
    batch.failed(sent_at)
    if not culprits:
        batch.refused_at = min(batch.refused_at, sent_at)
        return Ruling(outcome="invalid", waiting=batch.pendings, again=batch.halves())
    batch.named += 1
    innocent = batch.part([at for at in range(len(batch)) if at not in culprits])
    return Ruling(
        outcome="invalid",
        dead=[Refusal(batch.pendings[at], answer.code, answer.message) for at in sorted(culprits)],
        waiting=innocent.pendings,
        again=[innocent] if innocent.pendings else [],
    )


def _culprits(batch: Batch, answer: Answer) -> set[int]:
    """Return the positions of the events at fault; empty if they are unknown."""
    count = len(batch)
    if count == 1:
        return {0}
    if batch.named >= MAX_NAMED:
        return set()
    return {at for at in answer.culprits if 0 <= at < count}


def _misconfigured(batch: Batch, answer: Answer, sent_at: float, passed_at: float) -> Ruling:
    """Blame the configuration, unless requests with other events pass.

    The other parts of a halved batch count as such requests, too, and are sent first.
    """
    others_pass = min(batch.failed_at, batch.refused_at) < passed_at or _is_known_culprit(batch)
    again = batch.failed(sent_at)
    if answer.pause == "request_refused" and others_pass:
        return _suspect(batch, answer, "misconfigured")
    if answer.pause == "request_refused" and _may_step_aside(batch):
        batch.step_aside()
        return Ruling(
            outcome="misconfigured", waiting=batch.pendings, again=[again], suspicious=True
        )
    return Ruling(outcome="misconfigured", waiting=batch.pendings, again=[again])


def _may_step_aside(batch: Batch) -> bool:
    """Return whether other parts of its batch can show if this event is at fault."""
    alone = len(batch) == 1 and batch.is_part and not batch.aside
    return alone and batch.family.aside < MAX_ASIDE


def _transient(batch: Batch, answer: Answer, sent_at: float, passed_at: float) -> Ruling:
    """Send the batch again, until enough equal answers confirm that its events are at fault."""
    if answer.confirmations and answer.pause is None:
        if batch.doubts >= answer.confirmations:
            return _refused(batch, answer, sent_at)
        batch.doubts += 1
    else:
        batch.doubts = 0
    if answer.code not in UNREACHED:
        batch.unknown_at = min(batch.unknown_at, sent_at)
    others_pass = batch.failed_at < passed_at
    again = batch.failed(sent_at).apart()
    if (others_pass and batch.failures >= SUSPICIOUS_FAILURES) or _is_known_culprit(batch):
        return _suspect(batch, answer, "transient")
    return Ruling(outcome="transient", waiting=batch.pendings, again=again)


def _suspect(batch: Batch, answer: Answer, outcome: Outcome) -> Ruling:
    """Halve the batch; an event that fails alone gets a due time of its own.

    It is dead only after `MAX_REFUSALS` refusals. If the platform never answers, the fault may be
    the platform's, so the event is tried until it is too old.
    """
    if len(batch) > 1:
        return Ruling(
            outcome=outcome, waiting=batch.pendings, again=batch.halves(), suspicious=True
        )
    [pending] = batch.pendings
    refusal = [Refusal(pending, answer.code, answer.message)]
    if outcome == "misconfigured" and pending.attempts + 1 >= MAX_REFUSALS:
        return Ruling(outcome=outcome, dead=refusal, suspicious=True)
    return Ruling(outcome=outcome, retry=refusal, suspicious=True)


def _is_known_culprit(batch: Batch) -> bool:
    """Return whether the batch is one event that failed alone before, while others passed."""
    return len(batch) == 1 and batch.pendings[0].attempts > 0


def _refusal(pending: Pending, verdict: Verdict) -> Refusal:
    return Refusal(pending, verdict.code, verdict.message)

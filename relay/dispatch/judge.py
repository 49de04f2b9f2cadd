"""What an answer means for each event of the request, and what goes out again at once.

Pure: a batch and an answer in, a `Ruling` out. A refused batch is taken apart: the events that the
platform named are dead and the rest goes out again in one request; without a name it is halved,
until the culprit stands alone. The innocent are never held up by the guilty for longer.
"""

import re
from collections.abc import Callable, Sequence

import msgspec

from relay.delivery import Answer, DeadReason, Outcome, Verdict
from relay.dispatch.batcher import Batch
from relay.journal.base import Dead, Pending, Receipt, Retry, Settlement
from relay.logs import scrub

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
MAX_CODE = 40
"""Characters kept of a platform's own code."""


class Refusal(msgspec.Struct, frozen=True):
    """One event that the platform will not take, or not now, with its own words."""

    pending: Pending
    code: str
    message: str
    reason: DeadReason = "platform_rejected"


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What one request did. `again` are batches to send before all others, in order."""

    outcome: Outcome
    delivered: Sequence[Pending] = ()
    dead: Sequence[Refusal] = ()
    retry: Sequence[Refusal] = ()
    waiting: Sequence[Pending] = ()
    again: Sequence[Batch] = ()
    warnings: Sequence[str] = ()


def judge(batch: Batch, answer: Answer) -> Ruling:
    """Return the ruling; an answer that does not fit the batch never delivers anything."""
    match answer.kind:
        case "settled" if len(answer.verdicts) == len(batch.pendings):
            return _settled(batch, answer.verdicts)
        case "refused":
            return _refused(batch, answer)
        case "throttled" | "misconfigured":
            return Ruling(outcome=answer.kind, waiting=batch.pendings, again=[batch.whole()])
        case "transient" if answer.confirmations and answer.pause is None:
            return _doubted(batch, answer)
        case _:
            return Ruling(outcome="transient", waiting=batch.pendings, again=[batch.whole()])


def settlement_of(ruling: Ruling, receipt: Receipt, due_ms: Callable[[Pending], int]) -> Settlement:
    """Return what the journal keeps of a ruling; the platform's words are scrubbed here."""
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
    """Return a platform's request id, or nothing if it does not look like one."""
    return text if REQUEST_ID.fullmatch(text) else ""


def _settled(batch: Batch, verdicts: Sequence[Verdict]) -> Ruling:
    pairs = list(zip(batch.pendings, verdicts, strict=True))
    delivered = [pending for pending, verdict in pairs if verdict.outcome == "delivered"]
    return Ruling(
        outcome="ok" if len(delivered) == len(pairs) else "partial" if delivered else "invalid",
        delivered=delivered,
        dead=[_refusal(*pair) for pair in pairs if pair[1].outcome == "invalid"],
        retry=[_refusal(*pair) for pair in pairs if pair[1].outcome == "transient"],
        warnings=[verdict.warning for verdict in verdicts if verdict.warning],
    )


def _doubted(batch: Batch, answer: Answer) -> Ruling:
    """Send the batch again, until the same answer is confirmed; then it is a refusal."""
    if batch.doubts >= answer.confirmations:
        return _refused(batch, answer)
    batch.doubts += 1
    return Ruling(outcome="transient", waiting=batch.pendings, again=[batch.whole()])


def _refused(batch: Batch, answer: Answer) -> Ruling:
    count = len(batch.pendings)
    culprits = {at for at in answer.culprits if 0 <= at < count} or set(range(count == 1))
    if not culprits:
        return Ruling(outcome="invalid", waiting=batch.pendings, again=batch.halves())
    innocent = batch.part([at for at in range(count) if at not in culprits])
    return Ruling(
        outcome="invalid",
        dead=[Refusal(batch.pendings[at], answer.code, answer.message) for at in sorted(culprits)],
        waiting=innocent.pendings,
        again=[innocent] if innocent.pendings else [],
    )


def _refusal(pending: Pending, verdict: Verdict) -> Refusal:
    return Refusal(pending, verdict.code, verdict.message)

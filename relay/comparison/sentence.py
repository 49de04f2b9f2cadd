"""Puts a statement into one sentence that finance understands, and reasons into a few words."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, cast

from relay.comparison.statement import Money, Share, Statement
from relay.comparison.verdict import OrderState, UnknownReason
from relay.delivery import DeadReason, PauseReason, SkipReason
from relay.outcome import notation
from relay.outcome.notation import listed
from relay.outcome.wording import PAUSED

SKIPPED: Final[Mapping[SkipReason, str]] = {
    "not_selected": "left out by the shop or the settings",
    "not_mapped": "the platform has no such event",
    "not_configured": "the platform is not set up for this kind of sale",
    "no_consent": "no consent to advertising",
    "limited": "limited data use, which the platform cannot honour",
    "duplicate": "sent before, longer ago than the relay keeps",
}
DEAD: Final[Mapping[DeadReason, str]] = {
    "invalid_event": "lacked something that the platform needs",
    "no_identifier": "held nothing that identifies the person",
    "expired": "too old when it could be sent",
    "platform_rejected": "refused by the platform",
    "dropped_by_operator": "dropped by hand",
    "erased": "erased at the person's request",
}
UNKNOWN: Final[Mapping[UnknownReason, str]] = {
    "not_received": "not on record (never posted, refused on arrival, or older than what is kept)",
    "before_journal": "older than what the relay still keeps, so it cannot tell",
    "unreadable": "not on record, unless among the events that cannot be read",
    "not_served_then": "came while this destination was not set up",
}
REASONS: Final[Mapping[str, str]] = dict((*SKIPPED.items(), *DEAD.items(), *UNKNOWN.items()))

_STATES: Final[Mapping[OrderState, tuple[str, str]]] = {
    "pending": ("waits to be sent", "wait to be sent"),
    "dead": ("will not be sent", "will not be sent"),
    "skipped": ("was left out on purpose", "were left out on purpose"),
    "unknown": ("is unknown here", "are unknown here"),
}


def sentence(statement: Statement, since_ms: int | None) -> str:
    """Return one destination's statement; `since_ms` is when the oldest kept event was received."""
    parts = [_arrived(statement), *_others(statement, since_ms), *_doubts(statement)]
    return f"{statement.destination}: {'; '.join(parts)}."


def money(amounts: Money) -> str:
    """Return amounts as people write them: `1,234.50 EUR and 20.00 USD`."""
    return listed([_amount(*each) for each in amounts.items()], "more currencies")


def day(at_ms: int) -> str:
    """Return Unix milliseconds as a date and time in UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _arrived(statement: Statement) -> str:
    count, total = statement.count("delivered"), statement.orders
    if not total:
        return "no order could be read from the file"
    test = " in test mode, where the platform records nothing" if statement.test and count else ""
    whole = money(statement.value)
    if count == total:
        told = "the only order has" if total == 1 else f"all {total:,} orders have"
        return f"{told} arrived{test}{_worth(whole)}"
    if total == 1:
        return f"the only order has not arrived{_worth(whole)}"
    told = f"{count:,} of {total:,} orders {'has' if count == 1 else 'have'} arrived{test}"
    part = money(statement.worth("delivered"))
    return f"{told}, worth {part or 'nothing'} of {whole}" if whole else told


def _others(statement: Statement, since_ms: int | None) -> Iterator[str]:
    for state, (one, many) in _STATES.items():
        count = statement.count(state)
        if not count:
            continue
        told = f"{count:,} {one if count == 1 else many}{_worth(money(statement.worth(state)))}"
        why = ", ".join(_why([share for share in statement.shares if share.state == state]))
        if state == "pending" and statement.paused is not None:
            why = _paused(statement.paused)
        if state == "unknown":
            why += _kept_since(statement, since_ms)
        yield f"{told}: {why}" if why else told


def _why(shares: list[Share]) -> Iterator[str]:
    for share in shares:
        if share.reason is not None:
            words = REASONS.get(share.reason, share.reason)
            yield words if len(shares) == 1 else f"{share.orders:,} {words}"


def _kept_since(statement: Statement, since_ms: int | None) -> str:
    older = any(each.reason == "before_journal" for each in statement.shares)
    return f" (since {day(since_ms)})" if older and since_ms is not None else ""


def _paused(reason: str) -> str:
    wording = PAUSED.get(cast("PauseReason", reason))
    return "it is paused" if wording is None else f"it is paused ({wording.sentence.rstrip('.')})"


def _doubts(statement: Statement) -> Iterator[str]:
    for each in statement.differences:
        shop, relay = _amount(each.currency, each.shop), _amount(each.currency, each.relay)
        yield f"{each.orders:,} with another amount at the relay: {relay} instead of {shop}"
    if statement.without_value:
        yield f"{statement.without_value:,} arrived without an amount"
    if statement.other_currency:
        yield f"{statement.other_currency:,} with another currency at the relay"
    if statement.more_than_once:
        yield (
            f"{statement.more_than_once:,} arrived more than once, under different event ids, and"
            " may be counted as often"
        )


def _worth(text: str) -> str:
    return f", worth {text}" if text else ""


def _amount(currency: str, value: Decimal) -> str:
    return f"{Decimal(notation.money(value)):,f} {currency or 'without a currency'}"

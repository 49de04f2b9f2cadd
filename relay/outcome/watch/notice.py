"""The messages that people get without asking, each as text and as fields for programs.

`text` is what Slack and compatible services show; programs read the other keys. A message holds no
value or id of an event, and no token.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from relay.delivery import DeadReason, Destination, PauseReason
from relay.journal.report import Space
from relay.outcome.health import sentence_of
from relay.outcome.notation import until_full
from relay.outcome.wording import DEAD

Kind = Literal[
    "paused", "resumed", "dead_letters", "journal_filling", "journal_full", "journal_space", "test"
]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `destination`, `reason` and `count` are null if they do not apply."""

    text: Annotated[str, Meta(description="What people read, without any markup.")]
    kind: Kind
    destination: Annotated[str | None, Meta(description="Its name in the configuration.")] = None
    reason: Annotated[
        str | None,
        Meta(
            description="Of a pause or of dead letters, a word of `reasons.json`; of "
            "`journal_full`, why no events are taken."
        ),
    ] = None
    count: Annotated[
        int | None, Meta(description="How many dead letters of this reason came up so far.")
    ] = None


TEST: Final = Notice(
    text="This is how the conversion relay speaks up when it needs somebody. All is well.",
    kind="test",
)
SPACE: Final = Notice(text="The relay's journal has room again.", kind="journal_space")
TAKING: Final = Notice(text="The relay takes events again.", kind="journal_space")


def paused(destination: Destination, reason: PauseReason) -> Notice:
    """Return the message that nothing is sent to a platform, and where to fix that."""
    name = destination.name
    sentence = sentence_of(reason, destination.fixes)
    text = f"{name} is paused. {sentence} What is not sent waits on disk."
    return Notice(text=text, kind="paused", destination=name, reason=reason)


def resumed(destination: Destination) -> Notice:
    """Return the message that a pause is over."""
    name = destination.name
    text = f"{name} is sending again, and makes up for what waited."
    return Notice(text=text, kind="resumed", destination=name)


def dead_letters(destination: Destination, reason: DeadReason, count: int) -> Notice:
    """Return the message on the first dead letters of a reason; `count` is how many there are."""
    name, words = destination.name, DEAD[reason]
    text = (
        f"{name}: {count} not delivered so far, {reason}. {words.sentence} {words.fix} "
        f"See them with: relay dead list --destination {name} --reason {reason}"
    )
    return Notice(text=text, kind="dead_letters", destination=name, reason=reason, count=count)


def journal_filling(space: Space) -> Notice:
    """Return the message that room runs out, while there is still time to act."""
    hours = space.hours_to_full
    soon = "" if hours is None else f", and will be full {until_full(hours)} if this goes on"
    text = (
        f"The relay's journal is {100 * share_of(space):.0f} % full{soon}. See what is waiting and "
        "why, give it a larger disk, or raise `max_size`. Delivered events make room first."
    )
    return Notice(text=text, kind="journal_filling")


def journal_full(reason: str) -> Notice:
    """Return the message that no events are accepted; `reason` is the journal's or the port's."""
    text = (
        f"The relay takes no events at the moment: {reason}. What was accepted is safe; a shop "
        "that does not send again loses the rest. A full disk needs room, a journal at its limit a "
        "higher `max_size`, a process that does not run a new start."
    )
    return Notice(text=text, kind="journal_full", reason=reason)


def share_of(space: Space) -> float:
    """Return the share of the room that is used, 0 to 1."""
    whole = space.used_bytes + space.left_bytes
    return space.used_bytes / whole if whole else 1.0

"""What the admin port reports about Kafka: the source, its partitions, and the outcomes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

State = Literal["connecting", "active", "held", "stopped", "unreachable"]
OutcomesState = Literal["connecting", "active", "unreachable"]


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """One partition that this relay reads."""

    topic: str
    partition: int
    committed: Annotated[
        int | None, Meta(description="The next message to read; all earlier ones are stored.")
    ]
    lag: Annotated[int | None, Meta(description="Messages not yet read; null if unknown.")]


class KafkaSourceView(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of the Kafka source."""

    state: Annotated[
        State,
        Meta(
            description="`held`: the journal takes no more, so partitions are paused. `stopped`: "
            "what is unusable cannot be written away, so nothing is read and nothing skipped."
        ),
    ]
    message: Annotated[str, Meta(description="Why the source is not active, and what to do.")]
    since: Annotated[datetime, Meta(description="When this state began.")]
    group_id: str
    topics: Sequence[str]
    missing_topics: Annotated[
        Sequence[str], Meta(description="Topics that do not exist, or that the user cannot see.")
    ]
    assignment: Sequence[Partition]
    last_commit: Annotated[datetime | None, Meta(description="When offsets were last committed.")]
    tombstones: Annotated[
        int, Meta(ge=0, description="Messages without a value, which are skipped.")
    ]


class OutcomesView(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes that are published to Kafka."""

    state: OutcomesState
    message: str
    topic: str
    published: Annotated[int, Meta(ge=0, description="Records since the process started.")]
    waiting: Annotated[int, Meta(ge=0, description="Records that Kafka has not confirmed yet.")]
    lost: Annotated[
        int, Meta(ge=0, description="Records given up to make room, since the journal was created.")
    ]


class SourcesView(msgspec.Struct, frozen=True, kw_only=True):
    """The Kafka source and the outcomes, each null if it is not configured."""

    kafka: KafkaSourceView | None
    outcomes: OutcomesView | None

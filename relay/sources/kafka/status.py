"""The state of the Kafka source, for the log, the metrics and the admin port.

Only this module logs about it: one line when something changes, and none as long as it stays the
same, so that a wrong password is one line, however often it is tried.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from aiokafka import TopicPartition

from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.outcome.views.source import KafkaSourceView, Partition, State

log = logging.getLogger(__name__)

WORDS: Final[Mapping[State, str]] = {
    "connecting": "Kafka is being connected to",
    "active": "events are read from Kafka",
    "held": "the journal takes no more: partitions are paused, and resumed later",
    "stopped": "unusable messages are not written away yet: reading stops, nothing is skipped",
    "unreachable": "Kafka cannot be used; it is tried again, ever more slowly",
}
UNMADE: Final = (
    "a topic is missing, or the user may not see it, and the relay cannot make it; create it"
)


class Status:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        group_id: str,
        topics: Sequence[str],
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._group_id = group_id
        self.topics = topics
        """Configured topics."""
        self._metrics = metrics
        self._clock = clock
        self._away: Fault | None = None
        self._trouble: tuple[State, Fault] | None = None
        self.answers = 0
        """How often the cluster answered."""
        self._told: tuple[State, Fault | None] = ("connecting", None)
        self._since = self._now()
        self._committed: dict[TopicPartition, int | None] = {}
        self._lag: dict[TopicPartition, int] = {}
        self._last_commit: datetime | None = None
        self._tombstones = 0
        self.missing: Sequence[str] = ()
        """Configured topics that do not exist."""
        self._refused: Mapping[str, str] = {}
        metrics.kafka_reading.labels(group_id).set(0)

    def reached(self) -> None:
        """Note that the cluster answered."""
        self.answers += 1
        self._away = None
        self._tell()

    def away(self, fault: Fault) -> None:
        """Note that the cluster does not answer, or not to this relay."""
        self._away = fault
        self._tell()

    def in_trouble(self, state: State, fault: Fault) -> None:
        """Note that what was read cannot be stored or written away now."""
        self._trouble = state, fault
        self._tell()

    def out_of_trouble(self) -> None:
        """Note that the trouble is over."""
        if self._trouble is not None:
            self._trouble = None
            self._tell()

    def lacks(self, missing: Sequence[str], refused: Mapping[str, str]) -> None:
        """Note which topics are missing, and why the relay could not make others (`refused`)."""
        self._miss(missing)
        if refused and refused != self._refused:
            found = [f"{name} ({reason})" for name, reason in refused.items()]
            _warn(UNMADE, found)
        self._refused = refused

    def has_topics(self, known: Collection[str]) -> None:
        """Note which topics exist now."""
        self._miss([name for name in self.topics if name not in known])

    def deleted(self, partition: TopicPartition, messages: int) -> None:
        """Warn that up to `messages` messages were deleted before they were read."""
        where = f"{partition.topic}, partition {partition.partition}"
        fields = {"source": "kafka", "topic": where, "messages": messages}
        message = "messages were deleted before they were read; keep the topic for longer"
        log.warning(message, extra={"fields": fields})

    def passed_over(self, tombstones: int) -> None:
        """Count messages without a value."""
        self._tombstones += tombstones
        self._metrics.kafka_tombstones.add(count=tombstones)

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Start over with the partitions of this relay, of which there may be none."""
        for partition in self._lag:
            self._metrics.kafka_lag.remove(*_labels(partition))
        self._lag = {}
        self._committed = dict.fromkeys(partitions)

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note which offsets were committed."""
        self._committed |= offsets
        self._last_commit = self._now()

    def measured(self, lag: Mapping[TopicPartition, int]) -> None:
        """Note how many messages are not read yet."""
        for partition, messages in lag.items():
            self._metrics.kafka_lag.labels(*_labels(partition)).set(messages)
        self._lag |= lag

    def view(self) -> KafkaSourceView:
        """Return the whole state, for the admin port."""
        state, fault = self._told
        return KafkaSourceView(
            state=state,
            message=f"{WORDS[state]}: {fault.advice}" if fault else WORDS[state],
            since=self._since,
            group_id=self._group_id,
            topics=self.topics,
            missing_topics=self.missing,
            assignment=[
                Partition(
                    topic=partition.topic,
                    partition=partition.partition,
                    committed=offset,
                    lag=self._lag.get(partition),
                )
                for partition, offset in sorted(self._committed.items())
            ],
            last_commit=self._last_commit,
            tombstones=self._tombstones,
        )

    def _miss(self, topics: Sequence[str]) -> None:
        """Warn of topics that are missing, but not if all are: that is a fault, told as such."""
        if topics and topics != self.missing and len(topics) < len(self.topics):
            _warn("a topic does not exist, or the user may not see it", topics)
        self.missing = topics

    def _tell(self) -> None:
        now = self._judge()
        if now == self._told:
            return
        if now[0] != self._told[0]:
            self._since = self._now()
        self._told = now
        state, fault = now
        self._metrics.kafka_reading.labels(self._group_id).set(state == "active")
        reason = {"reason": fault.reason, "key": fault.key} if fault else {}
        level = logging.WARNING if fault else logging.INFO
        fields = {"source": "kafka", "group_id": self._group_id, "state": state, **reason}
        log.log(level, WORDS[state], extra={"fields": fields})

    def _judge(self) -> tuple[State, Fault | None]:
        if self._away is not None:
            return "unreachable", self._away
        if self._trouble is not None:
            return self._trouble
        return ("active" if self.answers else "connecting"), None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _warn(message: str, topics: Sequence[str]) -> None:
    log.warning(message, extra={"fields": {"source": "kafka", "topic": ", ".join(topics)}})


def _labels(partition: TopicPartition) -> tuple[str, str]:
    return partition.topic, str(partition.partition)

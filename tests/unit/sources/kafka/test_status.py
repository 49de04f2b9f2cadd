"""What the source says: a line for what changed, none for what stays."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition

from relay.kafka.fault import Fault
from relay.metrics import Metrics
from relay.sources.kafka.status import Status
from tests.given.event.builders import NOW_S

PASSWORD = Fault("the broker refuses this user and password", "kafka.sasl_plain_password")
FULL = Fault("the journal is at its size limit")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def status(metrics: Metrics) -> Status:
    return Status("relay", ("conversions", "others"), metrics, lambda: NOW_S)


def told(caplog: pytest.LogCaptureFixture) -> list[Mapping[str, Any]]:
    return [vars(record)["fields"] for record in caplog.records]


def test_a_fault_is_told_once_however_often_it_is_met(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        status.away(Fault(PASSWORD.reason, PASSWORD.key))
    [line] = told(caplog)
    assert line == {
        "source": "kafka",
        "group_id": "relay",
        "state": "unreachable",
        "reason": PASSWORD.reason,
        "key": "kafka.sasl_plain_password",
    }


def test_people_are_told_which_key_to_look_at(status: Status) -> None:
    status.away(PASSWORD)
    assert status.view().message.endswith(f"{PASSWORD.reason}; look at {PASSWORD.key}")
    status.reached()
    status.in_trouble("held", FULL)
    assert status.view().message.endswith(FULL.reason)


def test_a_topic_that_may_not_be_made_is_told_once(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    """Also while the topics that are read come and go."""
    for _ in range(3):
        status.lacks([], {"conversions.rejected": "TOPIC_AUTHORIZATION_FAILED"})
        status.has_topics(["conversions", "others"])
    status.lacks([], {})
    [line] = told(caplog)
    assert line["topic"] == "conversions.rejected (TOPIC_AUTHORIZATION_FAILED)"


def test_a_topic_that_is_missing_is_told_once(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    status.lacks(["conversions"], {})
    assert status.view().missing_topics == ["conversions"]
    for _ in range(3):
        status.has_topics(["others"])
    [line] = told(caplog)
    assert line["topic"] == "conversions"
    assert status.view().missing_topics == ["conversions"]
    status.has_topics(["conversions", "others"])
    assert status.view().missing_topics == []


def test_that_all_topics_are_missing_is_a_fault_and_told_as_one(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    status.lacks(["conversions", "others"], {})
    assert told(caplog) == []
    assert status.view().missing_topics == ["conversions", "others"]


def test_what_was_deleted_unread_is_told_with_its_place(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    status.deleted(TopicPartition("conversions", 3), 5)
    [line] = told(caplog)
    assert line == {"source": "kafka", "topic": "conversions, partition 3", "messages": 5}


def test_it_says_since_when_it_is_so_whatever_the_reason(metrics: Metrics) -> None:
    now_s = itertools.count(NOW_S)
    status = Status("relay", ("conversions", "others"), metrics, lambda: next(now_s))
    status.away(PASSWORD)
    status.away(Fault("no broker answers"))
    assert status.view().since.timestamp() == NOW_S + 1
    status.reached()
    assert status.view().since.timestamp() == NOW_S + 2


def test_trouble_stays_while_the_cluster_is_away(status: Status) -> None:
    """Away takes precedence; when the cluster is back, the journal is still full."""
    status.reached()
    status.in_trouble("held", FULL)
    status.away(PASSWORD)
    assert status.view().state == "unreachable"
    status.reached()
    assert status.view().state == "held"
    status.out_of_trouble()
    assert status.view().state == "active"


def test_monitoring_sees_whether_events_are_read(status: Status, metrics: Metrics) -> None:
    def reading() -> float | None:
        return metrics.registry.get_sample_value("relay_kafka_reading", {"group_id": "relay"})

    assert reading() == 0
    status.reached()
    assert reading() == 1
    status.in_trouble("held", FULL)
    assert reading() == 0


def test_only_partitions_of_this_relay_have_a_lag(status: Status) -> None:
    one, two = TopicPartition("conversions", 0), TopicPartition("conversions", 1)
    status.assigned([one, two])
    status.committed({one: 7})
    status.measured({one: 3, two: 0})
    assert [(each.partition, each.committed, each.lag) for each in status.view().assignment] == [
        (0, 7, 3),
        (1, None, 0),
    ]
    status.assigned([])
    assert status.view().assignment == []


def test_monitoring_sees_the_lag_as_long_as_a_partition_is_this_relays(
    status: Status, metrics: Metrics
) -> None:
    def lag(partition: int) -> float | None:
        labels = {"topic": "conversions", "partition": str(partition)}
        return metrics.registry.get_sample_value("relay_kafka_lag", labels)

    one, two = TopicPartition("conversions", 0), TopicPartition("conversions", 1)
    status.assigned([one, two])
    status.measured({one: 3, two: 4})
    status.measured({two: 5})
    assert (lag(0), lag(1)) == (3, 5)
    status.assigned([two])
    assert (lag(0), lag(1)) == (None, None)
    assert [each.lag for each in status.view().assignment] == [None]


def test_people_see_when_it_was_last_committed(metrics: Metrics) -> None:
    now_s = itertools.count(NOW_S)
    status = Status("relay", ("conversions", "others"), metrics, lambda: next(now_s))
    status.committed({TopicPartition("conversions", 0): 7})
    found = status.view().last_commit
    assert found is not None
    assert found.timestamp() == NOW_S + 1


def test_before_the_first_answer_it_is_connecting(status: Status) -> None:
    assert status.view().state == "connecting"
    assert status.view().last_commit is None


def test_messages_without_a_value_are_counted(status: Status, metrics: Metrics) -> None:
    assert status.view().tombstones == 0
    status.passed_over(2)
    status.passed_over(1)
    assert status.view().tombstones == 3
    assert metrics.registry.get_sample_value("relay_kafka_tombstones_total") == 3

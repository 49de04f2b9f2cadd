"""A real Apache Kafka for the tests below: one broker a session, and a cluster where one asks.

Without Java these tests skip with one line; under `CI=true` that is a failure instead.
"""

from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Cluster, Unavailable
from tests.kafka.missing import without


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker that all tests share; each has topics and a group of its own, and is in order.

    Who stops the broker starts it again.
    """
    yield from _running(Cluster(tmp_path_factory.mktemp("broker")))


@pytest.fixture
def one_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A broker for one test, which may change its settings."""
    yield from _running(Cluster(tmp_path_factory.mktemp("own")))


@pytest.fixture
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of three, of which any one may fail."""
    yield from _running(Cluster(tmp_path_factory.mktemp("cluster"), nodes=3))


def _running(cluster: Cluster) -> Iterator[Cluster]:
    try:
        cluster.__enter__()
    except Unavailable as error:
        without(f"NO KAFKA TO TEST AGAINST, SO NOTHING OF IT IS TESTED: {error}")
    yield cluster
    cluster.__exit__(None, None, None)

"""The instruments: exact, and never better than what was."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from relay.instrument import SECONDS, Histogram, Tally


def test_bounds_rise() -> None:
    assert list(SECONDS) == sorted(set(SECONDS))


@given(st.lists(st.tuples(st.floats(0, 5000), st.integers(1, 1000)), max_size=30))
def test_a_histogram_counts_what_was_observed(observed: list[tuple[float, int]]) -> None:
    """Each bucket holds all observations up to its bound, the last one all there are."""
    registry = CollectorRegistry()
    histogram = Histogram(registry, "h", "text")
    for value, count in observed:
        histogram.observe(value, "shop", count=count)
    for bound in SECONDS if observed else ():
        found = registry.get_sample_value(
            "h_bucket", {"destination": "shop", "le": str(float(bound))}
        )
        assert found == sum(count for value, count in observed if value <= bound)
    if observed:
        labels = {"destination": "shop"}
        assert registry.get_sample_value("h_count", labels) == sum(n for _, n in observed)
        total = registry.get_sample_value("h_sum", labels)
        assert total is not None
        assert abs(total - sum(value * count for value, count in observed)) < 1e-3


def test_a_counter_has_no_series_of_its_creation() -> None:
    registry = CollectorRegistry()
    tally = Tally(registry, "relay_things", "text", ("destination",))
    tally.add("shop", count=3)
    tally.add("shop")
    lines = generate_latest(registry).decode().splitlines()
    assert [line for line in lines if line[0] != "#"] == [
        'relay_things_total{destination="shop"} 4.0'
    ]


def test_a_quantile_is_never_better_than_what_was_observed() -> None:
    histogram = Histogram(CollectorRegistry(), "h", "text", bounds=(1, 5, 10))
    assert histogram.quantile(0.5, "shop") is None
    histogram.observe(0.5, "shop", count=6)
    histogram.observe(4, "shop", count=3)
    histogram.observe(99, "shop")

    assert histogram.quantile(0.5, "shop") == 1
    assert histogram.quantile(0.9, "shop") == 5
    assert histogram.quantile(0.99, "shop") == float("inf")

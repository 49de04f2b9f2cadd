"""The figures of several processes add up to those of a single one."""

from relay.metrics import Metrics
from relay.workers.figure_book import FigureBook


def test_the_figures_of_two_workers_add_up_to_the_unit() -> None:
    whole, alone = Metrics(), Metrics()
    book = FigureBook(whole)
    workers = [Metrics(), Metrics()]
    for metrics in (*workers, alone, alone):
        metrics.answers.add("202", count=3)
        metrics.passed_over.add("segment", "identify")
        metrics.ingest_seconds.observe(0.02)
        metrics.journal_append_seconds.observe(5000.0, count=2)
    for metrics in workers:
        told = FigureBook(metrics).drain()
        assert told is not None
        book.add(told)
    assert whole.answers.counts() == alone.answers.counts()
    assert whole.passed_over.counts() == alone.passed_over.counts()
    for name in ("relay_ingest_seconds", "relay_journal_append_seconds"):
        for sample in ("count", "sum"):
            found, wanted = (
                each.registry.get_sample_value(f"{name}_{sample}") for each in (whole, alone)
            )
            assert found == wanted


def test_what_was_told_is_not_told_again() -> None:
    metrics = Metrics()
    book = FigureBook(metrics)
    book.drain()
    assert book.drain() is None
    metrics.answers.add("400")
    told = book.drain()
    assert told is not None
    assert told.tallies == [[(("400",), 1)], []]
    assert book.drain() is None

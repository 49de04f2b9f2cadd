"""What a terminal gets to see, and what a pipe does."""

import io
from contextlib import redirect_stdout

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from relay.cli.output import console, counted, moment, plain, print_json, table
from relay.config.quantity import sized


@given(st.text())
def test_words_of_outsiders_cannot_steer_a_terminal(text: str) -> None:
    assert plain(text).plain.isprintable()


@given(st.dictionaries(st.text(), st.text()))
def test_words_of_outsiders_in_json_cannot_steer_a_terminal_and_are_the_same(
    words: dict[str, str],
) -> None:
    shown = io.StringIO()
    with redirect_stdout(shown):
        print_json(msgspec.json.encode(words))

    assert all(line.isprintable() for line in shown.getvalue().split("\n"))
    assert msgspec.json.decode(shown.getvalue()) == words


def test_nothing_is_folded_cut_or_coloured_where_no_terminal_is() -> None:
    stream = io.StringIO()
    rows = table("Event id", "Count", numbers=("Count",))
    rows.add_row(plain("x" * 256), "1,000")

    console(stream).print(rows)

    assert "x" * 256 in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_folds_what_is_too_long_and_cuts_nothing() -> None:
    stream = io.StringIO()
    rows = table("Event id", "Count", numbers=("Count",))
    rows.add_row(plain("order-1001-of-the-outlet"), "1,000")

    Console(file=stream, width=20).print(rows)

    assert "…" not in stream.getvalue()
    assert "".join(line[:13].strip() for line in stream.getvalue().split("\n")).endswith(
        "order-1001-of-the-outlet"
    )


def test_brackets_are_shown_as_they_are() -> None:
    stream = io.StringIO()

    console(stream).print(plain("[red]sku[/red] :smile:"))

    assert stream.getvalue() == "[red]sku[/red] :smile:\n"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 events"), (1, "1 event"), (48_210, "48,210 events")]
)
def test_a_count_comes_with_its_noun(count: int, words: str) -> None:
    assert counted(count, "event") == words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 KiB"), (135_168, "132 KiB"), (4_718_592, "4.5 MiB"), (5 * 2**28, "1.25 GiB")],
)
def test_a_size_is_told_in_the_unit_that_fits(size_bytes: int, words: str) -> None:
    assert sized(size_bytes) == words


def test_a_moment_is_shown_in_utc_to_the_second() -> None:
    assert moment("2026-01-31T12:03:01.250Z") == "2026-01-31 12:03:01"

"""CSV files as shops, spreadsheets and accidents make them."""

import io
import time
from collections.abc import Sequence

import pytest

from relay.comparison.listing import LISTED, Column, Faults, Line, Listing, Unusable, moment
from relay.errors import ConfigError

COLUMNS = (
    Column("order id", ("order_id", "order", "id"), required=True),
    Column("value", ("value", "total")),
)


def read(text: str | bytes, faults: Faults | None = None) -> Sequence[Line]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(Listing(io.BytesIO(data), COLUMNS, faults or Faults(), lambda _: None))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_any_usual_separator_and_line_end_is_understood(delimiter: str, ending: str) -> None:
    text = ending.join([delimiter.join(row) for row in (("total", "order_id"), ("1.50", "A"))])
    assert read(text) == [Line(2, ["A", "1.50"])]


@pytest.mark.parametrize("header", ["Order ID", "ORDER-ID", " orderId ", "order", "id", '"Id"'])
def test_a_column_is_found_by_any_of_its_names(header: str) -> None:
    assert read(f"{header},Total\nA,1\n") == [Line(2, ["A", "1"])]


def test_the_likeliest_name_wins_wherever_it_stands() -> None:
    found = Listing(io.BytesIO(b"id,order_id\n7,A\n"), COLUMNS, Faults(), lambda _: None)
    assert found.columns == {"order id": "order_id"}
    assert list(found) == [Line(2, ["A", ""])]


def test_a_byte_order_mark_and_blank_lines_do_not_matter_and_numbers_are_those_of_an_editor() -> (
    None
):
    assert read(b"\xef\xbb\xbf\n\norder_id\nA\n\n  \nB\n") == [
        Line(4, ["A", ""]),
        Line(7, ["B", ""]),
    ]


def test_a_quoted_cell_may_hold_the_separator_and_quotes() -> None:
    assert read('id,total\n"A ""1"", x",2\n') == [Line(2, ['A "1", x', "2"])]


@pytest.mark.parametrize("cell", ['="01001"', '"=""01001"""', ' ="01001" '])
def test_a_number_that_is_kept_as_text_for_spreadsheets_is_that_text(cell: str) -> None:
    """Exporters write it as a formula; to the letter, no order has such an id."""
    assert read(f"id,total\n{cell},2\n") == [Line(2, ["01001", "2"])]


def test_missing_cells_are_empty_and_a_line_with_too_many_is_a_fault() -> None:
    """An amount with a decimal comma in a file that is separated by commas must not be halved."""
    faults = Faults()
    assert read("id,total\nA\nB,12,50\nC,3\n", faults) == [Line(2, ["A", ""]), Line(4, ["C", "3"])]
    assert [(fault.line, fault.problem) for fault in faults.listed] == [
        (3, "it has more cells than there are columns")
    ]


def test_a_quote_that_is_never_closed_is_one_fault_and_not_the_end() -> None:
    faults = Faults()
    text = 'id,total\nA,1\n"B,2\n' + f"{'x' * 1_000},9\n" * 200
    assert read(text, faults)[0] == Line(2, ["A", "1"])
    assert faults.count == 1
    assert "quote is not closed" in faults.listed[0].problem


@pytest.mark.parametrize("end", ["", '\nD,"4"\nE,5\n'])
def test_an_unclosed_quote_never_swallows_lines_silently(end: str) -> None:
    """Else its line counts, and the orders behind it are gone without a word."""
    faults = Faults()
    assert read(f'id,total,note\nA,1,x\nB,2,"open\nC,3,x{end}', faults)[:1] == [Line(2, ["A", "1"])]
    [fault] = faults.listed
    assert fault.line == 3
    assert "a quote is not closed" in fault.problem
    assert f"nothing up to line {4 + end.count('D')} can be used" in fault.problem


def test_line_ends_of_old_macs_further_down_are_named_as_well() -> None:
    faults = Faults()
    assert read(b"id,total\nA,1\rB,2\nC,3\n", faults) == [Line(3, ["C", "3"])]
    assert "old Macs" in faults.listed[0].problem


def test_the_name_of_a_column_may_hold_separators_and_line_breaks() -> None:
    text = '"no, really";id;total;"two\nlines"\n;A;1;x\n'
    assert read(text) == [Line(3, ["A", "1"])]


def test_all_faults_are_counted_and_only_a_few_are_kept() -> None:
    faults = Faults()
    read("id,total\n" + "A,1,2\n" * 1_000, faults)
    assert (faults.count, len(faults.listed)) == (1_000, LISTED)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"PK\x03\x04" + bytes(2**20), "a workbook or an archive; save it as CSV UTF-8"),
        (b"value,currency\n1,EUR\n", "no column for the order id"),
        ("id,total\nA,1\n".encode("utf-16"), "UTF-16"),
        ("id,total\r\nA,1\r\n".encode("utf-16-le"), "UTF-16"),
        (b"id\n" + b"x" * (2**20 + 1), "more than 1 MiB"),
        (b"id,total\rA,1\rB,2\r", "line ends of old Macs; save it as CSV UTF-8"),
        (b"id," + b"x" * 200_000 + b"\nA,1\n", "first line cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(data)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("1767225600", 1_767_225_600),
        ("1767225600123", 1_767_225_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600),
        ("2026-01-01 01:00:00 +0100", 1_767_225_600),
        ("2026-01-01 00:00:00 UTC", 1_767_225_600),
        ("2026-01-01", 1_767_225_600),
        ("20260101", 1_767_225_600),
    ],
)
def test_times_as_shops_write_them(text: str, seconds: int | None) -> None:
    assert moment(text) == seconds


@pytest.mark.parametrize(
    "text", ["yesterday", "01/02/2026", "9" * 400, "2026-13-01", "46023", "20261301"]
)
def test_a_time_that_would_have_to_be_guessed_is_none(text: str) -> None:
    with pytest.raises(Unusable):
        moment(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_has_in_utc_is_none(text: str) -> None:
    with pytest.raises(Unusable):
        moment(text)


def test_a_cell_full_of_blanks_is_not_a_time_and_is_read_quickly() -> None:
    start = time.process_time()
    with pytest.raises(Unusable):
        moment("2026" + " " * 20_000 + "UTx")
    assert time.process_time() - start < 0.5

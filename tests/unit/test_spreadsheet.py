"""What begins like a formula is text for a spreadsheet, and everything else stays as it is."""

import pytest

from relay.spreadsheet import as_text


@pytest.mark.parametrize("sign", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_what_begins_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert as_text(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20")
@pytest.mark.parametrize("separator", ";\t\r\n")
def test_so_does_what_begins_a_cell_where_semicolons_divide_them(separator: str, sign: str) -> None:
    """Excel reads a file with commas so where those are decimal signs, as in most of Europe."""
    assert as_text(f"a{separator}{sign}1;b") == f"a{separator}'{sign}1;b"


@pytest.mark.parametrize("text", ["", "order-1", "1+1=2", " =1+1", "'=1", "a; b=1", "a;b\nc"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert as_text(text) == text

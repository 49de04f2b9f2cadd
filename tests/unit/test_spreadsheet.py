"""What begins like a formula is text for a spreadsheet, and everything else stays as it is."""

import pytest

from relay.spreadsheet import as_text


@pytest.mark.parametrize("sign", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_what_begins_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert as_text(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["", "order-1", "1+1=2", " =1+1", "'=1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert as_text(text) == text

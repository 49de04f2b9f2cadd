"""Texts are normalised as Unicode says, but for those that take the square of their length."""

from typing import get_args
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.logs import scrub
from relay.normal_form import MAX_MARKS, Form, normal

FORMS = get_args(Form)
ABOVE, BELOW = "\u0301", "\u0323"
MANY_MARKS = "a" + (ABOVE + BELOW) * 100_000
"""To sort them would take minutes."""


@given(st.text(st.characters(max_codepoint=0x3FF) | st.sampled_from("éα가\ufdfa"), max_size=60))
def test_a_text_with_few_marks_in_a_row_has_its_normal_form(text: str) -> None:
    for form in FORMS:
        assert normal(form, text) in {normalize(form, text), ""}
        assert normal(form, text[:MAX_MARKS]) == normalize(form, text[:MAX_MARKS])


@pytest.mark.parametrize("form", FORMS)
def test_thirty_marks_on_a_letter_are_the_most(form: Form) -> None:
    most = "e" + ABOVE * MAX_MARKS
    assert normal(form, f"{most} and {most}") == normalize(form, f"{most} and {most}")
    assert normal(form, f"{most}{BELOW}") == ""
    assert normal(form, MANY_MARKS) == ""


@pytest.mark.parametrize("between", ["", "\u200d", "\u00ad"], ids=["in a row", "joined", "hyphens"])
def test_nothing_is_kept_of_a_long_row_of_marks(between: str) -> None:
    """Also if it only becomes one, once what is invisible in it is gone."""
    assert scrub(between.join(["x", *[ABOVE + BELOW] * 6_000])) == ""

"""The text of a key: what is made can be read, and what is mistyped cannot."""

import re

from hypothesis import given
from hypothesis import strategies as st

from relay.keys.token import ALPHABET, new_token, read_pair, read_token

SCANNER = re.compile(r"relay_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}")


def test_what_is_made_can_be_read_whole_and_in_halves() -> None:
    token = new_token()
    assert read_token(str(token)) == token
    assert read_pair(*token) == token


def test_a_secret_scanner_finds_it_in_a_line_of_code() -> None:
    assert SCANNER.search(f'TOKEN = "{new_token()}"')


def test_no_two_keys_are_the_same() -> None:
    made = [new_token() for _ in range(200)]
    assert len({token.key for token in made}) == len({token.secret for token in made}) == 200


@given(st.data())
def test_one_wrong_character_anywhere_is_noticed(data: st.DataObject) -> None:
    text = str(new_token())
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from([each for each in ALPHABET if each != text[at]]))
    assert read_token(text[:at] + wrong + text[at + 1 :]) is None


@given(st.text(max_size=80))
def test_any_other_text_is_no_key(text: str) -> None:
    assert read_token(text) is None
    assert read_pair(text, text) is None


def test_its_repr_shows_no_secret() -> None:
    token = new_token()
    assert token.secret not in repr(token)

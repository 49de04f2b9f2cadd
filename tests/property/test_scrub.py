"""Whatever a platform says, no address, number or token of a person is kept."""

import re
import string

from hypothesis import example, given
from hypothesis import strategies as st

from relay.logs import OPAQUE, scrub

WORDS = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=8)
AROUND = st.sampled_from(["", " ", ", ", ": ", "'", '"', "(", "<", "=", "\n", "…", "é"])
LOCAL_PARTS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,30}", fullmatch=True)
DOMAINS = st.from_regex(
    r"[A-Za-z0-9-]{1,20}(\.[A-Za-z0-9-]{1,10}){0,2}\.[a-z]{2,6}", fullmatch=True
)
BASE64 = st.text(string.ascii_letters + string.digits + "+/=-_", min_size=20, max_size=120)


@given(st.text(max_size=400), st.integers(1, 300))
@example("0" * 30, 5)
@example("a_" * 100 + "B", 25)
@example("%2540", 10)
@example("\\\\//", 10)
def test_scrubbing_twice_is_scrubbing_once(text: str, length: int) -> None:
    once = scrub(text, length)

    assert len(once) <= length
    assert once == scrub(once, length)
    assert not set(once) & set("\r\n\x00\x1b")


@given(st.text(max_size=400))
def test_no_at_sign_and_no_seven_digits_are_left(text: str) -> None:
    kept = scrub(text)

    assert "@" not in kept
    assert not re.search(r"\d{7}", kept)


@given(WORDS, AROUND, LOCAL_PARTS, DOMAINS, AROUND)
def test_no_email_address_survives(
    before: str, left: str, local: str, domain: str, right: str
) -> None:
    kept = scrub(f"{before}{left}{local}@{domain}{right} rest")

    assert f"{local}@" not in kept
    assert f"@{domain}" not in kept


@given(st.text(string.digits, min_size=7, max_size=15), st.data(), AROUND)
def test_no_phone_number_survives_its_separators(
    digits: str, data: st.DataObject, around: str
) -> None:
    separators = st.sampled_from(["", "", " ", "-", ".", ") (", " / ", "\u2013", "\u00a0"])
    number = "".join(digit + data.draw(separators) for digit in digits)

    kept = scrub(f"call {around}+{number}{around} now")

    left = sum(char.isdigit() for char in kept)
    assert left == 0 or (OPAQUE in kept and left < 7)  # a rest that is no number any more


@given(WORDS, BASE64.filter(lambda text: re.search("[A-Z0-9]", text[1:]) is not None))
def test_no_token_survives(before: str, token: str) -> None:
    assert token not in scrub(f"{before} {token} rest")


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(0, 999))
def test_a_path_of_field_names_is_kept(words: list[str], index: int) -> None:
    path = f"data.{index}." + ".".join(words)

    assert scrub(path) == path

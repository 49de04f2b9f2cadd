"""What holds for any text: no crash, nothing but digests, and normalising twice is once."""

import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from relay.event import User
from relay.identity import Identity
from relay.identity.address import city, country, postal_code, state
from relay.identity.device import ip, mobile_ad_id, opaque, ttclid
from relay.identity.digest import DENYLIST, digest
from relay.identity.email import email
from relay.identity.memo import Memo
from relay.identity.person import birth_date, external_id, gender, name
from relay.identity.phone import NORTH_AMERICA, _e164, _parsed, phone
from relay.identity.text import clean, letters, lower, trim
from relay.identity.user import identify
from relay.identity.value import HASHED

DIGEST = re.compile(r"[0-9a-f]{64}")
PLAIN = {
    *("city_plain", "state_plain", "country_plain", "ip", "user_agent", "locale"),
    *("epik", "ttclid", "ttp", "att_status", "customer_type"),
}

AWKWARD = (
    *(" ", "\t", "\u00a0", "\u200b", "\ufeff", "\u00ad", "\x1c", "\x85", "\u3000", "\ud800"),
    *("@", ".", "+", "(0)", "00", "x", "ext", ";", "#", ",", ":", "[", "-", "'", "\u2019", "_"),
    *("A", "z", "\u0130", "\u00df", "\u03a3", "e\u0301", "J\u030c", "\u0661", "\uff11", "\u00b2"),
    *("0", "7", "415", "null", "None", "(not set)", "US", "CA", "de", "1997", "-12-26"),
)
"""The pieces that the rules treat differently, surrogates included."""

texts = st.one_of(
    st.text(),
    st.text(st.characters(), max_size=20),
    st.lists(st.sampled_from(AWKWARD), max_size=12).map("".join),
    st.sampled_from(sorted(DENYLIST)),
)
numbers = st.lists(
    st.sampled_from([*"+0123456789 -.()/", "(0)", "00", "\uff11", "x", " ext. "]), max_size=20
).map("".join)
countries = st.sampled_from([None, "us", "GB", "it", "deu", "narnia", ""])

users = st.builds(
    User,
    email=st.one_of(texts, st.lists(st.one_of(st.none(), texts), max_size=4)),
    phone=st.one_of(texts, numbers, st.lists(numbers, max_size=4)),
    external_id=st.one_of(texts, st.integers(), st.lists(st.integers(), max_size=4)),
    **dict.fromkeys(
        (
            *("first_name", "last_name", "gender", "birth_date", "city", "state", "zip"),
            *("country", "mobile_ad_id", "ip", "user_agent", "locale", "epik", "ttclid", "ttp"),
        ),
        st.one_of(st.none(), texts),
    ),
)


def hashed_forms(identity: Identity) -> list[str]:
    found: list[str] = []
    for form in set(Identity.__struct_fields__) - PLAIN:
        value = getattr(identity, form)
        found += value if isinstance(value, tuple) else [] if value is None else [value]
    return found


@given(users, countries)
def test_only_digests_leave_and_none_of_nothing(user: User, default_country: str | None) -> None:
    """Whatever comes in, what is not plain by design is 64 lower-case hexadecimal digits."""
    identity, _ = identify(user, default_country)
    for value in hashed_forms(identity):
        assert DIGEST.fullmatch(value)
        assert value not in DENYLIST


@given(users, countries)
def test_the_same_user_is_the_same_identity(user: User, default_country: str | None) -> None:
    """Also when the second time is answered from memory."""
    assert identify(user, default_country) == identify(user, default_country)


@given(users)
def test_every_warning_names_a_field_and_quotes_nothing(user: User) -> None:
    for warning in identify(user, None)[1]:
        assert re.fullmatch(r"user\.[a-z_]+(\[\d+\])?", warning.path)
        assert warning.message.startswith(("left out: ", "sent to Pinterest only: "))


@given(texts)
def test_cleaning_and_trimming_twice_changes_nothing(raw: str) -> None:
    assert clean(clean(raw)) == clean(raw)
    assert trim(trim(raw)) == trim(raw)
    assert lower(lower(clean(raw))) == lower(clean(raw))
    assert letters(letters(raw)) == letters(raw)


@given(texts)
def test_a_plain_form_is_its_own_plain_form(raw: str) -> None:
    """What was normalised upstream has the same digest as what was not."""
    for rule in (city, state, country):
        (hashed, plain), _ = rule(raw)
        if plain is not None:
            assert rule(plain) == ((hashed, plain), None)


@given(texts)
def test_a_digest_of_a_form_is_that_form(raw: str) -> None:
    """Hashing here and hashing at the shop, after the same rules, meet in one value."""
    rules: list[Callable[[str], tuple[object, str | None]]] = [gender, birth_date]
    for rule in rules:
        form, _ = rule(raw)
        if isinstance(form, str):
            assert rule(form.upper()) == (form, HASHED)
    for pair_rule in (name, external_id, mobile_ad_id, email):
        for form in pair_rule(raw)[0]:
            if form is not None:
                assert pair_rule(form.upper()) == ((form, form), HASHED)


@given(texts)
def test_remembering_changes_nothing(raw: str) -> None:
    for rule in (name, city, state, country, postal_code, gender, birth_date):
        memo = Memo[object](rule, max_entries=1)
        assert memo[raw] == memo[raw] == rule(raw)


@given(numbers, countries)
def test_a_number_is_read_the_same_however_it_is_wrapped(raw: str, country: str | None) -> None:
    """The short way for plainly written numbers agrees with the long way for all others."""
    assert phone(f"\u202a{raw}\u202c", country) == phone(raw, country) or not raw.strip()


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
def test_an_international_number_has_exactly_its_two_forms(digits: str) -> None:
    expected = ((digest(digits), digest(f"+{digits}")), None)
    assert phone(f"+{digits}", None) == phone(f"00{digits}", "us") == expected


@given(st.ip_addresses())
def test_an_address_is_canonical_or_left_out(address: object) -> None:
    sent, problem = ip(str(address))
    assert (sent is None) == (problem is not None)
    if sent is not None:
        assert ip(sent) == (sent, None)


@given(texts)
def test_an_opaque_text_is_a_piece_of_itself(raw: str) -> None:
    for rule in (opaque, ttclid):
        sent, problem = rule(raw)
        assert (sent is None) == (problem is not None)
        assert sent is None or sent in raw


@given(st.sampled_from(sorted(NORTH_AMERICA)), st.from_regex(r"\A[0-9]{9,11}\Z"))
def test_the_short_way_for_north_america_is_the_librarys(code: str, digits: str) -> None:
    assert _e164(code, digits) == _parsed(f"{code}{digits}")

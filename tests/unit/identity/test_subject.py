"""Whom an erasure concerns: every form under which intake may have stored the person."""

import pytest

from relay.event import User
from relay.identity.subject import Subject
from relay.identity.user import identify

MAIL = "ada@example.com"


def subject(user: User, country: str | None = None) -> Subject:
    return Subject.of(user, country)[0]


@pytest.mark.parametrize(
    ("asked", "country", "stored"),
    [
        (User(email=" Ada@Example.COM "), None, User(email=MAIL)),
        (User(email="a da@example.com"), None, User(email="ada@example.com")),
        (User(email="ada@example.com"), None, User(email="a da@example.com")),
        (User(external_id="42"), None, User(external_id=42)),
        (User(phone="+49 30 901820"), None, User(phone="0049 (0)30 90 18 20")),
        (User(phone="030 901820"), "DE", User(phone="+4930901820")),
        (User(phone="030 901820"), "DE", User(phone="030901820")),
        (User(phone="+49 30 901820"), None, User(phone="030 901820")),
        (User(phone="+1 415 555 2671"), None, User(phone="(415) 555-2671")),
        (User(phone="+39 06 6982 1234"), None, User(phone="06 6982 1234")),
        (User(phone="+36 30 123 4567"), None, User(phone="06 30 123 4567")),
        (User(phone=["+4930901820", "x"]), None, User(phone="+4930901820")),
        (User(phone=["x", "+4930901820"]), None, User(phone="030 901820")),
    ],
)
def test_a_person_is_recognised_however_the_shop_wrote_the_value(
    asked: User, country: str | None, stored: User
) -> None:
    identity, _ = identify(stored, None)
    assert subject(asked, country).concerns(identity)


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (User(email=MAIL), User(email="bob@example.com")),
        (User(external_id=MAIL), User(email=MAIL)),
        (User(phone="+4930901820"), User(external_id="4930901820")),
        (User(phone="+4930901820"), User(phone="+4330901820")),
        (User(), User(ip="185.199.108.77", epik="x")),
    ],
)
def test_others_are_left_alone(asked: User, stored: User) -> None:
    identity, _ = identify(stored, None)
    assert not subject(asked).concerns(identity)


def test_one_identifier_of_many_is_enough() -> None:
    identity, _ = identify(User(email=["old@example.com", MAIL], external_id="1"), None)
    assert subject(User(email=MAIL)).concerns(identity)
    assert subject(User(external_id=1)).concerns(identity)


def test_its_text_shows_no_digest() -> None:
    ada = subject(User(email=MAIL))
    assert repr(ada) == str(ada) == "<Subject of 1 digests>"

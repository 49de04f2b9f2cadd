"""A click id that a producer did not name is read from the address of the page."""

import pytest

from relay.identity import Identity
from relay.intake.click_id import with_click_ids
from tests.unit.intake.test_convert import converted, problem_of

PAGE = "https://shop.example/thanks"
URL = f"{PAGE}?epik=dj0yJnU9%2Babc&ttclid=E.C.P.xYz#top"


def test_both_are_read_from_the_address_and_stay_in_it() -> None:
    found = converted(page={"url": URL})

    assert (found.identity.epik, found.identity.ttclid) == ("dj0yJnU9+abc", "E.C.P.xYz")
    assert found.page_url == URL


def test_what_the_producer_names_goes_first() -> None:
    user = {"email": "jane@example.com", "epik": "cookie"}

    identity = converted(user=user, page={"url": URL}).identity

    assert (identity.epik, identity.ttclid) == ("cookie", "E.C.P.xYz")


def test_a_placeholder_makes_room_for_the_one_in_the_address() -> None:
    user = {"email": "jane@example.com", "epik": "undefined"}

    assert converted(user=user, page={"url": URL}).identity.epik == "dj0yJnU9+abc"


def test_a_link_alone_is_nobody() -> None:
    """Otherwise whoever forwards a link would be the person who clicked."""
    assert problem_of(user={}, page={"url": URL}) == ("no_identifier", "user")


def test_an_email_address_in_the_place_of_an_id_is_cut_out_before() -> None:
    identity = converted(page={"url": f"{PAGE}?epik=jane%40example.com"}).identity

    assert identity.epik is None


def test_of_an_id_that_is_there_twice_the_last_counts() -> None:
    url = f"{PAGE}?ttclid=first&ttclid=second"

    assert with_click_ids(Identity(), url).ttclid == "second"


@pytest.mark.parametrize(
    "url",
    [
        f"{PAGE}?_epik=x&my_ttclid=y",
        f"{PAGE}?epik=&ttclid=null",
        f"{PAGE}#epik=x",
        f"{PAGE}/epik=x/ttclid=y",
        f"{PAGE}?ttclid={'x' * 1001}",
        "https://[shop/?epik=x",
        "https://shop.example",
    ],
)
def test_anything_else_is_no_click_id(url: str) -> None:
    identity = with_click_ids(Identity(), url)

    assert (identity.epik, identity.ttclid) == (None, None)

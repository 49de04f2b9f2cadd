"""Which destination gets an event, and why not, in the order in which it is decided."""

import pytest

from relay.conversion import Conversion
from relay.delivery import Payload, Skip, Unusable
from relay.intake.route import Route, Router
from relay.intake.window import Window
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Passed
from relay.outcome.wording import TOO_OLD_ON_ARRIVAL
from relay.rules import Rules
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S, conversion

PAYLOAD = Payload(b"{}", "web", "checkout")
DUPLICATE = Passed("skipped", "duplicate")


def router(*routes: Route, size: int = 100) -> Router:
    return Router(routes, Window(size))


def decided(
    route: Route, event: Conversion | None = None, selected: frozenset[str] | None = None
) -> Passed | Payload:
    entry = router(route).prepare(event or conversion(), selected, NOW_S)
    name = route.destination.name
    return entry.passed[name] if name in entry.passed else entry.payloads[name]


def test_an_event_that_a_destination_takes_waits_for_it_with_its_payload() -> None:
    assert decided(route_to(StubDestination(prepared=PAYLOAD))) is PAYLOAD


def test_destinations_of_one_mapping_share_what_is_made_of_an_event() -> None:
    stubs = [StubDestination(name) for name in ("first", "second", "third")]
    stubs[1].mapping = stubs[2].mapping = "alike"

    entry = router(*map(route_to, stubs)).prepare(conversion(event_id="e-1"), None, NOW_S)

    assert [stub.seen for stub in stubs] == [["e-1"], ["e-1"], []]
    assert entry.payloads["second"] is entry.payloads["third"]


@pytest.mark.parametrize(
    ("selected", "reason"),
    [
        (frozenset({"second"}), "not_selected"),
        (frozenset[str](), "not_selected"),
        (frozenset({"first", "second"}), None),
    ],
)
def test_the_event_may_name_its_destinations(selected: frozenset[str], reason: str | None) -> None:
    found = decided(route_to(StubDestination("first")), selected=selected)

    assert getattr(found, "reason", None) == reason


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (Rules(frozenset({"signup"})), "not_selected"),
        (Rules(consent_required=True), "no_consent"),
        (Rules(frozenset({"purchase"})), None),
    ],
)
def test_what_the_settings_keep_back_is_skipped(rules: Rules, reason: str | None) -> None:
    found = decided(route_to(StubDestination(), rules))

    assert getattr(found, "reason", None) == reason


def test_a_destination_may_skip_an_event_or_lack_something_of_it() -> None:
    lacking = Unusable("invalid_event", "page.url", "TikTok needs it")

    assert decided(route_to(StubDestination(prepared=Skip("not_mapped")))) == Passed(
        "skipped", "not_mapped"
    )
    assert decided(route_to(StubDestination(prepared=lacking))) == Passed(
        "dead", "invalid_event", "page.url: TikTok needs it"
    )


def test_an_event_older_than_the_wall_is_dead_on_arrival_and_just_at_it_is_not() -> None:
    route = route_to(StubDestination(max_age_s=60))

    assert decided(route, conversion(event_time=NOW_S - 60)) == StubDestination().prepare(
        conversion()
    )
    found = decided(route, conversion(event_time=NOW_S - 61))
    assert isinstance(found, Passed)
    assert (found.state, found.reason, found.message) == ("dead", "expired", TOO_OLD_ON_ARRIVAL)


def test_what_is_skipped_anyway_is_not_expired() -> None:
    route = route_to(StubDestination(prepared=Skip("not_mapped"), max_age_s=60))

    found = decided(route, conversion(event_time=0))

    assert found == Passed("skipped", "not_mapped")


def test_an_event_that_is_kept_back_by_settings_is_not_even_prepared() -> None:
    destination = StubDestination()

    decided(route_to(destination, Rules(frozenset({"signup"}))))
    decided(route_to(destination, Rules(consent_required=True)))
    decided(route_to(destination), selected=frozenset())

    assert destination.seen == []


class TestClaim:
    """What is a duplicate, and where."""

    def test_the_same_event_again_is_a_duplicate(self) -> None:
        found = router(route_to(StubDestination()))

        first, second = (found.claim([prepared(found)])[0] for _ in range(2))

        assert first.passed == {}
        assert second.passed == {"first": DUPLICATE}
        assert second.payloads == {}

    def test_the_same_event_twice_at_once_is_a_duplicate_too(self) -> None:
        found = router(route_to(StubDestination()))

        first, second = found.claim([prepared(found), prepared(found)])

        assert (first.passed, second.passed) == ({}, {"first": DUPLICATE})

    def test_another_name_or_id_is_another_event(self) -> None:
        found = router(route_to(StubDestination()))

        claimed = found.claim(
            [
                prepared(found, conversion("a", "purchase")),
                prepared(found, conversion("a", "signup")),
                prepared(found, conversion("A", "purchase")),
            ]
        )

        assert [entry.passed for entry in claimed] == [{}, {}, {}]

    def test_it_is_a_duplicate_only_where_it_went_before(self) -> None:
        found = router(route_to(StubDestination("first")), route_to(StubDestination("second")))
        found.claim([prepared(found, selected=frozenset({"first"}))])

        [again] = found.claim([prepared(found)])

        assert again.passed == {"first": DUPLICATE}
        assert list(again.payloads) == ["second"]
        [third] = found.claim([prepared(found)])
        assert third.passed == {"first": DUPLICATE, "second": DUPLICATE}

    def test_an_event_that_was_dead_or_skipped_may_come_again_corrected(self) -> None:
        lacking = Unusable("invalid_event", "page.url", "TikTok needs it")
        found = router(route_to(StubDestination(prepared=lacking)))

        claimed = [found.claim([prepared(found)])[0] for _ in range(2)]

        assert claimed[0].passed == claimed[1].passed
        assert claimed[0].passed["first"].reason == "invalid_event"

    def test_preparing_alone_remembers_nothing(self) -> None:
        found = router(route_to(StubDestination()))
        prepared(found)

        assert found.claim([prepared(found)])[0].passed == {}

    def test_what_was_forgotten_can_be_claimed_again_with_the_same_entries(self) -> None:
        found = router(route_to(StubDestination()))
        entries = [prepared(found), prepared(found)]

        found.forget(found.claim(entries))
        claimed = found.claim(entries)

        assert [entry.passed for entry in claimed] == [{}, {"first": DUPLICATE}]

    def test_to_forget_a_duplicate_does_not_forget_the_original(self) -> None:
        found = router(route_to(StubDestination()))
        found.claim([prepared(found)])

        found.forget(found.claim([prepared(found)]))

        assert found.claim([prepared(found)])[0].passed == {"first": DUPLICATE}

    def test_what_was_stored_before_a_restart_is_recalled(self) -> None:
        before = router(route_to(StubDestination("first")), route_to(StubDestination("second")))
        [stored] = before.claim([prepared(before, selected=frozenset({"second"}))])
        after = router(route_to(StubDestination("first")), route_to(StubDestination("second")))

        after.recall(stored)

        assert after.claim([prepared(after)])[0].passed == {"second": DUPLICATE}

    def test_a_duplicate_is_recalled_as_the_event_that_it_repeated(self) -> None:
        """That one may have come too long before the restart to be recalled itself."""
        before = router(route_to(StubDestination("first")), route_to(StubDestination("second")))
        before.claim([prepared(before, selected=frozenset({"first"}))])
        [again] = before.claim([prepared(before, selected=frozenset({"first"}))])
        after = router(route_to(StubDestination("first")), route_to(StubDestination("second")))

        after.recall(again)

        assert after.claim([prepared(after)])[0].passed == {"first": DUPLICATE}

    def test_a_destination_that_is_gone_from_the_settings_does_no_harm(self) -> None:
        found = router(route_to(StubDestination("first")))

        found.recall(entry_of(conversion(), {"gone": DUPLICATE}, {}))

        assert found.claim([prepared(found)])[0].passed == {"first": DUPLICATE}


def prepared(
    found: Router, event: Conversion | None = None, selected: frozenset[str] | None = None
) -> Entry:
    return found.prepare(event or conversion(), selected, NOW_S)

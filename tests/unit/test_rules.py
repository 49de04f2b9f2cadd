import msgspec
import pytest

from relay.conversion import Conversion
from relay.rules import Rules
from tests.given.event.builders import conversion


def event_of(name: str, *, consent: bool | None) -> Conversion:
    return msgspec.structs.replace(conversion("a", name), advertising_consent=consent)


@pytest.mark.parametrize(
    ("rules", "name", "consent", "reason"),
    [
        (Rules(), "purchase", None, None),
        (Rules(), "purchase", True, None),
        (Rules(), "purchase", False, "no_consent"),
        (Rules(consent_required=True), "purchase", None, "no_consent"),
        (Rules(consent_required=True), "purchase", True, None),
        (Rules(consent_required=True), "purchase", False, "no_consent"),
        (Rules(frozenset({"lead"})), "purchase", True, "not_selected"),
        (Rules(frozenset({"purchase"})), "purchase", None, None),
        (Rules(frozenset({"lead"})), "Wish Shared", None, None),
    ],
)
def test_what_the_settings_keep_back(
    *, rules: Rules, name: str, consent: bool | None, reason: str | None
) -> None:
    assert rules.bars(event_of(name, consent=consent)) == reason

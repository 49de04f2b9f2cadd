"""`relay hash` shows what the destinations would send, and says where a value stays behind."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from relay.cli import run
from relay.cli.hash_ import known_field
from relay.errors import ConfigError
from relay.identity.explain import RULES


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["hash", *arguments, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_object_has_the_keys_that_programs_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, "user.email", " Jane@Example.com ") == {
        "field": "email",
        "value_kind": "raw",
        "sent": {
            "pinterest": {"key": "em", "value": digest("jane@example.com")},
            "tiktok": {"key": "email", "value": digest("jane@example.com")},
        },
        "note": RULES["email"],
    }


def test_a_country_makes_a_national_phone_number_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, "phone", "(202) 555-0143", "--country", "us")["sent"] == {
        "pinterest": {"key": "ph", "value": digest("12025550143")},
        "tiktok": {"key": "phone", "value": digest("+12025550143")},
    }


def test_the_country_of_the_configuration_counts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "relay.toml"
    config.write_text('[intake]\ndefault_country = "DE"\n')

    sent = explained(capsys, "phone", "030 123456", "-c", str(config))["sent"]

    assert sent == {
        "pinterest": {"key": "ph", "value": digest("4930123456")},
        "tiktok": {"key": "phone", "value": digest("+4930123456")},
    }


def test_what_is_not_sent_is_null_under_the_key_it_would_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert explained(capsys, "email", "not an address")["sent"] == {
        "pinterest": {"key": "em", "value": None},
        "tiktok": {"key": "email", "value": None},
    }


def test_a_field_that_a_platform_does_not_know_has_no_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert explained(capsys, "epik", "dj0yEXAMPLE")["sent"] == {
        "pinterest": {"key": "click_id", "value": "dj0yEXAMPLE"},
        "tiktok": {"key": None, "value": None},
    }


def test_the_two_forms_of_an_advertising_id_are_both_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = "6d92078a-8246-4ba4-ae5b-76104861e7dc"

    found = explained(capsys, "mobile_ad_id", value)

    assert found["sent"]["tiktok"] == {"key": "gaid", "value": digest(value)}  # type: ignore[index]  # JSON
    assert f"app_ios events as idfa: {digest(value.upper())}" in str(found["note"])


def test_an_advertising_id_in_capitals_is_taken_for_apples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = "6D92078A-8246-4BA4-AE5B-76104861E7DC"

    found = explained(capsys, "mobile_ad_id", value)

    assert found["sent"]["tiktok"] == {"key": "idfa", "value": digest(value)}  # type: ignore[index]  # JSON
    assert f"app_android events as gaid: {digest(value.lower())}" in str(found["note"])


def test_a_person_reads_a_table_and_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hash", "city", "São Paulo"]) == 0

    text = capsys.readouterr().out
    assert "TikTok" in text
    assert "sãopaulo" in text
    assert RULES["city"] in text


@pytest.mark.parametrize("field", sorted(RULES))
def test_every_field_can_be_explained(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hash", field, "x"]) == 0
    assert run(["hash", field, digest("x"), "--json"]) == 0


@pytest.mark.parametrize("field", sorted(RULES))
def test_what_is_told_to_go_as_it_is_goes_so_to_every_platform(
    field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = explained(capsys, field, "de-DE")

    if RULES[field].startswith("Sent as it is"):
        assert isinstance(found["sent"], dict)
        assert {each["value"] for each in found["sent"].values()} <= {"de-DE", None}


def test_a_value_that_no_event_can_hold_is_an_error_and_not_blank(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A terminal that writes Latin-1 gives bytes that Python reads as half a surrogate pair."""
    assert run(["hash", "email", "jos\udce9@example.com"]) == 2
    assert "the value is not UTF-8" in capsys.readouterr().err


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean email"):
        known_field("user.emial")
    with pytest.raises(ConfigError, match="use one of email, phone"):
        known_field("jane@example.com")


@pytest.mark.parametrize(
    "arguments", [["hash", "emial", "x"], ["hash", "email", "x", "--country", "ZZ"]]
)
def test_wrong_usage_ends_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1

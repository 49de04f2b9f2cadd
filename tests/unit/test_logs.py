"""What a log line holds, and above all what it never holds."""

import io
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from relay.errors import ConfigError
from relay.logs import MAX_SCANNED, JsonFormatter, configure, scrub

CANARY = "jane.canary@example.com"
TOKEN = "pina_CANARYCANARYCANARYCANARY"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bad e-mail Jane.Doe@Example.COM.", "Bad e-mail [e-mail]"),
        ("em=jane%40example.com", "[e-mail]"),
        ("em=jane%2540example.com", "[e-mail]"),
        ("jane&#64;example.com is bad", "[e-mail] is bad"),
        ("<jane+shop@example.com>", "<[e-mail]>"),
        ('"jane doe"@example.com', "[e-mail]"),
        ("jané@exämple.com", "[e-mail]"),
        ("jane\uff20example.com", "[e-mail]"),
        ("ja\u200bne@exam\u00adple.com", "[e-mail]"),
        ("jane @ example.com is bad", "[e-mail] is bad"),
        ("jane@\n example.com", "[e-mail]"),
        ("jane\u00a0@example.com", "[e-mail]"),
        (r"jane\x40example.com is bad", "[e-mail] is bad"),
        ("jane&#64example.com is bad", "[e-mail] is bad"),
    ],
)
def test_an_email_address_goes_however_it_is_written(text: str, expected: str) -> None:
    assert scrub(text) == expected


@pytest.mark.parametrize(
    "number",
    [
        "2065550100",
        "5550100",
        "+12065550100",
        "(206) 555-0100",
        "206.555.0100",
        "+49 (0) 30 / 123 45 67",
        "+1%20206%20555%200100",
        "206\u2013555\u20130100",
        "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "206\u00a0555\u00a00100",
    ],
)
def test_a_phone_number_goes_however_it_is_written(number: str) -> None:
    assert scrub(f"Phone {number} is bad") in {
        "Phone [phone] is bad",
        "Phone [opaque] is bad",
    }


@pytest.mark.parametrize(
    "opaque",
    [
        "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b",
        "973DFE463EC85785F5F95AF5BA3906EE",
        "6D92078A-8246-4BA4-AE5B-76104861E7DC",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
        "E.C.P.CkQKPgoBAABcDeFgHiJkLmNoPqRsTuVwXyZ",
        "dj0yJnU9N2tYWXZ2Zk9rOVVQ",
        "abcdefghijklmnopqrstuvwxyz",
        "abc%2Bdef%2Fghi%3Djkl%3D",
        r"amFuZT4+Pj8\/Y2FuYXJ5",
        TOKEN,
    ],
)
def test_a_digest_a_token_and_a_click_id_go(opaque: str) -> None:
    assert scrub(f"Token {opaque} rejected") == "Token [opaque] rejected"


@pytest.mark.parametrize(
    "text",
    [
        "data.12.properties.contents.0.content_id: Not a valid string",
        "Batch.0.properties.contents.0.content_id: Not a valid string",
        "client_ip_address_is_missing",
        "error 40002 at index 17, then 40105",
        "Unknown event_name 'subscription' in v1.3",
        "/v5/ad_accounts/{id}/events answered 404",
    ],
)
def test_what_helps_to_understand_stays(text: str) -> None:
    assert scrub(text) == text


def test_a_text_becomes_one_line_and_is_cut() -> None:
    assert scrub("first\nsecond\x1b[31m third", max_length=12) == "first second"


def test_a_huge_text_is_dropped_with_the_word_that_the_bound_cuts() -> None:
    text = f"{'f' * 19_990} {CANARY}"

    assert scrub(text) == "[opaque]"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("end", ["-", "/", "0000000", "aA"])
@pytest.mark.parametrize("piece", [".", "a.", "0.", "_.", "A.", "12.ab."])
def test_a_long_path_that_is_none_is_looked_at_once(piece: str, end: str) -> None:
    """Empty names could be read in two ways each, all of which were tried: 40 dots took hours."""
    assert scrub(piece * 3_000 + end) == "[opaque]"


@pytest.mark.parametrize("blank", [" ", "\u2003", "\u200b"])
def test_of_a_huge_text_of_blanks_nothing_is_left(blank: str) -> None:
    assert scrub(blank * (MAX_SCANNED + 1)) == ""


def test_a_text_that_its_one_spelling_makes_longer_is_no_longer_looked_at_for_that() -> None:
    """A letter of Arabic becomes eighteen."""
    assert len(scrub("\ufdfa" * MAX_SCANNED, MAX_SCANNED * 18)) <= MAX_SCANNED


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Records of the process as JSON lines, the former logging restored afterwards."""
    root, relay = logging.getLogger(), logging.getLogger("relay")
    before = list(root.handlers), root.level, relay.level
    captured = io.StringIO()
    configure(captured)
    yield captured
    logging.captureWarnings(capture=False)
    logging.getLogger("aiohttp.access").disabled = False
    root.handlers[:], root.level, relay.level = before


def last(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_record_is_one_line_with_its_fields(stream: io.StringIO) -> None:
    fields = {"destination": "p-1", "waiting": 3, "share": 0.5, "exact": True, "until": None}
    logging.getLogger("relay.x").info("paused", extra=fields)

    line = last(stream)
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "relay.x",
        "message": "paused",
        **fields,
    }


def test_fields_may_be_given_flat_or_together(stream: io.StringIO) -> None:
    log = logging.getLogger("relay.x")
    log.info("sent", extra={"fields": {"events": 3, "text": CANARY, "name": "free"}})

    line = last(stream)
    assert (line["events"], line["text"], line["name"]) == (3, "[e-mail]", "free")
    assert "fields" not in line


def test_a_configured_name_stays_readable_and_other_text_is_scrubbed(stream: io.StringIO) -> None:
    name = "pinterest-lamp-shop-of-1999"
    logging.getLogger("relay.x").info("said", extra={"destination": name, "text": CANARY})

    assert last(stream)["destination"] == name
    assert last(stream)["text"] == "[e-mail]"


def test_a_field_for_our_own_words_tells_nothing_else(stream: io.StringIO) -> None:
    for value, told in ((ValueError(CANARY), "ValueError"), (None, None)):
        logging.getLogger("relay.x").info("ended", extra={"reason": value})
        assert last(stream)["reason"] == told


def test_arguments_and_composed_messages_are_scrubbed(stream: io.StringIO) -> None:
    log = logging.getLogger("relay.x")
    log.info("from %s, %d times", CANARY, 2)
    assert last(stream)["message"] == "from [e-mail], 2 times"
    log.info(f"from {CANARY}")  # noqa: G004 - the habit that must not leak
    assert last(stream)["message"] == "from [e-mail]"


def test_the_words_of_a_foreign_exception_are_never_told(stream: io.StringIO) -> None:
    try:
        _fail()
    except ValueError as error:
        logging.getLogger("relay.x").exception("failed: %s", error)  # noqa: TRY401 - must not leak

    line = last(stream)
    assert CANARY not in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    assert line["message"] == "failed: ValueError"
    assert (line["error"], line["cause"]) == ("ValueError", "KeyError")
    assert str(line["at"]).count("_fail") == 1


def test_an_error_that_met_another_tells_which(stream: io.StringIO) -> None:
    error = ValueError(CANARY)
    error.__context__ = KeyError(TOKEN)
    logging.getLogger("relay.x").error("failed", exc_info=error)

    assert last(stream)["cause"] == "KeyError"


def test_our_own_errors_speak_for_themselves(stream: io.StringIO) -> None:
    taken = ConfigError("server.listen is taken; choose another port")
    logging.getLogger("relay.x").error("cannot start", exc_info=taken)

    assert last(stream)["detail"] == "server.listen is taken; choose another port"
    logging.getLogger("relay.x").error("cannot start: %s", taken)
    assert last(stream)["message"] == f"cannot start: {taken}"


def test_a_library_speaks_from_warning_on_and_only_its_first_line(stream: io.StringIO) -> None:
    log = logging.getLogger("asyncio")
    log.info("chatter")
    log.error(f"Task failed\nfuture: <Task exception=ValueError('{CANARY}')>")  # noqa: G004 - as asyncio does

    assert len(stream.getvalue().splitlines()) == 1
    assert last(stream)["message"] == "Task failed"


def test_a_record_that_cannot_be_formatted_is_still_told() -> None:
    record = logging.makeLogRecord(
        {"msg": "%d events", "args": ("many",), "size": 10**40, "odd": "\ud800x"}
    )

    line = json.loads(JsonFormatter().format(record))

    assert (line["message"], line["size"], line["odd"]) == ("%d events", "[opaque]", "x")


def test_a_closed_stream_is_silent(capfd: pytest.CaptureFixture[str], stream: io.StringIO) -> None:
    log = logging.getLogger("relay.x")
    stream.close()
    log.info("token %s", TOKEN)

    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("stream")
def test_a_log_that_nobody_reads_holds_up_nothing_and_says_later_what_is_missing() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as ours, os.fdopen(writer, "w", buffering=1) as theirs:
        configure(theirs)
        log = logging.getLogger("relay.x")
        filled = fill(writer)
        for _ in range(3):
            log.info("nobody reads this")
        os.read(reader, filled)
        log.info("somebody reads this")
        lines = [json.loads(ours.readline()) for _ in range(2)]

    assert lines[0]["message"] == "nobody read the log for a while, and lines are missing here"
    assert (lines[0]["level"], lines[0]["lines"]) == ("warning", 3)
    assert lines[1]["message"] == "somebody reads this"


def test_a_field_cannot_replace_the_time_or_the_level() -> None:
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "time": "never", "level": "?"})

    line = json.loads(JsonFormatter().format(record))

    assert line["time"] != "never"
    assert line["level"] == "info"


def fill(writer: int) -> int:
    """Write to a pipe what it takes; return how much that was."""
    filled = 0
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            filled += os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    return filled


def _fail() -> None:
    known: dict[str, str] = {}
    try:
        known[TOKEN]
    except KeyError as error:
        raise ValueError(CANARY) from error

"""A secret is never shown, and a changed file is noticed within seconds."""

import copy
import json
import logging
import os
import pickle
from pathlib import Path

import msgspec
import pytest

from relay.config import Secret, SecretRef, TextOrRef, read_secret
from relay.config.secret import MAX_BYTES, SecretSource
from relay.errors import ConfigError

CANARY = "pina_canary"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("first\n")
    return path


def source_of(file: Path, clock: Clock) -> SecretSource:
    return SecretSource(SecretRef(f"file:{file}"), {}, clock)


def revealed(source: SecretSource) -> tuple[str | None, int]:
    secret, version = source.current()
    return secret.reveal() if secret else None, version


def test_a_secret_has_no_printed_form() -> None:
    secret = Secret(CANARY)

    shown = f"{secret} {secret!r} {secret!s} {secret:>40} {[secret]}" + "%s" % secret  # noqa: UP031 - all ways
    assert CANARY not in shown
    assert secret.reveal() == CANARY


def test_a_secret_is_neither_copied_nor_encoded() -> None:
    for leak in (copy.copy, copy.deepcopy, pickle.dumps, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError) as raised:
            leak(Secret(CANARY))
        assert CANARY not in str(raised.value)


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


@pytest.mark.parametrize("text", ["env:TOKEN", " env: TOKEN ", "file:/run/secrets/token"])
def test_a_place_is_a_variable_or_a_file(text: str) -> None:
    ref = SecretRef(text)

    assert (ref.scheme, ref.target) in {("env", "TOKEN"), ("file", "/run/secrets/token")}


@pytest.mark.parametrize("text", [CANARY, "", "https:x", f"Bearer {CANARY}"])
def test_a_literal_secret_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ConfigError, match="the secret itself does not belong here") as raised:
        SecretRef(text)

    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("text", ["env:", "env:MY-TOKEN", "file:", "file:\0"])
def test_a_place_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match='must be "env:NAME" or "file:/PATH", such as'):
        SecretRef(text)


@pytest.mark.parametrize(
    "value", [CANARY, f" {CANARY}\n", f"Bearer {CANARY}", f"\tbearer  {CANARY}\r\n"]
)
def test_blanks_and_the_word_bearer_are_cut_off(value: str) -> None:
    assert read_secret(SecretRef("env:T"), {"T": value}) == Secret(CANARY)


@pytest.mark.parametrize("value", [f"{CANARY} x", f"{CANARY}\nx", f"{CANARY}é", f"{CANARY}\x7f"])
def test_a_token_that_no_platform_could_take_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^must hold one") as raised:
        read_secret(SecretRef("env:T"), {"T": value})

    assert CANARY not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_password_may_hold_blanks_and_any_letter() -> None:
    found = read_secret(SecretRef("env:P"), {"P": "Bearer größe 1\n"}, is_token=False)

    assert found == Secret("Bearer größe 1")


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_an_absent_or_empty_place_holds_nothing(value: str | None, tmp_path: Path) -> None:
    path = tmp_path / "token"
    if value is not None:
        path.write_text(value)

    assert read_secret(SecretRef("env:T"), {"T": value or ""}) is None
    assert read_secret(SecretRef(f"file:{path}"), {}) is None


def test_a_byte_order_mark_is_no_part_of_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(CANARY, encoding="utf-8-sig")

    assert read_secret(SecretRef(f"file:{path}"), {}) == Secret(CANARY)


def test_a_folder_a_pipe_and_a_huge_file_are_no_secrets(tmp_path: Path) -> None:
    pipe, huge = tmp_path / "pipe", tmp_path / "huge"
    os.mkfifo(pipe)
    huge.write_bytes(b"x" * (MAX_BYTES + 1))

    for path in (tmp_path, pipe, huge):
        with pytest.raises(ConfigError, match=r"^must be"):
            read_secret(SecretRef(f"file:{path}"), {})


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    with pytest.raises(ConfigError, match=r"must be readable by the relay \(Too many levels"):
        read_secret(SecretRef(f"file:{loop}"), {})


def test_a_variable_is_read_once(clock: Clock) -> None:
    environ = {"T": "first"}
    source = SecretSource(SecretRef("env:T"), environ, clock)
    environ["T"] = "second"
    clock.now_s += 100

    assert revealed(source) == ("first", 1)
    assert source.reload().version == 1


def test_a_changed_file_is_noticed_after_the_interval_and_not_before(
    file: Path, clock: Clock
) -> None:
    source = source_of(file, clock)
    file.write_text("second")

    assert revealed(source) == ("first", 1)
    clock.now_s += 1
    assert revealed(source) == ("second", 2)


def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_noticed(
    file: Path, clock: Clock
) -> None:
    source = source_of(file, clock)
    status = file.stat()
    other = file.with_name("other")
    other.write_text("other\n")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    clock.now_s += 1

    assert revealed(source) == ("other", 2)


def test_a_link_that_moves_on_is_followed(tmp_path: Path, clock: Clock) -> None:
    """Kubernetes swaps a link when a mounted secret changes."""
    (tmp_path / "one").write_text("one")
    (tmp_path / "two").write_text("two")
    link = tmp_path / "token"
    link.symlink_to("one")
    source = source_of(link, clock)
    link.unlink()
    link.symlink_to("two")
    clock.now_s += 1

    assert revealed(source) == ("two", 2)


def test_a_hangup_reads_at_once(file: Path, clock: Clock) -> None:
    source = source_of(file, clock)
    file.write_text("second")

    assert source.reload().version == 2
    assert revealed(source) == ("second", 2)


def test_a_file_written_again_with_the_same_secret_is_no_change(file: Path, clock: Clock) -> None:
    source = source_of(file, clock)
    file.write_text("  first  ")
    clock.now_s += 1

    assert revealed(source) == ("first", 1)


def test_a_file_that_vanishes_or_is_half_written_leaves_the_last_good_secret(
    file: Path, clock: Clock
) -> None:
    source = source_of(file, clock)
    for broken in (None, "", "two words"):
        file.unlink(missing_ok=True)
        if broken is not None:
            file.write_text(broken)
        clock.now_s += 1
        assert revealed(source) == ("first", 1)
    file.write_text("second")
    clock.now_s += 1

    assert revealed(source) == ("second", 2)


def test_a_file_that_can_be_used_again_is_read_whatever_it_looks_like(
    file: Path, clock: Clock
) -> None:
    """As after `chown`, which changes neither its time nor its size."""
    source = source_of(file, clock)
    file.write_text("two words")
    status = file.stat()
    clock.now_s += 1
    assert revealed(source) == ("first", 1)

    file.write_text("two_words")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    clock.now_s += 1

    assert revealed(source) == ("two_words", 2)


def test_a_problem_is_logged_once_until_it_is_over(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    source = source_of(file, clock)
    told = []
    with caplog.at_level(logging.WARNING):
        for content in (None, None, "", "two words", "second", None):
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_text(content)
            clock.now_s += 1
            source.current()
            told.append(len(caplog.records))

    assert told == [1, 1, 1, 2, 2, 3]


def test_a_secret_may_come_later(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    source = source_of(file, clock)
    assert revealed(source) == (None, 0)
    assert vars(caplog.records[0])["reason"] == f"file:{file} is missing or empty"
    file.write_text("first")
    clock.now_s += 1

    assert revealed(source) == ("first", 1)


def test_a_clock_that_is_set_back_does_not_hide_a_change(file: Path, clock: Clock) -> None:
    source = source_of(file, clock)
    file.write_text("second")
    clock.now_s -= 500

    assert revealed(source) == ("second", 2)


def test_a_secret_that_is_not_configured_is_never_there(clock: Clock) -> None:
    source = SecretSource(None, {}, clock)

    assert source.current() == source.reload() == (None, 0)


def test_a_user_name_may_stand_in_the_file_or_elsewhere() -> None:
    environ = {"KAFKA_USER": " relay "}

    assert TextOrRef("relay").resolve(environ) == "relay"
    assert TextOrRef("env:KAFKA_USER").resolve(environ) == "relay"
    assert TextOrRef("env:OTHER").resolve(environ) is None
    with pytest.raises(ConfigError, match="must be a text"):
        TextOrRef(" ")

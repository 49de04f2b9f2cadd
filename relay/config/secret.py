"""Secrets: where they are, what they contain, and how a change is noticed.

The configuration names a place (`env:NAME` or `file:/PATH`), never the secret. An empty place is
not an error: the code that needs the secret waits for it. A `Secret` cannot be printed, formatted,
pickled or encoded by accident; `reveal()` is the only way to its text.
"""

import hmac
import logging
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final, Literal, NamedTuple, Never, Self

from relay.errors import ConfigError

log = logging.getLogger(__name__)

MAX_BYTES: Final = 65_536
"""The most bytes of a secret's file; a longer one is refused, as it is surely the wrong file."""

CHECK_INTERVAL_S: Final = 1.0
"""Time between two checks of a file, so that a change takes effect well within five seconds."""


class Secret:
    """A text that only `reveal` shows."""

    __slots__ = ("_text",)

    __hash__ = None  # type: ignore[assignment]  # a hash would be one more thing to leak

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself; the caller puts it into a request and nowhere else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __repr__(self) -> str:
        return "<secret>"

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a secret is neither copied nor pickled")


class SecretRef(str):
    """The place of a secret: `env:NAME` is read at start, `file:/PATH` again when it changes."""

    __slots__ = ()

    FORM: ClassVar = '"env:NAME" or "file:/PATH"'
    EXAMPLE: ClassVar = "env:PINTEREST_TOKEN"
    PATTERN: ClassVar = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be, without quoting it."""
        scheme, _, target = text.strip().partition(":")
        target = target.strip()
        if scheme not in {"env", "file"}:
            raise ConfigError(
                f"must be {cls.FORM}: the secret itself does not belong here, put it into an "
                "environment variable or a file"
            )
        if not target or "\0" in target or (scheme == "env" and not target.isidentifier()):
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        return super().__new__(cls, f"{scheme}:{target}")

    @property
    def scheme(self) -> Literal["env", "file"]:
        """The kind of place."""
        return "env" if self.startswith("env:") else "file"

    @property
    def target(self) -> str:
        """The name of the variable, or the path of the file."""
        return self.partition(":")[2]


class TextOrRef(str):
    """A text that may be shown, or its place: a user name need not be in the configuration."""

    __slots__ = ()

    FORM: ClassVar = 'a text, "env:NAME" or "file:/PATH"'
    EXAMPLE: ClassVar = "relay"
    PATTERN: ClassVar = r"^.+$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        plain = text.strip()
        if not plain:
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        return super().__new__(cls, SecretRef(plain) if is_ref(plain) else plain)

    def resolve(self, environ: Mapping[str, str]) -> str | None:
        """Return the text, read now if only its place is given; None if that place is empty."""
        if not is_ref(self):
            return str(self)
        found = read_secret(SecretRef(self), environ, is_token=False)
        return found.reveal() if found else None


class Reading(NamedTuple):
    """A secret as of now. `version` grows with every change, so that callers notice it."""

    secret: Secret | None
    version: int


class SecretSource:
    """A secret that is read again when its file changes.

    An environment variable is read once. A file is checked when the secret is needed, at most once
    in `CHECK_INTERVAL_S`, and read only if its time, size or inode has changed. If a file vanishes,
    is empty or contains something unusable, the last good value stays in force, because secrets are
    often replaced by removing and writing; the log says so once. An unreadable file is tried at
    every check, since a change of its owner alone does not show as a change. To withdraw a token,
    pause the destination or write another one.

    Not for several threads at once; reading blocks for as long as a small local file takes.
    """

    def __init__(
        self,
        ref: SecretRef | None,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        *,
        is_token: bool = True,
    ) -> None:
        self._ref = ref
        self._file = Path(ref.target) if ref is not None and ref.scheme == "file" else None
        self._environ = environ
        self._clock = clock
        self._is_token = is_token
        self._secret: Secret | None = None
        self._version = 0
        self._told = ""
        self._seen: tuple[int, ...] | None = None
        self._checked_s = clock()
        self._read()

    def current(self) -> Reading:
        """Return the secret, after checking its file if the last check was a while ago."""
        now_s = self._clock()
        rested = 0 <= now_s - self._checked_s < CHECK_INTERVAL_S  # if set back, check at once
        if self._file and not rested:
            self._checked_s = now_s
            if self._seen is None or file_stamp(self._file) != self._seen:
                self._read()
        return Reading(self._secret, self._version)

    def reload(self) -> Reading:
        """Read the file again now, changed or not (SIGHUP); a variable is not read again."""
        if self._file:
            self._checked_s = self._clock()
            self._read()
        return Reading(self._secret, self._version)

    def _read(self) -> None:
        if self._ref is None:
            return
        if self._file:
            self._seen = file_stamp(self._file)
        try:
            found = read_secret(self._ref, self._environ, is_token=self._is_token)
        except ConfigError as error:
            self._tell(f"{self._ref} {error}")
            self._seen = None
            return
        self._tell("" if found else f"{self._ref} is missing or empty")
        if found is not None and found != self._secret:
            self._secret = found
            self._version += 1

    def _tell(self, problem: str) -> None:
        """Log a new problem with the place, once."""
        if problem and problem != self._told:
            kept = "the last good one stays" if self._secret else "there is none"
            log.warning("a secret cannot be read, %s", kept, extra={"reason": problem})
        self._told = problem


def read_secret(
    ref: SecretRef, environ: Mapping[str, str], *, is_token: bool = True
) -> Secret | None:
    """Return the secret at `ref` without surrounding spaces, or None if there is nothing.

    A leading `Bearer ` is removed from a token, which must be one word of plain ASCII; a password
    must be one line. Otherwise raises a `ConfigError` whose message begins with "must" and does not
    quote the secret.
    """
    raw = environ.get(ref.target) if ref.scheme == "env" else _file_text(Path(ref.target))
    text = (raw or "").strip()
    if is_token and text.lower().startswith("bearer "):
        text = text[len("bearer ") :].strip()
    if not text.isprintable():
        raise ConfigError("must hold one line without control characters; copy the secret again")
    if is_token and (not text.isascii() or " " in text):
        raise ConfigError(
            "must hold one word of plain ASCII, but a blank or a foreign character is inside; "
            "copy the token again"
        )
    return Secret(text) if text else None


def is_ref(text: str) -> bool:
    """Return whether a text names the place of a secret."""
    return text.startswith(("env:", "file:"))


def _file_text(path: Path) -> str | None:
    """Return the content of a small regular file, or None if there is no such file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError("must be a regular file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"must be readable by the relay ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"must be at most {MAX_BYTES} bytes long")
    return content.decode("utf-8-sig", "replace")


def file_stamp(path: Path) -> tuple[int, ...] | None:
    """Return a value that changes when a file is written or replaced, or None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

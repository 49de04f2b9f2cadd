"""The address to which messages for people are posted; a secret, since anybody who has it can post.

It may be in the file itself or in a place of its own (`env:NAME`, `file:/PATH`). In either case, at
most its host is shown; `reveal()` of the `Secret` is the only way to the rest.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from relay.config.address import is_loopback
from relay.config.secret import Secret, SecretRef, SecretSource, is_ref
from relay.errors import ConfigError


class Webhook:
    """An https address, or its place in `ref`. Its text shows neither path nor query."""

    FORM: ClassVar = '"https://…", "env:NAME" or "file:/PATH"'
    EXAMPLE: ClassVar = "env:RELAY_WEBHOOK"
    PATTERN: ClassVar = r"^(https?://\S+|env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"

    __slots__ = ("address", "ref")

    def __init__(self, text: str) -> None:
        """Read `text`; a `ConfigError` says what it must be, without quoting it."""
        plain = text.strip()
        self.ref = SecretRef(plain) if is_ref(plain) else None
        self.address = None if self.ref else checked(Secret(plain))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Webhook):
            return NotImplemented
        return self.ref == other.ref and self.address == other.address

    __hash__ = None  # type: ignore[assignment]  # as for `Secret`

    def __str__(self) -> str:
        if self.address is None:
            return str(self.ref)
        parts = urlsplit(self.address.reveal())
        return f"{parts.scheme}://{parts.hostname}/…"

    def __repr__(self) -> str:
        return f"<webhook {self}>"


def checked(address: Secret) -> Secret:
    """Return an `address` that can be used. Raises a `ConfigError` that begins with "must"."""
    try:
        parts = urlsplit(address.reveal())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"https", "http"} or not _is_plain(address.reveal()):
        raise ConfigError(f"must be {Webhook.FORM}; copy the whole address of the webhook")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError("must use https; plain http is for loopback addresses only")
    return address


class Followed:
    """The address as of now; None as long as its place contains no usable one."""

    def __init__(
        self, webhook: Webhook, environ: Mapping[str, str], clock: Callable[[], float]
    ) -> None:
        self._address = webhook.address
        self._source = webhook.ref and SecretSource(webhook.ref, environ, clock, is_token=False)

    def current(self) -> Secret | None:
        """Return the address, after checking its file if the last check was a while ago."""
        if not self._source:
            return self._address
        found = self._source.current().secret
        try:
            return found and checked(found)
        except ConfigError:
            return None

    def reload(self) -> None:
        """Read the address from its file again now, changed or not."""
        if self._source:
            self._source.reload()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text

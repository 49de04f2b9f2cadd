"""Writes the result as CSV: one line per order and destination, for spreadsheets and programs.

The file appears, with mode 0600, once it is complete, and only then replaces an older one. Devices,
pipes and the command's own output (such as /dev/stdout) are written to directly, since they must
not be replaced. Cells with a platform's words or an event id never begin like a formula; order ids
are written as the shop gave them.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Final, Self, TextIO

from relay.comparison.listing import rfc3339
from relay.comparison.order_file import ShopOrder
from relay.comparison.verdict import Verdict
from relay.errors import ConfigError, RelayError, system_reason
from relay.spreadsheet import as_text

HEADER: Final = (
    *("order_id", "time", "value", "currency", "destination", "state", "reason"),
    *("platform_code", "platform_message", "relay_value", "relay_currency", "event_id"),
    *("delivered_at", "deliveries"),
)
_STDOUT: Final = 1


class ResultFile:
    """Writes lines; made by `create`."""

    def __init__(self, file: TextIO, destinations: Sequence[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._destinations = destinations
        self._writer.writerow(HEADER)

    @classmethod
    @contextmanager
    def create(cls, path: Path, destinations: Sequence[str]) -> Iterator[Self]:
        """Open a file that appears at `path` once the block ends without an exception.

        Raises `ConfigError` if no file can be made there, and `RelayError` if the disk is full.
        """
        try:
            with _whole_or_none(path) as file:
                yield cls(file, destinations)
        except OSError as error:
            raise _unwritable(path, error) from None

    def write(self, order: ShopOrder, verdicts: Sequence[Verdict]) -> None:
        """Write the lines of one order."""
        value = "" if order.value is None else str(order.value)
        shop = (order.order_id, rfc3339(order.time_s), value, order.currency)
        self._writer.writerows(
            [
                (*shop, destination, *_cells(verdict))
                for destination, verdict in zip(self._destinations, verdicts, strict=True)
            ]
        )


def is_own_output(path: Path) -> bool:
    """Whether a path is what standard output goes to: a terminal, a pipe or a file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(_STDOUT))
    except OSError:
        return False


@contextmanager
def _whole_or_none(path: Path) -> Iterator[TextIO]:
    if is_own_output(path):
        with open(os.dup(_STDOUT), "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a handle
            yield file
        return
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    path = path.resolve()
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a handle
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _cells(verdict: Verdict) -> tuple[object, ...]:
    state, reason, code, message, purchase, delivered_ms, deliveries = verdict
    if code or message:
        code, message = _safe(code), _safe(message)
    if purchase is None:
        return state, reason, code, message, None, None, None, None, 0
    at = rfc3339(None if delivered_ms is None else delivered_ms // 1000)
    paid = (purchase.value, purchase.currency, _safe(purchase.event_id))
    return state, reason, code, message, *paid, at, deliveries


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula and no reader splits into lines."""
    return as_text(text).replace("\r", " ")


def _unwritable(path: Path, error: OSError) -> RelayError:
    reason = system_reason(error)
    if isinstance(
        error, PermissionError | FileNotFoundError | NotADirectoryError | IsADirectoryError
    ):
        return ConfigError(f"{path}: cannot be written ({reason}); choose another file")
    return RelayError(f"{path}: cannot be written ({reason}); make room, or choose another file")

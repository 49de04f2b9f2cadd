"""Tells in the log when the journal takes no events, and when it has taken some for a while.

Near its limit a journal takes and refuses events in turn, several times a second, and so does one
on a disk without a byte left; that is one shortage, and two lines.
"""

import logging
from typing import Final

CALM_S: Final = 60.0
"""Without a refusal for so long, the shortage is over."""

log = logging.getLogger(__name__)


class Shortage:
    """See the module docstring. Once nothing was refused for `calm_s` seconds, `over` is told."""

    def __init__(self, over: str = "the journal has room again", calm_s: float = CALM_S) -> None:
        self._over = over
        self._calm_s = calm_s
        self._told: str | None = None
        self._refused_at = 0.0

    def note(self, refusal: str | None, now_s: float) -> None:
        """Take note of why events are refused, or that they are not; any clock will do."""
        if refusal is not None:
            self._refused_at = now_s
            if refusal != self._told:
                log.warning("the journal takes no events", extra={"reason": refusal})
                self._told = refusal
        elif self._told is not None and now_s - self._refused_at >= self._calm_s:
            log.info(self._over)
            self._told = None

"""Logs when the journal starts to refuse events, and when it has accepted them again for a while.

Near its limit, or on a full disk, a journal accepts and refuses events in turn, several times a
second. That is one shortage, and two log lines.
"""

import logging
from typing import Final

CALM_S: Final = 60.0
"""Seconds without a refusal after which a shortage is over."""

log = logging.getLogger(__name__)


class Shortage:
    """See the module docstring. Logs the end once nothing was refused for `calm_s` seconds."""

    def __init__(self, over: str = "the journal has room again", calm_s: float = CALM_S) -> None:
        self._over = over
        self._calm_s = calm_s
        self._told: str | None = None
        self._refused_at = 0.0

    def note(self, refusal: str | None, now_s: float) -> None:
        """Note why events are refused, None if they are not; `now_s` may be of any clock."""
        if refusal is not None:
            self._refused_at = now_s
            if refusal != self._told:
                log.warning("the journal takes no events", extra={"reason": refusal})
                self._told = refusal
        elif self._told is not None and now_s - self._refused_at >= self._calm_s:
            log.info(self._over)
            self._told = None

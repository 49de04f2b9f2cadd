"""The errors that a user of the relay may see, as one small tree, and how to quote the system's.

Every message is one line that says what to do; none contains PII, a token or a payload. The command
line prints the message and ends with `exit_code`: 1 if the job failed, 2 if the usage or the
configuration is wrong.
"""


class RelayError(Exception):
    """Something the user can act on; its text is the whole message."""

    exit_code = 1


class ConfigError(RelayError):
    """The configuration or the usage is wrong; the message names the key and the fix."""

    exit_code = 2


class JournalUnavailable(RelayError):
    """The journal accepts nothing now (disk full, size limit, closing); producers get 503.

    None of the events handed in is stored. `reason` is short and safe to show.
    """

    def __init__(self, reason: str, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class JournalDamaged(RelayError):
    """The journal file cannot be read by this version; it is left untouched."""


def system_reason(error: OSError) -> str:
    """Return what the system says of a failure, for the middle of a sentence."""
    return (error.strerror or "error").lower()

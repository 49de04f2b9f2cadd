"""Files that only the relay's user may read, also when root writes one for it.

What root makes belongs to whom its folder belongs to, else a running relay could not read the key
that `sudo relay keys create` has made. No link is followed: the relay's user could have laid it so
that root writes somewhere else.
"""

import os
from typing import Final

MODE: Final = 0o600


def opened(path: str, flags: int) -> int:
    """Open a file of the relay's; fits as the `opener` of Python's `open`. Raises `OSError`."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW, MODE)
    if os.geteuid() == 0:
        folder = os.stat(os.path.dirname(path) or os.curdir)  # noqa: PTH116, PTH120 - as open's
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor

"""What to do where something that a test needs is not there."""

import os
from typing import NoReturn

import pytest


def without(loudly: str) -> NoReturn:
    """Skip with one line; under `CI=true`, where all is installed, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(loudly)
    pytest.skip(loudly)

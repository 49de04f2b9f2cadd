"""The built-in destinations: one sub-package per platform, found by looking into this folder.

A sub-package exposes `TYPE`, the word in `type = "…"` of its configuration table, `CONFIG`, the
struct that the table is read into, and `build(name, config)`. Destinations know nothing of each
other; CONTRIBUTING.md lists what else knows a platform by its name.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol, cast

from relay.config import DestinationConfig
from relay.delivery import Destination


class DestinationType(Protocol):
    """The interface of a platform's sub-package."""

    TYPE: str
    CONFIG: type

    def build(self, name: str, config: Any) -> Destination:
        """Return the destination called `name`; `config` is a `CONFIG`."""
        ...


def discover() -> Mapping[str, DestinationType]:
    """Return the built-in types of destinations by `TYPE`, in alphabetical order of folders."""
    packages = [
        cast("DestinationType", importlib.import_module(f"{__name__}.{found.name}"))
        for found in pkgutil.iter_modules(__path__)
        if found.ispkg
    ]
    return {package.TYPE: package for package in packages}


def build(name: str, config: DestinationConfig) -> Destination:
    """Return the destination that `config` describes."""
    return discover()[config.type].build(name, config)

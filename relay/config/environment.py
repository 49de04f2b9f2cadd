"""Environment overrides: `RELAY_` + the upper-case path of a key, with `__` between its parts.

Hyphens in names become underscores, lists are separated by commas, and an empty variable counts as
not set. A destination or shop that is not in the file is created by a key that every one of them
needs: `RELAY_DESTINATIONS__TIKTOK_MAIN__TYPE=tiktok`. A variable that looks like an override but
names no key is an error; any others that begin with `RELAY_` are left alone.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from relay.config.build import Override, nearest
from relay.config.shape import TYPE_KEY, Group, Leaf, Table, leaves, shape
from relay.errors import ConfigError

PREFIX: Final = "RELAY_"
SEPARATOR: Final = "__"

KeyPath = tuple[str, ...]


def variable(path: KeyPath) -> str:
    """Return the variable that sets the key at `path`."""
    return PREFIX + SEPARATOR.join(path).upper().replace("-", "_")


def overridden(document: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of `document` in which the variables of `environ` have replaced values."""
    given = {name: text for name, text in environ.items() if text.strip() and _is_override(name)}
    result = copy.deepcopy(dict(document))
    if not given:
        return result
    known = {variable(path): path for path in _paths(shape(), document, given, ())}
    for name in sorted(given):
        if name not in known:
            near = nearest(name, known)
            raise ConfigError(
                f"{name} names no key of the configuration"
                + (f"; did you mean {near}?" if near else "")
            )
        _set(result, known[name], _override(name, given[name]))
    return result


def _override(name: str, text: str) -> Override:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{name} must be UTF-8; set it again") from None
    return Override.of(name, text)


def _is_override(name: str) -> bool:
    """Return whether a variable is meant for the configuration, misspelled tables included."""
    first, separator, _ = name.removeprefix(PREFIX).partition(SEPARATOR)
    if not name.startswith(PREFIX) or not separator:
        return False
    return bool(nearest(first, [table.upper() for table in shape().fields]))


def _paths(
    table: Table, document: object, given: Mapping[str, str], path: KeyPath
) -> Iterator[KeyPath]:
    """Yield the path of every key that can be set, including those of tables that users name."""
    values = document if isinstance(document, Mapping) else {}
    for name, node in table.fields.items():
        here = (*path, name)
        if isinstance(node, Leaf):
            yield here
        elif isinstance(node, Table):
            yield from _paths(node, values.get(name), given, here)
        else:
            yield from _group_paths(node, values.get(name), given, here)


def _group_paths(
    group: Group, document: object, given: Mapping[str, str], path: KeyPath
) -> Iterator[KeyPath]:
    values = document if isinstance(document, Mapping) else {}
    made = [name for name in _made(group, given, path) if name not in values]
    for name in (*values, *made):
        here = (*path, name)
        if group.tagged:
            yield (*here, TYPE_KEY)
        for kind in _kinds(group, values.get(name), given.get(variable((*here, TYPE_KEY)))):
            for below, _, _ in leaves(group.kinds[kind], here):
                yield below


def _kinds(group: Group, value: object, override: str | None) -> list[str]:
    """Return the kind of one table, or all kinds if it is not known."""
    kind = override or (value.get(TYPE_KEY) if isinstance(value, Mapping) else None)
    return [kind] if kind in group.kinds else list(group.kinds)


def _made(group: Group, given: Mapping[str, str], path: KeyPath) -> list[str]:
    """Return the names of the tables that variables create."""
    makers = [TYPE_KEY] if group.tagged else _required(group.kinds[""])
    start, ends = re.escape(variable((*path, ""))), "|".join(makers).upper()
    pattern = re.compile(rf"{start}(.+?){SEPARATOR}(?:{ends})")
    found = (pattern.fullmatch(name) for name in given)
    return sorted({match[1].lower().replace("_", "-") for match in found if match})


def _required(table: Table) -> list[str]:
    return [name for name, leaf in table.fields.items() if isinstance(leaf, Leaf) and leaf.required]


def _set(document: dict[str, Any], path: KeyPath, value: Override) -> None:
    """Set the value at `path`; if something in the file is in the way, `build` will refuse it."""
    table: object = document
    for name in path[:-1]:
        table = table.setdefault(name, {}) if isinstance(table, dict) else None
    if isinstance(table, dict):
        table[path[-1]] = value

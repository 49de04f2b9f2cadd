"""Builds a `Config` from a parsed document; errors name the key, what it must be and an example.

Values come from TOML, or as `Override` from an environment variable. The first problem raises a
`ConfigError` of one line. No message quotes a value, which may be a secret in the wrong place.
"""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from relay.config.model import Config
from relay.config.shape import TYPE_KEY, Group, Leaf, Node, Table, leaves, shape, toml
from relay.errors import ConfigError

MAX_NAMES = 100
"""The most tables in one group, since the metrics' label `destination` has to stay bounded."""

_MAX_SHOWN_KEY = 60


class Override(str):
    """The text of an environment variable that replaces a value."""

    __slots__ = ("variable",)

    variable: str

    @classmethod
    def of(cls, variable: str, text: str) -> "Override":
        """Return the text, which remembers the variable that it came from."""
        made = cls(text)
        made.variable = variable
        return made


def build(document: Mapping[str, Any]) -> Config:
    """Return the configuration in `document`, checked key by key; rules between keys come later."""
    return Config(**_values(shape(), document, ""))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that `name` was probably meant to be, or an empty text."""
    return next(iter(get_close_matches(name, list(known), n=1)), "")


def _values(table: Table, value: object, path: str) -> dict[str, Any]:
    """Return the values of a table's keys; keys that are not given are left out."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path} must be a table, written as [{path}]")
    _refuse_unknown(table, value, path)
    made = {
        name: _value(node, value[name], _join(path, name))
        for name, node in table.fields.items()
        if name in value
    }
    for name, node in table.fields.items():
        if isinstance(node, Leaf) and node.required and name not in value:
            raise ConfigError(f"{_join(path, name)} is missing; add {name} = {node.example}")
    return made


def _value(node: Node, value: object, path: str) -> object:
    if isinstance(node, Leaf):
        return _leaf(node, value, path)
    if isinstance(node, Table):
        return node.struct(**_values(node, value, path))
    return _group(node, value, path)


def _group(group: Group, value: object, path: str) -> dict[str, msgspec.Struct]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path} must be a table of tables, written as [{path}.NAME]")
    if len(value) > MAX_NAMES:
        raise ConfigError(f"{path} must hold at most {MAX_NAMES} tables")
    return {str(name): _named(group, each, path, name) for name, each in value.items()}


def _named(group: Group, value: object, path: str, name: str) -> msgspec.Struct:
    here = _join(path, name)
    if not isinstance(value, Mapping):
        raise ConfigError(f"{here} must be a table, written as [{path}.NAME]")
    try:
        msgspec.convert(name, group.name_annotation)
    except msgspec.ValidationError:
        raise ConfigError(
            f"{here} must have a name of 1 to 40 lower-case letters, digits and hyphens"
        ) from None
    if not group.tagged:
        return group.kinds[""].struct(**_values(group.kinds[""], value, here))
    table = group.kinds[_kind(group, value, here)]
    rest = {key: each for key, each in value.items() if key != TYPE_KEY}
    return table.struct(**_values(table, rest, here))


def _kind(group: Group, value: Mapping[str, Any], path: str) -> str:
    leaf = group.type_leaf("")
    kind = value.get(TYPE_KEY)
    if kind is None:
        raise ConfigError(f"{path}.{TYPE_KEY} is missing; it must be {leaf.form}")
    if not isinstance(kind, str) or kind not in group.kinds:
        hint = _did_you_mean(leaf, kind)
        raise ConfigError(f"{_with_variable(f'{path}.{TYPE_KEY}', kind)} must be {leaf.form}{hint}")
    return str(kind)


def _leaf(leaf: Leaf, value: object, path: str) -> object:
    from_text = isinstance(value, Override)
    plain: object = _from_text(leaf, str(value)) if from_text else value
    try:
        return msgspec.convert(
            plain, leaf.annotation, strict=not from_text, dec_hook=_read_text_type
        )
    except msgspec.ValidationError:
        hint = _did_you_mean(leaf, plain)
        example = f"{path.rpartition('.')[2]} = {leaf.example}"
        raise ConfigError(
            f"{_with_variable(path, value)} must be {leaf.form}, such as {example}{hint}"
        ) from None
    except ConfigError as error:
        raise ConfigError(f"{_with_variable(path, value)} {error}") from None


def _from_text(leaf: Leaf, text: str) -> object:
    if leaf.is_list:
        return [each.strip() for each in text.split(",") if each.strip()]
    return text.strip()


def _read_text_type(kind: type, value: object) -> object:
    """Read a value of one of our own types from its text, which msgspec calls for unknown types.

    A `ValueError` makes msgspec report that the value has the wrong form.
    """
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError
    made = kind(value)
    if isinstance(made, Path) and not made.name:
        raise ValueError  # "." and "/" are folders, beside which nothing can be put
    return made


def _did_you_mean(leaf: Leaf, value: object) -> str:
    """Return, as the end of a sentence, the choice that was probably meant by a misspelled one."""
    if not leaf.choices:
        return ""
    given = value if isinstance(value, list) else [value]
    wrong = [each for each in given if isinstance(each, str) and each not in leaf.choices]
    near = nearest(wrong[0], leaf.choices) if wrong else ""
    return f"; did you mean {toml(near)}?" if near else ""


def _refuse_unknown(table: Table, value: Mapping[str, Any], path: str) -> None:
    for key in value:
        if key in table.fields:
            continue
        here = _join(path, key)
        if near := nearest(key, table.fields):
            raise ConfigError(f"{here} is unknown; did you mean {_join(path, near)}?")
        if elsewhere := _elsewhere(key):
            raise ConfigError(f"{here} is unknown here; {key} belongs to {elsewhere}")
        raise ConfigError(f"{here} is unknown; known here are {', '.join(table.fields)}")


def _elsewhere(key: str) -> str:
    """Return the table, as written in the file, to which a misplaced key belongs, or nothing."""
    for path, kind, _ in leaves(shape()):
        if path[-1] == key:
            of_kind = f' of type "{kind}"' if kind else ""
            return f"[{'.'.join(path[:-1])}]{of_kind}"
    return ""


def _join(path: str, name: str) -> str:
    """Return a dotted path; a long name is cut, and one that needs quotes in TOML gets them."""
    short = name if len(name) <= _MAX_SHOWN_KEY else name[:_MAX_SHOWN_KEY] + "…"
    bare = short.isascii() and short.replace("-", "").replace("_", "").isalnum()
    return f"{path}.{short if bare else json.dumps(short)}".removeprefix(".")


def _with_variable(path: str, value: object) -> str:
    """Return the path, with the environment variable that set it, if one did."""
    return f"{path} (set by {value.variable})" if isinstance(value, Override) else path

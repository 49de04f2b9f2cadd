"""The keys of the configuration as a tree, derived from the structs.

One description serves the reader of the file, the environment overrides, the error messages and the
documentation, so that none of them can miss a key. It contains no values.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta

from relay.config.model import Config

TYPE_KEY = "type"
"""The key that distinguishes the kinds of a group."""


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One key with a value."""

    annotation: Any
    form: str
    """What the value must be, in words that follow "must be"."""
    example: str
    """An example value, as TOML."""
    default: object
    """`NODEFAULT` if the key must be given."""
    description: str
    choices: tuple[str, ...]
    is_list: bool = False

    @property
    def required(self) -> bool:
        """Whether the key must be given."""
        return self.default is NODEFAULT


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table with a fixed set of keys."""

    struct: type[msgspec.Struct]
    fields: "dict[str, Leaf | Table | Group]"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Tables that the user names. `kinds` has their keys by `type`, or under "" if none."""

    kinds: dict[str, Table]
    name_annotation: Any

    @property
    def tagged(self) -> bool:
        """Whether `type` chooses the kind."""
        return "" not in self.kinds

    def type_leaf(self, kind: str) -> Leaf:
        """Return the key `type` of a tagged group, with `kind` as the example."""
        return Leaf(
            annotation=str,
            form=_one_of(tuple(self.kinds)),
            example=toml(kind),
            default=NODEFAULT,
            description="The platform.",
            choices=tuple(self.kinds),
        )


Node = Leaf | Table | Group


@cache
def shape() -> Table:
    """Return the tree of everything that can be set."""
    return _table(Config)


def leaves(table: Table, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, Leaf]]:
    """Yield path, kind and leaf of every key, with `NAME` for users' names; most have no kind."""
    for name, node in table.fields.items():
        if isinstance(node, Leaf):
            yield (*path, name), "", node
        elif isinstance(node, Table):
            yield from leaves(node, (*path, name))
        else:
            yield from _group_leaves(node, (*path, name, "NAME"))


def _group_leaves(
    group: Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str, Leaf]]:
    for kind, table in group.kinds.items():
        if group.tagged:
            yield (*path, TYPE_KEY), kind, group.type_leaf(kind)
        for below, _, leaf in leaves(table, path):
            yield below, kind, leaf


def tables(table: Table) -> Iterator[Table]:
    """Yield `table` and every table below it."""
    yield table
    for node in table.fields.values():
        below = list(node.kinds.values()) if isinstance(node, Group) else [node]
        for each in below:
            if isinstance(each, Table):
                yield from tables(each)


def toml(value: object) -> str:
    """Return a value as it would be written in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml(each) for each in value)}]"
    if type(value) in (int, float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return msgspec.json.encode(str(value)).decode()


def _table(struct: type[msgspec.Struct]) -> Table:
    fields = {field.name: _node(field) for field in msgspec.structs.fields(struct)}
    return Table(struct=struct, fields=fields)


def _node(field: msgspec.structs.FieldInfo) -> Node:
    plain = _without_metadata(field.type)
    if get_origin(plain) is dict:
        name_annotation, value_type = get_args(plain)
        return Group(kinds=_kinds(value_type), name_annotation=name_annotation)
    choices = _alternatives(field.type)
    if isinstance(choices[0], type) and issubclass(choices[0], msgspec.Struct):
        return _table(choices[0])
    return _leaf(field, choices[0])


def _kinds(value_type: Any) -> dict[str, Table]:
    structs = _alternatives(value_type)
    return {str(each.__struct_config__.tag or ""): _table(each) for each in structs}


def _leaf(field: msgspec.structs.FieldInfo, value_type: Any) -> Leaf:
    default = field.default
    if field.default_factory is not NODEFAULT:
        default = field.default_factory()
    meta = _metadata(field.type)
    plain = _without_metadata(value_type)
    is_list = get_origin(plain) is tuple
    return Leaf(
        annotation=field.type,
        form=_form(value_type),
        example=toml(_example(meta, plain, default)),
        default=default,
        description=next(each.description for each in meta if each.description),
        choices=_choices(get_args(plain)[0] if is_list else plain),
        is_list=is_list,
    )


def _example(meta: list[Meta], plain: Any, default: object) -> object:
    for each in meta:
        if each.examples:
            return each.examples[0]
    if default in (None, NODEFAULT, ()):
        return getattr(plain, "EXAMPLE", default)
    return default


def _form(value_type: Any) -> str:
    """Return what a value of this type must be, in words."""
    plain, meta = _without_metadata(value_type), _metadata(value_type)
    for each in meta:
        if each.extra and "form" in each.extra:
            return str(each.extra["form"])
    if get_origin(plain) is tuple:
        items = _choices(get_args(plain)[0])
        return f"a list of {'standard event names' if items else 'texts in quotes'}"
    if choices := _choices(plain):
        return _one_of(choices)
    if hasattr(plain, "FORM"):
        return str(plain.FORM)
    words = {bool: "true or false", int: "a whole number", float: "a number", Path: "a file"}
    return words.get(plain, "a text in quotes") + _bounds(meta)


def _bounds(meta: list[Meta]) -> str:
    low = next((f" from {each.ge}" for each in meta if each.ge is not None), "")
    above = next((f" above {each.gt}" for each in meta if each.gt is not None), "")
    high = next((each.le for each in meta if each.le is not None), None)
    upto = "" if high is None else f" to {high}" if low else f" and at most {high}"
    return low + above + upto


def _one_of(choices: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{choice}"' for choice in choices)
    return quoted if len(choices) == 1 else f"one of {quoted}"


def _choices(value_type: Any) -> tuple[str, ...]:
    plain = _without_metadata(value_type)
    return get_args(plain) if get_origin(plain) is Literal else ()


def _alternatives(annotation: Any) -> list[Any]:
    """Return the members of a union without None, or the type alone."""
    plain = _without_metadata(annotation)
    if get_origin(plain) in (Union, UnionType):
        return [each for each in get_args(plain) if each is not type(None)]
    return [annotation]


def _without_metadata(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _metadata(annotation: Any) -> list[Meta]:
    return list(annotation.__metadata__) if get_origin(annotation) is Annotated else []

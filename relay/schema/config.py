"""The JSON Schema of `relay.toml`, for editors and checks before a roll-out.

It comes from the structs of `relay.config`, without the nulls that TOML does not have. Rules
between keys and the secrets themselves are left to `relay check`.
"""

from relay.config import Config, json_schema
from relay.config.environment import variable
from relay.config.shape import Group, Leaf, Table, shape
from relay.schema.document import Json, changed, titled, without_null


def config_schema() -> Json:
    """Return the schema as a separate document."""
    schema = changed(json_schema(), _editable)
    tables = schema["$defs"]
    _note_variables(shape(), (), tables)
    root = tables.pop(Config.__name__)
    return {**titled("config", "relay.toml", root), "$defs": tables}


def _editable(schema: Json) -> Json:
    """Return a part of the schema without nulls and without OpenAPI's own keyword."""
    return {key: part for key, part in without_null(schema).items() if key != "discriminator"}


def _note_variables(table: Table, path: tuple[str, ...], tables: Json) -> None:
    """Note the environment variable beside each key that it overrides."""
    properties = tables[table.struct.__name__]["properties"]
    for name, node in table.fields.items():
        here = (*path, name)
        if isinstance(node, Leaf):
            properties[name]["x-environment"] = variable(here)
        elif isinstance(node, Table):
            _note_variables(node, here, tables)
        else:
            _note_group(node, here, tables)


def _note_group(group: Group, path: tuple[str, ...], tables: Json) -> None:
    for kind in group.kinds.values():
        _note_variables(kind, (*path, "NAME"), tables)

"""What all commands share."""

from collections.abc import Iterator

import click
import pytest

from relay.cli import cli


def commands(group: click.Group, path: str = "relay") -> Iterator[tuple[str, click.Command]]:
    """Walk through the commands that do something, with their whole names."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}")
        else:
            yield f"{path} {name}", found


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*each, id=each[0]) for each in commands(cli)]
)
def test_every_command_takes_a_config_file(name: str, command: click.Command) -> None:
    """A script may give the same one to all of them, whether it is read or not."""
    taken = {text for parameter in command.params for text in parameter.opts}

    assert {"-c", "--config"} <= taken, name

"""`relay completion`: the script that makes a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

from relay.cli.option import unread_config_option

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@unread_config_option
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that teaches SHELL to complete `relay …`.

    For bash: eval "$(relay completion bash)", in ~/.bashrc to keep it.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows each of SHELLS
    click.echo(kind(ctx.find_root().command, {}, "relay", "_RELAY_COMPLETE").source())

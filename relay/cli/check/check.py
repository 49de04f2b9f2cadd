"""`relay check`: would a relay start with this configuration, and what would be in force?"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from relay.cli.check.kafka import probe_kafka
from relay.cli.check.webhook import probe_webhook
from relay.cli.option import DEFAULT_FILE, config_option, json_option, required_config
from relay.cli.output import console, plain, print_json
from relay.config import (
    Config,
    Secret,
    Webhook,
    check_start,
    describe,
    read_secret,
)
from relay.config.proxy import Proxy, proxied, proxy_of
from relay.config.webhook import Followed
from relay.dispatch.transport import AiohttpTransport
from relay.errors import ConfigError
from relay.keys.store import check_exposed
from relay.outcome.probe import Probe
from relay.probe.probe import probe


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The result, as `--json` prints it."""

    file: str
    valid: bool
    problem: str | None = None
    settings: Sequence[str] = ()
    """The settings in force, as `path = value`, without secrets."""
    notes: Sequence[str] = ()
    """What is no error, but worth a look."""
    live: Sequence[Probe] | None = None
    """How the live checks went, if they were asked for."""


@click.command(short_help="Validate the configuration.")
@click.option("--live", is_flag=True, help="Ask the platforms whether they accept the credentials.")
@click.option(
    "--test-event-code",
    metavar="CODE",
    help="With --live: TikTok's code from Events Manager, Test Events, to check its ids as well.",
)
@json_option
@config_option
def check(
    test_event_code: str | None, config_file: Path | None, *, live: bool, as_json: bool
) -> None:
    """Validate the configuration, and print the settings in force, environment included.

    With --live, it also sends each platform a harmless request, to see whether the credentials
    work; posts a test message to the webhook of [notify]; and connects to the cluster of [kafka] to
    look for the topics.
    """
    file = str(config_file or DEFAULT_FILE)
    try:
        config = required_config(config_file)
        check_start(config, os.environ)
        check_exposed(config.server.listen, config.keys_path, time.time())
        proxy = proxy_of(config, os.environ)
    except ConfigError as error:
        if as_json:
            print_json(msgspec.json.encode(Checked(file=file, valid=False, problem=str(error))))
        raise
    probes = asyncio.run(_probes(config, proxy, test_event_code)) if live else None
    settings = describe(config, os.environ)
    result = Checked(
        file=file, valid=True, settings=settings, notes=notes(config, proxy), live=probes
    )
    _show(result, as_json=as_json)
    if any(each.verdict != "ok" for each in probes or ()):
        raise click.exceptions.Exit(1)


def notes(config: Config, proxy: Proxy) -> list[str]:
    """Return what is no error, but worth a look: mostly what will not be sent."""
    found = [
        f"destinations.{name} has no token yet, so it will wait, paused; nothing is lost"
        for name, each in config.destinations.items()
        if each.token is None or read_secret(each.token, os.environ) is None
    ]
    found += _locked_sources(config)
    webhook = config.notify.webhook
    if webhook is not None and _address(webhook) is None:
        found.append("notify.webhook holds no address yet, so nobody is told of what needs them")
    if through := proxied(config, proxy):
        found.append(f"HTTPS_PROXY is set: requests to {', '.join(through)} go through {proxy}")
    if not config.destinations:
        found.append("no destination is configured: events will be stored, and sent nowhere")
    return found


def _locked_sources(config: Config) -> Iterator[str]:
    """Yield the sources whose secret is missing or empty, and what comes of it."""
    password = config.kafka and config.kafka.sasl_plain_password
    if password and read_secret(password, os.environ, is_token=False) is None:
        yield "kafka.sasl_plain_password holds nothing yet, so no broker lets the relay in"
    for name, shop in config.sources.shopify.items():
        if read_secret(shop.secret, os.environ, is_token=False) is None:
            yield f"sources.shopify.{name} has no secret yet, so its webhooks are answered 401"


def _show(result: Checked, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.json.encode(result))
        return
    screen = console()
    for line in result.settings:
        screen.print(plain(line))
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    screen.print(plain(f"{result.file} is fine."))
    for each in result.live or ():
        screen.print(plain(f"{each.destination}, {each.source}: {each.verdict}. {each.message}"))


def _address(webhook: Webhook) -> Secret | None:
    return Followed(webhook, os.environ, time.time).current()


async def _probes(config: Config, proxy: Proxy, test_event_code: str | None) -> list[Probe]:
    """Probe one destination after the other, then the webhook and Kafka."""
    transport, found = AiohttpTransport(proxy=proxy), []
    try:
        for name, each in config.destinations.items():
            token = None if each.token is None else read_secret(each.token, os.environ)
            found += await probe(
                name, each, token, transport, now_s=time.time(), test_event_code=test_event_code
            )
        if config.notify.webhook is not None:
            found.append(await probe_webhook(_address(config.notify.webhook), transport))
        if config.kafka is not None:
            found.append(await probe_kafka(config, config.kafka, os.environ))
    finally:
        await transport.close()
    return found

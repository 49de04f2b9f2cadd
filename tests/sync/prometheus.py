"""A real Prometheus beside a test, with `deploy/prometheus/` in a sixtieth of the time."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec
import pytest
import yaml

from tests.acceptance.process import fetch, free_ports

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
RUNBOOK: Final = (DEPLOY / "RUNBOOK.md").read_text()
RULES: Final = DEPLOY / "prometheus"
RULE_FILES: Final = ("recording.yml", "alerts.yml")
INTERVAL: Final = "500ms"
"""Between two scrapes: not quite a sixtieth, since the machine that runs tests may be slow."""
WITHIN_S: Final = 30.0
LOOK_S: Final = 0.1
_UNITS: Final = {"m": "s", "h": "m"}


def program(name: str) -> str:
    """Return the path of a program of Debian's package `prometheus`; CI must have it."""
    found = shutil.which(name)
    if found is None:
        missing = f"NOT CHECKED: {name} is not on this machine (apt-get install prometheus)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def rules() -> Sequence[Mapping[str, Any]]:
    """Return all rules, recording ones first."""
    documents = [yaml.safe_load((RULES / name).read_text()) for name in RULE_FILES]
    return [
        rule for document in documents for group in document["groups"] for rule in group["rules"]
    ]


def shortened(text: str) -> str:
    """Return rules of which all times are a sixtieth: minutes are seconds, hours are minutes."""
    text = re.sub(r"\b(\d+)([mh])(?=[\]\s)])", lambda found: found[1] + _UNITS[found[2]], text)
    return re.sub(r"(\d(?: \* 60)*) \* 60\b", r"\1", text)


def metrics_in(expr: str) -> set[str]:
    """Return the metrics of the relay that an expression asks for, as they are exposed."""
    found = set(re.findall(r"(?<![\w:])(?:relay|process)_\w+(?![\w:])", expr))
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}


def told_metrics() -> Mapping[str, set[str]]:
    """Return the metrics that the runbook tells of, with their labels."""
    cells = re.findall(r"^\| (`(?:relay|process)_[^|]+)\|", RUNBOOK, re.MULTILINE)
    return {
        name: set(re.findall(r"\w+", "".join(re.findall(r"`\{(.+)\}`", cell))))
        for cell in cells
        for name in re.findall(r"`([a-z_]+)`", cell)
    }


def recorded_in(expr: str) -> set[str]:
    """Return the recorded series that an expression asks for."""
    return set(re.findall(r"\b[a-z_]+:[a-z0-9_:]+", expr))


class Prometheus:
    """Scrapes one relay while its context is open."""

    def __init__(self, folder: Path, admin_url: str) -> None:
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._relay = urlsplit(admin_url).netloc
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._write()
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                program("prometheus"),
                f"--config.file={self._folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._folder / 'prometheus'}",
                f"--web.listen-address={urlsplit(self.url).netloc}",
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self.until(self._scrapes)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def ask(self, expr: str) -> Sequence[Any]:
        """Return the samples that an expression has now; an error of it fails the test."""
        found: Sequence[Any] = (await self._api(f"query?{urlencode({'query': expr})}"))["result"]
        return found

    async def rules(self) -> Sequence[Any]:
        """Return all rules as Prometheus runs them."""
        return [rule for group in (await self._api("rules"))["groups"] for rule in group["rules"]]

    async def firing(self) -> set[tuple[str, str]]:
        """Return what fires now: alert and destination, or `""`."""
        return {
            (each["labels"]["alertname"], each["labels"].get("destination", ""))
            for each in (await self._api("alerts"))["alerts"]
            if each["state"] == "firing"
        }

    async def until(self, condition: Callable[[], Any], within_s: float = WITHIN_S) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(within_s):
            while not await condition():  # noqa: ASYNC110 - Prometheus calls nobody
                await asyncio.sleep(LOOK_S)

    async def _scrapes(self) -> bool:
        try:
            return [each["value"][1] for each in await self.ask('up{job="relay"}')] == ["1"]
        except aiohttp.ClientError:
            return False

    async def _api(self, path: str) -> Any:
        return msgspec.json.decode(await fetch(f"{self.url}/api/v1/{path}"))["data"]

    def _write(self) -> None:
        """Write the example configuration, with our relay and in a sixtieth of the time."""
        config = yaml.safe_load((RULES / "prometheus.yml").read_text())
        names = ("scrape_interval", "scrape_timeout", "evaluation_interval")
        config["global"] = dict.fromkeys(names, INTERVAL)
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [self._relay]
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        for name in RULE_FILES:
            (self._folder / name).write_text(shortened((RULES / name).read_text()))

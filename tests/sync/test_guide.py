"""`deploy/GUIDE.md` shows the examples as they are, and names only what there is."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from relay.cli import COMMANDS
from relay.comparison.result_file import HEADER
from relay.comparison.verdict import STATES, UnknownReason
from relay.intake.split import MAX_EVENTS
from relay.schema.openapi import producers_document

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "deploy" / "GUIDE.md"
TEXT = GUIDE.read_text()
EXAMPLES = sorted((ROOT / "deploy" / "examples").iterdir())
SHOWN = re.findall(r"\[examples/(\S+?)\]\(examples/\1\):\n\n```\w+\n(.*?)```", TEXT, re.DOTALL)
LINKS = re.findall(r"\]\(([^)#\s:]+)\)", TEXT)


def test_there_are_excerpts() -> None:
    assert len(SHOWN) > 10


@pytest.mark.parametrize(("name", "excerpt"), SHOWN)
def test_an_excerpt_is_part_of_its_file(name: str, excerpt: str) -> None:
    assert excerpt in (ROOT / "deploy" / "examples" / name).read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_linked(path: Path) -> None:
    assert f"(examples/{path.name})" in TEXT


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (GUIDE.parent / link).exists()


def test_a_link_within_the_guide_names_a_heading() -> None:
    headings = re.findall(r"^##+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(re.findall(r"\(#([^)]+)\)", TEXT)) <= anchors


def test_no_two_examples_report_the_same_order() -> None:
    """Whoever tries one after the other would see the second skipped as a duplicate."""
    shown = "".join(each.read_text() for each in [*EXAMPLES, ROOT / "README.md"])
    defaults = re.findall(r"""(?:['"]|:-)([12]00\d)\b""", shown)
    assert len(defaults) == len(set(defaults)) == 7


def test_every_command_exists() -> None:
    assert set(re.findall(r"(?:^|`)relay ([a-z]+)", TEXT, re.MULTILINE)) <= set(COMMANDS)


def test_every_status_of_the_port_is_explained() -> None:
    posting = json.loads(producers_document())["paths"]["/v1/events"]["post"]
    explained = re.findall(r"`(\d{3})`", TEXT.partition("## What each answer means")[2])
    assert set(posting["responses"]) <= set(explained)


def test_the_largest_batch_is_that_of_the_code() -> None:
    assert f"{MAX_EVENTS:,} events" in TEXT


def test_what_a_reconciliation_writes_is_told_column_by_column() -> None:
    [told] = re.findall(
        r"^`relay reconcile orders.csv --out .*?\n\n", TEXT, re.MULTILINE | re.DOTALL
    )
    words = re.findall(r"`(\w+)`", told)
    assert [word for word in words if word in HEADER] == list(HEADER)
    assert set(words) - set(HEADER) == {*STATES, *get_args(UnknownReason)}

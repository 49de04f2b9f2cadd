"""The result as CSV: whole or not at all, and nothing in it that a spreadsheet would run."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest

from relay.comparison.order_book import Found
from relay.comparison.order_file import ShopOrder
from relay.comparison.result_file import ResultFile
from relay.comparison.verdict import Verdict
from relay.errors import ConfigError

ORDER = ShopOrder(2, "1001", 1_767_225_600, Decimal("72.39"), "EUR")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_what_came_from_outside_is_no_formula(tmp_path: Path, sign: str) -> None:
    text = f"{sign}HYPERLINK(1)"
    purchase = Found(text, 0, Decimal(72), "EUR", [])
    path = tmp_path / "result.csv"
    with ResultFile.create(path, ["pinterest-main"]) as result:
        result.write(ORDER, [Verdict("dead", "platform_rejected", text, text, purchase)])
    with path.open(newline="") as file:
        [line] = csv.DictReader(file)
    told = {line[name] for name in ("platform_code", "platform_message", "event_id")}
    assert told == {f"'{text}".replace("\r", " ")}


def test_a_file_that_is_not_finished_leaves_the_older_one_and_nothing_beside(
    tmp_path: Path,
) -> None:
    path = tmp_path / "result.csv"
    path.write_text("older")
    with pytest.raises(ValueError, match="halfway"), ResultFile.create(path, ["a"]):
        raise ValueError("halfway")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(path.name, "older")]


def test_what_is_no_plain_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A pipe stands for a device here, such as /dev/stdout."""
    path = tmp_path / "result.csv"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with ResultFile.create(path, ["a"]):
            pass
        assert os.read(reader, 8) == b"order_id"
    finally:
        os.close(reader)
    assert path.is_fifo()


def test_a_link_is_followed(tmp_path: Path) -> None:
    disk, link = tmp_path / "disk.csv", tmp_path / "result.csv"
    link.symlink_to(disk)
    with ResultFile.create(link, ["a"]):
        pass
    assert link.is_symlink()
    assert disk.read_text().startswith("order_id")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="choose another file"),
        ResultFile.create(tmp_path / "nowhere" / "result.csv", ["a"]),
    ):
        pass

"""The pictures of the README are there, are told in words, and cost a reader little."""

import re
from pathlib import Path

MAX_BYTES = 200_000


def test_each_picture_is_there_small_and_told_in_words() -> None:
    pictures = re.findall(r"!\[([^]]*)]\(([^)]+\.png)\)", Path("README.md").read_text())

    assert len(pictures) == 2
    for words, path in pictures:
        assert len(words) > 20, path
        content = Path(path).read_bytes()
        assert content.startswith(b"\x89PNG"), path
        assert len(content) < MAX_BYTES, path

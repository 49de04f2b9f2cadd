"""`CONTRIBUTING.md` names what has to be edited where the code does not find it by itself."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
NEW_PLATFORM = TEXT.partition("## A new platform")[2].partition("\n## ")[0]
PLATFORM = re.compile(r"""["'](?:pinterest|tiktok)["']|\b(?:Pinterest|TikTok)Config\b""")


def test_what_knows_a_platform_by_name_is_told_to_who_adds_one() -> None:
    told = set(re.findall(r"`(relay/[\w/.]+)`", NEW_PLATFORM))
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("relay/**/*.py")]

    knowing = [file for file in files if PLATFORM.search((ROOT / file).read_text())]

    assert [file for file in knowing if not file.startswith(tuple(told))] == []
    assert {name for name in told if any(file.startswith(name) for file in knowing)} == told

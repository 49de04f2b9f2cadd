"""Foreign front-end files are what their packages hold, with licence, and are shipped."""

from hashlib import sha256
from pathlib import Path

import pytest

PAGE = Path("relay/admin/static/vendor")
TESTS = Path("tests/ui/vendor")
NOT_SUMMED = {"SHA256SUMS", "README.md"}


@pytest.mark.parametrize("folder", [PAGE, TESTS])
def test_each_file_is_as_it_was_when_it_was_chosen(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}

    assert set(listed) == {each.name for each in folder.iterdir()} - NOT_SUMMED
    for name, digest in listed.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("folder", [PAGE, TESTS])
def test_each_file_has_its_licence_beside_it(folder: Path) -> None:
    licensed = {each.name.split(".LICENSE")[0] for each in folder.glob("*.LICENSE.txt")}
    code = [each.name for each in folder.iterdir() if each.suffix in {".js", ".css"}]

    assert code
    assert all(any(name.startswith(package) for package in licensed) for name in code)


def test_the_readme_names_each_file_of_the_page() -> None:
    text = (PAGE / "README.md").read_text()

    assert all(each.name in text for each in PAGE.iterdir() if each.suffix in {".js", ".css"})

"""The templates belong to the process that has read them."""

from pathlib import Path

import jinja2

from relay.admin.pages.renderer import templates


def test_an_update_of_the_files_changes_no_page_of_a_process_that_runs(tmp_path: Path) -> None:
    """New templates may ask for what an old process does not give them."""
    (tmp_path / "seen.html").write_text("old")
    (tmp_path / "unseen.html").write_text("old")
    environment = jinja2.Environment(loader=templates(tmp_path), autoescape=True)
    assert environment.get_template("seen.html").render() == "old"

    for each in tmp_path.iterdir():
        each.write_text("new")

    assert environment.get_template("seen.html").render() == "old"
    assert environment.get_template("unseen.html").render() == "old"

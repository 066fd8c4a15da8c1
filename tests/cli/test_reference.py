"""docs/reference.md is what the commands say of themselves, and every page of docs/ leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pyfmt.cli.parser import COMMANDS, build_parser, command_module, with_command
from pyfmt.cli.reference import reference
from tests.support.monorepo import ROOT
from tests.support.pages import PAGES


def test_the_reference_is_up_to_date() -> None:
    assert (ROOT / "docs/reference.md").read_text("utf-8") == reference(), "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_the_command_line_takes(name: str) -> None:
    for line, _meaning in command_module(name).EXAMPLES:
        words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", line).split(" < ")[0].split(" > ")[0])
        assert words[0] == "pyfmt"
        assert build_parser().parse_args(with_command(words[1:])).command == name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_shows_its_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([name, "--help"])
    said = capsys.readouterr().out
    assert all(f"  {line}" in said for line, _meaning in command_module(name).EXAMPLES)


def test_every_page_is_in_the_site() -> None:
    """`make site` builds it, where a link that leads nowhere is an error, too."""
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    named = set(re.findall(r"[\w/-]+\.md", site))
    assert named == {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.parent != ROOT}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and GitLab make of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_pages_are_taken_by_the_command_line(page: Path) -> None:
    text = page.read_text("utf-8")
    lines = re.findall(r"^(?: {4}|\s*- )(?:run: |\$ )?(pyfmt(?: [^#\n]*)?)", text, re.MULTILINE)
    for line in [*lines, *re.findall(r"`(pyfmt [^`]+)`", text)]:
        if re.search(r"[\[\]…\\]|\b[A-Z]{3,}\b|\.\.\.", line):
            continue  # a form of the command, with names to be replaced
        words = shlex.split(re.split(r" [|<>&]|;", line)[0])
        build_parser().parse_args(with_command(words[1:]))

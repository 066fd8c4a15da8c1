"""What a command line means, wherever its options stand."""

from __future__ import annotations

import argparse
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.cli.parser import COMMANDS, build_parser, with_command


def parse(line: str) -> argparse.Namespace:
    return build_parser().parse_args(with_command(line.split()))


@pytest.mark.parametrize(
    ("line", "command", "paths"),
    [
        ("", "run", []),
        ("lib projects/a", "run", ["lib", "projects/a"]),
        ("check", "check", []),
        ("check lib", "check", ["lib"]),
        ("--tool pylint lib", "run", ["lib"]),
        ("--root check lib", "run", ["lib"]),
        ("--root=check lint lib", "lint", ["lib"]),
        ("-q check", "check", []),
        ("--jobs 2 --no-cache check lib -v", "check", ["lib"]),
        ("lib check", "run", ["lib", "check"]),
        ("./check", "run", ["./check"]),
        ("check check", "check", ["check"]),
        ("-- check", "run", ["check"]),
        ("check -- -x lint", "check", ["./-x", "lint"]),
        ("a --jobs 2 b -v c", "run", ["a", "b", "c"]),
        ("a --jobs 2 b -- -c", "run", ["a", "b", "./-c"]),
        ("format -", "format", ["-"]),
        ("format --stdin-filename a.py - --check", "format", ["-"]),
        ("run run", "run", ["run"]),
    ],
)
def test_the_command_and_its_paths(line: str, command: str, paths: list[str]) -> None:
    options = parse(line)
    assert (options.command, options.paths) == (command, paths)


def test_values_are_taken_wherever_the_command_stands() -> None:
    line = "--tool mypy --output json=a=b.json {} --tool pylint --jobs 3 --timeout 1.5 --output text --color never -q"
    for where in ("check", "check lib"):
        options = parse(line.format(where))
        assert options.command == "check"
        assert options.tools == ["mypy", "pylint"]
        assert options.outputs == [("json", "a=b.json"), ("text", None)]
        assert (options.jobs, options.timeout, options.color, options.quiet, options.no_cache) == (
            3,
            1.5,
            "never",
            True,
            False,
        )


@pytest.mark.parametrize(
    "line", ["check lib --output", "check --output -q lib", "--output=auto lib", "lib --output --"]
)
def test_an_output_without_a_format_takes_no_path_for_one(line: str) -> None:
    options = parse(line)
    assert (options.outputs, options.paths) == ([("auto", None)], ["lib"])


def test_creating_environments() -> None:
    options = parse("envs create --python 3.12 projects/a lib/b --dry-run")
    assert (options.command, options.action, options.projects) == ("envs", "create", ["projects/a", "lib/b"])
    assert (options.python, options.dry_run, options.recreate, options.all) == ("3.12", True, False, False)
    assert parse("envs --json").action is None
    assert parse("-v envs create").projects == []


@pytest.mark.parametrize(
    "line", ["--version", "-q --version", "check --version", "--version lint lib", "--root x --version"]
)
def test_the_version_is_told_whatever_else_is_asked(line: str) -> None:
    assert parse(line).version is True


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--help", "COMMAND"),
        ("-q -h", "COMMAND"),
        ("check --help", "writes nothing"),
        ("--help lint", "Only lint"),
        ("lib -h", "PATH"),
    ],
)
def test_help_is_that_of_the_command(line: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(line)
    assert stop.value.code == 0
    assert text in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "--wrong",
        "check --jobs",
        "check --jobs x",
        "lint --diff",
        "--color blue",
        "envs destroy",
        "explain",
        "--output json=",
        "--output auto=x",
        "--format wide",
        "config skema",
        "--roo x",
    ],
)
def test_what_is_not_understood_is_a_usage_error(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(line)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err


WORDS = st.lists(st.sampled_from(["lib", "a.py", "./lint", "é", "a b"]), max_size=4)
OPTIONS = st.lists(
    st.sampled_from([["-v"], ["--no-cache"], ["--jobs", "2"], ["--tool", "check"], ["--timeout=3"], ["--root", "lib"]]),
    max_size=4,
)


@given(command=st.sampled_from(["run", "check", "format", "lint"]), words=WORDS, options=OPTIONS, data=st.data())
def test_the_order_of_options_among_the_words_does_not_matter(
    command: str, words: list[str], options: list[list[str]], data: st.DataObject
) -> None:
    items = [[command], *([word] for word in words)]
    for option in options:
        items.insert(data.draw(st.integers(0, len(items))), option)
    mixed = build_parser().parse_args(with_command([word for item in items for word in item]))
    first = [item for item in items if len(item) > 1 or item[0].startswith("-")]
    plain = build_parser().parse_args([command, *(word for item in first for word in item), *words])
    assert mixed == plain


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    text = capsys.readouterr().out
    assert all(re.search(rf"^    {command}\s", text, re.MULTILINE) for command in COMMANDS)

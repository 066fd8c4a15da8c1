"""docs/reference.md, made from the commands and the configuration's schema: `make docs`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from pyfmt.cli.options import AUTO
from pyfmt.cli.parser import build_parser, command_module, commands_of, metavar_of, word_of
from pyfmt.config.schema import config_schema
from pyfmt.reports.registry import FORMATS

_HEAD = """\
# Reference

Made by `make docs` from the commands themselves; a test sees to it that it is up to date. For explanations see the
[README](../README.md), [the tutorial](tutorial.md) and [configuration](configuration.md).

    pyfmt [COMMAND] [OPTION]... [PATH]...

Without a command it is `run`. Options may stand anywhere; what follows `--` is a path. A folder that is called like a
command is named with a leading `./`.
"""
# pylint: disable=line-too-long  # the rows of tables
_END = """\
## Exit codes

| code | meaning |
|---|---|
| 0 | clean, also when pyfmt has just mended everything |
| 1 | findings, or files that would be reformatted; with `doctor`: there is a problem |
| 2 | usage, configuration, environment or tool failure; also when a project was skipped or a tool did not finish |
| 130 | interrupted |

## Environment variables

| variable | meaning |
|---|---|
| `NO_COLOR`, `FORCE_COLOR` | no colour, or colour also where the output is no terminal; `--color` wins |
| `VIRTUAL_ENV` | the environment of a single project, or of one that is installed in it |
| `GITHUB_ACTIONS`, `GITHUB_STEP_SUMMARY`, `GITLAB_CI`, `CI_PROJECT_DIR`, `TF_BUILD` | what `--output` without a format picks |
| `PYFMT_SERVER`, `CI`, `PYFMT_SERVER_IDLE` | `off`, or any `CI`: no worker stays for the next run; the seconds after which one ends that nobody needs |
| `XDG_CACHE_HOME` | where the cache is, unless `cache-dir` is set |
| `PYFMT_CACHE_REMOTE`, `PYFMT_CACHE_NAMESPACE` | the remote cache and the namespace to write into; they win over `[tool.pyfmt.cache]` |
| `PYFMT_CACHE_KEY`, `PYFMT_CACHE_PUBLIC_KEY`, `PYFMT_CACHE_TOKEN` | what its entries are signed and verified with, and the bearer token of its server |
"""
# Groups of options that several commands share: told once.
_RUNNING, _SHARED = "what and how fast", "where and how"


def reference() -> str:
    """The whole page."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


def _lines() -> Iterator[str]:
    subs = commands_of(build_parser())
    yield _HEAD
    yield "| command | |\n|---|---|"
    for name, sub in subs.items():
        yield f"| [`{name}`](#pyfmt-{name}) | {_cell(sub.description or '')} |"
    for name, sub in subs.items():
        yield from _command(name, sub)
    yield "\n## Options of the commands that run tools\n"
    yield from _options(_group(subs["run"], _RUNNING))
    yield "\n## Options of every command\n"
    yield from _options(_group(subs["run"], _SHARED))
    yield "\n## Formats of `--output`\n\n| format | |\n|---|---|"
    yield from (f"| `{name}` | {what} |" for name, what in FORMATS.items())
    yield f"| `{AUTO}`, or none | in a CI: what it reads, besides the text; elsewhere the text |"
    yield "\n## Keys of `[tool.pyfmt]`\n\n| key | value | |\n|---|---|---|"
    for key, shape in json.loads(config_schema())["properties"].items():
        yield f"| `{key}` | {_shape(shape)} | {_cell(shape['description'])} |"
    yield ""
    yield _END


def _group(parser: argparse.ArgumentParser, title: str) -> list[argparse.Action]:
    # pylint: disable-next=protected-access  # argparse tells its groups nowhere else
    found = [group._group_actions for group in parser._action_groups if group.title == title]
    return [action for actions in found for action in actions]


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    words = _group(parser, "positional arguments")
    own = [action for action in _group(parser, "options") if action.dest != "help"]
    running = _group(parser, _RUNNING)
    usage = [
        "pyfmt",
        name,
        *(f"[{action.option_strings[-1]}{_value(action)}]" for action in own),
        *(["[OPTION]..."] if running else []),
    ]
    yield f"\n## pyfmt {name}\n\n    {' '.join([*usage, *map(word_of, words)])}\n\n{parser.description}\n"
    yield from _options([*words, *own])
    if words or own:
        yield ""
    more = (
        "[the options of the commands that run tools](#options-of-the-commands-that-run-tools) and " if running else ""
    )
    yield f"It also takes {more}[the options of every command](#options-of-every-command).\n"
    examples = command_module(name).EXAMPLES
    width = max(len(line) for line, _meaning in examples)
    yield from (f"    {line.ljust(width)}  # {meaning}" for line, meaning in examples)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = metavar_of(action)
    if name.startswith("="):
        return f"[{name}]"
    return f" [{name}]" if action.nargs == "?" else f" {name}"


def _options(actions: list[argparse.Action]) -> Iterator[str]:
    if actions:
        yield "| | |\n|---|---|"
    for action in actions:
        names = [f"`{name}{_value(action)}`" for name in action.option_strings] or [f"`{metavar_of(action)}`"]
        yield f"| {_cell(', '.join(names))} | {_cell((action.help or '').replace('%%', '%'))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shape(shape: dict[str, Any]) -> str:
    """A value's type in the words of the configuration."""
    if "enum" in shape:
        return ", ".join(f"`{json.dumps(item)}`" for item in shape["enum"])
    names = {"array": "list", "object": "table", "integer": "whole number", "string": "text"}
    text = names.get(shape["type"], shape["type"])
    items = shape.get("items", {})
    if "enum" in items:
        text += f" of {', '.join(f'`{json.dumps(item)}`' for item in items['enum'])}"
    return f"{text} of texts" if items.get("type") == "string" else text


if __name__ == "__main__":
    print(reference(), end="")

"""mypy of another release, as a program that is told what the pinned one is; all releases answer as text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyfmt import disk
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Environment, Failure, Finding, Unit, by_place
from pyfmt.tools.mypy.adapter import Mypy, finding
from pyfmt.tools.mypy.worker import search_dirs
from pyfmt.tools.mypy.worker.answer import lasting
from pyfmt.tools.program import release
from pyfmt.tools.program.adapter import last_lines
from pyfmt.tools.program.worker.task import OBSERVED, PYTHON, SCRATCH
from pyfmt.tools.protocol import JsonObject, LintContext, Reading, ToolNeed

_OLDEST = (3, 10)
_LINE = re.compile(
    r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+)(?::(?P<end_line>\d+):(?P<end_column>\d+))?)?: "
    r"(?P<severity>error|note): (?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?$"
)


@dataclass(frozen=True, slots=True)
class MypyRelease(Mypy):
    """The Linter of a release of mypy that the configuration chooses."""

    worker: str = "program"

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """A call for each set of settings; raises ToolError for what only the pinned mypy does."""
        given = Mypy.payload(self, unit, context)
        if context.notebooks or given["remapped"]:
            where = next(iter(context.notebooks), "") or given["remapped"][0][0]
            what = (
                "notebooks"
                if context.notebooks
                else "packages that are installed under another name than their folder's"
            )
            raise ToolError(
                f"another release of mypy checks no {what}", where, "take mypy out of [tool.pyfmt.versions]"
            )
        runs = [run for run in given["runs"] if run["reported"]]
        return {
            "folder": context.root,
            "calls": [_call(run, given) for run in runs],
            "about": {
                "projects": [run["projects"] for run in runs],
                "failures": given["failures"],
                "notes": [*given["notes"], *_left_out(runs, given)],
            },
            **release.said(context.config.release),
        }

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """A tool environment of the environment's Python, whose grammar it then has; of pyfmt's own where it cannot."""
        assert environment is not None, "mypy reads an environment"
        python = environment.python
        fits = python.implementation == "CPython" and (python.major, python.minor) >= _OLDEST
        fits = fits and disk.is_executable(environment.base_executable)
        return release.need("mypy", environment if fits else None, payload)

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """Findings in order of place; a failure beside them where one file kept mypy from the others."""
        owners = {file: part.project.name for part in unit.parts for file in part.files}
        environment = unit.environment.name if unit.environment else ""
        about = answer["about"]
        failures = [
            Failure("mypy", tuple(each.get("projects", unit.projects)), environment, each["reason"], each["detail"])
            for each in about["failures"]
        ]
        findings: list[Finding] = []
        for projects, call in zip(about["projects"], answer["calls"], strict=True):
            items = list(_items(call["stdout"], answer["folder"]))
            findings += [finding(item, owners[item["path"]], environment) for item in items if item["path"] in owners]
            unread = call["status"] == 1 and not any(each["severity"] == "error" for each in items)
            if unread or call["status"] not in (0, 1) or call["stderr"].strip():
                stopped = [f"{each['path']}:{each['line']}" for each in items if each["severity"] == "error"][-1:]
                why = f"it was stopped by {stopped[0]}, and checked nothing else" if stopped else "see below"
                if call["status"] in (0, 1):
                    why = "it does not take all of its configuration"
                if unread:
                    why = "nothing that it says can be read as an error"
                reason = f"mypy ended with exit code {call['status']}: {why}"
                failures.append(Failure("mypy", tuple(projects), environment, reason, last_lines(call)))
        findings.sort(key=by_place)
        asked = release.asked(call["asked"] for call in answer["calls"])
        return Reading(tuple(findings), tuple(failures), tuple(about["notes"]), asked=asked)


def _call(run: JsonObject, given: JsonObject) -> JsonObject:
    name = "mypy.toml" if run["toml"] else "mypy.ini"
    plugins = run["plugins"] if given["trusted"] else ()
    header, _, rest = str(run["config"]).partition("\n")
    if plugins:
        text = json.dumps(plugins, ensure_ascii=False) if run["toml"] else ", ".join(plugins)
        header += f"\nplugins = {text}"
    places = [*given["site_packages"], *given["import_roots"]]
    start = (OBSERVED, SCRATCH, json.dumps(places if plugins else []), "mypy")
    major, minor = given["python"]
    shim = f"#!/bin/sh\ncat <<'END_OF_PATHS'\n{search_dirs.directories(given)!r}\nEND_OF_PATHS\n"
    return {
        "command": [
            *(PYTHON, "-I", *start, "--config-file", f"{SCRATCH}/{name}", "--cache-dir", os.devnull),
            *("--python-executable", f"{SCRATCH}/python", "--python-version", f"{major}.{minor}"),
            *("--explicit-package-bases", "--follow-imports", run["follow_imports"], "--no-error-summary"),
            *("--no-warn-unused-configs", "--no-color-output", "--no-pretty", "--show-error-codes"),
            *("--show-column-numbers", "--show-error-end", "--show-absolute-path"),
        ],
        "files": sorted(run["files"]),
        "texts": {name: f"{header}\n{rest}", "python": shim},
        "environ": {"MYPYPATH": os.pathsep.join(given["import_roots"]), "MYPY_CACHE_DIR": ""},
        "folder": SCRATCH,
    }


def _left_out(runs: list[JsonObject], given: JsonObject) -> Iterator[str]:
    """Plugins that may not run."""
    for plugin in dict.fromkeys(plugin for run in runs for plugin in run["plugins"] if not given["trusted"]):
        yield f"mypy plugin {plugin} left out: {given['environment']} is not trusted to run code"


def _items(text: str, root: str) -> Iterator[JsonObject]:
    """mypy's lines as the items of its worker; notes belong to the error before them on their line."""
    last: JsonObject = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        # What is no message is a summary or a hint: what failed is told by the exit code.
        if found is None or (found["severity"] == "note" and not lasting(found["message"])):
            continue
        item = _item(found, root)
        same = (item["path"], item["line"]) == (last.get("path"), last.get("line"))
        belongs = same and found["code"] in (None, last.get("rule"))
        if belongs and found["severity"] == "note" and not found["message"].startswith("Revealed "):
            last["notes"].append(found["message"])
            continue
        last = item if found["severity"] == "error" else {}
        yield item


def _item(found: re.Match[str], root: str) -> JsonObject:
    return {
        "path": os.path.relpath(found["file"], root).replace(os.sep, "/"),
        "line": int(found["line"]),
        "column": int(found["column"]) if found["column"] else None,
        "end_line": int(found["end_line"]) if found["end_line"] else None,
        "end_column": int(found["end_column"]) + 1 if found["end_column"] else None,
        "rule": found["code"] or "misc",
        "severity": "error" if found["severity"] == "error" else "info",
        "message": found["message"],
        "notes": [],
        "syntax": found["code"] == "syntax",
    }

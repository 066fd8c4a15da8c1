"""pylint of another release, as a program: what it says installed in the environment, of each project by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyfmt.core.errors import ToolError
from pyfmt.core.model import Environment, Failure, Finding, Part, Unit, by_place
from pyfmt.tools import configured_code
from pyfmt.tools.program import release
from pyfmt.tools.program.adapter import last_lines
from pyfmt.tools.program.worker.task import OBSERVED, PYTHON, SCRATCH
from pyfmt.tools.protocol import JsonObject, LintContext, Reading, ToolNeed
from pyfmt.tools.pylint.adapter import PylintLinter, finding, foreign, group
from pyfmt.tools.pylint.executing import executions

_FIXED = ("--output-format=json2", "--jobs=1", "--persistent=n", "--score=n", "--reports=n", "--recursive=n")
_USAGE = 32  # exit codes from here on: it did not lint
_CRASHES = ("F0001", "F0002")
_SYNTAX = ("E0001", "F0010")
# Of a configuration: rules that this release does not have (any more)
_OUTDATED = ("W0012", "R0022", "E0015")


@dataclass(frozen=True, slots=True)
class PylintRelease(PylintLinter):
    """The Linter of a release of pylint that the configuration chooses."""

    worker: str = "program"

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """A call for each project; raises ToolError where the configuration runs code and may not."""
        environment = unit.environment
        assert environment is not None, "pylint reads an environment"
        code = executions(context.config)
        if code and not context.trusted:
            where = configured_code.place(context.config, context.root)
            what = (
                f"this release of pylint cannot be run without {code[0]}, for which {environment.name} is not trusted"
            )
            raise ToolError(what, where, "`pyfmt trust`, or take it out of the configuration")
        if context.notebooks:
            cure = "leave them out with `notebooks = false`, or take pylint out of [tool.pyfmt.versions]"
            raise ToolError("another release of pylint lints no notebooks", next(iter(context.notebooks)), cure)
        parts = [part for part in unit.parts if part.files]
        return {
            "folder": context.root,
            "calls": [_call(part, environment, context) for part in parts],
            "about": context.config.path if context.config.origin == "built-in" else "",
            **release.said(context.config.release),
        }

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """A tool environment of the environment's Python, of pyfmt's own where pylint cannot run in that one."""
        assert environment is not None, "pylint reads an environment"
        return release.need("pylint", None if foreign(environment) else environment, payload)

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """Findings in order of place; what it says of its configuration is a note or a failure."""
        environment = unit.environment
        assert environment is not None, "pylint reads an environment"
        owners = {file: part.project.name for part in unit.parts for file in part.files}
        findings: list[Finding] = []
        failures: list[Failure] = []
        parts = [part for part in unit.parts if part.files]
        for part, call in zip(parts, answer["calls"], strict=True):
            try:
                if not 0 <= call["status"] < _USAGE:
                    raise ValueError(f"pylint ended with exit code {call['status']}")
                for message in json.loads(call["stdout"])["messages"]:
                    path = os.path.relpath(message["absolutePath"], answer["folder"]).replace(os.sep, "/")
                    if path in owners and message["messageId"] not in _CRASHES:
                        findings.append(finding(_row(message, path, owners[path]), environment.name))
                    elif said := _of_no_file(message, path, answer["about"]):
                        failures.append(Failure("pylint", (part.project.name,), environment.name, said))
            except (ValueError, KeyError, TypeError) as error:
                reason = str(error).partition("\n")[0]
                failures.append(Failure("pylint", (part.project.name,), environment.name, reason, last_lines(call)))
        findings.sort(key=by_place)
        asked = [
            {"project": part.project.name, **call["asked"]}
            for part, call in zip(parts, answer["calls"], strict=True)
            if call["asked"]
        ]
        return Reading(tuple(dict.fromkeys(findings)), tuple(failures), asked=tuple(asked) * (len(asked) == len(parts)))


def _call(part: Part, environment: Environment, context: LintContext) -> JsonObject:
    told = group(part, environment, context.root)
    options = configured_code.options(context.config)
    paths = [*environment.finder_roots, *context.import_roots]
    apart = bool(foreign(environment))  # then the standard library is that of the Python which runs
    paths = [*(environment.site_packages if apart else environment.search_path), *paths]
    # Executed when pylint itself has been imported; its own folder stays, last, as if it were installed there.
    own = "own = [path for path in sys.path if path.startswith(sys.prefix)]"
    first = "[path for path in sys.path if path not in own]" if apart else "[]"
    hook = f"import sys\n{own}\nsys.path[:] = {first} + {paths!r} + own\nsys.path_importer_cache.clear()\n"
    arguments = [
        "--rcfile",
        context.config.path,
        f"--init-hook=exec({hook + str(options.get('init-hook') or '')!r}, {{}})",
    ]
    roots = sorted(told["import_roots"], key=len, reverse=True)  # of two, the longer one counts
    arguments += [*_FIXED, f"--source-roots={','.join(roots)}"]
    arguments += [f"--py-version={told['py_version']}"] if told["py_version"] and "py-version" not in options else []
    arguments += ["--enable=useless-suppression"] if context.unused_ignores else []
    stubs = {file for file in told["files"] if file.endswith(".pyi") and file[:-1] in told["files"]}
    files = sorted(os.path.relpath(file, told["folder"]) for file in told["files"] if file not in stubs)
    return {
        "command": [PYTHON, "-I", OBSERVED, SCRATCH, "[]", "pylint", *arguments, "--", *files],
        "folder": told["folder"],
        "environ": {"PYLINTRC": "", "PYLINTHOME": ""},
    }


def _of_no_file(message: Mapping[str, Any], path: str, built_in: str) -> str:
    """Of a message about the configuration, or a file that it crashed on, what is wrong; pyfmt's own configuration is
    written for the release that pyfmt brings."""
    if message["absolutePath"] == built_in and message["messageId"] in _OUTDATED:
        return ""
    where = f"pylint crashed on {path}" if message["messageId"] in _CRASHES else path
    return f"{where}: {message['message'].partition(chr(10))[0]} [{message['messageId']} {message['symbol']}]"


def _row(message: Mapping[str, Any], path: str, project: str) -> dict[str, Any]:
    end = message["endColumn"]
    return {
        "path": path,
        "line": max(message["line"], 1),
        "column": message["column"] + 1,
        "end_line": message["endLine"],
        "end_column": None if end is None else end + 1,
        "rule": message["messageId"],
        "symbol": message["symbol"],
        "category": message["type"],
        "message": message["message"],
        "project": project,
        "notes": (),
        "also": (),
        "syntax": message["messageId"] in _SYNTAX,
    }

"""pylint as a linter of pyfmt: what its worker is given, and what its answers mean."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyfmt import disk
from pyfmt.core.cells import module_name
from pyfmt.core.model import Environment, Failure, Finding, Part, Project, Severity, Unit, by_place
from pyfmt.tools.protocol import JsonObject, LintContext, Reading, ToolNeed

OLDEST = (3, 10)  # the oldest Python that pylint 4 runs on

# parse-error (F0010) as astroid's builder words it where opening or reading a file fails.
_UNREAD = re.compile(r"^error while code parsing: Unable to load file ")
_SEVERITIES = {"fatal": Severity.ERROR, "error": Severity.ERROR, "warning": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class PylintLinter:
    """The Linter of pylint; see pyfmt.tools.protocol."""

    worker: str = "pylint"
    stays_warm: bool = True

    def interpreter(self, environment: Environment | None) -> str:
        """The environment's base interpreter; pyfmt's own where pylint cannot run in that one."""
        assert environment is not None, "pylint reads an environment"
        return sys.executable if foreign(environment) else environment.base_executable

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """What `pyfmt/tools/pylint/worker/task.py` asks for; its docstring says what each key means."""
        environment = unit.environment
        assert environment is not None, "pylint reads an environment"
        return {
            "root": context.root,
            "rcfile": context.config.path,
            "environment": environment.name,
            "prefix": environment.prefix,
            "search_path": list(environment.search_path),
            "site_packages": list(environment.site_packages),
            "foreign": bool(foreign(environment)),
            "import_roots": list(context.import_roots),
            "moved": list(context.moved) if context.moved else None,
            "trusted": context.trusted,
            "unused_ignores": context.unused_ignores,
            "notebooks": {
                os.path.join(context.root, file): (module_name(file), text) for file, text in context.notebooks.items()
            },
            "groups": [
                {**group(part, environment, context.root), "replay": context.replays.get(part.project.path)}
                for part in unit.parts
            ],
        }

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """None: the worker runs in the environment's base interpreter anyway, for which its plugins are made."""
        del environment, payload
        nothing: ToolNeed | None = None
        return nothing

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """Findings in order of place, failures and notes of a worker's answer."""
        environment = unit.environment
        assert environment is not None, "pylint reads an environment"
        unread = [message for message in answer["messages"] if _UNREAD.search(message["message"])]
        findings = sorted(
            (finding(message, environment.name) for message in answer["messages"] if message not in unread),
            key=by_place,
        )
        failures = tuple(
            Failure("pylint", tuple(each["projects"]), environment.name, each["reason"], each["detail"])
            for each in answer["failures"]
        )
        failures += tuple(_unread(message, environment.name) for message in unread)
        reason = foreign(environment)
        notes = (f"pylint lints {environment.name} with another Python: {reason}",) if reason else ()
        said = (*notes, *answer["notes"])
        return Reading(tuple(dict.fromkeys(findings)), failures, said, tuple(answer["effects"]), tuple(answer["asked"]))

    def module_name(self, file: str, project: Project) -> str:
        """The name by which `file` is imported from the longest import root that holds it, after that root.

        The root is part of it because the worker keeps files of one name apart, and lints each project in a process of
        its own: no two files collide, so that no unit needs to be split. A stub beside its module has none (""): pylint
        reads the module instead.
        """
        stem, _, suffix = file.rpartition(".")
        if suffix == "pyi" and file[:-1] in project.files:
            return ""
        roots = (root for root in project.import_roots if root != "." and file.startswith(root + "/"))
        root = max(roots, key=len, default="")
        return f"{root or '.'}:{stem[len(root) :].strip('/').removesuffix('/__init__').replace('/', '.')}"


def foreign(environment: Environment) -> str:
    """Why pylint cannot run in the environment's base interpreter; "" where it can."""
    python = environment.python
    if python.implementation != "CPython":
        return f"{python} is not CPython, so the standard library and grammar are those of pyfmt's own Python"
    if (python.major, python.minor) < OLDEST:
        return f"pylint does not run on {python}, so the standard library and grammar are those of pyfmt's own Python"
    if not disk.is_executable(environment.base_executable):
        where = environment.base_executable or "its base interpreter"
        return f"{where} does not exist, so the standard library and grammar are those of pyfmt's own Python"
    return ""


def group(part: Part, environment: Environment, root: str) -> JsonObject:
    """A project of a unit as the worker takes it; all paths are absolute."""
    least = minimum_python(part.project.requires_python)
    if least is None and foreign(environment):
        least = environment.python.short
    return {
        "project": part.project.name,
        "folder": os.path.normpath(os.path.join(root, part.project.path)),
        "files": [os.path.join(root, file) for file in part.files],
        "context": [os.path.join(root, file) for file in part.context],
        "import_roots": [os.path.normpath(os.path.join(root, path)) for path in part.project.import_roots],
        "py_version": least,
        "home": part.home,
    }


def minimum_python(requires: str | None) -> str | None:
    """The least Python 3 ("3.10") that a requires-python specifier admits; None without one, or if it makes no
    sense."""
    if not requires:
        return None
    # Deferred: packaging takes 13 ms to import, and a run that lints nothing needs none of it.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(requires)
    except InvalidSpecifier:
        return None
    versions = (f"3.{minor}" for minor in range(100))
    return next((each for each in versions if any(map(specifiers.contains, _patches(each)))), None)


def _patches(version: str) -> Iterator[str]:
    yield version
    yield f"{version}.99"  # ">=3.10.2" admits a 3.10


def _unread(message: Mapping[str, Any], environment: str) -> Failure:
    """A file that the disk did not give is checked by nobody, and nothing is remembered of it."""
    why = " ".join(message["message"].split())
    return Failure("pylint", (message["project"],), environment, f"{message['path']}: it cannot be read", why)


def finding(message: Mapping[str, Any], environment: str) -> Finding:
    """The finding of one of the worker's messages."""
    return Finding(
        path=message["path"],
        line=message["line"],
        column=message["column"],
        end_line=message["end_line"],
        end_column=message["end_column"],
        tool="pylint",
        rule=message["rule"],
        symbol=message["symbol"],
        severity=_SEVERITIES.get(message["category"], Severity.INFO),
        message=message["message"],
        project=message["project"],
        environments=(environment,),
        notes=tuple(message["notes"]),
        also=tuple(message["also"]),
        syntax=message["syntax"],
    )

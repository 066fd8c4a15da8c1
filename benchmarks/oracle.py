"""The tools in place, as a careful person runs them: what they say of each project, beside pyfmt's report."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks.peers import CONFIGS
from benchmarks.reported import Key, Reported
from tests.support.careful_loop import PROJECT_WIDE, CarefulLoop, LoopProject


def compare(tree: Path, reported: Reported) -> tuple[frozenset[Key], frozenset[Key]]:
    """What only the tools in place say of the projects' own files, and what only pyfmt says.

    Messages are not compared, and rules that hold for a whole project are left out. A project in which a tool does not
    run in place (mypy ends where two files have one name) is compared in neither direction, and said.
    """
    missing: set[Key] = set()
    invented: set[Key] = set()
    with tempfile.TemporaryDirectory(prefix="pyfmt-oracle-") as scratch:
        for project in reported.content["projects"]:
            if not project["environment"] or not project["files"]:
                continue
            roots = _editable_roots(tree / project["environment"])
            loop = CarefulLoop(tree, Path(scratch), CONFIGS / "pylintrc", CONFIGS / "mypy.ini", roots)
            turn = _turn(tree, project)
            for tool in ("pylint", "mypy"):
                wanted = _in_place(loop, turn, tool)
                if wanted is not None:
                    found = _reported(reported, project, tool)
                    missing |= wanted - found
                    invented |= found - wanted
    return frozenset(missing), frozenset(invented)


def _turn(tree: Path, project: dict[str, str]) -> LoopProject:
    folder = project["path"]
    own = ("src", ".") if (tree / folder / "src").is_dir() else (".",)
    return LoopProject(folder, project["environment"], _files(tree, folder), own)


def _in_place(loop: CarefulLoop, turn: LoopProject, tool: str) -> set[Key] | None:
    try:
        said = getattr(loop, tool)([turn])
    except AssertionError as error:
        print(f"oracle: {tool} does not run in {turn.path}: {str(error)[-300:]}", flush=True)
        return None
    # mypy tells of other projects' files, too, which it came to by imports.
    said = [each for each in said if _is_below(each[0], turn.path)]
    return {(path, line, tool, rule, turn.environment) for path, line, rule, _ in said if rule}


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _reported(reported: Reported, project: dict[str, str], tool: str) -> set[Key]:
    """pyfmt's findings in the project's own files that hold in its environment."""
    return {
        (item["path"], item["line"], tool, item["rule"], project["environment"])
        for item in reported.content["findings"]
        if item["tool"] == tool and item["rule"] not in PROJECT_WIDE
        if item["project"] == project["name"] and project["environment"] in item["environments"]
        if _has_a_name(item["path"], project["path"])
    }


def _files(tree: Path, folder: str) -> tuple[str, ...]:
    """What git tracks there and has a module's name."""
    listed = subprocess.run(["git", "ls-files", folder], cwd=tree, check=True, capture_output=True, text=True).stdout
    names = [name for name in listed.splitlines() if name.endswith((".py", ".pyi"))]
    return tuple(name for name in names if _has_a_name(name, folder))


def _has_a_name(path: str, folder: str) -> bool:
    """Below a folder like `test-root`, a module's name is that of its file alone: mypy ends at the second `conf.py`."""
    return all(map(str.isidentifier, Path(path).relative_to(folder).with_suffix("").parts))


def _editable_roots(environment: Path) -> tuple[str, ...]:
    """The folders of editable packages that setuptools' import hooks know: pylint and mypy in place do not see them."""
    roots = set()
    for hook in environment.glob("lib/python*/site-packages/__editable__*finder.py"):
        mapping = re.search(r"^MAPPING\b[^=]*= (\{.*\})$", hook.read_text("utf-8"), re.MULTILINE)
        for name, place in re.findall(r"'([\w.]+)': '([^']+)'", mapping.group(1) if mapping else ""):
            roots.add(str(Path(place).parents[name.count(".")]))
    return tuple(sorted(roots, key=len, reverse=True))

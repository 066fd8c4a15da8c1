"""What projects import is remembered as a whole, and is what each file says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyfmt import config, projects
from pyfmt.cache.import_lists import ImportLists
from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.memory import Memory
from pyfmt.core.request import Command, Request
from tests.projects.trees import named, write


def lists(root: Path, asked: list[str] | None = None) -> dict[str, list[str]]:
    """What each file of a tree imports; `asked` is given those that were read, or remembered, one by one."""
    settings = config.load(Request(Command.CHECK), root)
    memory = Memory(settings, True)
    try:

        class Noting(SourceReader):
            def __call__(self, file: str) -> Sequence[str]:
                if asked is not None:
                    asked.append(file)
                return super().__call__(file)

        survey = projects.find_projects(settings)
        read = ImportLists(Noting(memory.table, root, both=False), memory.table, survey.everything)
        return {file: list(read(file)) for project in survey.everything for file in project.files}
    finally:
        memory.close()


def test_a_project_in_which_nothing_changed_is_one_question(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\ncache-dir = '.cache'\n"}
    for name in ("one", "two"):
        files |= {f"{name}/pyproject.toml": named(name), f"{name}/a.py": "import os\nos.path\n", f"{name}/b.py": ""}
    write(tmp_path, files)
    first: list[str] = []
    assert lists(tmp_path, first)["one/a.py"] == ["os"]
    assert sorted(first) == ["one/a.py", "one/b.py", "two/a.py", "two/b.py"]
    again: list[str] = []
    assert lists(tmp_path, again)["two/a.py"] == ["os"] and not again
    write(tmp_path, {"one/b.py": "import one\n"})
    assert lists(tmp_path, again)["one/b.py"] == ["one"] and sorted(again) == ["one/a.py", "one/b.py"]
    (tmp_path / "two/b.py").unlink()
    write(tmp_path, {"two/c.py": "from . import a\n"})
    assert lists(tmp_path)["two/c.py"] == [".a"]

"""Trees of standard modules are built once, in the process that forks, and only those that are needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyfmt.runner.linting import tool_paths
from pyfmt.runner.server import ForkServer, WorkerSpec
from pyfmt.tools.pylint.worker import view


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import json", {"json"}),
        ("import os, json as j, sqlite3", {"os", "json"}),
        ("    from  collections.abc  import Mapping", {"collections", "collections.abc"}),
        ("from concurrent import futures", {"concurrent.futures"}),
        ("import os.path", {"os", "os.path"}),
        ("import importlib", {"importlib"}),
        ("import urllib", {"urllib.parse"}),
        ("from . import json\nfrom .json import x\nimporting = json\n# import re\nimport jsonschema\n", set()),
        ("\n\nimport re\nfrom typing import (\n    Any,\n)\n", {"re", "typing"}),
    ],
)
def test_what_files_import_is_found(tmp_path: Path, text: str, found: set[str]) -> None:
    (tmp_path / "one.py").write_text(text)
    assert view.warm_among(view.import_names([str(tmp_path / "one.py"), str(tmp_path / "gone.py")])) == found


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ForkServer]:
    """pylint's worker."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    opened = ForkServer(WorkerSpec(sys.executable, "pylint", tool_paths()), scratch)
    yield opened
    opened.close()


def test_what_a_request_had_to_build_is_there_for_the_next_one(worker: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "pylintrc").write_text("[MAIN]\n")
    (tmp_path / "one.py").write_text(
        '"""One."""\n\nimport textwrap\n\nprint(textwrap.dedent("x").upper(), textwrap.TextWrapper().nothing)\n'
    )
    group = {"project": "p", "folder": str(tmp_path), "files": [str(tmp_path / "one.py")], "context": []}
    payload = {
        "root": str(tmp_path),
        "rcfile": str(tmp_path / "pylintrc"),
        "prefix": sys.prefix,
        "environment": "here",
        "search_path": [path for path in sys.path if "site-packages" not in path and path.startswith(sys.base_prefix)],
        "site_packages": [],
        "foreign": False,
        "trusted": False,
        "import_roots": [],
        "notebooks": {},
        "groups": [{**group, "import_roots": [str(tmp_path)], "py_version": None}],
    }
    answers = [worker.ask(json.loads(json.dumps(payload)), 120).answer for _ in range(2)]
    assert answers[0] is not None and answers[1] is not None
    assert [message["rule"] for message in answers[0]["messages"]] == ["E1101"]
    assert answers[0]["messages"] == answers[1]["messages"]
    assert "re" in answers[0]["built"]  # textwrap's own, which the file does not name
    assert "textwrap" not in answers[0]["built"]  # prepared before
    assert not answers[1]["built"]


def test_a_tree_that_a_request_had_to_make_is_made_for_the_next_ones_of_its_environment(
    worker: ForkServer, tmp_path: Path
) -> None:
    installed, root = tmp_path / "installed", tmp_path / "root"
    for folder in (installed, root):
        folder.mkdir()
    (root / "pylintrc").write_text("[MAIN]\ndisable = missing-docstring\n")
    (installed / "shared.py").write_text("from helper import Base\n\n\nclass Thing(Base):\n    pass\n")
    (installed / "helper.py").write_text("class Base:\n    def there(self):\n        return 1\n")

    def ask(name: str, call: str) -> tuple[list[str], set[str]]:
        (root / name).write_text(f"import shared\n\nprint(shared.Thing().{call}())\n")
        group = {"project": "p", "folder": str(root), "files": [str(root / name)], "context": []}
        payload = {
            "root": str(root),
            "rcfile": str(root / "pylintrc"),
            "prefix": sys.prefix,
            "environment": "here",
            "search_path": [str(installed), *(path for path in sys.path if path.startswith(sys.base_prefix))],
            "site_packages": [str(installed)],
            "foreign": False,
            "trusted": False,
            "import_roots": [],
            "notebooks": {},
            "groups": [{**group, "import_roots": [str(root)], "py_version": None}],
        }
        answer = worker.ask(payload, 120).answer
        assert answer is not None and not answer["failures"]
        made = {module for module, path, _ in answer["trees"] if path.startswith(str(installed))}
        return [message["rule"] for message in answer["messages"]], made

    assert ask("one.py", "there") == ([], {"shared", "helper"})  # nothing of what is linted itself
    assert ask("two.py", "gone") == (["E1101"], set())
    (installed / "helper.py").write_text("class Base:\n    def gone(self):\n        return 1\n")
    assert ask("three.py", "gone") == ([], {"helper"})  # the text is another one
    assert ask("four.py", "there") == (["E1101"], {"helper"})  # it is tried once

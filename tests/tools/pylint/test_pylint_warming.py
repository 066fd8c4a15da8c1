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


class Asking:
    """Asks a worker to lint files of one project in environments that each have packages of their own."""

    def __init__(self, worker: ForkServer, folder: Path) -> None:
        self._worker = worker
        self._root = folder / "root"
        self._root.mkdir()
        (self._root / "pylintrc").write_text("[MAIN]\ndisable = missing-docstring\n")

    def rules_and_made(self, installed: Path, name: str, text: str) -> tuple[list[str], set[str]]:
        """What is said of a file of that text, and of which installed modules the request itself made the trees."""
        (self._root / name).write_text(text)
        group = {"project": "p", "folder": str(self._root), "files": [str(self._root / name)], "context": []}
        payload = {
            "root": str(self._root),
            "rcfile": str(self._root / "pylintrc"),
            "prefix": sys.prefix,
            "environment": "here",
            "search_path": [str(installed), *(path for path in sys.path if path.startswith(sys.base_prefix))],
            "site_packages": [str(installed)],
            "foreign": False,
            "trusted": False,
            "import_roots": [],
            "notebooks": {},
            "groups": [{**group, "import_roots": [str(self._root)], "py_version": None}],
        }
        answer = self._worker.ask(payload, 120).answer
        assert answer is not None and not answer["failures"]
        read = [path for path in answer["asked"][0]["files"] if "/shared" in path]
        assert read and all(path.startswith(str(installed)) for path in read)  # no other environment's
        made = {module for module, path, *_ in answer["trees"] if path.startswith(str(installed))}
        return [message["rule"] for message in answer["messages"]], made


def test_a_tree_that_a_request_had_to_make_is_made_for_the_next_ones_of_its_environment(
    worker: ForkServer, tmp_path: Path
) -> None:
    asking, installed = Asking(worker, tmp_path), tmp_path / "installed"
    installed.mkdir()
    (installed / "shared.py").write_text("from helper import Base\n\n\nclass Thing(Base):\n    pass\n")
    (installed / "helper.py").write_text("class Base:\n    def there(self):\n        return 1\n")

    def ask(name: str, call: str) -> tuple[list[str], set[str]]:
        return asking.rules_and_made(installed, name, f"import shared\n\nprint(shared.Thing().{call}())\n")

    assert ask("one.py", "there") == ([], {"shared", "helper"})  # nothing of what is linted itself
    assert ask("two.py", "gone") == (["E1101"], set())
    (installed / "helper.py").write_text("class Base:\n    def gone(self):\n        return 1\n")
    assert ask("three.py", "gone") == ([], set())  # another text
    (installed / "helper.py").write_text("class Base:\n    def went(self):\n        return 1\n")
    assert ask("four.py", "went") == ([], {"helper"})  # one as long as the one before is not tried
    assert ask("five.py", "gone") == (["E1101"], {"helper"})


def test_trees_of_the_same_texts_are_made_once_for_several_environments(worker: ForkServer, tmp_path: Path) -> None:
    asking = Asking(worker, tmp_path)
    helper = "class Base:\n    def there(self):\n        return __file__\n"
    contents = {"a": helper, "same": helper, "another": helper.replace("there", "other"), "longer": helper + "# more\n"}
    for name, text in contents.items():
        (tmp_path / name / "shared").mkdir(parents=True)
        package = tmp_path / name / "shared"
        (package / "__init__.py").write_text("from .helper import Base\n\n\nclass Thing(Base):\n    pass\n")
        (package / "helper.py").write_text(text)

    def ask(name: str, call: str = "there") -> tuple[list[str], set[str]]:
        text = f"import shared\n\nprint(shared.Thing().{call}())\n"
        return asking.rules_and_made(tmp_path / name, f"in_{name}.py", text)

    assert ask("a") == ([], {"shared", "shared.helper"})
    assert ask("same") == ([], set())
    assert ask("another") == (["E1101"], {"shared.helper"})  # as long, and yet another text
    assert ask("longer") == ([], {"shared.helper"})
    assert ask("another", "other") == ([], {"shared.helper"})  # one of that length was made
    assert ask("a") == ([], set())

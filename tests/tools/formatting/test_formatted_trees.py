"""Whole trees: the bytes that pyfmt leaves are those that `isort .` and `black .` leave, and both agree afterwards."""

from __future__ import annotations

import random
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from pyfmt.core.model import Project, ToolConfig
from tests.tools.formatting.reference import (
    BUILT_IN,
    Commands,
    edited,
    python_files,
    read_tree,
    run,
    run_tree,
    twin,
    write_tree,
)

BOM = b"\xef\xbb\xbf"
MESSY = "import sys\nimport os\nx = {  'a':1 }\n"
ODD_FILES: dict[str, str | bytes] = {
    "plain.py": MESSY,
    "crlf.py": MESSY.replace("\n", "\r\n"),
    "cr.py": MESSY.replace("\n", "\r"),
    "mixed.py": "import sys\r\nimport os\nx = {  'a':1 }\r\n",
    "mixed_later.py": "import sys\nimport os\r\nx = {  'a':1 }\r\n",
    "bom.py": BOM + MESSY.encode(),
    "bom_crlf.py": BOM + MESSY.replace("\n", "\r\n").encode(),
    "bom_and_cookie.py": BOM + b"# -*- coding: utf-8 -*-\n" + MESSY.encode(),
    "latin1.py": "# -*- coding: latin-1 -*-\nimport sys\nimport os\nx = 'caf\u00e9'\n".encode("latin-1"),
    "latin1_crlf.py": "# coding: iso-8859-1\r\nimport sys\r\nimport os\r\nx = 'caf\u00e9'\r\n".encode("latin-1"),
    "cookie_second_line.py": "#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\nimport sys, os\n"
    "x = '\u20ac'\n".encode("cp1252"),
    "utf16_cookie_in_text.py": "x = 1\ny = 2\n# coding: utf-16\nimport sys, os\n",
    "no_final_newline.py": "import sys\nimport os\nx = 1",
    "only_imports_no_newline.py": "import sys, os",
    "form_feed.py": "import sys\n\x0c\nimport os\n\x0c\nclass A:\n    pass\n\x0c\nclass B: pass\n",
    "empty.py": "",
    "blank.py": "\n\n\n",
    "blank_crlf.py": "\r\n\r\n",
    "spaces.py": "   \n \t \n",
    "one_newline.py": "\n",
    "comment.py": "#comment",
    "tabs.py": "import sys\nimport os\nif sys:\n\tx = ( 1 )\n",
    "skip_file.py": "# isort: skip_file\nimport sys\nimport os\nx = {  'a':1 }\n",
    "skip_line.py": "import sys  # isort: skip\nimport os\nimport abc\n",
    "isort_off.py": "# isort: off\nimport sys\nimport os\n# isort: on\nimport re\nimport abc\n",
    "fmt_off.py": "import sys\nimport os\n# fmt: off\nx = {  'a':1 }\n# fmt: on\ny = {  'a':1 }\n",
    "fmt_skip.py": "import os, sys\nx = {  'a':1 }  # fmt: skip\n",
    "stub.pyi": "import sys\nimport os\nclass A:\n    def f(self) -> int: ...\n\n\n    def g(self) -> int: ...\n",
    "backslash.py": "from os import path, \\\n    sep\nimport abc\nassert some_function(1) == \\\n    2\n",
    "long.py": "from collections import OrderedDict, defaultdict, namedtuple, deque, Counter, ChainMap, UserDict\n"
    + MESSY,
    "late_imports.py": "x=1\nimport sys\nimport os\ndef f():\n    import b\n    import a\n    return a,b\n",
    "future.py": '"""Doc."""\nimport os\nfrom __future__ import annotations\n',
    "type_checking.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import z\n    import a\nx  = 1\n",
    "match.py": "match x:\n  case [1, *_]:   pass\n",
    "walrus.py": "if (n:=10)>5: print( n )\n",
    "dockerish.py": "'''doc\n   string   '''\nimport z,a\n",
    "surrogate.py": "x = '\\ud800'\nimport sys,os\n",
    "unicode_names.py": "import os\nimport abc\n\u00e9 = '\u00fc\u4e2d\U0001f600'  ;y=1\n",
    "separators.py": "x = 'a\x1cb\u2028c'\nimport sys\nimport os\n",
    "syntax_error.py": "import sys\nimport os\ndef broken(:\n    pass\n",
    "syntax_error_crlf.py": "import sys\r\nimport os\r\nx = = 1\r\n",
    "python2.py": "import sys\nimport os\nprint 'hello'\n",
    "undecodable.py": b"import sys\nimport os\nx = '\xe9'\n",
    "undecodable_first_line.py": b"# \xe9\nimport sys\nimport os\n",
    "unknown_cookie.py": b"# coding: klingon\nimport sys\nimport os\n",
    "contradiction.py": BOM + b"# coding: latin-1\nimport sys\nimport os\n",
    "null_byte.py": b"import sys\nimport os\nx = 1\x00\n",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The tree of odd files, formatted by pyfmt, and its twin, formatted by the commands."""
    root = tmp_path_factory.mktemp("odd") / "tree"
    write_tree(root, ODD_FILES)
    reference = twin(root)
    Commands().format(reference)
    run_tree(root)
    return root, reference


@pytest.mark.parametrize("name", ODD_FILES)
def test_each_odd_file_is_what_isort_and_black_make_of_it(odd: tuple[Path, Path], name: str) -> None:
    root, reference = odd
    assert (root / name).read_bytes() == (reference / name).read_bytes()


def test_a_second_run_finds_nothing_to_do(odd: tuple[Path, Path]) -> None:
    root, _ = odd
    assert not run_tree(root).edits


def test_both_checks_agree_afterwards(tmp_path: Path) -> None:
    broken = {"undecodable.py", "undecodable_first_line.py", "unknown_cookie.py", "contradiction.py", "null_byte.py"}
    broken |= {name for name in ODD_FILES if name.startswith(("syntax_error", "python2"))}
    root = tmp_path / "tree"
    write_tree(root, {name: content for name, content in ODD_FILES.items() if name not in broken})
    assert Commands().agree(root) == (False, False)
    outcome = run_tree(root)
    assert not outcome.findings and not outcome.failures
    assert Commands().agree(root) == (True, True)


def test_each_file_that_cannot_be_parsed_is_one_finding(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    write_tree(root, ODD_FILES)
    outcome = run_tree(root, write=False)
    places = {finding.path: (finding.line, finding.column) for finding in outcome.findings}
    assert places == {
        "syntax_error.py": (3, 12),
        "syntax_error_crlf.py": (3, 5),
        "python2.py": (3, 1),
        "undecodable.py": (3, 6),
        "undecodable_first_line.py": (1, 3),
        "unknown_cookie.py": (1, 1),
        "contradiction.py": (1, 1),
        "null_byte.py": (3, 6),
    }
    assert {(f.tool, f.rule, f.symbol, f.severity.value, f.syntax, f.project) for f in outcome.findings} == {
        ("black", "syntax-error", "syntax-error", "error", True, "tree")
    }
    assert not outcome.failures
    assert read_tree(root, ODD_FILES) == {n: c.encode() if isinstance(c, str) else c for n, c in ODD_FILES.items()}


@pytest.mark.parametrize("package", ["json", "email", "concurrent"])
def test_real_code_is_what_isort_and_black_make_of_it(tmp_path: Path, package: str) -> None:
    root = tmp_path / "tree"
    source = Path(sysconfig.get_path("stdlib")) / package
    shutil.copytree(source, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    chooser = random.Random(1)
    for name in python_files(root):  # imports in another order, so that isort has something to do
        lines = (root / name).read_text("utf-8").split("\n")
        places = [number for number, line in enumerate(lines) if line.startswith("import ")]
        moved = [lines[number] for number in places]
        chooser.shuffle(moved)
        for number, line in zip(places, moved, strict=True):
            lines[number] = line
        (root / name).write_text("\n".join(lines), "utf-8")
    reference = twin(root)
    outcome = run_tree(root)
    Commands().format(reference)
    names = python_files(root)
    assert read_tree(root, names) == read_tree(reference, names)
    assert not outcome.failures and not outcome.findings
    assert any("isort" in edit.tools for edit in outcome.edits) and any("black" in edit.tools for edit in outcome.edits)
    assert Commands().agree(root) == (True, True)


def test_the_edit_names_the_tools_that_changed_the_file(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"both.py": MESSY, "isort.py": "import sys\nimport os\n", "black.py": "x = (1)  ;y=2\n", "none.py": "x = 1\n"},
    )
    for write in (False, True):
        outcome = run_tree(tmp_path, write=write)
        assert edited(outcome.edits) == {"both.py": ("isort", "black"), "isort.py": ("isort",), "black.py": ("black",)}
        assert {edit.written for edit in outcome.edits} == {write}


@pytest.mark.parametrize("tool", ["isort", "black"])
def test_one_wanted_tool_runs_alone(tmp_path: Path, tool: str) -> None:
    root = tmp_path / "tree"
    write_tree(root, {"a.py": MESSY, "broken.py": "import sys\nimport os\nx = = 1\n"})
    outcome = run_tree(root, configs=tuple(config for config in BUILT_IN if config.tool == tool))
    assert edited(outcome.edits)["a.py"] == (tool,)
    (finding,) = outcome.findings
    assert (finding.path, finding.tool) == ("broken.py", tool)
    assert finding.line == 3 and (root / "broken.py").read_text() == "import sys\nimport os\nx = = 1\n"


def test_a_codec_that_is_no_text_encoding_stops_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.py": MESSY, "rot13.py": "# coding: rot13\nimport sys\nimport os\n", "z.py": MESSY})
    outcome = run_tree(tmp_path)  # `isort .` itself crashes here, with all other files undone
    assert sorted(edited(outcome.edits)) == ["a.py", "z.py"]
    assert [(finding.path, finding.line) for finding in outcome.findings] == [("rot13.py", 1)]


FIRST_PARTY = {
    "svc/pyproject.toml": "[project]\nname='svc'\n",
    "svc/src/inner/__init__.py": "",
    "svc/src/acme/storage/__init__.py": "",
    "svc/helpers.py": "",
    "svc/tests/__init__.py": "",
    "svc/main.py": "import requests\nimport helpers\nimport inner\nimport tests\nimport zlib\nimport acme.storage\n"
    "import acme.events\nimport lib\n",
    "lib/other/__init__.py": "",
    "inner_elsewhere/requests.py": "",
}


@pytest.mark.parametrize("cwd", [".", "svc", "inner_elsewhere", "svc/src"])
def test_first_party_comes_from_the_projects_layout_wherever_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cwd: str
) -> None:
    root = tmp_path / "tree"
    write_tree(root, FIRST_PARTY)
    reference = twin(root)
    Commands().format(reference / "svc")
    monkeypatch.chdir(root / cwd)
    files = tuple(f"svc/{name}" for name in python_files(root / "svc"))
    run(
        root,
        Project(
            "svc", "svc", files, import_roots=("svc", "svc/src"), first_party=("acme", "inner", "helpers", "tests")
        ),
    )
    assert read_tree(root, FIRST_PARTY) == read_tree(reference, FIRST_PARTY)
    assert (root / "svc/main.py").read_text() == (
        "import zlib\n\nimport acme.events\nimport lib\nimport requests\n\n"
        "import acme.storage\nimport helpers\nimport inner\nimport tests\n"
    )


def test_import_roots_and_names_that_no_folder_shows_are_first_party(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "svc/python/inside.py": "",
            "svc/main.py": "import mapped\nimport inside\nimport abc\nimport json\nimport requests\n",
        },
    )
    run(tmp_path, Project("svc", "svc", ("svc/main.py",), import_roots=("svc/python",), first_party=("mapped", "json")))
    # json stays the standard library's, whatever the project calls its modules: as isort has it.
    assert (
        tmp_path / "svc/main.py"
    ).read_text() == "import abc\nimport json\n\nimport requests\n\nimport inside\nimport mapped\n"


def test_explicit_src_paths_and_known_first_party_of_the_shared_file_are_kept(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "pyproject.toml": "[tool.isort]\nprofile='black'\nsrc_paths=['lib/*']\nknown_first_party=['shared']\n"
            "known_third_party=['mine']\n",
            "lib/one/alpha.py": "",
            "svc/local.py": "",
            "svc/main.py": "import mine\nimport alpha\nimport local\nimport shared\nimport own\nimport requests\n",
        },
    )
    config = ToolConfig("isort", str(tmp_path / "pyproject.toml"), "root")
    run(tmp_path, Project("svc", "svc", ("svc/main.py",), first_party=("own", "mine")), configs=(config,))
    expected = "import local\nimport mine\nimport requests\n\nimport alpha\nimport own\nimport shared\n"
    assert (tmp_path / "svc/main.py").read_text() == expected


def test_a_checkout_below_a_folder_that_isort_skips_is_formatted(tmp_path: Path) -> None:
    root = tmp_path / "build" / "dist" / "tree"
    write_tree(root, {"svc/a.py": "import sys\nimport os\n"})
    assert edited(run(root, Project("svc", "svc", ("svc/a.py",)))[0].edits) == {"svc/a.py": ("isort",)}


def test_formatting_imports_nothing_of_the_tools_until_it_is_needed() -> None:
    import subprocess

    code = (
        "import sys\nimport pyfmt.runner.edits, pyfmt.runner.formatting, pyfmt.tools.formatting, "
        "pyfmt.tools.isort.adapter, pyfmt.tools.black.adapter\n"
        "names = {'black', 'isort', 'click', 'pathspec', 'subprocess', 'multiprocessing', "
        "'concurrent.futures.process', 'difflib'}\n"
        "print(sorted(names & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"

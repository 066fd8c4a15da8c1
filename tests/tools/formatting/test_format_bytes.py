"""One text: whatever the bytes, nothing is lost, and each tool's failure is its own."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import black
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfmt.core.model import Project, ToolConfig
from pyfmt.runner.format_chunks import FormatOptions
from pyfmt.runner.formatting import format_stdin
from pyfmt.tools import formatting
from pyfmt.tools.formatting import FormatResult, FormatSettings, format_bytes, settings_for
from pyfmt.tools.isort import adapter as isort
from tests.support.pythons import require_python
from tests.tools.formatting.reference import (
    BLACK,
    BUILT_IN,
    ISORT,
    Commands,
    python_files,
    read_tree,
    run_tree,
    twin,
    write_tree,
)

LINES = (
    "import sys", "import os", "import a, z, b", "from b import (c,\n    "
    "a)", "from . import x", "from __future__ import annotations",
    "x = {  'a':1 }", "def f( a,b ) :\n    return  "
    "a", "class A: pass", "'''text'''", "# comment", "", "", "\x0c", "    ",
    "if x:\n    import d\n    import "
    "c\n", "# fmt: off", "# fmt: on", "# isort: off", "# isort: on", "# isort: split", "x = 'ü'", "import a as b; y=1",
    "try:\n  import z\nexcept ImportError:\n  import "
    "y\n", "x = '''\nimport b\nimport a\n'''", "print( 'x' , end = '' )", "\\", "x = (", "@", "x = 1 # type: ignore",
    "from typing import "
    "TYPE_CHECKING", "lambda x=1 , *y : x", "for i in range(3) : "
    "print(i)", "#!shebang", "x = f'{a !r}'", "assert (x), y", "del (a, b)",
)  # fmt: skip


def _settings(root: Path, configs: tuple[ToolConfig, ...] = BUILT_IN) -> FormatSettings:
    return formatting.settings_for(None, root, configs)


def _format(text: str | bytes, path: str | None = None, configs: tuple[ToolConfig, ...] = BUILT_IN) -> FormatResult:
    return format_bytes(text.encode() if isinstance(text, str) else text, path, _settings(Path("/nowhere"), configs))


sources = st.lists(st.sampled_from(LINES), max_size=12)
forms = st.tuples(
    st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252"]), st.booleans()
)


def _bytes(lines: list[str], form: tuple[str, str, bool]) -> bytes:
    ending, encoding, final = form
    cookie = [f"# -*- coding: {encoding} -*-"] if not encoding.startswith("utf") else []
    text = "\n".join(cookie + lines) + "\n" * final
    return text.replace("\n", ending).encode(encoding)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(lines=sources, form=forms)
def test_encoding_and_line_endings_stay_and_the_result_is_final(lines: list[str], form: tuple[str, str, bool]) -> None:
    data = _bytes(lines, form)
    result = _format(data)
    if result.data is None:
        assert not result.tools
        return
    assert result.tools
    text = result.data.decode(form[1])
    assert result.data.startswith(b"\xef\xbb\xbf") == (form[1] == "utf-8-sig")
    # A file of one line without its end has none to keep; isort ends what black cannot parse with "\n", and takes the
    # end of its lines from the imports: where these are the last line, without an end, it writes "\n", too.
    if b"\r\n" in data and form[2] and result.settled:
        assert "\n" not in text.replace("\r\n", "")
    if form[0] == "\n":
        assert "\r" not in text
    if result.settled:
        again = _format(result.data)
        assert again.data is None and again.settled
        ast.parse(result.data)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.one_of(
        st.binary(max_size=80),
        st.text(max_size=60).map(str.encode),
        st.lists(
            st.sampled_from(
                [b"\xff", b"x=1", b"\n", b"\r", b"#coding:", b"utf-16", b"\x00", b"(", b"import b,a", b"\xef\xbb\xbf"]
            ),
            max_size=8,
        ).map(b"".join),
    )
)
def test_no_bytes_whatsoever_make_it_raise(data: bytes) -> None:
    result = _format(data)
    if result.syntax is not None:
        assert 1 <= result.syntax.line <= data.count(b"\n") + data.count(b"\r") + 1
        assert result.syntax.column is None or result.syntax.column >= 1
    if result.data is not None:
        assert result.tools


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_files_are_what_the_commands_make_of_them(tmp_path: Path, seed: int) -> None:
    chooser = random.Random(seed)
    files: dict[str, str | bytes] = {}
    for number in range(150):
        lines = [chooser.choice(LINES) for _ in range(chooser.randrange(12))]
        form = (
            chooser.choice(["\n", "\r\n", "\r"]),
            chooser.choice(["utf-8", "utf-8-sig", "latin-1", "cp1252"]),
            chooser.random() < 0.8,
        )
        files[f"f{number}.{chooser.choice(['py', 'py', 'pyi'])}"] = _bytes(lines, form)
    root = tmp_path / "tree"
    write_tree(root, files)
    reference = twin(root)
    Commands().format(reference)
    outcome = run_tree(root)
    # What black refuses (some of it by errors of its own) is said, and nothing else is.
    said = {failure.reason.split(":")[0] for failure in outcome.failures} | {
        finding.path for finding in outcome.findings
    }
    assert said == Commands().black_errors(reference)
    assert not any(failure.tool == "isort" for failure in outcome.failures)
    # isort is not always at its end after one pass; then pyfmt goes on, and so does the reference.
    different = {name for name in files if (root / name).read_bytes() != (reference / name).read_bytes()}
    assert len(different) <= 3
    Commands().format(reference)
    assert read_tree(root, python_files(root)) == read_tree(reference, python_files(root))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n\n\nx = (\n", (4, 5)),  # black counts from the first line that is not blank
        ("x = [1,\ny = 2\nz = 3\n", (1, 5)),
        ("a = 1\nif a:\nb = 2\n", (3, 1)),
        ("\u00e9 = '\u00fc' +* 3\n", (1, 10)),
        ("x = 'abc\n", (1, 5)),
        ("<<<<<<< HEAD\nx = 1\n=======\n", (1, 1)),
        ("f(a=1, 2)\nx  = 1\n", (1, 9)),  # black's parser lets it pass, and its safety check finds it
    ],
)
def test_the_place_of_a_syntax_error_is_counted_in_characters_from_1(text: str, place: tuple[int, int]) -> None:
    result = _format(text)
    assert result.syntax is not None
    assert (result.syntax.line, result.syntax.column) == place
    assert result.data is None and not result.faults


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nimport os\nx = = 1\n",
        "import sys\nimport {{ name }}\nimport os\n",
        "import sys\nimport os\n{% if x %}\nimport a\n{% endif %}\n",
        "<<<<<<< ours\nimport sys\n=======\nimport os\n>>>>>>> theirs\nimport abc\n",
        "import sys\nimport os\nprint 'Python 2'\n",
        "import sys\nimport os\nexec 'a' in b\n",
    ],
)
@pytest.mark.parametrize("black_too", [True, False])
def test_isort_leaves_alone_what_no_python_can_parse(text: str, black_too: bool) -> None:
    result = _format(text) if black_too else format_bytes(text.encode(), None, _settings(Path("/nowhere"), (ISORT,)))
    assert result.data is None and not result.tools
    assert result.syntax is not None and not result.settled


def test_an_internal_error_of_black_is_its_failure_and_changes_nothing() -> None:
    # black 26.10.1 breaks this
    result = _format("try:\n  import z\nexcept ImportError:\n  import y\n\n\\\nprint( 'x' )\n")
    (fault,) = result.faults
    assert fault.tool == "black" and fault.reason.startswith("INTERNAL ERROR") and "ASTSafetyError" in fault.detail
    assert result.data is None and result.syntax is None


class _Newest:
    """Finds a Python, and remembers what for."""

    def __init__(self, version: str | None) -> None:
        self.python = str(require_python(version)) if version else None
        self.asked: list[int] = []

    def __call__(self, minor: int) -> str | None:
        self.asked.append(minor)
        return self.python


def _format_with(text: str, find: _Newest) -> FormatResult:
    return format_bytes(text.encode(), None, formatting.settings_for(None, Path("/nowhere"), BUILT_IN, find))


NEWER = [
    "type X  = int\nx  =1\n",
    "d = {}\nx  = f'{d['a']}'\n",
    "class A[T]: pass\n",
    "def  f[*Ts, **P](a: T) -> T: return  f'{f'{a!r}'}'\n",
]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
@pytest.mark.parametrize("text", NEWER)
def test_syntax_newer_than_the_running_python_is_checked_by_a_newer_one(tmp_path: Path, text: str) -> None:
    find = _Newest("3.12")
    result = _format_with(f"import sys\nimport os\n{text}", find)
    assert result.settled and set(find.asked) == {12} and result.tools == ("isort", "black")
    (tmp_path / "x.py").write_text(f"import os\nimport sys\n{text}")
    here = [sys.executable, "-m", "black", "-q", "--fast", "--config", BLACK.path, str(tmp_path)]
    subprocess.run(here, check=True)
    assert result.data == (tmp_path / "x.py").read_bytes()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_the_newer_one_is_ended_with_no_warning() -> None:
    program = """
import sys, black
from pyfmt.tools.black import newer
assert newer.reformat("type X  = int\\n", black.Mode(), lambda minor: sys.argv[1]) == "type X = int\\n"
"""
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", program, str(require_python("3.12"))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_what_no_python_of_the_machine_can_check_is_not_written_and_says_which_is_missing() -> None:
    for text, version in ((NEWER[0], "3.12"), ("try:\n    x\nexcept A, B:\n    y  = 1\n", "3.14")):
        result = _format_with(f"import sys\nimport os\n{text}", _Newest(None))
        (fault,) = result.faults
        assert fault.tool == "black" and f"that takes Python {version} or later, and none was found" in fault.reason
        assert f"`uv python install {version}`" in fault.reason and not fault.detail
        assert result.data is None and result.syntax is None and not result.settled


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_the_newer_python_refuses_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    # black's parser lets it pass; the older Python stumbles over the first line.
    result = _format_with("type X = int\nx  = f(a for a in b, 1)\n", _Newest("3.12"))
    assert result.syntax is not None and (result.syntax.line, result.syntax.column) == (2, 8) and not result.faults
    # No black is known that changes what such code means, so one is made.
    real = black.format_str
    monkeypatch.setattr(black, "format_str", lambda text, mode: real(text, mode=mode).replace("int", "str"))
    result = _format_with("type X = int\nx  = 1\n", _Newest("3.12"))
    (fault,) = result.faults
    assert "produced code that is not equivalent to the source" in fault.reason and result.data is None


def test_a_crash_of_isort_does_not_stop_black() -> None:
    result = _format("import sys\nimport os\n# isort: list\nx = {  'a':1 }\n")
    (fault,) = result.faults
    assert fault.tool == "isort" and "LiteralSortTypeMismatch" in fault.reason
    assert result.tools == ("black",)
    assert result.data == b'import sys\nimport os\n\n# isort: list\nx = {"a": 1}\n'


def test_a_text_that_isort_would_break_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # No isort is known that breaks a text, so one is made.
    monkeypatch.setattr(isort, "sort", lambda data, path, settings: data.replace(b")", b""))
    result = _format("x = ( 1 )\n")
    assert result.data == b"x = 1\n" and result.tools == ("black",)
    assert [fault.tool for fault in result.faults] == ["isort"] and result.syntax is None


def test_tools_whose_configurations_fight_are_reported_and_the_first_pass_is_kept(tmp_path: Path) -> None:
    fighting = tmp_path / "isort.cfg"
    fighting.write_text("[isort]\nmulti_line_output = 0\nline_length = 60\n")
    root = tmp_path / "tree"
    text = "from some_package_name import first_name, second_name, third_name, fourth_name, fifth\n"
    write_tree(root, {"a.py": text})
    reference = twin(root)
    Commands(isort=fighting).format(reference)
    assert Commands(isort=fighting).agree(reference) == (False, True)
    outcome = run_tree(root, configs=(ToolConfig("isort", str(fighting), "configs"), BLACK))
    assert (root / "a.py").read_bytes() == (reference / "a.py").read_bytes()
    (failure,) = outcome.failures
    assert failure.tool == "isort" and "a.py: isort and black do not agree" in failure.reason
    assert "isort by `line_length = 60`, black by its `line-length = 88`" in failure.reason
    # The verdict on what was written is the same, however often it is asked for.
    (again,) = run_tree(root, configs=(ToolConfig("isort", str(fighting), "configs"), BLACK)).failures
    assert (again.reason, again.detail) == (failure.reason, failure.detail)


def test_the_setting_that_fights_is_named(tmp_path: Path) -> None:
    fighting = tmp_path / "isort.cfg"
    fighting.write_text("[isort]\nprofile = black\nlines_after_imports = 5\n")
    names = ", ".join(f"name_number_{number}" for number in range(9))
    text = f"from package import {names}\n\nx = 1\n".encode()
    chosen = settings_for(None, tmp_path, (ToolConfig("isort", str(fighting), "configs"), BLACK))
    first = format_bytes(text, "a.py", chosen)
    (fault,) = first.faults
    assert "isort by `lines_after_imports = 5`, black by its style" in fault.reason, fault
    second = format_bytes(first.data or b"", "a.py", chosen)
    assert second.data is None and second.faults == first.faults


def test_a_line_on_which_no_setting_makes_them_agree_is_named_with_its_cure() -> None:
    line = "from exceptiongroup import BaseExceptionGroup as BaseExceptionGroup  # pragma: lax no cover"
    text = f"import sys\n\nif sys.version_info < (3, 11):\n    {line}\n"
    result = _format(text)
    (fault,) = result.faults
    assert fault.tool == "isort" and f"isort keeps `{line}` in one line, black does not" in fault.reason
    assert fault.detail == "end that line with `# fmt: skip`"
    cured = _format(text.replace(line, f"{line}  # fmt: skip"))
    assert not cured.faults and cured.data is None
    both = _format(text + f"else:\n    {line.replace('lax', 'no')}\n")
    assert both.faults[0].detail == "end each of them with `# fmt: skip`"
    for ending in ("\r\n", "\r"):
        assert _format(text.replace("\n", ending)).faults == result.faults
    other = f"# -*- coding: latin-1 -*-\n{text}NAME = 1  # é\n"
    assert _format(other.encode("latin-1")).faults == result.faults


def test_a_stub_is_formatted_as_one_by_its_name() -> None:
    text = "class A:\n    x: int\n\n    def f(self) -> int: ...\n\n    def g(self) -> int: ...\n"
    assert _format(text, "a.py").data != _format(text, "a.pyi").data


def test_text_from_stdin_is_formatted_as_the_file_that_it_names(tmp_path: Path) -> None:
    write_tree(tmp_path, {"svc/own.py": "", "gen/.keep": ""})
    options = FormatOptions(tmp_path, BUILT_IN)
    project = Project("svc", "svc")
    text = b"import requests\nimport own\nx = {  'a':1 }\n"
    for name in ("svc/new.py", "svc/own.py", None):
        result = format_stdin(text, name, options, project)
        assert result.data == b'import requests\n\nimport own\n\nx = {"a": 1}\n'
    left_out = format_stdin(text, "svc/build/new.py", options, project)
    assert left_out.data is None and left_out.excluded == ("isort", "black")


def test_only_isort_means_that_black_is_not_even_imported() -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.tools.formatting.reference import ISORT\n"
        "from pyfmt.tools import formatting\n"
        "result = formatting.format_bytes(b'import sys\\nimport os\\n', 'a.py', formatting.settings_for(None, "
        "Path('/nowhere'), (ISORT,)))\n"
        "print(result.data, 'black' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "b'import os\\nimport sys\\n' False\n"
    assert ISORT.tool == "isort"

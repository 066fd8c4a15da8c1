"""Notebooks through isort and black: what black itself makes of their cells, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import black
import pytest

from pyfmt.config import configs_folder
from pyfmt.core.model import ToolConfig
from pyfmt.core.notebooks import Notebook
from pyfmt.tools import formatting
from pyfmt.tools.black.notebooks import mask
from pyfmt.tools.formatting import FormatResult, FormatSettings
from pyfmt.tools.notebooks import format_notebook
from tests.support.notebooks import notebook

CELLS = (
    "%matplotlib inline\nimport sys\nimport os",
    "plt.plot( x );",
    "files = !ls -l\nprint( files )",
    "%%time\nf( 1 )",
    "%%bash\nls   -l",
    "get_ipython().run_line_magic( 'x', 'y' )",
    "!pip install a \\\n   b\nx=1",
    "f( 1 )?",
    "await  g( )",
    "# fmt: off\nx  = 1",
    "x = 'é'\n\n",
    "",
)


def settings(tmp_path: Path, *tools: str, **configs: str) -> FormatSettings:
    """Of the tools, with the built-in configurations or the given texts."""
    found = []
    for tool, name in (("isort", "isort.cfg"), ("black", "black.toml")):
        path = configs_folder() / name
        if tool in configs:
            path = tmp_path / name
            path.write_text(configs[tool])
        found += [ToolConfig(tool, str(path), "configs")] if tool in tools else []
    return formatting.settings_for(None, tmp_path, found)


def formatted(data: bytes, found: FormatSettings) -> FormatResult:
    return format_notebook(data, "a.ipynb", found)


def sources(data: bytes | None) -> Sequence[str]:
    assert data is not None
    return [cell.source for cell in Notebook(data).cells]


def test_the_cells_are_those_that_black_writes(tmp_path: Path) -> None:
    data = notebook(*CELLS)
    mine = formatted(data, settings(tmp_path, "black"))
    mode = black.Mode(line_length=120, is_ipynb=True)
    theirs = black.format_ipynb_string(data.decode(), fast=False, mode=mode)
    assert sources(mine.data) == ["".join(cell["source"]) for cell in json.loads(theirs)["cells"]]
    assert (mine.tools, mine.syntax, mine.faults) == (("black",), None, ())


def test_imports_are_sorted_within_their_cells(tmp_path: Path) -> None:
    both = settings(
        tmp_path,
        "isort",
        "black",
        isort="[settings]\nprofile = black\nadd_imports = from __future__ import annotations\n",
    )
    data = notebook("%matplotlib inline\nimport sys\nimport os", "import re\nimport ast", "x = 1")
    done = formatted(data, both)
    assert sources(done.data) == ["%matplotlib inline\nimport os\nimport sys", "import ast\nimport re", "x = 1"]
    assert done.tools == ("isort",)
    assert done.data is not None and formatted(done.data, both) == FormatResult()


def test_a_notebook_that_isort_is_to_skip_is_left_to_black(tmp_path: Path) -> None:
    data = notebook("# isort: skip_file\nx=1", "import re\nimport ast")
    assert sources(formatted(data, settings(tmp_path, "isort", "black")).data)[1] == "import re\nimport ast"
    assert formatted(data, settings(tmp_path, "isort")) == FormatResult()


@pytest.mark.parametrize("tools", [("isort",), ("black",), ("isort", "black")])
def test_a_cell_that_is_no_python_is_said_where_it_stands(tmp_path: Path, tools: tuple[str, ...]) -> None:
    data = notebook("x = 1", "!ls\ny = (1,\n")
    found = formatted(data, settings(tmp_path, *tools))
    assert found.syntax is not None and found.syntax.cell is not None and not found.faults
    assert (found.syntax.cell.number, found.syntax.cell.line, found.syntax.cell.text) == (2, 2, "y = (1,")
    assert data.decode().split("\n")[found.syntax.line - 1].strip().startswith('"y = (1')
    assert found.data is None


def test_a_notebook_in_another_language_is_left_alone(tmp_path: Path) -> None:
    data = notebook("x=1", language_info={"name": "R"})
    assert formatted(data, settings(tmp_path, "isort", "black")) == FormatResult()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("%matplotlib inline\nx", "CALL\nx"),
        ("\n  \n!ls\nx", "\n  \nCALL\nx"),
        ("x = %env HOME\nif x:\n    !ls", "x = CALL\nif x:\n    CALL"),
        ("%%capture --no-stderr out\nf()", "out = CALL\nf()"),
        ("%%time\nf()", "CALL\nf()"),
        ("import os\n%time x = f()\nif x:\n    %timeit g(x)", "import os\nx = f()\nif x:\n    g(x)"),
        ("x = %timeit -o f()", "x = CALL"),
        ("%%html\n<b>", None),
        ("x = (", "x = ("),
        # black cannot mask what goes on in the next line, so that its looks decide.
        ("!pip install a \\\n  b\nx", "pass\n\nx"),
    ],
)
def test_linters_get_as_many_lines(source: str, text: str | None) -> None:
    wanted = text.replace("CALL", '__import__("IPython").get_ipython()') if text is not None else None
    assert mask(source) == wanted

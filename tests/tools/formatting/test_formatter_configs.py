"""The shared configuration of isort and black: read by the tools themselves, and kept to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Project, ToolConfig
from pyfmt.tools import formatting
from pyfmt.tools.black import adapter as black
from pyfmt.tools.black.adapter import BlackSettings
from pyfmt.tools.isort import adapter as isort
from tests.tools.formatting.reference import (
    BLACK,
    ISORT,
    Commands,
    edited,
    python_files,
    read_tree,
    run,
    run_tree,
    twin,
    write_tree,
)

MESSY = "import sys\nimport os\nx = {  'a':1 }\n"


def _config(root: Path, tool: str, text: str, name: str | None = None) -> ToolConfig:
    path = root / (name or {"black": "black.toml", "isort": "isort.cfg"}[tool])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return ToolConfig(tool, str(path), "configs")


@pytest.mark.parametrize(
    ("options", "black_options"),
    [
        ("line-length = 40", ()),
        ("skip-string-normalization = true", ()),
        ("skip-magic-trailing-comma = true", ()),
        ("preview = true", ()),
        ("unstable = true", ()),
        ('preview = true\nenable-unstable-feature = ["hug_parens_with_braces_and_square_brackets"]', ()),
        ("pyi = true", ()),
        ("fast = true", ()),
        ("skip-source-first-line = true", ()),
        ('target-version = ["py36"]', ()),
        ('required-version = "26"', ()),
        ('"--line-length" = 30', ()),
    ],
)
def test_each_option_of_black_has_the_effect_that_black_gives_it(
    tmp_path: Path, options: str, black_options: tuple[str, ...]
) -> None:
    root = tmp_path / "tree"
    text = (
        "#!  first line\n"
        "def function(first_argument, second_argument='text', *third_argument, **fourth): return [1,2,]\n"
        "function_with_a_long_name([first_argument, second_argument, third_argument, fourth_argument, "
        "fifth_argument])\n"
        "x = ('a very long text that goes on and on, until it is longer than the line' + 'and another one, for good "
        "measure')\n"
        "def f(self): ...\n\n\n\ndef g(self): ...\n"
        "with open('a') as aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, open('b') as "
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: pass\n"
    )
    write_tree(
        root,
        {
            "a.py": text,
            "crlf.py": text.replace("\n", "\r\n"),
            "latin.py": f"#!  first line\n# coding: latin-1\n{text}\u00e9=1".encode("latin-1"),
        },
    )
    config = _config(tmp_path, "black", f"[tool.black]\n{options}\n")
    reference = twin(root)
    Commands(black=Path(config.path), black_options=black_options).format(reference)
    outcome = run_tree(root, configs=(ISORT, config))
    assert read_tree(root, python_files(root)) == read_tree(reference, python_files(root))
    assert not outcome.failures and not outcome.findings


WITH = (
    "with (open('a') as aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, open('b') as "
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb): pass\n"
)
CALL = (
    "with open('aaaaaaaaaaaaaaaaaaaaaaaaa') as aaaaaaaaaaaaaaaaaaaaa, open('bbbbbbbbbbbbbbb') as "
    "bbbbbbbbbbbbbbbbbbbbb: pass\n"
)


@pytest.mark.parametrize(
    ("shared", "requires", "options"),
    [
        (
            "",
            ">=3.9",
            ["-t", "py39", "-t", "py310", "-t", "py311", "-t", "py312", "-t", "py313", "-t", "py314", "-t", "py315"],
        ),
        ("", "==3.8.*", ["-t", "py38"]),
        ("", "~=3.6", [f"-tpy3{minor}" for minor in range(6, 16)]),
        ("", None, []),
        ("", "nonsense", []),
        ('target-version = ["py36"]', ">=3.12", []),
    ],
)
def test_requires_python_gives_the_target_versions_unless_the_shared_file_does(
    tmp_path: Path, shared: str, requires: str | None, options: list[str]
) -> None:
    root = tmp_path / "tree"
    write_tree(root, {"a.py": CALL})
    config = _config(tmp_path, "black", f"[tool.black]\n{shared}\n")
    reference = twin(root)
    Commands(black=Path(config.path), black_options=tuple(options)).format(reference)
    run(root, Project("p", ".", ("a.py",), requires_python=requires), configs=(config,))
    assert (root / "a.py").read_bytes() == (reference / "a.py").read_bytes()


def test_requires_python_makes_a_difference(tmp_path: Path) -> None:
    write_tree(tmp_path, {"old.py": CALL, "new.py": CALL})
    run(
        tmp_path,
        Project("old", "old", ("old.py",), requires_python=">=3.8"),
        Project("new", "new", ("new.py",), requires_python=">=3.12"),
    )
    assert (tmp_path / "old.py").read_bytes() != (tmp_path / "new.py").read_bytes()


def test_the_requires_python_beside_the_shared_black_gives_way_to_the_projects_own(tmp_path: Path) -> None:
    text = "[project]\nname = 'root'\nrequires-python = '>=3.12'\n[tool.black]\nline-length = 88\n"
    config = _config(tmp_path, "black", text, "pyproject.toml")
    own = black.load(BlackSettings(config, str(tmp_path), "==3.8.*")).mode.target_versions
    inherited = black.load(BlackSettings(config, str(tmp_path), None)).mode.target_versions
    assert {version.name for version in own} == {"PY38"}
    assert {version.name for version in inherited} == {"PY312", "PY313", "PY314", "PY315"}


EXCLUDED = {
    "keep.py": MESSY,
    "keep/a.py": MESSY,
    "build/a.py": MESSY,
    "gen/deep/a.py": MESSY,
    "gen_not/a.py": MESSY,
    "sub/forced.py": MESSY,
    "sub/schema_pb2.py": MESSY,
    "ignored/a.py": MESSY,
    "sub/ignored_here.py": MESSY,
    "sub/kept_after_all.py": MESSY,
    ".gitignore": "ignored/\n",
    "sub/.gitignore": "*here.py\nkept*\n!kept_after_all.py\n",
}


@pytest.mark.parametrize(
    "options",
    [
        "",
        "extend-exclude = '^/gen/'",
        "exclude = '/gen/'",
        "exclude = ''",
        "force-exclude = 'forced'",
        "extend-exclude = '''\n(\n  _pb2\\.py$   # generated\n  | ^/keep/\n)\n'''",
        "include = 'a\\.py$'",
    ],
)
def test_black_leaves_out_what_it_would_leave_out_itself(tmp_path: Path, options: str) -> None:
    root = tmp_path / "tree"
    # What .gitignore names is the walk's to leave out: for every tool, and as git does.
    write_tree(root, {name: text for name, text in EXCLUDED.items() if not name.endswith(".gitignore")})
    (root / ".git").mkdir()  # where black looks for the root
    config = _config(tmp_path, "black", f"[tool.black]\n{options}\n")
    isort_config = _config(tmp_path, "isort", "[isort]\nprofile=black\nskip_glob=*\n")
    reference = twin(root)
    Commands(isort=Path(isort_config.path), black=Path(config.path)).format(reference)
    run_tree(root, configs=(isort_config, config))
    files = python_files(root)
    assert read_tree(root, files) == read_tree(reference, files)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "skip = gen",
        "extend_skip = keep.py,sub",
        "skip_glob = */deep/*",
        "skip_glob = *_pb2.py",
        "extend_skip_glob = gen*",
        "extend_skip = sub/forced.py",
        "skip_gitignore = true",
        "supported_extensions = pyi",
    ],
)
def test_isort_leaves_out_what_it_would_leave_out_itself(tmp_path: Path, options: str) -> None:
    import subprocess

    root = tmp_path / "tree"
    write_tree(root, EXCLUDED)
    subprocess.run(["git", "init", "-q", root], check=True)
    config = _config(root, "isort", f"[isort]\nprofile=black\n{options}\n")
    black_config = _config(tmp_path, "black", "[tool.black]\nexclude = '.'\n")
    reference = twin(root)
    Commands(isort=reference / "isort.cfg", black=Path(black_config.path)).format(reference)
    run_tree(root, configs=(config, black_config))
    assert read_tree(root, EXCLUDED) == read_tree(reference, EXCLUDED)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.isort]\nprofile = 'black'\nforce_single_line = true\n"),
        ("setup.cfg", "[isort]\nprofile = black\nforce_single_line = true\n"),
        (".isort.cfg", "[settings]\nprofile = black\nforce_single_line = true\n"),
        ("isort.cfg", "[isort]\nprofile = black\nforce_single_line = true\n"),
    ],
)
def test_isort_reads_each_kind_of_file(tmp_path: Path, name: str, text: str) -> None:
    write_tree(tmp_path, {"a.py": "from b import c, d\n", name: text})
    run_tree(tmp_path, configs=(ToolConfig("isort", str(tmp_path / name), "root"),))
    assert (tmp_path / "a.py").read_text() == "from b import c\nfrom b import d\n"


@pytest.mark.parametrize(
    ("tool", "text", "said"),
    [
        ("black", "[tool.black]\nline-length = 'many'\n", "many"),
        ("black", "[tool.black]\nline-length = \n", "Error reading configuration file"),
        ("black", "[tool.black]\ntarget-version = ['py99']\n", "py99"),
        ("black", "[tool.black]\nexclude = '('\n", "Not a valid regular expression"),
        ("black", "[tool.black]\nrequired-version = '19.3b0'\n", "black 19.3b0 is required"),
        ("black", "[tool.black]\nenable-unstable-feature = ['string_processing']\n", "requires preview"),
        ("isort", "[isort]\nprofile = nobodys\n", "nobodys"),
        ("isort", "[isort]\nnonsense = 1\n", "nonsense"),
        ("isort", "[isort\n", "cannot be read"),
        ("isort", "[isort]\nline_length = many\n", "many"),
    ],
)
@pytest.mark.parametrize("files", [1, 9])
def test_a_bad_configuration_is_said_before_any_file_is_touched(
    tmp_path: Path, tool: str, text: str, said: str, files: int
) -> None:
    root = tmp_path / "tree"
    names = {f"a{number}.py": MESSY for number in range(files)}
    write_tree(root, names)
    config = _config(tmp_path, tool, text)
    with pytest.raises(ConfigError, match=said) as caught:
        run_tree(root, configs=(config,))
    assert caught.value.where == config.path
    assert set(read_tree(root, names).values()) == {MESSY.encode()}


def test_what_the_tools_only_warn_about_is_a_note(tmp_path: Path) -> None:
    black_config = _config(tmp_path, "black", "[tool.black]\nline-lenght = 90\n")
    isort_config = _config(tmp_path, "isort", "[settings]\nprofile = black\n")
    said = formatting.prepare(formatting.settings_for(None, tmp_path, (black_config, isort_config)))
    assert [note for note in said if "line_lenght" in note and note.startswith("black:")]
    assert [note for note in said if "no configuration was found inside" in note and note.startswith("isort:")]
    assert not formatting.prepare(formatting.settings_for(None, tmp_path, (BLACK, ISORT)))
    assert isort.notes(ISORT) == ()


def test_one_projects_files_are_formatted_by_its_own_versions_and_layout_only(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"a/one.py": "", "b/two.py": "", "a/m.py": "import two\nimport one\n", "b/m.py": "import two\nimport one\n"},
    )
    outcomes = run(tmp_path, Project("a", "a", ("a/m.py",)), Project("b", "b", ("b/m.py",)))
    assert (tmp_path / "a/m.py").read_text() == "import two\n\nimport one\n"
    assert (tmp_path / "b/m.py").read_text() == "import one\n\nimport two\n"
    assert [edited(outcome.edits) for outcome in outcomes] == [{"a/m.py": ("isort",)}, {"b/m.py": ("isort",)}]

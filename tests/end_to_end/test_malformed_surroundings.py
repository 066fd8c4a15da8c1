"""Damaged files around a checkout: of git and of managers in the user's home, markers, configurations of tools."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pyfmt.core.files import SETTINGS
from tests.end_to_end import test_malformed_inputs as inputs
from tests.end_to_end.test_malformed_roots import FORMAT, REPORTS, Run, Said, commit, in_a_monorepo
from tests.support import malformed
from tests.support.malformed import Damage, text

__all__ = ["in_a_monorepo"]  # the fixture
GARBAGE = {
    "garbage": text(bytes(range(256)) * 8),
    "empty": text(""),
    "NUL": text("a\0b\n"),
    "long": text("a" * 1_000_000),
}
UNREADABLE = {**malformed.UNREADABLE, **GARBAGE}


def damaged(place: Path, damage: Damage) -> None:
    """Put it in the place of whatever is there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    damage(place)


def listed(said: Said) -> set[str]:
    """The projects that `pyfmt envs` has a row for."""
    return {line.split()[0] for line in said.out.splitlines() if line and not line.startswith(" ")}


# git waits for a pipe of its own, and pyfmt for git, within the time limit of its calls.
OF_GIT: Mapping[str, Damage] = {
    **GARBAGE,
    **{kind: malformed.UNREADABLE[kind] for kind in ("folder", "loop", "socket")},
}
INDEX: Mapping[str, Damage] = {
    **{kind: damage for kind, damage in OF_GIT.items() if kind != "empty"},  # to git, an index without entries
    "a head alone": text(b"DIRC\0\0\0\2\0\0\0\1"),
    "a number too large": text(b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"\0" * 20),
    "a version too new": text(b"DIRC\0\0\0\x63\0\0\0\1" + b"\0" * 100),
}


@pytest.mark.parametrize("kind", INDEX)
def test_a_damaged_index_is_said_and_everything_counts(run: Run, kind: str) -> None:
    commit(".")
    damaged(Path(".git/index"), INDEX[kind])
    assert "git" in (said := run("check", "--staged", "--no-cache")).all and said.code == 2, said
    said = run("check", "--since", "HEAD", "--no-cache", "--tool", "black")
    assert "what changed cannot be known: git" in said.all and "a/one.py" in said.all, said


@pytest.mark.parametrize("kind", OF_GIT)
@pytest.mark.parametrize("file", ["HEAD", "config", "shallow", "info/exclude"])
def test_no_damaged_file_of_gits_own_hides_what_is_to_be_checked(run: Run, file: str, kind: str) -> None:
    commit(".")
    damaged(Path(".git", file), OF_GIT[kind])
    assert "a/one.py" in run(*FORMAT, "--format", "concise").out
    said = run("check", "--since", "HEAD", "--no-cache", "--tool", "black")
    assert said.code == 2 or ("a/one.py" in said.all) == ("cannot be known" in said.all), said


def poetry_base(folder: Path) -> str:
    """The name of the environment that Poetry would use, as Poetry computes it."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).digest()
    return f"a-{base64.urlsafe_b64encode(digest).decode()[:8]}"


# The folder's name is known when a test runs.
# pylint: disable=unnecessary-lambda
MANAGERS: Mapping[str, Mapping[str, Damage]] = {
    ".cache/pypoetry/virtualenvs/envs.toml": {
        **UNREADABLE, **malformed.TOML,
        "wrong types": lambda path: text(f"{poetry_base(Path('a'))} = 1\n")(path),
        "wrong entries": lambda path: text(f"[{poetry_base(Path('a'))}]\nminor = 1\n")(path),
        "way out": lambda path: text(f"[{poetry_base(Path('a'))}]\nminor = '/../../x\\u0000'\n")(path),
    },
    ".config/pypoetry/config.toml": {**UNREADABLE, **malformed.TOML},
    ".virtualenvs/one/.project": {**UNREADABLE, "half a pair": text(b"\xed\xa0\x80\n"), "lines": text("a\nb\n")},
    ".local/share/virtualenvs/a-x/.project": UNREADABLE,
    ".pyenv/versions/x/pyvenv.cfg": UNREADABLE,
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "kind"), [(file, kind) for file, table in MANAGERS.items() for kind in table], ids=str
)
def test_no_damaged_file_of_a_manager_hangs_or_hides_a_project(run: Run, file: str, kind: str) -> None:
    for name, content in {"poetry.lock": "", ".python-version": "x\n", "Pipfile": "", "b/poetry.lock": ""}.items():
        Path("a", name).parent.mkdir(exist_ok=True)
        Path("a", name).write_text(content, "utf-8")
    damaged(Path("../home", file), MANAGERS[file][kind])
    said = run("envs")
    assert said.code in (0, 2) and {"a", "b"} <= listed(said), said


CONDA: Mapping[str, Damage] = {
    **UNREADABLE,
    "huge version": lambda path: (path / f"python-3.{'9' * 200}.1-0.json").mkdir(parents=True),
    "not UTF-8": lambda path: (path / b"python-3.1.\xff.json".decode("utf-8", "surrogateescape")).mkdir(parents=True),
    "no version": lambda path: (path / "python-.json").mkdir(parents=True),
}


@pytest.mark.parametrize("kind", CONDA)
def test_a_damaged_conda_environment_is_passed_over(run: Run, kind: str) -> None:
    for folder in ("a/.venv", "a/.pixi/envs/default", "b/.conda"):
        damaged(Path(folder, "conda-meta"), CONDA[kind])
    Path("a/pixi.toml").write_text("", "utf-8")
    said = run("envs")
    assert said.code in (0, 2) and {"a", "b"} <= listed(said), said


MARKERS = (
    "uv.toml",
    "pdm.toml",
    "pixi.toml",
    "pixi.lock",
    "environment.yml",
    "environment.yaml",
    "py.typed",
    "tox.ini",
)
SECTIONS = (".isort.cfg", ".pylintrc", "pylintrc", "mypy.ini", ".mypy.ini")


@pytest.mark.parametrize("kind", UNREADABLE)
def test_files_that_count_by_their_names_are_not_waited_for(run: Run, kind: str) -> None:
    for name in (*MARKERS, *SECTIONS):
        damaged(Path("a", name), UNREADABLE[kind])
    for words in (("envs",), ("config",), ("doctor",), ("graph",), ("explain", "a/one.py")):
        assert run(*words).code in (0, 1, 2)
    assert "a/one.py" in run(*FORMAT, "--format", "concise").out


def test_every_file_that_is_known_by_its_name_is_damaged_somewhere() -> None:
    table = {case.name for case in (*inputs.PROJECTS, *inputs.ENVIRONMENTS, *inputs.STEPPED_OVER)}
    assert SETTINGS <= {*table, *MARKERS, *SECTIONS}


CONFIGS = {
    **malformed.UNREADABLE,
    "garbage": GARBAGE["garbage"],
    "cut": text("[tool\nx"),
}
TOOLS = {"black.toml": "black", "isort.cfg": "isort"}


@pytest.mark.parametrize("kind", sorted(CONFIGS))
@pytest.mark.parametrize("file", TOOLS)
def test_a_damaged_configuration_of_a_formatter_is_named(run: Run, file: str, kind: str) -> None:
    Path("pyproject.toml").write_text('[tool.pyfmt]\nconfigs = "configs"\n', "utf-8")
    damaged(Path("configs/mypy.ini"), text("[mypy]\n"))  # a folder without any configuration is another error
    damaged(Path("configs", file), CONFIGS[kind])
    said = run(*FORMAT, "--tool", TOOLS[file])
    assert said.code == 2 and f"configs/{file}: " in said.err, said


@pytest.mark.parametrize("kind", sorted(REPORTS.keys() - {"NUL in the root"}))  # nobody asks for that root
def test_damaged_times_of_shards_and_events_of_github(run: Run, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    REPORTS[kind](Path("times.json"))
    said = run("check", "--no-cache", "--shard", "1/2", "--shard-times", "times.json")
    assert said.code == 2 and "times.json" in said.all, said
    commit(".")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(Path("times.json").resolve()))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("affected").code in (0, 2)


@pytest.mark.parametrize("kind", sorted(UNREADABLE.keys() - {"dangling"}))
def test_damaged_owners_and_trust(run: Run, kind: str) -> None:
    damaged(Path("CODEOWNERS"), UNREADABLE[kind])
    for words in (("baseline", "write", "--no-cache"), ("baseline", "status")):
        assert run(*words).code in (0, 1, 2)
    run("trust")
    (place,) = Path("../home").rglob("trust*.json")
    damaged(place, UNREADABLE[kind])
    assert run("envs").code in (0, 2)

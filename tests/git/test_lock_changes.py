"""What a changed lock file really installs differently, in the format of every manager."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyfmt.projects.locks.differences import difference
from tests.projects.trees import named, write
from tests.support.monorepo import ROOT
from tests.support.virtualenvs import uv_binary

EXAMPLE = ROOT / "examples/monorepo/projects"
POETRY = (EXAMPLE / "billing/poetry.lock").read_text("utf-8")
UV = (EXAMPLE / "platform/uv.lock").read_text("utf-8")
PDM = '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\nfiles = [{file = "a.whl", hash = "sha256:1"}]\n'
WHEEL = 'version = "1"\nwheels = [{url = "https://host/a-1-py3-none-any.whl", hashes = {sha256 = "1"}}]\n'
PYLOCK = f'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\n{WHEEL}'
PIPFILE = '{"_meta": {"hash": "1"}, "default": {"a": {"version": "==1", "hashes": ["sha256:1"]}}}'
PINS = "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n    # via b\nb[x]==2 ; python_version < '3.12'\n"


def compare(name: str, old: str, new: str, member: str | None = None) -> tuple[str, ...]:
    return difference(name, lambda path: old, lambda path: new, member)


@pytest.mark.parametrize(
    ("name", "text", "before", "after"),
    [
        ("poetry.lock", POETRY, "content-hash = ", "content-hash = 'x' #"),
        ("poetry.lock", POETRY, 'description = "Data validation', 'description = "Other'),
        ("poetry.lock", POETRY, 'version = "2.1.0"', 'version = "2.2.0"'),  # of a local folder
        ("uv.lock", UV, "revision = ", "revision = 1"),
        ("uv.lock", UV, "upload-time = ", 'other = "", upload-time = '),
        ("pdm.lock", PDM, 'groups = ["default"]', 'summary = "x"\ngroups = ["default"]'),
        ("Pipfile.lock", PIPFILE, '"hash": "1"', '"hash": "2"'),
        ("pylock.toml", PYLOCK, '"x"', '"y"'),
        ("requirements.txt", PINS, "# via b", "# via c"),
        ("requirements.txt", PINS, " \\\n    --hash=sha256:2", " \\\n    --hash=sha256:3"),  # another wheel
    ],
)
def test_what_is_only_told_makes_no_difference(name: str, text: str, before: str, after: str) -> None:
    assert before in text
    assert compare(name, text, text.replace(before, after)) == ()


@pytest.mark.parametrize(
    ("name", "text", "before", "after", "expected"),
    [
        ("poetry.lock", POETRY, '"1.9.2"', '"1.9.3"', "pydantic 1.9.2 → 1.9.3"),
        ("poetry.lock", POETRY, "../../lib/events", "../../lib/other", "acme-events is chosen or fetched differently"),
        ("poetry.lock", POETRY, 'groups = ["dev"]\nmarkers', 'groups = ["main"]\nmarkers', "colorama is chosen"),
        ("poetry.lock", POETRY, "9c9e04a6cdb7", "000000000000", "pydantic 1.9.2 has other files"),
        ("uv.lock", UV, 'version = "0.8.0"', 'version = "0.9"', "annotated-types 0.8.0 → 0.9"),
        ("pdm.lock", PDM, '"1"\ng', '"2"\ng', "a 1 → 2"),
        ("pdm.lock", PDM, "sha256:1", "sha256:2", "a 1 has other files"),
        ("Pipfile.lock", PIPFILE, "==1", "==2", "a 1 → 2"),
        ("Pipfile.lock", PIPFILE, '"default"', '"develop"', "a is chosen"),
        ("pylock.toml", PYLOCK, WHEEL, WHEEL.replace('"1"', '"2"').replace("a-1", "a-2"), "a 1 → 2"),
        ("requirements.txt", PINS, "a==1", "a==1.1", "a 1 → 1.1"),
        ("requirements.txt", PINS, "3.12", "3.13", "b is chosen or fetched differently"),
        ("requirements-dev.txt", PINS, "# via b", "\nc>=3", "c>=3 added"),
    ],
)
def test_what_installs_something_else(name: str, text: str, before: str, after: str, expected: str) -> None:
    assert before in text
    found = compare(name, text, text.replace(before, after, 1))
    assert len(found) == 1 and found[0].startswith(expected), found


def test_a_lock_that_cannot_be_read_counts_as_different() -> None:
    for name in ("poetry.lock", "uv.lock", "Pipfile.lock"):
        assert compare(name, POETRY, "<<<<<<< HEAD")
    assert difference("uv.lock", lambda path: None, lambda path: UV) == ("added",)
    assert difference("uv.lock", lambda path: UV, lambda path: None) == ("deleted",)


def test_included_requirements_count() -> None:
    old = {"a/requirements.txt": "-r ../base.txt\n", "base.txt": "x==1\n-r a/requirements.txt\n"}
    new = {**old, "base.txt": "x==2\n"}
    assert difference("a/requirements.txt", old.get, new.get) == ("x 1 → 2",)


def test_each_member_of_a_workspace_has_its_own_share_of_a_lock_that_uv_writes(tmp_path: Path) -> None:
    wheels = {name: f"file://{tmp_path}/{name}" for name in ("left", "right")}
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    for name in wheels:
        write(tmp_path, {f"{name}/pyproject.toml": named(name, 'requires-python = ">=3.11"') + build})
    members = {
        f"work/{member}/pyproject.toml": named(
            member, f'requires-python = ">=3.11"\ndependencies = ["{needs}"]\n[tool.uv.sources]\n{source}'
        )
        for member, needs, source in (
            ("one", "left", 'left = { path = "../../left" }'),
            ("two", "right", 'right = { path = "../../right" }'),
            ("three", "one", "one = { workspace = true }"),
        )
    }
    write(tmp_path, {**members, "work/pyproject.toml": '[tool.uv.workspace]\nmembers = ["one", "two", "three"]\n'})
    locks = []
    for version in ("1", "2"):
        # An sdist's version is in the lock, a folder's is not: so `left` is given as a built file.
        write(
            tmp_path,
            {"left/pyproject.toml": named("left", 'requires-python = ">=3.11"').replace('"1"', f'"{version}"')},
        )
        _make_wheel(tmp_path / "left.whl", version)
        manifest = members["work/one/pyproject.toml"].replace("../../left", f"../../left-{version}-py3-none-any.whl")
        (tmp_path / "left.whl").rename(tmp_path / f"left-{version}-py3-none-any.whl")
        write(tmp_path, {"work/one/pyproject.toml": manifest})
        done = subprocess.run(
            [str(uv_binary()), "lock", "--offline"], cwd=tmp_path / "work", check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        locks.append((tmp_path / "work/uv.lock").read_text("utf-8"))
    shares = {member: compare("uv.lock", locks[0], locks[1], member) for member in ("one", "two", "three", ".")}
    assert shares["two"] == ()
    assert shares["one"] == shares["three"] == shares["."] == ("left 1 → 2",)


def _make_wheel(path: Path, version: str) -> None:
    import zipfile

    info = f"left-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("left.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: left\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")

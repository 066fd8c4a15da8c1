"""Trust: the rule, and what the user allowed; nothing that a checkout brings counts as the user's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pyfmt.environments import trust
from pyfmt.environments.resolve import resolve
from pyfmt.environments.trust import decide
from tests.environments.places import call, config, projects, write
from tests.support.pythons import require_python


@pytest.fixture(name="root", autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with an environment in it that git ignores."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    root = write(tmp_path / "mono", {".gitignore": ".venv\n", "a/pyproject.toml": ""})
    call("git", "init", "-q", cwd=root)
    make(root / "a/.venv")
    return root


def make(prefix: Path, *options: str, python: Path | None = None) -> Path:
    call(python or require_python("3.11"), "-m", "venv", "--without-pip", *options, prefix)
    return prefix


def test_own_ignored_environment_is_trusted(root: Path) -> None:
    assert decide(root / "a/.venv", root).trusted


def test_environment_outside_the_checkout_is_trusted(root: Path, tmp_path: Path) -> None:
    assert decide(make(tmp_path / "outside"), root).trusted
    (root / "link").symlink_to(tmp_path / "outside")
    assert decide(root / "link", root).trusted


def test_nor_is_one_that_was_made_elsewhere_as_an_archive_brings_it(root: Path, tmp_path: Path) -> None:
    """Its `.git`, if it has one, is the archive's, too."""
    shutil.copytree(make(tmp_path / "authors/.venv"), root / "b/.venv", symlinks=True)
    shutil.copytree(root / "b/.venv", tmp_path / "beside", symlinks=True)
    for prefix in (root / "b/.venv", tmp_path / "beside"):
        assert "names the place" in decide(prefix, root).reason
    shutil.rmtree(root / ".git")
    assert not decide(root / "b/.venv", root).trusted and decide(root / "a/.venv", root).trusted


def test_nor_one_of_the_same_repository_beside_the_root(root: Path) -> None:
    assert decide(root / "a/.venv", root / "b").trusted
    call("git", "add", "-f", "a/.venv/pyvenv.cfg", cwd=root)
    assert "git index" in decide(root / "a/.venv", root / "b").reason


@pytest.mark.parametrize("file", ["pyvenv.cfg", "lib/python3.11/site-packages/x.pth", "bin/python"])
def test_a_file_in_the_git_index_is_refused(root: Path, file: str) -> None:
    prefix = root / "a/.venv"
    write(prefix, {"lib/python3.11/site-packages/x.pth": ""})
    call("git", "add", "-f", f"a/.venv/{file}", cwd=root)
    verdict = decide(prefix, root)
    assert not verdict.trusted
    assert file in verdict.reason and "--trust" in verdict.cure


def test_a_file_in_the_index_of_a_nested_repository_is_refused(root: Path) -> None:
    write(root / "sub", {"x.py": ""})
    call("git", "init", "-q", cwd=root / "sub")
    prefix = make(root / "sub/.venv")
    assert decide(prefix, root).trusted
    call("git", "add", "-f", ".venv/pyvenv.cfg", cwd=root / "sub")
    assert not decide(prefix, root).trusted


def test_world_writable_is_refused(root: Path) -> None:
    site = root / "a/.venv/lib/python3.11/site-packages"
    for path in (root / "a/.venv", site):
        mode = path.stat().st_mode
        path.chmod(0o777)
        assert "written by everybody" in decide(root / "a/.venv", root).reason
        path.chmod(mode)
    assert decide(root / "a/.venv", root).trusted


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_environment_of_another_user_is_refused(root: Path) -> None:
    os.chown(root / "a/.venv", 12345, 12345)
    verdict = decide(root / "a/.venv", root)
    assert not verdict.trusted and "another user" in verdict.reason


def local_python(folder: Path) -> Path:
    """A Python in `folder` (a copied binary, a linked library)."""
    base = Path(call(require_python("3.11"), "-I", "-c", "import sys; print(sys.base_prefix)").strip())
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    shutil.copy((base / "bin/python3.11").resolve(), folder / "bin/python3.11")
    (folder / "lib/python3.11").symlink_to(base / "lib/python3.11")
    return folder / "bin/python3.11"


@pytest.mark.parametrize("options", [(), ("--copies",)])
def test_interpreter_inside_the_checkout_is_refused_and_never_started(root: Path, options: tuple[str, ...]) -> None:
    python = local_python(root / "tools/python")
    shutil.rmtree(root / "a/.venv")
    prefix = make(root / "a/.venv", *options, python=python)
    verdict = decide(prefix, root)
    assert not verdict.trusted and "inside the checkout" in verdict.reason
    # Linting would start that base: such an environment is not used at all.
    (resolution,) = resolve(projects("a"), config(root), {"HOME": "/nowhere"})
    assert resolution.environment is None
    assert "inside the checkout" in resolution.passed_over[0].reason
    trust.store(root)
    (resolution,) = resolve(projects("a"), config(root), {"HOME": "/nowhere"})
    assert resolution.environment is not None


def test_copied_interpreter_needs_a_repository_to_vouch_for_it(root: Path) -> None:
    shutil.rmtree(root / "a/.venv")
    prefix = make(root / "a/.venv", "--copies")
    assert decide(prefix, root).trusted
    shutil.rmtree(root / ".git")
    assert not decide(prefix, root).trusted


def test_git_that_cannot_answer_means_refusal(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    verdict = decide(root / "a/.venv", root)
    assert not verdict.trusted and "does not know" in verdict.reason


def test_deciding_runs_nothing_of_the_checkout(root: Path, tmp_path: Path) -> None:
    sentinel = tmp_path / "sentinel"
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "alias.ls-files"):
        call("git", "config", key, f"!touch {sentinel}" if key.startswith("alias") else f"touch {sentinel}", cwd=root)
    assert decide(root / "a/.venv", root).trusted
    assert not sentinel.exists()


def test_stored_trust_is_kept_outside_and_keyed_by_the_real_path(root: Path, tmp_path: Path) -> None:
    call("git", "add", "-f", "a/.venv/pyvenv.cfg", cwd=root)
    assert not decide(root / "a/.venv", root).trusted
    file = trust.store(root)
    assert not str(file).startswith(str(root))
    (tmp_path / "alias").symlink_to(root)
    assert decide(root / "a/.venv", root).trusted
    assert decide(tmp_path / "alias/a/.venv", tmp_path / "alias").trusted
    other = tmp_path / "other"
    shutil.copytree(root, other, symlinks=True)
    assert not decide(other / "a/.venv", other).trusted
    assert trust.revoke(tmp_path / "alias")
    assert not decide(root / "a/.venv", root).trusted
    assert not trust.revoke(root)


def test_a_checkout_cannot_bring_its_own_trust(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("git", "add", "-f", "a/.venv/pyvenv.cfg", cwd=root)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root / "config"))
    trust.store(root)
    assert not decide(root / "a/.venv", root).trusted


def test_damaged_store_trusts_nothing(root: Path) -> None:
    call("git", "add", "-f", "a/.venv/pyvenv.cfg", cwd=root)
    file = trust.store(root)
    for content in ("", "[]", "{", '{"x": 1}', "\x00"):
        file.write_text(content, encoding="utf-8")
        assert not decide(root / "a/.venv", root).trusted

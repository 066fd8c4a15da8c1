"""What a change in a real repository leaves to format and to lint, and whom it touches."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pyfmt.core.errors import ConfigError, UsageError
from pyfmt.core.model import Environment, PythonVersion, Resolution
from tests.git.repositories import FILES, commit, flat, repository, run, since
from tests.projects.trees import named, write
from tests.support.monorepo import ROOT

BILLING = {file for file in FILES if file.startswith("billing/") and file.endswith(".py")}
STORAGE = {file for file in FILES if file.startswith("lib/") and file.endswith(".py")}
NOTIFY = {file for file in FILES if file.startswith("notify/") and file.endswith(".py")}


def test_nothing_changed(tree: Path) -> None:
    found = since(tree)
    assert (found.changed, found.affected, found.format, found.lint) == ({}, {}, {}, {})
    assert found.known and found.notes[0].endswith("no changed files")


def test_a_changed_file_and_those_that_import_it(tree: Path) -> None:
    write(tree, {"notify/notify/versions.py": "ONE = 2\n"})
    found = since(tree)
    assert flat(found.format) == {"notify/notify/versions.py"}
    assert flat(found.lint) == {"notify/notify/versions.py", "notify/notify/letters.py", "notify/tests/test_letters.py"}
    assert found.changed == {"notify": ("notify/notify/versions.py changed",)}
    assert found.affected == {}


def test_a_changed_library_and_the_projects_that_depend_on_it(tree: Path) -> None:
    write(tree, {"lib/storage/acme/storage/files.py": "def read(): return 1\n"})
    found = since(tree)
    assert flat(found.format) == {"lib/storage/acme/storage/files.py"}
    assert flat(found.lint) == BILLING | STORAGE
    assert list(found.changed) == ["lib/storage"]
    assert found.affected == {"billing": ("lib/storage changed → billing depends on it through pyproject.toml",)}


def test_what_is_no_python_changes_a_project_but_not_its_lint(tree: Path) -> None:
    write(tree, {"lib/storage/README.md": "x"})
    found = since(tree)
    assert (found.format, found.lint) == ({}, {})
    assert (list(found.changed), list(found.affected)) == (["lib/storage"], ["billing"])


def test_what_installers_leave_behind_makes_no_project_a_changed_one(tree: Path) -> None:
    left = ("acme_storage.egg-info/PKG-INFO", "build/lib/acme/x.py", "acme/__pycache__/x.pyc", ".eggs/y/setup.py")
    write(tree, {f"lib/storage/{name}": "x" for name in left})
    assert (since(tree).changed, since(tree).affected) == ({}, {})
    write(tree, {"lib/storage/my.egg-info.md": "x"})
    assert list(since(tree).changed) == ["lib/storage"]


def test_what_the_configuration_says_that_a_change_reaches_besides(tree: Path) -> None:
    rules = """
        [tool.pyfmt.affected]
        global = ["tools/ci/**"]
        edges = [{ from = "not*", to = ["proto/", "acme-storage"] }]
        """
    write(tree, {"pyproject.toml": rules, "tools/ci/x.yml": "", "proto/a.proto": "", "docs/a.md": ""})
    commit(tree)
    write(tree, {"docs/a.md": "x"})
    assert since(tree).affected == {}
    write(tree, {"proto/a.proto": "x"})
    found = since(tree)
    through = "notify depends on it through [tool.pyfmt.affected]"
    assert found.affected == {"notify": (f"proto/a.proto changed → {through}",)}
    assert (list(found.changed), found.lint) == (["."], {})  # the root has a manifest
    commit(tree)
    write(tree, {"lib/storage/README.md": "x"})
    assert since(tree).affected["notify"] == (f"lib/storage changed → {through}",)
    commit(tree)
    write(tree, {"tools/ci/x.yml": "x"})
    found = since(tree)
    assert set(found.affected) == {"billing", "lib/storage", "notify"} and (list(found.changed), found.lint) == (
        ["."],
        {},
    )
    assert found.affected["billing"] == ("tools/ci/x.yml changed, which affects every project",)
    write(tree, {"pyproject.toml": rules.replace("not*", "nobody")})
    with pytest.raises(ConfigError, match="nobody matches no project"):
        since(tree)


def test_a_manifest_or_a_type_marker_counts_for_the_whole_project(tree: Path) -> None:
    for name, text in (("pyproject.toml", named("acme-storage") + "\n"), ("acme/storage/py.typed", "")):
        write(tree, {f"lib/storage/{name}": text})
        found = since(tree)
        assert flat(found.format) == STORAGE
        assert flat(found.lint) == STORAGE | BILLING
        commit(tree)


def test_dependencies_of_dependencies_and_circles(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {
            f"{one}/pyproject.toml": named(one, f"dependencies = {needs}")
            for one, needs in (("a", ["b"]), ("b", ["c"]), ("c", ["b"]), ("d", []))
        },
    )
    write(root, {"c/x.txt": ""})
    found = since(root)
    assert list(found.changed) == ["c"]
    assert found.affected == {
        "a": ("c changed → b depends on it through pyproject.toml → a depends on it through pyproject.toml",),
        "b": ("c changed → b depends on it through pyproject.toml",),
    }


def test_an_import_that_nobody_declares_is_followed_too(tree: Path) -> None:
    write(tree, {"notify/notify/alone.py": "from billing.other import VALUE\n"})
    commit(tree)
    write(tree, {"billing/billing/other.py": "VALUE = 2\n"})
    found = since(tree)
    assert flat(found.lint) == {"billing/billing/other.py", "notify/notify/alone.py"}
    assert found.affected == {"notify": ("billing changed → notify imports it (notify/notify/alone.py)",)}


def test_only_sources_have_module_names(tree: Path) -> None:
    write(tree, {"notify/notify/py.typed": "", "notify/notify/py.py": "", "notify/bare/x.txt": ""})
    write(tree, {"notify/notify/alone.py": "import py\nimport bare\n"})
    commit(tree)
    write(tree, {"notify/notify/versions.py": "ONE = 2\n"})
    assert "notify/notify/alone.py" not in flat(since(tree).lint)


def test_a_deleted_and_a_renamed_file_reach_their_importers(tree: Path) -> None:
    (tree / "notify/notify/versions.py").unlink()
    seen = {"notify/notify/letters.py", "notify/tests/test_letters.py"}
    found = since(tree)
    assert flat(found.lint) == seen
    assert found.format == {}
    run(tree, "checkout", "--quiet", ".")
    run(tree, "mv", "notify/notify/versions.py", "notify/notify/other.py")
    found = since(tree)
    assert flat(found.lint) == seen | {"notify/notify/other.py"}
    assert flat(found.format) == {"notify/notify/other.py"}


def test_a_new_file_that_takes_a_name_reaches_those_that_use_the_name(tree: Path) -> None:
    write(tree, {"notify/tests/test_letters.py": "import shared\n"})
    commit(tree)
    write(tree, {"notify/shared.py": ""})
    found = since(tree)
    assert flat(found.lint) == {"notify/shared.py", "notify/tests/test_letters.py"}
    assert flat(found.format) == NOTIFY | {"notify/shared.py"}  # isort knows a first-party name more


def test_a_project_that_is_gone_or_has_moved_reaches_its_dependents(tree: Path) -> None:
    run(tree, "mv", "lib/storage", "lib/store")
    moved = since(tree)
    assert list(moved.changed) == ["lib/store"]
    assert flat(moved.lint) == BILLING | {file.replace("storage/", "store/", 1) for file in STORAGE}
    assert "billing" in moved.affected
    shutil.rmtree(tree / "lib/store")
    gone = since(tree)
    assert gone.changed == {}
    assert flat(gone.lint) == BILLING
    assert gone.affected == {"billing": ("lib/storage changed → billing depends on it through pyproject.toml",)}


@pytest.mark.parametrize("name", ["pyproject.toml", "pyfmt.toml", "lint/mypy.ini", "lint/pylintrc"])
def test_what_all_projects_share_affects_all(tmp_path: Path, name: str) -> None:
    lint = {"lint/mypy.ini": "[mypy]\n", "lint/black.toml": "[tool.black]\n"}
    root = repository(tmp_path, {**FILES, **lint, "pyproject.toml": '[tool.pyfmt]\nconfigs = "lint"\n'})
    text = {"pyproject.toml": '[tool.pyfmt]\nconfigs = "lint"\njobs = 1\n', "pyfmt.toml": 'configs = "lint"\n'}.get(
        name, ""
    )
    write(root, {name: text or "[mypy]\nstrict = true\n"})
    found = since(root)
    assert flat(found.format) == flat(found.lint) == BILLING | STORAGE | NOTIFY
    assert set(found.affected) | set(found.changed) >= {"billing", "lib/storage", "notify"}
    assert found.affected["notify"] == (f"{name} changed, which all projects share",)


def test_a_plugin_of_the_shared_configuration_affects_all(tmp_path: Path) -> None:
    shared = '[tool.pyfmt]\n[tool.mypy]\nplugins = [\n    "tools/checks.py",\n]\n'
    root = repository(tmp_path, {**FILES, "pyproject.toml": shared, "tools/checks.py": "", "tools/more.py": ""})
    write(root, {"tools/more.py": "1\n"})
    assert since(root).affected == {}
    write(root, {"tools/checks.py": "1\n"})
    assert flat(since(root).lint) >= BILLING | STORAGE | NOTIFY


def test_a_lock_counts_only_for_those_whose_packages_differ(tmp_path: Path) -> None:
    root = repository(tmp_path / "x", {})
    shutil.copytree(ROOT / "examples/monorepo", root, dirs_exist_ok=True)
    commit(root)
    billing, platform = root / "projects/billing/poetry.lock", root / "projects/platform/uv.lock"
    billing.write_text(billing.read_text().replace("content-hash = ", 'x = "" # '))
    same = since(root)
    assert (same.changed, same.affected, same.lint) == ({}, {}, {})
    assert "projects/billing/poetry.lock changed, but installs the same packages" in same.notes
    billing.write_text(billing.read_text().replace('"1.9.2"', '"1.9.3"'))
    found = since(root)
    assert found.changed == {"projects/billing": ("projects/billing/poetry.lock: pydantic 1.9.2 → 1.9.3",)}
    assert found.affected == {}
    assert {file.split("/")[1] for file in flat(found.lint)} == {"billing"}
    commit(root)
    # `packaging` is the worker's alone: the gateway, in the same lock, does not have it.
    platform.write_text(platform.read_text().replace('version = "26.3"', 'version = "26.4"'))
    found = since(root)
    assert found.affected == {
        "projects/platform/worker": (
            "projects/platform/uv.lock changed → acme-worker installs other packages (packaging 26.3 → 26.4)",
        )
    }
    assert {"/".join(file.split("/")[:3]) for file in flat(found.lint)} == {"projects/platform/worker"}


def test_a_library_is_linted_with_the_project_whose_environment_it_borrows(tree: Path) -> None:
    write(tree, {"billing/requirements.txt": "pydantic==1\n"})
    commit(tree)
    write(tree, {"billing/requirements.txt": "pydantic==2\n"})
    found = since(tree)
    assert flat(found.lint) == BILLING
    python = PythonVersion(3, 11)
    here, there = (Environment(name, f"/{name}", python, "", (), ()) for name in ("here", "there"))
    resolutions = [
        Resolution("billing", here, ".venv"),
        Resolution("lib/storage", here, "dependent"),
        Resolution("notify", there, ".venv"),
    ]
    every = {"billing": tuple(BILLING), "lib/storage": tuple(STORAGE), "notify": tuple(NOTIFY)}
    assert flat(found.linted(every, resolutions)) == BILLING | STORAGE
    assert found.formatted(every) == {}


def test_requirements_that_a_manifest_reads_count_as_the_manifest(tree: Path) -> None:
    dynamic = (
        '[project]\nname = "acme-storage"\n[tool.setuptools.dynamic]\ndependencies = {file = "requirements.txt"}\n'
    )
    write(tree, {"lib/storage/pyproject.toml": dynamic, "lib/storage/requirements.txt": "a\n"})
    commit(tree)
    write(tree, {"lib/storage/requirements.txt": "b\n"})
    assert list(since(tree).affected) == ["billing"]


def test_what_a_gitignore_brings_into_sight(tree: Path) -> None:
    write(tree, {"notify/.gitignore": "alone.py\n"})
    commit(tree)
    write(tree, {"notify/.gitignore": ""})
    assert "notify/notify/alone.py" in flat(since(tree).format) & flat(since(tree).lint)


def test_a_submodule_counts_as_a_whole(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"pyproject.toml": named("inner"), "inner.py": "", "other.py": ""})
    app = {"app/pyproject.toml": named("app"), "app/app.py": "import inner\n", "app/no.py": ""}
    root = repository(tmp_path / "root", {"pyproject.toml": "[tool.pyfmt]\n", **app})
    run(root, "submodule", "--quiet", "add", str(inner), "vendored")
    commit(root)
    write(root, {"vendored/inner.py": "1\n"})
    found = since(root)
    assert list(found.changed) == ["vendored"]
    assert flat(found.lint) == {"vendored/inner.py", "vendored/other.py", "app/app.py"}


def test_without_git_everything_counts_and_a_note_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    write(tmp_path, FILES)
    found = since(tmp_path.resolve(), "origin/main")
    assert not found.known
    assert flat(found.format) == flat(found.lint) == BILLING | STORAGE | NOTIFY
    assert set(found.changed) == {".", "billing", "lib/storage", "notify"}
    assert found.notes == (
        "--since origin/main: what changed cannot be known: no git repository is around "
        f"{tmp_path.resolve()}. So everything counts",
    )


def test_a_shallow_clone_gives_everything_and_a_typing_error_an_error(tree: Path, tmp_path: Path) -> None:
    run(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tree}", "shallow")
    found = since(tmp_path / "shallow", "v1.0")
    assert flat(found.lint) == BILLING | STORAGE | NOTIFY
    assert "v1.0 is not in this shallow clone; fetch the whole history" in found.notes[0]
    with pytest.raises(UsageError):
        since(tree, "v1.0")

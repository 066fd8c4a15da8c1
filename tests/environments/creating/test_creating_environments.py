"""`create` makes whole environments of real projects, with uv and with pip."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyfmt.environments.creating import MARKER, CreateOptions, Status
from tests.environments.creating.trees import copy_example, editable_folders, installed, make, own_build, write

ALL = (
    "projects/billing",
    "projects/ledger",
    "projects/notify",
    "projects/platform/gateway",
    "projects/platform/worker",
)
BILLING = {
    "acme-billing": "1.4.0",
    "acme-events": "0.9.3",
    "acme-storage": "2.1.0",
    "iniconfig": "2.3.1",
    "packaging": "26.3",
    "pluggy": "1.7.0",
    "pydantic": "1.9.2",
    "pygments": "2.21.0",
    "pytest": "8.4.2",
    "typing-extensions": "4.16.0",
}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_example(tmp_path_factory.mktemp("created") / "monorepo")


def test_uv_makes_every_environment_of_the_example(example: Path) -> None:
    made = make(example, *ALL)
    assert [(c.status, c.reason, c.detail) for c in made] == [(Status.CREATED, "", "")] * 4
    assert [c.source for c in made] == ["poetry.lock", "requirements.txt", "pyproject.toml", "uv.lock"]
    assert made[3].projects == ("acme-gateway", "acme-worker")
    billing, ledger, notify, platform = (c.prefix for c in made)
    assert platform == example / "projects/platform/.venv"
    assert installed(billing) == BILLING
    assert installed(ledger)["pydantic"].startswith("2.")
    assert installed(notify)["packaging"] == "21.3"
    assert installed(platform)["packaging"] == "26.3"
    libs = {str(example / "lib/events"), str(example / "lib/storage")}
    assert editable_folders(billing) == {*libs, str(example / "projects/billing")}
    assert editable_folders(platform) == {
        *libs,
        str(example / "projects/platform/gateway"),
        str(example / "projects/platform/worker"),
    }
    assert not list(example.rglob(MARKER))


def test_what_is_there_is_left_as_it_is(example: Path) -> None:
    before = (example / "projects/billing/.venv/pyvenv.cfg").stat().st_mtime_ns
    (again,) = make(example, "projects/billing")
    assert again.status is Status.EXISTS
    assert (example / "projects/billing/.venv/pyvenv.cfg").stat().st_mtime_ns == before


def test_the_libraries_can_be_imported_in_the_new_environment(example: Path) -> None:
    for project in ("billing", "platform"):
        python = example / "projects" / project / ".venv/bin/python"
        code = "import acme.events, acme.storage; print(acme.events.__file__, acme.storage.__file__)"
        said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout
        assert said.split() == [str(example / f"lib/{n}/acme/{n}/__init__.py") for n in ("events", "storage")]


@pytest.mark.slow
def test_pip_installs_the_same_as_uv_from_both_locks(example: Path, tmp_path: Path) -> None:
    root = copy_example(tmp_path / "monorepo")
    paths = ("projects/billing", "projects/platform/worker")
    made = make(root, *paths, options=CreateOptions(installer="pip"))
    assert [(c.status, c.detail, c.installer) for c in made] == [(Status.CREATED, "", "pip")] * 2
    assert installed(made[0].prefix) == BILLING
    assert installed(made[1].prefix) == installed(example / "projects/platform/.venv")
    assert editable_folders(made[0].prefix) == {
        str(root / path) for path in ("lib/events", "lib/storage", "projects/billing")
    }


def test_dry_run_says_the_calls_and_makes_nothing(tmp_path: Path) -> None:
    root = copy_example(tmp_path / "monorepo")
    made = make(root, *ALL, options=CreateOptions(installer="uv", dry_run=True))
    assert [c.status for c in made] == [Status.PLANNED] * 4
    assert all(c.commands[0][0] == "virtualenv" and "--no-venv-redirect" in c.commands[0] for c in made)
    assert "sync" in made[3].commands[1]
    assert not list(root.rglob(".venv"))


def test_a_dependency_that_does_not_exist_fails_alone_with_the_installers_words(tmp_path: Path) -> None:
    files = own_build("good") | own_build("bad", "pyfmt-no-such-distribution-1f3a==7")
    root = write(tmp_path, files)
    good, bad = make(root, "good", "bad")
    assert (good.status, bad.status) == (Status.CREATED, Status.FAILED)
    assert "pyfmt-no-such-distribution-1f3a" in bad.detail
    assert bad.projects == ("bad",)
    assert bad.reason.startswith("uv ended with") and bad.cure
    assert not (root / "bad/.venv").exists()


def test_recreate_replaces_and_a_failure_brings_the_old_one_back(tmp_path: Path) -> None:
    root = write(tmp_path, own_build("service"))
    make(root, "service")
    keepsake = root / "service/.venv/keepsake"
    keepsake.touch()
    manifest = root / "service/pyproject.toml"
    whole = manifest.read_text("utf-8")
    manifest.write_text(
        whole.replace("dependencies = []", 'dependencies = ["pyfmt-no-such-distribution-1f3a"]'), "utf-8"
    )
    (failed,) = make(root, "service", options=CreateOptions(installer="uv", recreate=True))
    assert failed.status is Status.FAILED
    assert keepsake.exists() and installed(root / "service/.venv") == {"service": "1.0"}
    manifest.write_text(whole, "utf-8")
    (made,) = make(root, "service", options=CreateOptions(installer="uv", recreate=True))
    assert made.status is Status.CREATED
    assert not keepsake.exists() and installed(root / "service/.venv") == {"service": "1.0"}
    assert sorted(path.name for path in (root / "service").glob(".venv*")) == [".venv"]


def test_a_folder_that_is_no_environment_is_never_deleted(tmp_path: Path) -> None:
    root = write(tmp_path, own_build("service") | {"service/.venv/notes.txt": "mine"})
    (made,) = make(root, "service", options=CreateOptions(installer="uv", recreate=True))
    assert made.status is Status.FAILED and "is no environment" in made.reason
    assert (root / "service/.venv/notes.txt").read_text("utf-8") == "mine"
    assert [path.name for path in (root / "service/.venv").iterdir()] == ["notes.txt"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path, own_build("service") | {"elsewhere/pyvenv.cfg": "home = /usr/bin\n"})
    (root / "service/.venv").symlink_to(root / "elsewhere")
    (made,) = make(root, "service", options=CreateOptions(installer="uv", recreate=True))
    assert made.status is Status.FAILED
    assert (root / "elsewhere/pyvenv.cfg").exists()


def test_a_library_that_needs_another_is_installed_with_it_and_not_from_an_index(tmp_path: Path) -> None:
    # The names exist nowhere else: were they looked up on an index, the installation would fail.
    files = own_build("pyfmt_base_9d") | own_build("pyfmt_mid_9d", "pyfmt_base_9d") | own_build("top", "pyfmt_mid_9d")
    root = write(tmp_path, files)
    (made,) = make(root, "top")
    assert (made.status, made.detail) == (Status.CREATED, "")
    assert set(installed(root / "top/.venv")) == {"pyfmt-base-9d", "pyfmt-mid-9d", "top"}


def test_development_groups_and_extras_are_installed_without_a_lock(tmp_path: Path) -> None:
    files = (
        own_build("service") | own_build("pyfmt_group_9d") | own_build("pyfmt_extra_9d") | own_build("pyfmt_docs_9d")
    )
    files[
        "service/pyproject.toml"
    ] += '[dependency-groups]\nlint = ["pyfmt_group_9d"]\ndev = [{include-group = "lint"}]\ndocs = ["pyfmt_docs_9d"]\n'
    # The library's own tests are not what the service runs: what they need would only hide a missing dependency.
    files["pyfmt_group_9d/pyproject.toml"] += '[project.optional-dependencies]\ntest = ["pyfmt-no-such-thing-9d"]\n'
    unused = 'huge = ["pyfmt-no-such-thing-9d"]'
    files["service/pyproject.toml"] += f'[project.optional-dependencies]\ntest = ["pyfmt_extra_9d"]\n{unused}\n'
    root = write(tmp_path, files)
    (made,) = make(root, "service")
    assert (made.status, made.detail) == (Status.CREATED, "")
    assert set(installed(root / "service/.venv")) == {"service", "pyfmt-group-9d", "pyfmt-extra-9d", "pyfmt-docs-9d"}

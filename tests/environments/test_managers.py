"""Where each real manager puts its environment is where it is found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pyfmt.core.model import Project, Resolution
from pyfmt.environments.managers.uv import matches
from pyfmt.environments.resolve import resolve
from tests.environments.places import call, config, projects, pyproject, uv, write
from tests.support.pythons import require_python
from tests.support.virtualenvs import Recipe, kept

Manager = Callable[..., str]


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> dict[str, str]:
    """A home of its own, so that nothing of this user's configuration and environments counts."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "VIRTUALENV_NO_SEED": "1",  # where an environment is, not what is in it
    }


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = tmp_path / "mono"
    root.mkdir()
    return root.resolve()


def manager(name: str, home: Mapping[str, str]) -> Manager:
    """Runs the real manager; each is installed once, in an environment that all test runs share."""
    program = kept(Recipe((name,))).prefix / "bin" / name
    python = require_python("3.11").parent

    def run(folder: Path, *arguments: str, **more: str) -> str:
        environ = {**home, "PATH": f"{python}{os.pathsep}/usr/bin{os.pathsep}/bin", **more}
        return call(program, *arguments, cwd=folder, environ=environ).strip()

    return run


def one(root: Path, project: Project, environ: Mapping[str, str], *others: Project) -> Resolution:
    """The resolution of the first project."""
    return resolve((project, *others), config(root), environ)[0]


def same(resolution: Resolution, prefix: str | Path) -> bool:
    """Whether the resolution leads to the environment at `prefix`."""
    assert resolution.environment is not None, resolution
    return resolution.environment.prefix == os.path.realpath(prefix)


# --- Poetry


def poetry_project(name: str = "Some.Odd_name") -> str:
    return pyproject(name, "[tool.poetry]\npackage-mode = false\n", ">=3.10,<4")


@pytest.mark.parametrize("name", ["plain", "Some.Odd_name", "a" * 60])
def test_poetry_central(root: Path, home: dict[str, str], name: str) -> None:
    folder = root / "svc" / "a $pace"
    write(folder, {"pyproject.toml": poetry_project(name)})
    poetry = manager("poetry", home)
    poetry(folder, "env", "use", str(require_python("3.11")))
    prefix = poetry(folder, "env", "info", "--path")
    resolution = one(root, projects("svc/a $pace")[0], home)
    assert same(resolution, prefix)
    assert resolution.rule == "poetry"
    assert resolution.environment is not None and resolution.environment.name == Path(prefix).name


def test_poetry_central_by_its_own_choice_of_several(root: Path, home: dict[str, str]) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": poetry_project()})
    poetry = manager("poetry", home)
    for version in ("3.12", "3.11", "3.10"):
        poetry(folder, "env", "use", str(require_python(version)))
    poetry(folder, "env", "use", str(require_python("3.11")))
    prefix = poetry(folder, "env", "info", "--path")
    assert prefix.endswith("-py3.11")
    assert same(one(root, projects("a")[0], home), prefix)
    Path(prefix).parent.joinpath("envs.toml").unlink()
    resolution = one(root, Project("a", "a", requires_python=">=3.10,<3.12"), home)
    assert same(resolution, prefix)  # the highest that requires-python admits
    assert "3 environments" in resolution.note


def test_poetry_paths_by_precedence(root: Path, home: dict[str, str], tmp_path: Path) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": poetry_project()})
    poetry = manager("poetry", home)
    configuration = Path(home["HOME"], ".config/pypoetry/config.toml")
    write(configuration.parent, {"config.toml": f'cache-dir = "{tmp_path}/cache"\n'})
    expected: list[tuple[dict[str, str], Path]] = [({}, tmp_path / "cache/virtualenvs")]
    expected.append(({"POETRY_CACHE_DIR": f"{tmp_path}/cache2"}, tmp_path / "cache2/virtualenvs"))
    expected.append(({"POETRY_VIRTUALENVS_PATH": f"{tmp_path}/envs"}, tmp_path / "envs"))
    for environ, parent in expected:
        poetry(folder, "env", "use", str(require_python("3.11")), **environ)
        prefix = Path(poetry(folder, "env", "info", "--path", **environ))
        assert prefix.parent == parent
        assert same(one(root, projects("a")[0], {**home, **environ}), prefix)
    write(folder, {"poetry.toml": f'[virtualenvs]\npath = "{tmp_path}/of-project"\n'})
    poetry(folder, "env", "use", str(require_python("3.11")))
    prefix = Path(poetry(folder, "env", "info", "--path"))
    assert prefix.parent == tmp_path / "of-project"
    assert same(one(root, projects("a")[0], home), prefix)


def test_poetry_in_project(root: Path, home: dict[str, str]) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": poetry_project()})
    poetry = manager("poetry", home)
    poetry(folder, "env", "use", str(require_python("3.11")))
    central = poetry(folder, "env", "info", "--path")
    environ = {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    # While there is no .venv, an existing central one counts.
    assert poetry(folder, "env", "info", "--path", **environ) == central
    assert same(one(root, projects("a")[0], {**home, **environ}), central)
    call(require_python("3.12"), "-m", "venv", "--without-pip", folder / ".venv")
    # In the project: also while in-project is unset, since .venv is there now, and envs.toml does not count then.
    for more in (environ, {}):
        prefix = poetry(folder, "env", "info", "--path", **more)
        assert prefix == str(folder / ".venv")
        assert same(one(root, projects("a")[0], {**home, **more}), prefix)
    not_there = {"POETRY_VIRTUALENVS_IN_PROJECT": "false"}
    assert poetry(folder, "env", "info", "--path", **not_there) == central
    assert same(one(root, projects("a")[0], {**home, **not_there}), central)


# --- PDM


def test_pdm_in_project_and_saved(root: Path, home: dict[str, str]) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": pyproject("a", "[tool.pdm]\ndistribution = false\n", ">=3.11")})
    pdm = manager("pdm", home)
    pdm(folder, "venv", "create", "--with", "venv", str(require_python("3.11")))
    for name in ("extra",):
        pdm(folder, "venv", "create", "--with", "venv", "--name", name, str(require_python("3.12")))
    prefix = pdm(folder, "venv", "--path", "in-project")
    assert prefix == str(folder / ".venv")
    assert same(one(root, projects("a")[0], home), prefix)
    central = pdm(folder, "venv", "--path", "extra")
    assert central.startswith(home["HOME"])
    pdm(folder, "use", "--venv", "extra")
    assert same(one(root, projects("a")[0], home), central)
    assert one(root, projects("a")[0], home).rule == "pdm"


def test_pdm_central(root: Path, home: dict[str, str], tmp_path: Path) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": pyproject("a", "[tool.pdm]\ndistribution = false\n", ">=3.11")})
    pdm = manager("pdm", home)
    for location in (None, f"{tmp_path}/elsewhere"):
        if location:
            pdm(folder, "config", "venv.location", location)
        pdm(folder, "venv", "create", "--with", "venv", str(require_python("3.11")), PDM_VENV_IN_PROJECT="0")
        (folder / ".pdm-python").unlink(missing_ok=True)
        listed = pdm(folder, "venv", "list", PDM_VENV_IN_PROJECT="0")
        resolution = one(root, projects("a")[0], home)
        assert resolution.environment is not None
        assert resolution.environment.prefix in listed
        assert resolution.environment.prefix.startswith(location or home["HOME"])
        assert resolution.rule == "pdm"


def test_pdm_workspace(root: Path, home: dict[str, str]) -> None:
    write(
        root,
        {
            "pyproject.toml": pyproject(
                "whole", '[tool.pdm]\ndistribution = false\n[tool.pdm.workspace]\nmembers = ["libs/*"]\n'
            ),
            "libs/a/pyproject.toml": pyproject("a", "", ">=3.11"),
            "other/b/pyproject.toml": pyproject("b", "", ">=3.11"),
        },
    )
    pdm = manager("pdm", home)
    pdm(root, "venv", "create", "--with", "venv", str(require_python("3.11")))
    found = resolve(projects("libs/a", "other/b"), config(root), home)
    assert same(found[0], root / ".venv") and found[0].rule == "pdm workspace"
    assert found[1].rule == "inherited"


# --- Pipenv


@pytest.mark.parametrize("name", ["plain", "odd (name) & co"])
def test_pipenv_central(root: Path, home: dict[str, str], tmp_path: Path, name: str) -> None:
    folder = root / name
    write(folder, {"Pipfile": "[packages]\n"})
    pipenv = manager("pipenv", home)
    for environ in ({}, {"WORKON_HOME": f"{tmp_path}/envs"}, {"PIPENV_CUSTOM_VENV_NAME": "mine"}):
        pipenv(folder, "--python", str(require_python("3.11")), **environ)
        prefix = pipenv(folder, "--venv", **environ)
        resolution = one(root, projects(name)[0], {**home, **environ})
        assert same(resolution, prefix)
        assert resolution.rule == "pipenv"


def test_pipenv_in_project(root: Path, home: dict[str, str]) -> None:
    folder = root / "a"
    write(folder, {"Pipfile": "[packages]\n[pipenv]\nvenv_in_project = true\n"})
    pipenv = manager("pipenv", home)
    pipenv(folder, "--python", str(require_python("3.11")))
    assert same(one(root, projects("a")[0], home), pipenv(folder, "--venv"))
    off = {"PIPENV_VENV_IN_PROJECT": "0"}
    pipenv(folder, "--python", str(require_python("3.11")), **off)
    central = pipenv(folder, "--venv", **off)
    assert central != str(folder / ".venv")
    assert same(one(root, projects("a")[0], {**home, **off}), central)
    write(folder, {"Pipfile": "[packages]\n"})  # a .venv that was only found loses to the central one
    assert pipenv(folder, "--venv") == central
    assert same(one(root, projects("a")[0], home), central)


@pytest.mark.parametrize("content", ["named", "../elsewhere/env"])
def test_pipenv_with_a_venv_file(root: Path, home: dict[str, str], content: str) -> None:
    folder = root / "a"
    write(folder, {"Pipfile": "[packages]\n", ".venv": f"{content}\n"})
    pipenv = manager("pipenv", home)
    pipenv(folder, "--python", str(require_python("3.11")))
    resolution = one(root, projects("a")[0], home)
    assert same(resolution, pipenv(folder, "--venv"))
    assert resolution.rule == ".venv file"


# --- Hatch


@pytest.mark.parametrize("name", ["plain", "Some.Odd__name"])
def test_hatch_default(root: Path, home: dict[str, str], tmp_path: Path, name: str) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": pyproject(name, "[tool.hatch.envs.default]\nskip-install = true\n", ">=3.10")})
    hatch = manager("hatch", home)
    for environ in ({}, {"HATCH_DATA_DIR": f"{tmp_path}/data"}):
        hatch(folder, "env", "create", **environ)
        prefix = hatch(folder, "env", "find", **environ)
        resolution = one(root, projects("a")[0], {**home, **environ})
        assert same(resolution, prefix)
        assert resolution.rule == "hatch"


@pytest.mark.parametrize("virtual", [".hatch", "~/.virtualenvs", "elsewhere"])
def test_hatch_folder_from_the_users_configuration(
    root: Path, home: dict[str, str], tmp_path: Path, virtual: str
) -> None:
    folder = root / "a"
    write(folder, {"pyproject.toml": pyproject("a", "[tool.hatch.envs.default]\nskip-install = true\n", ">=3.10")})
    place = str(tmp_path / virtual) if virtual == "elsewhere" else virtual
    write(Path(home["HOME"], ".config/hatch"), {"config.toml": f'[dirs.env]\nvirtual = "{place}"\n'})
    hatch = manager("hatch", home)
    hatch(folder, "env", "create")
    assert same(one(root, projects("a")[0], home), hatch(folder, "env", "find"))


def test_hatch_path_of_the_environment(root: Path, home: dict[str, str]) -> None:
    folder = root / "a"
    more = '[tool.hatch.envs.default]\nskip-install = true\npath = "made/here"\n'
    write(folder, {"pyproject.toml": pyproject("a", more, ">=3.10")})
    hatch = manager("hatch", home)
    hatch(folder, "env", "create")
    assert hatch(folder, "env", "find") == str(folder / "made/here")
    assert same(one(root, projects("a")[0], home), folder / "made/here")


# --- uv


def uv_sync(folder: Path, home: Mapping[str, str], *arguments: str, **environ: str) -> None:
    call(uv(), "sync", "--python", require_python("3.11"), *arguments, cwd=folder, environ={**home, **environ})


def uv_place(folder: Path, home: Mapping[str, str], **environ: str) -> str:
    """Where uv itself runs Python for the project in `folder`."""
    command = (uv(), "run", "--no-sync", "python", "-c", "import sys; print(sys.prefix)")
    return call(*command, cwd=folder, environ={**home, **environ}).strip()


def test_uv_workspace_members_and_others(root: Path, home: dict[str, str]) -> None:
    workspace = '[tool.uv.workspace]\nmembers = ["libs/*", "**/deep"]\nexclude = ["libs/out"]\n'
    paths = ("libs/a", "libs/out", "x/y/deep", "own")
    write(root, {"ws/pyproject.toml": pyproject("whole", workspace, ">=3.11")})
    for path in paths:
        more = "[tool.uv]\npackage = false\n" if path == "own" else ""
        write(root / "ws" / path, {"pyproject.toml": pyproject(path.replace("/", "-"), more, ">=3.11")})
    ws = root / "ws"
    uv_sync(ws, home, "--all-packages")
    uv_sync(ws / "own", home)
    found = dict(zip(paths, resolve(projects(*(f"ws/{path}" for path in paths)), config(root), home)))
    for path in ("libs/a", "x/y/deep", "own"):
        assert same(found[path], uv_place(ws / path, home)), path
    assert found["libs/a"].rule == found["x/y/deep"].rule == "uv workspace"
    assert same(found["own"], ws / "own/.venv") and found["own"].rule == "uv"
    # Neither a member nor by itself a uv project: only inherited.
    assert found["libs/out"].rule == "inherited"
    assert not matches("libs/*", "libs/a/b") and matches("**/b", "libs/a/b") and matches("**/b", "b")


def test_uv_workspace_without_members_has_no_subfolder(root: Path, home: dict[str, str]) -> None:
    for members in ("", "members = []\n"):
        write(root, {"ws/pyproject.toml": pyproject("whole", f"[tool.uv.workspace]\n{members}", ">=3.11")})
        write(root, {"ws/a/pyproject.toml": pyproject("a", "", ">=3.11")})
        uv_sync(root / "ws", home)
        assert one(root, projects("ws/a")[0], home).rule == "inherited"
        assert uv_place(root / "ws/a", home) == str(root / "ws/a/.venv")
        shutil.rmtree(root / "ws/a/.venv")


def test_uv_project_environment_relative_and_absolute(root: Path, home: dict[str, str], tmp_path: Path) -> None:
    workspace = '[tool.uv.workspace]\nmembers = ["m"]\n'
    write(root, {"ws/pyproject.toml": pyproject("whole", workspace, ">=3.11")})
    write(root, {"ws/m/pyproject.toml": pyproject("m", "", ">=3.11")})
    write(root, {"alone/pyproject.toml": pyproject("alone", "[tool.uv]\npackage = false\n", ">=3.11")})
    relative = {"UV_PROJECT_ENVIRONMENT": "envs/x"}
    uv_sync(root / "ws", home, "--all-packages", **relative)
    resolution = one(root, projects("ws/m")[0], {**home, **relative})
    assert same(resolution, uv_place(root / "ws/m", home, **relative))
    assert same(resolution, root / "ws/envs/x")
    absolute = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "absolute")}
    uv_sync(root / "ws", home, "--all-packages", **absolute)
    member, whole, alone = projects("ws/m", "ws", "alone")
    assert same(one(root, member, {**home, **absolute}, whole), tmp_path / "absolute")
    refused = one(root, member, {**home, **absolute}, whole, alone)
    assert refused.environment is None
    assert "2 uv projects" in refused.passed_over[0].reason


# --- pyenv-virtualenv, virtualenvwrapper, direnv, conda and pixi folders


def bare(prefix: Path, version: str = "3.11") -> Path:
    """An empty environment."""
    call(require_python(version), "-m", "venv", "--without-pip", prefix)
    return prefix


def test_back_references(root: Path, home: dict[str, str], tmp_path: Path) -> None:
    for name in ("wrapped", "pinned", "plain"):
        write(root / name, {"pyproject.toml": pyproject(name)})
    wrapped = bare(tmp_path / "workon/some")
    write(wrapped, {".project": f"{root}/wrapped\n"})
    pinned = bare(tmp_path / "pyenv/versions/some-3.11")
    write(root, {"pinned/.python-version": "some-3.11\n", "plain/.python-version": "3.11.7\n"})
    environ = {**home, "WORKON_HOME": f"{tmp_path}/workon", "PYENV_ROOT": f"{tmp_path}/pyenv"}
    first, second, third = resolve(projects("wrapped", "pinned", "plain"), config(root), environ)
    assert same(first, wrapped) and first.rule == "virtualenvwrapper"
    assert same(second, pinned) and second.rule == "pyenv"
    assert third.environment is None


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (".venv", ".venv"),
        ("venv", "venv"),
        ("env", "env"),
        (".virtualenv", ".virtualenv"),
        (".direnv/python-3.11", "direnv"),
    ],
)
def test_folders_of_the_project(root: Path, home: dict[str, str], place: str, rule: str) -> None:
    write(root / "a", {"pyproject.toml": pyproject("a")})
    prefix = bare(root / "a" / place)
    resolution = one(root, projects("a")[0], home)
    assert same(resolution, prefix) and resolution.rule == rule
    assert resolution.environment is not None and resolution.environment.name == f"a/{place}"


def test_python_envs_file_and_links(root: Path, home: dict[str, str], tmp_path: Path) -> None:
    write(root / "a", {"pyproject.toml": pyproject("a"), ".python-envs": "../first\n../second\n"})
    write(root / "b", {"pyproject.toml": pyproject("b")})
    bare(root / "first")
    second = bare(root / "second")
    outside = bare(tmp_path / "outside")
    (root / "b/.venv").symlink_to(outside)
    a, b = resolve(projects("a", "b"), config(root), home)
    assert same(a, second) and a.rule == ".python-envs"
    assert same(b, outside) and b.environment is not None and b.environment.name == "b/.venv"


def conda_like(prefix: Path, version: str = "3.12") -> Path:
    """A prefix as conda makes it, from a real Python: no pyvenv.cfg, a standard library of its own, conda-meta."""
    python = require_python(version)
    base = Path(call(python, "-I", "-c", "import sys; print(sys.base_prefix)").strip())
    (prefix / "bin").mkdir(parents=True)
    (prefix / "conda-meta").mkdir()
    micro = call(python, "-I", "-c", "import platform; print(platform.python_version())").strip()
    write(prefix / "conda-meta", {"history": "", f"python-{micro}-h5d932e8_0_cpython.json": "{}"})
    binary = prefix / f"bin/python{version}"
    binary.write_bytes(python.resolve().read_bytes())
    binary.chmod(0o755)
    (prefix / "bin/python").symlink_to(f"python{version}")
    write(prefix / "bin", {f"pydoc{version}": f"#!{prefix}/bin/python{version}\n"})  # as conda writes its scripts
    library = prefix / f"lib/python{version}"
    (library / "site-packages").mkdir(parents=True)
    for entry in (base / f"lib/python{version}").iterdir():
        if entry.name != "site-packages":
            (library / entry.name).symlink_to(entry)
    return prefix


@pytest.mark.parametrize(("place", "rule"), [(".conda", "conda"), (".pixi/envs/default", "pixi")])
def test_conda_and_pixi_folders(root: Path, home: dict[str, str], place: str, rule: str) -> None:
    from tests.environments.places import own_search_path  # pylint: disable=import-outside-toplevel

    write(root / "a", {"pyproject.toml": pyproject("a")})
    prefix = conda_like(root / "a" / place)
    # Its interpreter is inside the checkout: a git repository must say that it did not come with it.
    assert one(root, projects("a")[0], home).environment is None
    call("git", "init", "-q", cwd=root)
    resolution = one(root, projects("a")[0], home)
    assert same(resolution, prefix) and resolution.rule == rule
    assert resolution.environment is not None
    assert resolution.environment.python.short == "3.12"
    assert list(resolution.environment.search_path) == own_search_path(prefix / "bin/python")

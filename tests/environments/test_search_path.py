"""The search path that is read equals the interpreter's own, over a matrix of real environments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pyfmt.core.model import Health
from pyfmt.environments.reading import read
from tests.environments.places import EDITABLE_KINDS, call, find_pypy, hand_made, own_search_path, uv, write
from tests.support.monorepo import Monorepo
from tests.support.pythons import require_python

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
KINDS = {
    "venv": ("--without-pip",),
    "copies": ("--without-pip", "--copies"),
    "system site": ("--without-pip", "--system-site-packages"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_search_path_of_a_venv(tmp_path: Path, version: str, kind: str) -> None:
    prefix = tmp_path / ".venv"
    call(require_python(version), "-m", "venv", *KINDS[kind], prefix)
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")
    assert environment.python.short == version
    assert environment.python.implementation == "CPython"
    base = call(environment.base_executable, "-I", "-c", "import sys; print(sys.base_prefix, sys.version_info[1])")
    assert base.split() == [str(Path(environment.search_path[1]).parent.parent), version.split(".")[1]]


@pytest.mark.parametrize("tool", ["uv", "virtualenv"])
@pytest.mark.parametrize("version", VERSIONS)
def test_search_path_with_other_creators(tmp_path: Path, version: str, tool: str) -> None:
    prefix = tmp_path / "env"
    python = require_python(version)
    if tool == "uv":
        call(uv(), "venv", "--no-project", "--python", python, prefix)
    else:
        command = ("virtualenv", "--no-venv-redirect", "--no-seed", "--python", python, prefix)
        call(sys.executable, "-m", *command)
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")


@pytest.mark.parametrize("system_site", [False, True])
def test_search_path_of_debians_python(tmp_path: Path, system_site: bool) -> None:
    python = Path("/usr/bin/python3")
    if not (python.exists() and Path("/usr/lib/python3/dist-packages").exists()):
        pytest.skip("this is no Debian: it has no dist-packages")
    prefix = tmp_path / ".venv"
    call(python, "-m", "venv", "--without-pip", *(["--system-site-packages"] if system_site else []), prefix)
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")
    assert ("/usr/lib/python3/dist-packages" in environment.search_path) is system_site


@pytest.mark.parametrize("system_site", [False, True])
def test_search_path_of_pypy(tmp_path: Path, system_site: bool) -> None:
    pypy = find_pypy()
    if pypy is None:
        pytest.skip("there is no PyPy: neither pypy3 on PATH nor Debian's package to download")
    prefix = tmp_path / ".venv"
    options = ["--system-site-packages"] if system_site else []
    call(pypy.executable, "-m", "venv", "--without-pip", *options, prefix, environ=pypy.environ)
    site = next(prefix.glob("lib/pypy*/site-packages"))
    extra = tmp_path / "extra"
    extra.mkdir()
    (site / "extra.pth").write_text(f"{extra}\n", encoding="utf-8")
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python", pypy.environ)
    assert environment.python.implementation == "PyPy"
    assert str(extra) in environment.search_path


def test_search_path_includes_the_users_site_folder_where_the_interpreter_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "user"))
    user_site = tmp_path / "user/lib/python3.12/site-packages"
    user_site.mkdir(parents=True)
    for name, options in (("with", ["--system-site-packages"]), ("without", [])):
        prefix = tmp_path / name
        call(require_python("3.12"), "-m", "venv", "--without-pip", *options, prefix)
        environment = read(prefix, tmp_path)
        own = own_search_path(prefix / "bin/python", {"PYTHONUSERBASE": str(tmp_path / "user")})
        assert list(environment.search_path) == own
        assert (str(user_site) in own) is bool(options)


def test_missing_system_site_setting_means_true(tmp_path: Path) -> None:
    prefix = tmp_path / ".venv"
    call(require_python("3.11"), "-m", "venv", "--without-pip", prefix)
    configuration = prefix / "pyvenv.cfg"
    lines = configuration.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("include-system")]
    configuration.write_text("\n".join(kept).replace("home =", "HOME="), encoding="utf-8")
    environment = read(prefix, tmp_path)
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")
    assert len(environment.site_packages) == 2


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_pth_chains_are_followed_as_site_does(tmp_path: Path, version: str) -> None:
    prefix = tmp_path / ".venv"
    call(require_python(version), "-m", "venv", "--without-pip", prefix)
    site = next(prefix.glob("lib/python*/site-packages"))
    for name in ("one", "two", "three", "not read", "egg a", "egg b"):
        (tmp_path / name).mkdir()
    write(
        site,
        {
            "a.pth": f"# a comment\n\n{tmp_path}/two   \n{tmp_path}/gone\n../../../../one\n{tmp_path}/two\n",
            # a folder named by a .pth is not a site folder: its own .pth files do not count
            "b.pth": "inner\nimport os; os.environ.get('X')\n",
            "inner/c.pth": f"{tmp_path}/not read\n",
            ".hidden.pth": f"{tmp_path}/three\n",
            "z.pth": f"import sys; sys.__plen = len(sys.path)\n{tmp_path}/egg a\n{tmp_path}/egg b\n"
            "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; p=getattr(sys,'__egginsert',0); "
            "sys.path[p:p]=new; sys.__egginsert = p+len(new)\n",
        },
    )
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")
    assert environment.search_path[:2] == (f"{tmp_path}/egg a", f"{tmp_path}/egg b")


IMPORTS = {"namespace": "acme.storage", "src layout": "srclayout", "hatchling": "hatched", "poetry-core": "poet"}
FROM_FINDERS = {"flat", "namespace", "hatchling, exact"}


@pytest.mark.parametrize("version", ["3.9", "3.12"])
def test_editable_installs_are_read(tmp_path: Path, version: str) -> None:
    prefix = tmp_path / ".venv"
    call(uv(), "venv", "--no-project", "--python", require_python(version), prefix)
    arguments = []
    for name, files in EDITABLE_KINDS.items():
        arguments += ["--editable", str(write(tmp_path / "libs" / name.replace(",", "").replace(" ", "_"), files))]
    call(uv(), "pip", "install", "--python", prefix / "bin/python", "editables", *arguments)
    environment = read(prefix, tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")
    found = {item.name: item for item in environment.distributions}
    for name in EDITABLE_KINDS:
        folder = str(tmp_path / "libs" / name.replace(",", "").replace(" ", "_"))
        distribution = next(item for item in found.values() if item.source == folder)
        assert distribution.editable and distribution.version == "1.0"
        if name in FROM_FINDERS:
            assert folder in environment.finder_roots, name
    assert not any("remapped" in root or "sources" in root for root in environment.finder_roots)
    # What the interpreter can import, the search path and the finders' roots have.
    reach = (*environment.search_path, *environment.finder_roots)
    for name in set(EDITABLE_KINDS) - {"remapped"}:
        module = IMPORTS.get(name) or name.rsplit(" ", 1)[-1]
        call(prefix / "bin/python", "-c", f"import {module}")
        assert any((Path(root) / module.replace(".", "/")).is_dir() for root in reach), module


def test_a_line_that_could_change_the_search_path_is_reported_and_not_run(tmp_path: Path) -> None:
    prefix = tmp_path / ".venv"
    call(require_python("3.11"), "-m", "venv", "--without-pip", prefix)
    site = next(prefix.glob("lib/python*/site-packages"))
    sentinel = tmp_path / "sentinel"
    run = f"open({str(sentinel)!r}, 'w').close()"
    write(site, {"dynamic.pth": "import dynamic\n", "dynamic.py": f"import sys\n{run}\nsys.path.append('/tmp')\n"})
    write(site, {"sitecustomize.py": run, "usercustomize.py": run})
    environment = read(prefix, tmp_path)
    assert environment.health is Health.WARNING
    assert "dynamic.pth" in environment.reason
    assert "trust" in environment.cure
    assert not sentinel.exists()


def test_start_files_count_from_python_3_15_on(tmp_path: Path) -> None:
    """PEP 829: entry points in the place of import lines; the paths of .pth files stay."""
    files = {
        "a.pth": "more\nimport sets_path; sets_path.go()\n",
        "a.start": "# at start-up\nplain.module:go\nnot an entry point\n",
        "more/x.py": "",
        "plain/module.py": "def go():\n    print('started')\n",
        "sets_path.py": "import sys\n\n\ndef go():\n    sys.path.append('/x')\n",
    }
    for version in ("3.15", "3.14"):
        site = hand_made(tmp_path / version, version)
        write(site, files)
        environment = read(tmp_path / version / ".venv", tmp_path / version)
        assert environment.search_path[-2:] == (str(site), str(site / "more"))
        # The import line of a .pth beside a .start of its name is not run any more.
        assert (environment.health, "a.pth" in environment.reason) == (
            (Health.OK, False) if version == "3.15" else (Health.WARNING, True)
        ), environment.reason
    before = read(tmp_path / "3.15/.venv", tmp_path / "3.15").fingerprint
    write(tmp_path / "3.15/.venv/lib/python3.15/site-packages", {"b.start": "sets_path:go\n"})
    environment = read(tmp_path / "3.15/.venv", tmp_path / "3.15")
    assert environment.health is Health.WARNING and "b.start" in environment.reason
    assert environment.fingerprint == before, "nothing else can be imported"


def test_uvs_centralized_environments_are_found(tmp_path: Path) -> None:
    """By a link, as uv makes it, or by the file of PEP 832, which it follows as well."""
    files = {"pyproject.toml": '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\n[tool.pyfmt]\n'}
    made = Monorepo.create(tmp_path, {**files, "p.py": ""})
    binary = uv()

    def sync(features: str) -> dict[str, str]:
        given = {"UV_PREVIEW_FEATURES": features, "UV_CACHE_DIR": str(tmp_path / "cache")}
        environ = made.environment_variables(given)
        subprocess.run([binary, "sync", "--quiet"], cwd=made.root, env=environ, check=True)
        (row,) = made.run("envs", "--json").expect(0).json["projects"]
        assert (row["environment"]["status"], row["found_by"], row["passed_over"]) == ("ok", "uv", [])
        return {str(key): str(value) for key, value in row["environment"].items()}

    linked = sync("centralized-project-envs")
    place = made.root / ".venv"
    target = place.readlink()
    assert target.is_relative_to(tmp_path / "cache")
    place.unlink()
    place.write_text(f"{target}\n", encoding="utf-8")
    named = sync("venv-redirect-files")
    assert place.is_file() and (named["path"], named["fingerprint"]) == (str(target), linked["fingerprint"])

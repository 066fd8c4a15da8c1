"""`pyfmt envs create` as a command: which environments it makes, with what, and what it leaves alone."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from pyfmt.environments.managers.poetry import environment_name
from tests.end_to_end.trees import manifest
from tests.environments.creating.trees import BACKEND, own_build
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import HERE

POETRY = '[tool.poetry.dependencies]\nevil = { file = "../line/vendor/evil-1.0.tar.gz" }\n'
LOCKED = """
[[package]]
name = "evil"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = []
[package.source]
type = "file"
url = "../line/vendor/evil-1.0.tar.gz"
[metadata]
lock-version = "2.1"
python-versions = "*"
content-hash = ""
"""


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """A library and two services that use it; nothing is to be downloaded but what builds them."""
    files: dict[str, str | bytes] = {"pyproject.toml": '[tool.pyfmt]\nprojects = ["lib", "one", "two"]\n'}
    for name, needs in {"lib": (), "one": ("lib",), "two": ("lib",)}.items():
        files[f"{name}/pyproject.toml"] = manifest(name, name, *needs)
        files[f"{name}/{name}/__init__.py"] = f'"""The project {name}."""\n'
        files[f"{name}/{name}/py.typed"] = ""
    return Monorepo.create(tmp_path, files)


def made(tree: Monorepo) -> dict[str, str]:
    """The Python of each environment that is there."""
    found = {}
    for name in ("lib", "one", "two"):
        config = tree.root / name / ".venv/pyvenv.cfg"
        if config.exists():
            lines = dict(line.split(" = ", 1) for line in config.read_text("utf-8").splitlines())
            found[name] = ".".join(lines.get("version_info", lines.get("version", "")).split(".")[:2])
    return found


def test_dry_run_says_everything_and_makes_nothing(tree: Monorepo) -> None:
    said = tree.run("envs", "create", "--dry-run").expect(0).stdout
    assert "planned  one/.venv (one)" in said and "planned  two/.venv (two)" in said
    assert "lib/.venv" not in said, "it is linted where it is installed"
    assert "virtualenv " in said and f"-e {tree.root}/lib" in said
    assert made(tree) == {}


def test_the_missing_ones_then_all_then_anew_with_another_python(tree: Monorepo) -> None:
    result = tree.run("envs", "create").expect(0)
    assert sorted(made(tree)) == ["one", "two"]
    progress = [line for line in result.stderr.splitlines() if line.startswith("one/.venv: ")]
    assert any("creating" in line for line in progress) and any("ready" in line for line in progress)
    tree.run("check").expect(0)

    mark = tree.root / "one/.venv/mark"
    mark.touch()
    assert "every project has" in tree.run("envs", "create").expect(0).stdout
    assert "exists   one/.venv" in tree.run("envs", "create", "one").expect(0).stdout
    tree.run("envs", "create", "--all").expect(0)
    assert sorted(made(tree)) == ["lib", "one", "two"] and mark.exists()

    said = tree.run("envs", "create", "one", "--recreate", "--python", "3.12").expect(0).stdout
    assert "Python 3.12" in said
    assert made(tree)["one"] == "3.12" and not mark.exists()
    assert made(tree)["two"] != "3.12"
    assert not list(tree.root.glob("*/*.pyfmt-old"))


def test_a_python_that_is_not_there_or_does_not_fit_is_told_and_nothing_is_made(tree: Monorepo) -> None:
    said = tree.run("envs", "create", "one", "--python", "3.99").expect(2).stdout
    assert "failed   one/.venv" in said and "3.99" in said
    assert made(tree) == {}
    assert "did you mean 'one'" in tree.run("envs", "create", "onne").expect(2).stderr


def test_a_failed_replacement_leaves_the_old_one(tree: Monorepo) -> None:
    tree.run("envs", "create", "one").expect(0)
    mark = tree.root / "one/.venv/mark"
    mark.touch()
    tree.write({"one/pyproject.toml": manifest("one", "one", "lib", "no-such-distribution-anywhere==1")})
    said = tree.run("envs", "create", "one", "--recreate").expect(2).stdout
    assert "failed   one/.venv" in said and "no-such-distribution-anywhere" in said
    assert mark.exists() and sorted(made(tree)) == ["one"]


def test_the_environment_of_a_loose_script_serves_nobody_else(tmp_path: Path) -> None:
    tree = Monorepo.create(
        tmp_path,
        {
            "tool.py": '"""A loose script."""\n',
            "bare/setup.cfg": "[metadata]\nname = bare\n",
            "bare/bare.py": '"""Asks for nothing."""\n',
            "svc/pyproject.toml": manifest("svc", "svc", "iniconfig"),
            "svc/svc/__init__.py": '"""Needs something."""\n',
        },
    )
    said = tree.run("envs", "create", ".").expect(0).stdout
    assert "created  .venv (.)" in said and "nothing to install" in said
    rows = tree.run("envs", "--json").json["projects"]
    notes = {row["path"]: (row["environment"], row["note"]) for row in rows}
    assert notes["."][0] and not notes["bare"][0] and not notes["svc"][0]
    assert "alone" in notes["bare"][1]
    planned = tree.run("envs", "create", "--all", "--dry-run").expect(0).stdout
    assert "planned  bare/.venv" in planned and "planned  svc/.venv" in planned


def test_an_environment_elsewhere_that_the_checkout_names_is_never_replaced(tmp_path: Path) -> None:
    names = ("file", "hatch", "link", "pdm", "poetry")
    victims = {name: tmp_path / f"victims/{name}" for name in names}
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(victims["file"])], check=True)
    (victims["file"] / "precious").touch()
    for name in names[1:]:
        shutil.copytree(victims["file"], victims[name], symlinks=True)
    hatch = f'.hatch.envs.default]\npath = "{victims["hatch"]}"\n'
    tools = {"hatch": hatch, "pdm": ".pdm]\n", "poetry": ".poetry]\n"}
    project = '[project]\nname = "{}"\nversion = "1"\n[tool{}'
    tree = Monorepo.create(
        tmp_path / "checkout",
        {
            "file/.venv": f"{victims['file']}\n",
            "pdm/.pdm-python": f"{victims['pdm']}/bin/python\n",
            "poetry/poetry.toml": f'virtualenvs.path = "{tmp_path}/central"\n',
            **{f"{name}/main.py": '"""Nothing."""\n' for name in names},
            **{f"{name}/pyproject.toml": project.format(name, tools.get(name, ".uv]")) for name in names},
        },
    )
    (tree.root / "link/.venv").symlink_to(victims["link"])
    central = tmp_path / f"central/{environment_name('poetry', str(tree.root / 'poetry'))}-py{HERE}"
    central.parent.mkdir()
    central.symlink_to(victims["poetry"])
    rows = {row["path"]: row["environment"] for row in tree.run("envs", "--json").json["projects"]}
    assert {name: rows[name]["path"] for name in names} == {name: str(victims[name]) for name in names}

    said = tree.run("envs", "create", *names, "--recreate").expect(2).stdout
    assert said.count("a file of the checkout names this place") == said.count("--trust") == len(names)
    for victim in victims.values():
        assert (victim / "precious").exists()
        (victim / "pyvenv.cfg").rename(victim / "pyvenv.cfg.away")
    tree.run("envs", "create", *names)
    for victim in victims.values():
        assert (victim / "precious").exists()
        (victim / "pyvenv.cfg.away").rename(victim / "pyvenv.cfg")
    tree.run("--trust", "envs", "create", "hatch", "--recreate").expect(0)
    assert [name for name in names if not (victims[name] / "precious").exists()] == ["hatch"]


def evil(mark: Path) -> bytes:
    """An sdist whose build makes a file."""
    backend = f"open({str(mark)!r}, 'w').close()\n{BACKEND.replace('here.name', repr('evil'))}"
    content = {"backend.py": backend, "evil.py": "", "pyproject.toml": own_build("evil")["evil/pyproject.toml"]}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in content.items():
            member = tarfile.TarInfo(f"evil-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def test_an_archive_of_the_checkout_is_built_with_trust_alone(tmp_path: Path) -> None:
    """However it is named: its build is code that came with the checkout."""
    mark = tmp_path / "RAN"
    packed = evil(mark)
    root, project = tmp_path / "monorepo", '[project]\nname = "NAME"\nversion = "1"\n'
    there, asked = f"{root.as_uri()}/line/vendor/evil-1.0.tar.gz", f'{project}dependencies = ["evil"]\n'
    build = "[build-system]\nrequires = ['evil @ {root:uri}/../line/vendor/evil-1.0.tar.gz']\n"
    named = {
        "line": ("requirements.txt", "./vendor/evil-1.0.tar.gz\n"),
        "reference": ("requirements.txt", "evil @ ../line/vendor/evil-1.0.tar.gz ; python_version > '3'\n"),
        "variable": ("requirements.txt", "-r more.txt\n"),
        "links": ("requirements.txt", "--find-links=vendor\nevil\n"),
        "pages": ("requirements.txt", f"--index-url {root.as_uri()}/pages\nevil\n"),
        "pep508": ("pyproject.toml", f'{project}dependencies = ["evil @ {there}"]\n'),
        "backend": ("pyproject.toml", project + build),
        "uv": ("pyproject.toml", asked + '[tool.uv.sources]\nevil.path = "../line/vendor/evil-1.0.tar.gz"\n'),
        "flat": ("pyproject.toml", asked + '[[tool.uv.index]]\nname = "own"\nurl = "vendor"\nformat = "flat"\n'),
        "pdm": ("pyproject.toml", asked + '[[tool.pdm.source]]\nurl = "file:///${PROJECT_ROOT}/vendor"\n'),
        "poetry": ("pyproject.toml", project + POETRY),
        "locked": ("poetry.lock", LOCKED),
        "relative": ("pyproject.toml", '[dependency-groups]\ndev = ["evil @ ./vendor/evil-1.0.tar.gz"]\n'),
        "hatch": (
            "pyproject.toml",
            f"{project}[tool.hatch.envs.dev]\ndependencies = ['evil @ ./vendor/evil-1.0.tar.gz']",
        ),
        "linked": ("requirements.txt", "./evil-1.0.tar.gz\n"),
        "installable": ("requirements.txt", "-f ./vendor\nevil\n"),
        "here": ("pyproject.toml", asked + '[tool.uv]\nfind-links = ["."]\n'),
        "blank": ("requirements.txt", "--find-links ./my links\nevil\n"),
        "included": ("requirements.txt", "-r a b.txt\n"),
        "default": ("requirements.txt", "evil @ ${PROJECT_ROOT}/vendor/evil-1.0.tar.gz\n"),
        "ending": ("requirements.txt", "./evil-1.0.TAR.lz\n"),
        "unread": ("uv.toml", "\ufefffind-links = ['vendor']\n# " + "a." * 1500),
    }
    listed = f"[tool.pyfmt]\nprojects = {[*named, 'honest']}\n"
    files: dict[str, str | bytes] = {f"{name}/main.py": '"""Nothing."""\n' for name in (*named, "honest", "scripts")}
    files |= {f"{name}/{file}": text.replace("NAME", name) for name, (file, text) in named.items()}
    files |= {f"{name}/vendor/evil-1.0.tar.gz": packed for name in ("line", "links", "flat", "pdm", "relative")}
    files |= {f"{name}/vendor/evil-1.0.tar.gz": packed for name in ("hatch", "installable", "default", "unread")}
    files |= {f"{name}/evil-1.0.tar.gz": packed for name in ("here", "blank/my links", "included")}
    files |= {
        "installable/vendor/setup.py": "",
        "linked/payload.bin": packed,
        "included/a b.txt": "./evil-1.0.tar.gz",
        "ending/evil-1.0.TAR.lz": "",
        "unread/requirements.txt": "evil\n",
        "scripts/uv.toml": "find-links = ['../line/vendor']\n",
        "scripts/main.py": "# /// script\n# dependencies = ['evil']\n# ///\n",
        "bare.py": '"""Names nothing."""\n',
        "variable/more.txt": "file://${PWD}/line/vendor/evil-1.0.tar.gz\n",
        "pages/evil/index.html": "<a href='../../line/vendor/evil-1.0.tar.gz'>evil</a>\n",
        "locked/pyproject.toml": project.replace("NAME", "locked"),
        "script.py": f"# /// script\n# dependencies = ['evil @ {there}']\n# ///\n",
        "honest/requirements.txt": f"iniconfig\n{tmp_path}/own.tar.gz\n",
        "honest/iniconfig/some.zip": "",
        "honest/dist/honest-1.0.tar.gz": "",
        "honest/uv.toml": "index = [{ name = 'iniconfig', url = 'https://pypi.org/simple' }]\n",
        "pyproject.toml": listed,
    }
    tree = Monorepo.create(tmp_path, files)
    (root / "linked/evil-1.0.tar.gz").symlink_to("payload.bin")
    tree.environ["PWD"] = str(root)
    result = tree.run("envs", "create", *named, "script.py", "bare.py").expect(2)
    said = result.stdout
    assert not mark.exists()
    # All but `unread`, and the script.
    places = [line for line in said.splitlines() if "came with the checkout, and building it runs" in line]
    assert len(places) == len(named) and said.count("--trust") == len(places), result
    assert "unread/uv.toml cannot be read: a dotted key has too many parts" in said and "bare.py: it has no `#" in said
    assert not list(root.rglob(".venv"))
    tree.run("envs", "create", "honest", "--dry-run").expect(0)
    # uv reads the settings where it is called. For a script alone the projects are not looked at.
    wrong = 'overrides = [{ paths = ["gone/*"], disable = ["no-member"] }]\n'
    tree.write({"pyproject.toml": listed + wrong})
    assert "evil-1.0.tar.gz came with" in tree.run("envs", "create", "main.py", cwd="scripts").expect(2).stdout
    assert "gone" in tree.run("envs", "create", "honest", "--dry-run").expect(2).stderr
    tree.write({"pyproject.toml": listed})

    tree.run("--trust", "envs", "create", "line").expect(0)
    assert mark.exists()
    assert (
        "planned"
        in tree.run("--trust", "envs", "create", *set(named) - {"line"}, "script.py", "--dry-run").expect(0).stdout
    )

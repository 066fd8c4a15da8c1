"""An archive that came with the checkout is built with trust alone, however it is named: building it runs its code."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import pytest

from tests.environments.creating.trees import BACKEND, own_build
from tests.support.monorepo import Monorepo

ARCHIVE = "evil-1.0.tar.gz"
PROJECT = '[project]\nname = "NAME"\nversion = "1"\n'
ASKING = f'{PROJECT}dependencies = ["evil"]\n'
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
# By project: the file that names the archive, and what it says. ROOT is the root's URL, NAME the project's.
NAMING = {
    "line": ("requirements.txt", "./vendor/evil-1.0.tar.gz\n"),
    "reference": ("requirements.txt", "evil @ ../line/vendor/evil-1.0.tar.gz ; python_version > '3'\n"),
    "variable": ("requirements.txt", "-r more.txt\n"),
    "links": ("requirements.txt", "--find-links=vendor\nevil\n"),
    "pages": ("requirements.txt", "--index-url ROOT/pages\nevil\n"),
    "pep508": ("pyproject.toml", f'{PROJECT}dependencies = ["evil @ ROOT/line/vendor/evil-1.0.tar.gz"]\n'),
    "backend": (
        "pyproject.toml",
        f"{PROJECT}[build-system]\nrequires = ['evil @ {{root:uri}}/../line/vendor/evil-1.0.tar.gz']\n",
    ),
    "uv": ("pyproject.toml", f'{ASKING}[tool.uv.sources]\nevil.path = "../line/vendor/evil-1.0.tar.gz"\n'),
    "flat": ("pyproject.toml", f'{ASKING}[[tool.uv.index]]\nname = "own"\nurl = "vendor"\nformat = "flat"\n'),
    "pdm": ("pyproject.toml", f'{ASKING}[[tool.pdm.source]]\nurl = "file:///${{PROJECT_ROOT}}/vendor"\n'),
    "poetry": (
        "pyproject.toml",
        f'{PROJECT}[tool.poetry.dependencies]\nevil = {{ file = "../line/vendor/evil-1.0.tar.gz" }}\n',
    ),
    "locked": ("poetry.lock", LOCKED),
    "relative": ("pyproject.toml", '[dependency-groups]\ndev = ["evil @ ./vendor/evil-1.0.tar.gz"]\n'),
    "hatch": (
        "pyproject.toml",
        f"{PROJECT}[tool.hatch.envs.dev]\ndependencies = ['evil @ ./vendor/evil-1.0.tar.gz']",
    ),
    "linked": ("requirements.txt", "./evil-1.0.tar.gz\n"),
    "installable": ("requirements.txt", "-f ./vendor\nevil\n"),
    "here": ("pyproject.toml", f'{ASKING}[tool.uv]\nfind-links = ["."]\n'),
    "blank": ("requirements.txt", "--find-links ./my\\ links\nevil\n"),
    "included": ("requirements.txt", "-r a' b.txt'\n"),
    "default": ("requirements.txt", "evil @ ${PROJECT_ROOT}/vendor/evil-1.0.tar.gz\n"),
    "ending": ("requirements.txt", "./evil-1.0.TAR.lz\n"),
    "cloned": ("requirements.txt", "git+file://${PWD}/line/evil.git@main#egg=evil\n"),
    "sourced": (
        "pyproject.toml",
        f'{ASKING}[tool.uv.sources]\nevil = {{ git = "ROOT/line/evil.git", rev = "main" }}\n',
    ),
    "unread": ("uv.toml", "\ufefffind-links = ['vendor']\n# " + "a." * 1500),
}
VENDORING = ("line", "links", "flat", "pdm", "relative", "hatch", "installable", "default", "unread")
FOLDERS = (*(f"{name}/vendor" for name in VENDORING), "here", "blank/my links", "included")  # that hold the archive
SETTINGS = f"[tool.pyfmt]\nprojects = {[*NAMING, 'honest']}\n"
FILES = {
    "pyproject.toml": SETTINGS,
    "installable/vendor/setup.py": "",
    "included/a b.txt": "./evil-1.0.tar.gz",
    "ending/evil-1.0.TAR.lz": "",
    "unread/requirements.txt": "evil\n",
    "scripts/uv.toml": "find-links = ['../line/vendor']\n",
    "scripts/main.py": "# /// script\n# dependencies = ['evil']\n# ///\n",
    "bare.py": '"""Names nothing."""\n',
    "variable/more.txt": "file://${PWD}/line/vendor/evil-1.0.tar.gz\n",
    "pages/evil/index.html": "<a href='../../line/vendor/evil-1.0.tar.gz'>evil</a>\n",
    "locked/pyproject.toml": PROJECT.replace("NAME", "locked"),
    "line/evil.git/HEAD": "ref: refs/heads/main\n",
    "script.py": "# /// script\n# dependencies = ['evil @ ROOT/line/vendor/evil-1.0.tar.gz']\n# ///\n",
    # Nothing of the checkout is built here.
    "honest/main.py": '"""Nothing."""\n',
    "honest/requirements.txt": "iniconfig\nevil @ git+ssh://git@example.org/line/evil.git\n/elsewhere/own.tar.gz\n",
    "honest/iniconfig/some.zip": "",
    "honest/dist/honest-1.0.tar.gz": "",
    "honest/uv.toml": "index = [{ name = 'iniconfig', url = 'https://pypi.org/simple' }]\n",
}


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


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What is there once code of the archive has run."""
    return tmp_path / "RAN"


@pytest.fixture
def tree(tmp_path: Path, mark: Path) -> Monorepo:
    """A project for each way to name the archive, an honest one, and scripts."""
    root, packed = tmp_path / "monorepo", evil(mark)
    texts = FILES | {f"{name}/main.py": '"""Nothing."""\n' for name in NAMING}
    texts |= {f"{name}/{file}": text.replace("NAME", name) for name, (file, text) in NAMING.items()}
    files: dict[str, str | bytes] = {file: text.replace("ROOT", root.as_uri()) for file, text in texts.items()}
    files |= {f"{folder}/{ARCHIVE}": packed for folder in FOLDERS}
    made = Monorepo.create(tmp_path, files | {"linked/payload.bin": packed})
    (root / f"linked/{ARCHIVE}").symlink_to("payload.bin")
    made.environ["PWD"] = str(root)
    return made


def test_an_archive_of_the_checkout_is_built_with_trust_alone(tree: Monorepo, mark: Path) -> None:
    result = tree.run("envs", "create", *NAMING, "script.py", "bare.py").expect(2)
    assert not mark.exists() and not list(tree.root.rglob(".venv"))
    refused = [line for line in result.stdout.splitlines() if "came with the checkout, and building it runs" in line]
    # All but `unread`, and the script.
    assert len(refused) == len(NAMING) and result.stdout.count("--trust") == len(refused), result
    assert "unread/uv.toml cannot be read: a dotted key has too many parts" in result.stdout
    assert "bare.py: it has no `#" in result.stdout
    tree.run("envs", "create", "honest", "--dry-run").expect(0)

    trusting = ("--trust", "envs", "create")
    planned = tree.run(*trusting, *set(NAMING) - {"line"}, "script.py", "--dry-run").expect(0).stdout
    assert "planned" in planned and not mark.exists()
    tree.run(*trusting, "line").expect(0)
    assert mark.exists()


def test_a_script_is_run_by_no_interpreter_of_the_checkout(tree: Monorepo, mark: Path) -> None:
    """uv takes a path, or the name of a folder, in `.python-version`; and a list of what it would download."""
    tree.write({"scripts/uv.toml": "", "scripts/main.py": "# /// script\n# dependencies = []\n# ///\n"})
    tree.write({"scripts/evil/bin/python": f"#!/bin/sh\n: > '{mark}'\nexec {sys.executable} \"$@\"\n"})
    (tree.root / "scripts/evil/bin/python").chmod(0o755)
    for file, text in {
        "scripts/.python-version": "3.11\n./evil/bin/python\n",
        ".python-versions": "evil\n",
        "uv.toml": "python-downloads-json-url = 'https://example.org/x'\n",
    }.items():
        tree.write({file: text})
        said = tree.run("envs", "create", "scripts/main.py").expect(2).stdout
        assert file in said and "--trust" in said and not mark.exists(), said
        (tree.root / file).unlink()
    tree.write({"scripts/.python-version": "# ours\n3.11\ncpython-3.12.1\n"})
    tree.run("envs", "create", "scripts/main.py").expect(0)


def test_for_a_script_the_settings_count_where_uv_is_called_and_no_projects(tree: Monorepo, mark: Path) -> None:
    wrong = 'overrides = [{ paths = ["gone/*"], disable = ["no-member"] }]\n'
    tree.write({"pyproject.toml": SETTINGS + wrong})
    said = tree.run("envs", "create", "main.py", cwd="scripts").expect(2).stdout
    assert f"{ARCHIVE} came with" in said and not mark.exists()
    assert "gone" in tree.run("envs", "create", "honest", "--dry-run").expect(2).stderr

"""Places of code that no manifest, lock or RECORD tells of: a tool sees them, and what it says depends on them.

Each kind writes a module with a function named by `version` ("one", "two"), and says how a file of the monorepo imports
it.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cache.little_monorepo import FILES, LittleMonorepo, dedented

BETA, ALPHA = "projects/beta/.venv", "projects/alpha/.venv"
CONFIG = "configs/mypy.ini"


@dataclass(frozen=True)
class Place:
    """One kind: who imports the module, from where, and how a version of it gets there."""

    file: str
    module: str
    put: Callable[[LittleMonorepo, str], None]
    tools: tuple[str, ...]  # that see it


_Put = Callable[[LittleMonorepo, str], None]
PLACES: dict[str, Place] = {}


def _place(file: str, module: str, *tools: str) -> Callable[[_Put], _Put]:
    def add(put: _Put) -> _Put:
        PLACES[put.__name__] = Place(file, module, put, tools or ("pylint", "mypy"))
        return put

    return add


def user_of(name: str) -> str:
    """A file that imports what a kind puts somewhere."""
    return f'"""Uses."""\n\nfrom {PLACES[name].module} import one\n\nprint(one())\n'


def source(version: str) -> str:
    """The module."""
    body = "" if version == "one" else "    print(1)\n"
    return f'"""Made for a test."""\n\n\ndef {version}() -> int:\n    """A number."""\n{body}    return 1\n'


def site_packages(repo: LittleMonorepo, environment: str) -> Path:
    """Where an environment's packages are."""
    (found,) = (repo.tree.root / environment / "lib").glob("python*/site-packages")
    return found


def outside(repo: LittleMonorepo) -> Path:
    """A folder that is no part of the checkout."""
    return repo.tree.root.parent / "outside"


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def link(place: Path, target: Path) -> None:
    """A symbolic link, unless it is there."""
    if not place.is_symlink():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


@_place("projects/beta/src/beta/uses_linked.py", "linkedlib.deep.values")
def linked_library(repo: LittleMonorepo, version: str) -> None:
    """`ln -s` into site-packages, as `flit install --symlink` makes it."""
    write(outside(repo) / "linkedlib/__init__.py", "")
    write(outside(repo) / "linkedlib/deep/values.py", source(version))
    write(outside(repo) / "linkedlib/py.typed", "")
    link(site_packages(repo, BETA) / "linkedlib", outside(repo) / "linkedlib")


@_place("projects/beta/src/beta/uses_swapped.py", "swapped")
def swapped_link(repo: LittleMonorepo, version: str) -> None:
    """The link in site-packages leads to another folder."""
    place = site_packages(repo, BETA) / "swapped"
    write(outside(repo) / f"swapped-{version}/__init__.py", source(version))
    write(outside(repo) / f"swapped-{version}/py.typed", "")
    place.unlink(missing_ok=True)
    place.symlink_to(outside(repo) / f"swapped-{version}")


@_place("projects/beta/src/beta/uses_copied.py", "copied")
def copied_package(repo: LittleMonorepo, version: str) -> None:
    """A package copied into site-packages, without dist-info."""
    write(site_packages(repo, BETA) / "copied/__init__.py", source(version))
    write(site_packages(repo, BETA) / "copied/py.typed", "")


@_place("projects/beta/src/beta/uses_edited.py", "onewheel")
def edited_package(repo: LittleMonorepo, version: str) -> None:
    """An installed package edited by hand."""
    place = site_packages(repo, BETA) / "onewheel/__init__.py"
    if place.exists():  # else another version, or none, is installed by now
        text = place.read_text().partition("# by hand\n")[0]
        place.unlink()  # an installer may have made a hard link of it
        thing = f"\n\nclass Thing:\n    def {version}(self) -> int:\n        return 1\n"
        place.write_text(f"{text}# by hand\n{source(version)}{thing}")


@_place("projects/beta/src/beta/uses_git.py", "gitlib.values")
def git_checkout(repo: LittleMonorepo, version: str) -> None:
    """What `pip install -e git+…` leaves: a checkout below the environment."""
    checkout = repo.tree.root / BETA / "src/gitlib"
    write(checkout / "gitlib/__init__.py", "")
    write(checkout / "gitlib/py.typed", "")
    write(checkout / "gitlib/values.py", source(version))
    pth = site_packages(repo, BETA) / "gitlib.pth"
    if not pth.exists():
        write(pth, f"{checkout}\n")


@_place("projects/alpha/alpha/uses_built.py", "build.made.values")
def generated_in_build(repo: LittleMonorepo, version: str) -> None:
    """Generated code in the project's `build`, imported as a namespace."""
    write(repo.tree.root / "projects/alpha/build/made/values.py", source(version))


@_place("projects/alpha/alpha/uses_further.py", "alpha.further.down.values")
def link_to_outside(repo: LittleMonorepo, version: str) -> None:
    """A link in a package to a folder outside, whose modules are further down."""
    write(outside(repo) / "further/down/values.py", source(version))
    write(outside(repo) / "further/data.txt", "")
    link(repo.tree.root / "projects/alpha/alpha/further", outside(repo) / "further")


@_place("projects/beta/src/beta/uses_file_outside.py", "beta.outside_file")
def link_to_file_outside(repo: LittleMonorepo, version: str) -> None:
    """A link in a package to a single file outside of the checkout."""
    write(outside(repo) / "a_file.py", source(version))
    link(repo.tree.root / "projects/beta/src/beta/outside_file.py", outside(repo) / "a_file.py")


@_place("projects/beta/src/beta/uses_later.py", "halflib.later")
def link_to_nothing(repo: LittleMonorepo, version: str) -> None:
    """A link in an installed package to a file that comes and goes: the link's own folder does not tell."""
    write(site_packages(repo, BETA) / "halflib/__init__.py", "")
    write(site_packages(repo, BETA) / "halflib/py.typed", "")
    link(site_packages(repo, BETA) / "halflib/later.py", outside(repo) / "later.py")
    write(outside(repo) / "later.py", source("one"))
    if version == "two":
        (outside(repo) / "later.py").unlink()


@_place("projects/beta/src/beta/uses_later_folder.py", "later_folder.values")
def link_to_no_folder(repo: LittleMonorepo, version: str) -> None:
    """The same with a whole package."""
    write(outside(repo) / "later_folder/__init__.py", "")
    write(outside(repo) / "later_folder/py.typed", "")
    write(outside(repo) / "later_folder/values.py", source("one"))
    link(site_packages(repo, BETA) / "later_folder", outside(repo) / "later_folder")
    if version == "two":
        shutil.rmtree(outside(repo) / "later_folder")


@_place("projects/beta/src/beta/uses_editable.py", "edlib.values")
def editable_link(repo: LittleMonorepo, version: str) -> None:
    """An editable install from outside in which the package is a link."""
    folder = outside(repo) / "edlib"
    write(folder / "real/__init__.py", "")
    write(folder / "real/py.typed", "")
    write(folder / "real/values.py", source(version))
    link(folder / "src/edlib", folder / "real")
    if not (site_packages(repo, BETA) / "edlib.pth").exists():
        manifest = dedented(str(FILES["lib/core/pyproject.toml"]))
        manifest = manifest.replace("acme-core", "edlib").replace("acme.core", "edlib")
        write(folder / "pyproject.toml", manifest.replace('module-root = ""', 'module-root = "src"'))
        repo.pip(BETA, "install", "--no-deps", "--editable", str(folder))


@_place("projects/beta/src/beta/uses_shim.py", "shim", "mypy")
def stray_stub(repo: LittleMonorepo, version: str) -> None:
    """A stub beside a module in site-packages, neither of which anybody has installed."""
    write(site_packages(repo, BETA) / "shim.py", source("one") + source("two"))
    write(site_packages(repo, BETA) / "shim-stubs/__init__.pyi", f"def {version}() -> int: ...\n")


@_place("projects/beta/src/beta/uses_user.py", "userlib")
def user_site(repo: LittleMonorepo, version: str) -> None:
    """A package in the user's site folder, for an environment that sees those of the system."""
    configuration = repo.tree.root / BETA / "pyvenv.cfg"
    text = configuration.read_text()
    if "include-system-site-packages = false" in text:
        configuration.write_text(text.replace("system-site-packages = false", "system-site-packages = true"))
    folder = repo.tree.home / ".local/lib" / site_packages(repo, BETA).parent.name / "site-packages/userlib"
    write(folder / "__init__.py", source(version))
    write(folder / "py.typed", "")


@_place("projects/beta/src/beta/uses_variable.py", "by_variable", "mypy")
def variable(repo: LittleMonorepo, version: str) -> None:
    """A variable in `mypy_path`: its value is another one."""
    for each in ("one", "two"):
        write(repo.tree.root / f"stubs/{each}/by_variable.pyi", f"def {each}() -> int: ...\n")
    _configure(repo)
    repo.tree.environ["STUBS"] = str(repo.tree.root / "stubs" / version)


@_place("projects/beta/src/beta/uses_typeshed.py", "colorsys", "mypy")
def custom_typeshed(repo: LittleMonorepo, version: str) -> None:
    """`custom_typeshed_dir`: a stub of the standard library in it is another one."""
    _configure(repo)
    write(outside(repo) / "typeshed/stdlib/colorsys.pyi", f"def {version}() -> int: ...\n")


def _configure(repo: LittleMonorepo) -> None:
    folder = outside(repo) / "typeshed"
    if not folder.exists():
        shutil.copytree(_typeshed(), folder)
    more = f"mypy_path = $STUBS\ncustom_typeshed_dir = {folder}\n"
    write(repo.tree.root / CONFIG, dedented(str(FILES[CONFIG])) + more)


@functools.cache
def _typeshed() -> Path:
    """mypy's own."""
    found = importlib.util.find_spec("mypy")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "typeshed"

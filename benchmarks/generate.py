"""Makes a monorepo of a chosen size: libraries and services with path dependencies, real packages and own environments.

`python -m benchmarks.generate FOLDER --libraries N --services M --files F` writes sources and manifests, makes a git
repository of it, and creates an environment for each service with uv. Libraries import each other in chains of four;
every service uses a few of them and imports from them in every fifth module; modules import each other in chains of
five to seven: the longest path of imports has about fifteen modules. Every third module really imports one of the
project's dependencies from PyPI, every other one a module of the standard library. pyfmt finds nothing wrong in it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.environments.places import uv

# Services take turns, and so do libraries.
REQUIREMENTS = (
    ("attrs>=22", "click>=8"),
    ("httpx>=0.27", "packaging>=23"),
    ("click>=8,<8.2", "idna>=3"),
    ("jinja2>=3", "pydantic>=2.9"),
)
LIBRARY_REQUIREMENTS = (("attrs>=22",), ("packaging>=23",))
_CHAIN = 4  # libraries that depend on each other in a row
_USED = 3  # libraries of a service
# How a module uses a package: the import, and a definition.
_USES = {
    "attrs": (
        "import attrs",
        """
@attrs.frozen
class Record:
    \"""What is known of something.\"""

    amount: int = attrs.field(default={0}, converter=int)
    label: str = ""
""",
    ),
    "click": (
        "import click",
        """
@click.command()
@click.option("--amount", default={0})
def main(amount: int) -> None:
    \"""Say how much it is.\"""
    click.echo(f"{{amount}} of it")
""",
    ),
    "httpx": (
        "import httpx",
        """
def fetched(url: str) -> int:
    \"""The status of an answer.\"""
    with httpx.Client(timeout={0} + 1.0) as client:
        return client.get(url).status_code
""",
    ),
    "idna": (
        "import idna",
        """
def encoded(name: str) -> bytes:
    \"""A host's name on the wire.\"""
    return idna.encode(f"{{name}}{0}")
""",
    ),
    "jinja2": (
        "from jinja2 import Template",
        """
def rendered(name: str) -> str:
    \"""A greeting.\"""
    return Template("Hello {{{{ name }}}}, {0}").render(name=name)
""",
    ),
    "packaging": (
        "from packaging.version import Version",
        """
def is_newer(text: str) -> bool:
    \"""Whether a version comes after the one that is known.\"""
    return Version(text) > Version("{0}.0")
""",
    ),
    "pydantic": (
        "from pydantic import BaseModel",
        """
class Order(BaseModel):
    \"""What somebody wants.\"""

    amount: int = {0}
    label: str = ""
""",
    ),
}
_STANDARD = ("datetime", "json", "logging", "pathlib", "re", "subprocess", "urllib.parse", "uuid")
_STANDARD_CALLS = {
    "datetime": "str(datetime.timedelta(seconds=number))",
    "json": 'json.dumps({"number": number})',
    "logging": "logging.getLogger(str(number)).name",
    "pathlib": 'str(pathlib.Path("a", str(number)))',
    "re": 're.sub("[0-9]", "", str(number))',
    "subprocess": 'subprocess.list2cmdline(["a", str(number)])',
    "urllib.parse": "urllib.parse.quote(str(number))",
    "uuid": "str(uuid.UUID(int=number))",
}


@dataclass(frozen=True)
class Size:
    """How much there is to make."""

    libraries: int
    services: int
    files: int  # of each project

    @classmethod
    def of(cls, projects: int, files: int) -> Size:
        """So many projects, a third of them libraries."""
        return cls(max(1, projects // 3), projects - max(1, projects // 3), files)

    @property
    def projects(self) -> int:
        """Libraries and services."""
        return self.libraries + self.services

    @property
    def total(self) -> int:
        """All Python files."""
        return self.projects * self.files


def library(number: int) -> str:
    """The name of a library's portion of the namespace `bench`."""
    return f"lib{number:03}"


def used_libraries(number: int, size: Size) -> list[int]:
    """The libraries that a service names as dependencies."""
    return sorted({(number * 7 + step * 5) % size.libraries for step in range(_USED)}) if size.libraries else []


def chain(number: int) -> list[int]:
    """A library and those that it depends on, one after the other."""
    return list(range(number, number - number % _CHAIN - 1, -1))


def _packages(requirements: Sequence[str], number: int) -> list[str]:
    """What a module imports of its project's dependencies: not where a library imports another one.

    Whose a package of the shared namespace is, isort cannot tell, and would put it elsewhere than pyfmt.
    """
    names = [item.partition(">=")[0] for item in requirements]
    return [names[number // 3 % len(names)]] if names and number % 3 == 1 else []


def module(number: int, imports: Sequence[str], own: str, requirements: Sequence[str] = ()) -> str:
    """A module of about fifty lines that imports `imports`, formatted as isort and black would.

    What does not lie in `own` is sorted among the packages of others.
    """
    packages = _packages(requirements, number)
    standard = [_STANDARD[number // 2 % len(_STANDARD)]] if number % 2 else []
    lines = {name: f"from {name} import compute as {name.replace('.', '_')}" for name in imports}
    others = [line for name, line in lines.items() if not name.startswith(f"{own}.")]
    first = [line for line in lines.values() if line not in others]
    others += [_USES[name][0] for name in packages]
    text = [f'"""Module {number} of a generated project."""']
    for group in ([f"import {name}" for name in standard], others, first):
        if group:  # as isort has it: plain imports first
            text += ["", *sorted(group, key=lambda line: (not line.startswith("import"), line.split()[1]))]
    calls = " + ".join(["value", *(f"{name.replace('.', '_')}(value)" for name in sorted(imports))])
    text += ["", "", "def compute(value: int) -> int:", f'    """Value {number} of a chain."""', f"    return {calls}"]
    for name in standard:
        text += ["", "", "def told(number: int) -> str:", '    """A number, told."""']
        text += [f"    return {_STANDARD_CALLS[name]}"]
    for name in packages:
        text += ["", _USES[name][1].replace('\\"', '"').format(number).rstrip("\n")]
    for index in range(4):
        text += ["", "", f"class Item{index}:", f'    """Item {index}."""', ""]
        text += [f"    def __init__(self, amount: int = {number}) -> None:", "        self.amount = amount", ""]
        text += ["    def doubled(self) -> int:", '        """Twice the amount."""', "        return self.amount * 2"]
    return "\n".join(text) + "\n"


def manifest(name: str, root: str, dependencies: Sequence[str], paths: dict[str, str]) -> str:
    """A pyproject.toml with uv's build backend, which uv runs without a process of its own."""
    lines = ["[build-system]", 'requires = ["uv_build>=0.8"]', 'build-backend = "uv_build"', "", "[project]"]
    lines += [f'name = "{name}"', 'version = "1.0"', 'requires-python = ">=3.10"']
    lines += ["dependencies = [", *(f'    "{item}",' for item in [*dependencies, *paths]), "]", ""]
    lines += ["[tool.uv.build-backend]", f'module-name = "{root}"', 'module-root = ""', ""]
    lines += ["[tool.uv.sources]", *(f'{key} = {{ path = "{path}", editable = true }}' for key, path in paths.items())]
    return "\n".join(lines) + "\n"


def write_library(folder: Path, number: int, size: Size) -> None:
    """One library: `bench.libNNN`."""
    name = library(number)
    package = folder / "lib" / name / "bench" / name
    package.mkdir(parents=True)
    below = number - 1 if number % _CHAIN else None
    paths = {} if below is None else {f"bench-{library(below)}": f"../{library(below)}"}
    requirements = LIBRARY_REQUIREMENTS[number % len(LIBRARY_REQUIREMENTS)]
    (folder / "lib" / name / "pyproject.toml").write_text(
        manifest(f"bench-{name}", f"bench.{name}", requirements, paths), "utf-8"
    )
    (package / "__init__.py").write_text(f'"""Library {number}."""\n', "utf-8")
    for index in range(size.files - 1):
        imports = [f"bench.{name}.m{index - 1:03}"] if index % 5 else []
        if below is not None and index == 0:
            imports.append(f"bench.{library(below)}.m000")
        (package / f"m{index:03}.py").write_text(module(index, imports, f"bench.{name}", requirements), "utf-8")


def write_service(folder: Path, number: int, size: Size) -> None:
    """One service with a package of its own and a `tests` package."""
    name = f"service{number:03}"
    place = folder / "projects" / name
    package, tests = place / name, place / "tests"
    package.mkdir(parents=True)
    tests.mkdir()
    used = used_libraries(number, size)
    paths = {f"bench-{library(item)}": f"../../lib/{library(item)}" for item in used}
    requirements = REQUIREMENTS[number % len(REQUIREMENTS)]
    (place / "pyproject.toml").write_text(manifest(name, name, requirements, paths), "utf-8")
    (package / "__init__.py").write_text(f'"""Service {number}."""\n', "utf-8")
    (tests / "__init__.py").write_text("", "utf-8")
    count = size.files - 3
    for index in range(count):
        imports = [f"{name}.m{index - 1:03}"] if index % 7 else []
        if used and index % 5 == 0:
            imports.append(f"bench.{library(used[index // 5 % len(used)])}.m{index % (size.files - 1):03}")
        (package / f"m{index:03}.py").write_text(module(index, imports, name, requirements), "utf-8")
    (tests / "test_it.py").write_text(module(0, [f"{name}.m000"], name), "utf-8")


def create_environment(folder: Path, number: int) -> None:
    """The service's `.venv`, with its libraries editable."""
    place = folder / "projects" / f"service{number:03}"
    environment = place / ".venv"
    subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([uv(), "pip", "install", "--quiet", "--python", python, "--editable", str(place)], check=True)


def generate(folder: Path, size: Size, jobs: int = 2) -> None:
    """Write the whole monorepo to `folder`, which must not exist, and create its environments."""
    write(folder, size)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda number: create_environment(folder, number), range(size.services)))


def write(folder: Path, size: Size) -> None:
    """The monorepo without environments."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.pyfmt]\nprojects = ["lib/*", "projects/*"]\n', "utf-8")
    (folder / ".gitignore").write_text(".venv/\n", "utf-8")
    for number in range(size.libraries):
        write_library(folder, number, size)
    for number in range(size.services):
        write_service(folder, number, size)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "add", "--all"], check=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--libraries", type=int, default=4)
    parser.add_argument("--services", type=int, default=8)
    parser.add_argument("--files", type=int, default=30)
    options = parser.parse_args()
    generate(options.folder, Size(options.libraries, options.services, options.files))


if __name__ == "__main__":
    main()

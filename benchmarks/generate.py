"""Makes a monorepo of a chosen size: libraries and services with path dependencies, real packages and own environments.

`python benchmarks/generate.py FOLDER --libraries N --services M --files F` writes sources and manifests, makes a git
repository of it, and creates an environment for each service with uv. Libraries import each other in chains of four;
every service uses a few of them, and imports from them in every tenth module.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = (("attrs>=22", "click>=8"), ("attrs>=22", "packaging>=23"), ("click>=8,<8.2", "idna>=3"))
_CHAIN = 4  # libraries that depend on each other in a row
_USED = 3  # libraries of a service


@dataclass(frozen=True)
class Size:
    """How much there is to make."""

    libraries: int
    services: int
    files: int  # of each project


def library(number: int) -> str:
    """The name of a library's portion of the namespace `bench`."""
    return f"lib{number:03}"


def module(number: int, imports: list[str]) -> str:
    """A module of about forty lines that imports `imports`, formatted as black would."""
    lines = [f'"""Module {number} of a generated project."""']
    shared = [
        name for name in sorted(imports) if name.startswith("bench.")
    ]  # third party for a service, as isort sorts
    own = [name for name in sorted(imports) if name not in shared]
    for group in filter(None, (shared, own)):
        lines += ["", *(f"from {name} import compute as {name.replace('.', '_')}" for name in group)]
    lines += ["", ""]
    calls = " + ".join(["value", *(f"{name.replace('.', '_')}(value)" for name in sorted(imports))])
    lines += ["def compute(value: int) -> int:", f'    """Value {number} of a chain."""', f"    return {calls}", "", ""]
    for index in range(4):
        lines += [f"class Item{index}:", f'    """Item {index}."""', ""]
        lines += [f"    def __init__(self, amount: int = {number}) -> None:", "        self.amount = amount", ""]
        lines += ["    def doubled(self) -> int:", '        """Twice the amount."""']
        lines += ["        return self.amount * 2", "", ""]
    return "\n".join(lines).rstrip() + "\n"


def manifest(name: str, root: str, dependencies: list[str], paths: dict[str, str]) -> str:
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
    (folder / "lib" / name / "pyproject.toml").write_text(
        manifest(f"bench-{name}", f"bench.{name}", [], paths), "utf-8"
    )
    (package / "__init__.py").write_text(f'"""Library {number}."""\n', "utf-8")
    for index in range(size.files - 1):
        imports = [f"bench.{name}.m{index - 1:03}"] if index % 5 else []
        if below is not None and index == 0:
            imports.append(f"bench.{library(below)}.m000")
        (package / f"m{index:03}.py").write_text(module(index, imports), "utf-8")


def write_service(folder: Path, number: int, size: Size) -> None:
    """One service with a package of its own and a `tests` package."""
    name = f"service{number:03}"
    place = folder / "projects" / name
    package, tests = place / name, place / "tests"
    package.mkdir(parents=True)
    tests.mkdir()
    used = sorted({(number * 7 + step * 5) % size.libraries for step in range(_USED)}) if size.libraries else []
    paths = {f"bench-{library(item)}": f"../../lib/{library(item)}" for item in used}
    requirements = list(REQUIREMENTS[number % len(REQUIREMENTS)])
    (place / "pyproject.toml").write_text(manifest(name, name, requirements, paths), "utf-8")
    (package / "__init__.py").write_text(f'"""Service {number}."""\n', "utf-8")
    (tests / "__init__.py").write_text("", "utf-8")
    count = size.files - 3
    for index in range(count):
        imports = [f"{name}.m{index - 1:03}"] if index % 7 else []
        if used and index % 10 == 0:
            imports.append(f"bench.{library(used[index // 10 % len(used)])}.m{index % (size.files - 1):03}")
        (package / f"m{index:03}.py").write_text(module(index, imports), "utf-8")
    (tests / "test_it.py").write_text(module(0, [f"{name}.m000"]), "utf-8")


def create_environment(folder: Path, number: int, uv: str) -> None:
    """The service's `.venv`, with its libraries editable."""
    place = folder / "projects" / f"service{number:03}"
    environment = place / ".venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    command = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        str(environment / "bin" / "python"),
        "--editable",
        str(place),
    ]
    subprocess.run(command, check=True)


def generate(folder: Path, size: Size, jobs: int = 2) -> None:
    """Write the whole monorepo to `folder`, which must not exist, and create its environments."""
    from uv import find_uv_bin  # the test extra brings it

    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.pyfmt]\nprojects = ["lib/*", "projects/*"]\n', "utf-8")
    (folder / ".gitignore").write_text(".venv/\n", "utf-8")
    for number in range(size.libraries):
        write_library(folder, number, size)
    for number in range(size.services):
        write_service(folder, number, size)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "add", "--all"], check=True)
    uv = find_uv_bin()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda number: create_environment(folder, number, uv), range(size.services)))


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

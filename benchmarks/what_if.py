"""Real upgrades: what `pyfmt what-if` foretells, beside what two really installed environments differ in.

For each case an sdist of PyPI is the project. `pyfmt envs create` makes its environment, uv installs some older
versions there, pyfmt lints and is asked what would be; then uv installs the upgrade, and pyfmt lints again.

    python -m benchmarks.what_if [NAME...]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.corpora import PYFMT, Sdist, unpack
from tests.environments.places import uv

CASES = """
flask==2.0.3: click==7.1.2 jinja2==3.0.3 werkzeug==2.0.3 itsdangerous==2.0.1 -> click>=8.1
flask==2.0.3: click==8.0.4 jinja2==3.0.3 werkzeug==2.0.3 itsdangerous==2.0.1 -> werkzeug>=3
flask==2.0.3: click==8.0.4 jinja2==3.0.3 werkzeug==2.0.3 itsdangerous==2.0.1 -> jinja2==3.1.6
fastapi==0.95.0: pydantic==1.10.13 starlette==0.26.1 -> pydantic>=2
fastapi==0.100.0: pydantic==2.0.3 starlette==0.27.0 -> pydantic>=2.11
fastapi==0.95.0: pydantic==1.10.13 starlette==0.26.1 -> starlette==0.27.0
requests==2.25.1: urllib3==1.26.18 chardet==4.0.0 idna==2.10 -> urllib3>=2
requests==2.25.1: urllib3==1.26.18 chardet==4.0.0 idna==2.10 -> chardet>=5
responses==0.17.0: requests==2.25.1 urllib3==1.26.18 -> requests>=2.32
jsonschema==4.0.1: attrs==20.3.0 pyrsistent==0.18.1 -> attrs>=23
cattrs==22.2.0: attrs==21.4.0 exceptiongroup==1.0.0 -> attrs>=23
httpx==0.23.3: httpcore==0.16.3 -> httpcore>=1
rich==10.16.2: pygments==2.9.0 commonmark==0.9.1 -> pygments>=2.15
pip-tools==6.6.2: click==7.1.2 -> click>=8.1
python-dotenv==0.20.0: click==7.1.2 -> click>=8.1
build==0.7.0: packaging==20.9 tomli==1.2.3 -> packaging>=23
cookiecutter==1.7.3: click==7.1.2 jinja2==2.11.3 markupsafe==2.0.1 -> jinja2>=3.1
cookiecutter==1.7.3: click==7.1.2 jinja2==2.11.3 markupsafe==2.0.1 -> click>=8.1
flask-sqlalchemy==2.5.1: flask==2.0.3 sqlalchemy==1.4.50 werkzeug==2.0.3 -> sqlalchemy>=2
wtforms==3.0.1: markupsafe==2.0.1 -> markupsafe>=3
pytest==6.2.5: pluggy==0.13.1 attrs==20.3.0 packaging==20.9 -> attrs>=23
uvicorn==0.15.0: click==7.1.2 h11==0.12.0 asgiref==3.4.1 -> h11>=0.14
mkdocs==1.2.4: click==7.1.2 jinja2==3.0.3 markdown==3.3.7 importlib-metadata==4.8.3 -> markdown>=3.5
"""
Said = Counter[tuple[object, ...]]


@dataclass(frozen=True)
class Upgrade:
    """One case: the project's sdist, versions that are installed at first, and the upgrade."""

    sdist: str
    before: tuple[str, ...]
    change: str


def cases() -> list[Upgrade]:
    """All of them."""
    found = []
    for line in CASES.strip().splitlines():
        sdist, rest = line.split(": ", 1)
        before, change = rest.split(" -> ")
        found.append(Upgrade(sdist, tuple(before.split()), change))
    return found


def main(names: list[str]) -> int:
    """Play the cases whose sdist has one of the names, all by default; the exit code is 1 where one differs."""
    total, different = 0, 0
    for case in cases():
        if not names or case.sdist.partition("==")[0] in names:
            with tempfile.TemporaryDirectory(prefix="pyfmt-upgrades-") as folder:
                try:
                    lines = play(case, Path(folder))
                except subprocess.CalledProcessError as error:
                    print(f"{case.sdist} {case.change}: NOT PLAYED: {error} {error.stderr}", flush=True)
                    continue
            total, different = total + 1, different + bool(lines)
            print("\n".join(f"  {line}" for line in lines), end="\n" if lines else "", flush=True)
    print(f"{total} upgrades, {different} with a difference")
    return 1 if different else 0


def play(case: Upgrade, folder: Path) -> list[str]:
    """Print what came of a case in one line; what differs from reality is returned."""
    tree = folder / "tree"
    unpack(_sdist(case.sdist), tree / "project")
    for name in ("tests", "docs", "docs_src", "examples", "testing", "scripts"):  # the package itself is enough
        shutil.rmtree(tree / "project" / name, ignore_errors=True)
    (tree / "pyproject.toml").write_text('[tool.pyfmt]\nprojects = ["project"]\nmerge-equivalent = false\n', "utf-8")
    (tree / ".gitignore").write_text(".venv/\n", "utf-8")
    _call(["git", "init", "--quiet"], tree)
    _call([PYFMT, "envs", "create", "project", "--python", "3.11"], tree)
    _install(tree, case.before)
    versions, before = _installed(tree), _linted(tree, folder / "before.json")
    foretold = _foretold(tree, folder / "what-if.json", case.change)
    _install(tree, (case.change,))
    later, after = _installed(tree), _linted(tree, folder / "after.json")
    (outlook,) = foretold["environments"] or [{"changes": [], "new": [], "gone": [], "not_looked_at": []}]
    lines = [f"not looked at: {text}" for text in outlook["not_looked_at"]]
    # What nothing asks for any more stays in an installed environment.
    told = {**versions, **{item["name"]: item["after"] for item in outlook["changes"] if item["after"]}}
    lines += [
        f"version of {name}: {told.get(name)}, really {later.get(name)}"
        for name in sorted({*told, *later})
        if told.get(name) != later.get(name)
    ]
    for word, really, said in (("new", after - before, outlook["new"]), ("gone", before - after, outlook["gone"])):
        foreseen = _keys(said)
        lines += [f"{word}, not foretold: {key}" for key in (really - foreseen).elements()]
        lines += [f"{word}, only foretold: {key}" for key in (foreseen - really).elements()]
    counts = f"{sum((after - before).values())} new, {sum((before - after).values())} gone, {len(lines)} differences"
    print(f"{case.sdist} {case.change}: {counts}; {outlook.get('not_composed', '')}", flush=True)
    return lines


def _sdist(asked: str) -> Sdist:
    name, _, version = asked.partition("==")
    kind = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"https://pypi.org/simple/{name}/", headers=kind), timeout=60
    ) as answer:
        files = json.load(answer)["files"]
    (found,) = [file for file in files if re.fullmatch(rf"[\w.-]+-{re.escape(version)}\.tar\.gz", file["filename"])]
    return Sdist(name, version, found["url"], found["hashes"]["sha256"])


def _install(tree: Path, requirements: tuple[str, ...]) -> None:
    python = str(tree / "project/.venv/bin/python")
    _call([uv(), "pip", "install", "--quiet", "--python", python, *requirements], tree)


def _installed(tree: Path) -> dict[str, str]:
    """What is installed, but for the project itself."""
    names = [path.name for path in tree.glob("project/.venv/lib/*/site-packages/*.dist-info")]
    pairs = (name.removesuffix(".dist-info").partition("-") for name in names)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, _, version in pairs}


def _linted(tree: Path, report: Path) -> Said:
    done = subprocess.run([PYFMT, "lint", "-q", "-o", f"json={report}"], cwd=tree, check=False, capture_output=True)
    content = json.loads(report.read_text("utf-8"))
    unseen = content["failures"] + content["skipped"]
    if unseen:
        raise subprocess.CalledProcessError(done.returncode, "lint", stderr=str(unseen))
    return _keys(content["findings"])


def _foretold(tree: Path, answer: Path, change: str) -> dict[str, Any]:
    command = [PYFMT, "what-if", "-q", change, "-o", f"json={answer}"]
    subprocess.run(command, cwd=tree, check=False, capture_output=True)
    found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    return found


def _keys(findings: list[dict[str, Any]]) -> Said:
    keys = ("path", "line", "column", "tool", "rule", "message")
    return Counter(tuple(item[key] for key in keys) for item in findings)


def _call(command: list[str], cwd: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    subprocess.run(command, cwd=cwd, env=environ, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

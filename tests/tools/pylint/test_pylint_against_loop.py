"""What the worker finds is what a pylint installed in each environment finds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import MakeEnvironment
from tests.support.virtualenvs import BuiltEnvironment, Recipe, build, clone
from tests.tools.pylint.working import PYLINT, Lint, careful_loop, described, rules, said, write

REQUIREMENTS = ("httpx==0.28.1", "attrs==25.3.0", "pydantic==2.11.7", "markupsafe==3.0.2", "orjson==3.11.1")
EVERYTHING = (
    "[MAIN]\nenable=all\n"
    "disable=locally-disabled,file-ignored,suppressed-message,use-implicit-booleaness-not-comparison\n"
)

SAMPLE: dict[str, str | bytes] = {
    "projects/one/app/__init__.py": "",
    "projects/one/app/models.py": '''"""Models."""
import attrs, pydantic
import httpx
from markupsafe import Markup, escape, nothing_of_the_kind
import orjson
import tomlkit_is_not_there
from pydantic import BaseModel, Field


class Thing(BaseModel):
    name: str = Field(default="a")
    tags: list[str] = []

    def shout(self):
        return self.name.upper() + self.nam


@attrs.define
class Other:
    x: int = 0
    y: int = attrs.field(factory=list)

    def sum(self):
        return self.x + self.y.foo + self.z


def fetch(url, unused):
    try:
        return httpx.get(url, timeut=3).json()
    except Exception as error:
        raise ValueError("é" + url)


def dump(value):
    return orjson.dumps(value, 1, 2, 3, 4), orjson.nope, escape(value) + Markup("x"), orjson.OPT_INDENT_2
''',
    "projects/one/app/builtin_names.py": "def license(exit):\n    copyright = help\n"
    "    return copyright or credits or exit\n\n\nquit()\n",
    "projects/one/app/types_.py": "from __future__ import annotations\nimport typing\nimport collections\n\n\n"
    "def f(x: typing.Optional[int]) -> collections.OrderedDict:\n"
    "    return undefined(x)  # pylint: disable=invalid-name\n",
    "projects/one/app/broken.py": "def broken(:\n    pass\n",
    "projects/one/app/latin.py": b"# coding: latin-1\nx = '\xe9'\nimport os\n",
    "projects/one/app/bad_bytes.py": b"x = '\xe9'\n",
    "projects/one/app/uses_broken.py": "from app import broken, models\nfrom . import nothing\n"
    "from .models import Nothing, Thing\nfrom .. import up\n",
    "projects/one/app/stub_only.pyi": "import os\ndef f(x) -> int: ...\n",
    "projects/one/tests/test_app.py": "import helpers\nfrom app.models import Thing, fetch\nimport app.nope\n\n\n"
    "def test():\n"
    "    assert Thing().shout() == helpers.NAME, fetch('')\n    helpers.nothing()\n    import queue\n"
    "    queue.Queue().foo\n",
    "projects/one/tests/helpers.py": "# pylint: skip-file\nNAME = 'A'\n",
    "projects/one/setup.py": "from setuptools import setup\nimport distutils.core\n\nsetup()\n",
}


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_messages_equal_the_loops_in_every_python(
    tmp_path: Path, kept_environment: MakeEnvironment, python: str
) -> None:
    plain = kept_environment(*REQUIREMENTS, python=python)
    with_pylint = kept_environment(*REQUIREMENTS, *PYLINT, python=python)
    root = write(tmp_path / "mono", SAMPLE)
    shutil.copytree(plain.site_packages / "httpx", root / "projects/one/httpx_copy")
    rcfile = root / "pylintrc"
    rcfile.write_text(EVERYTHING)
    expected = careful_loop(with_pylint, root, "projects/one", rcfile, ("tests",))
    assert (
        len(expected) > 300
        and ("projects/one/app/models.py", 6, "E0401", "Unable to import 'tomlkit_is_not_there'") in expected
    )
    assert said(Lint(root, described(plain), rcfile, import_roots=("tests",)).run("projects/one")) == expected


def test_files_one_by_one_say_what_the_whole_run_says(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    environment = described(kept_environment(*REQUIREMENTS))
    root = write(tmp_path / "mono", SAMPLE)
    rcfile = root / "pylintrc"
    rcfile.write_text(EVERYTHING)
    lint = Lint(root, environment, rcfile, import_roots=("tests",))
    whole = lint.run("projects/one")
    for file in ("projects/one/app/models.py", "projects/one/tests/test_app.py"):
        context = tuple(name for name in SAMPLE if name != file)
        alone = replace(lint, context=context).run("projects/one")
        assert alone.findings == tuple(each for each in whole.findings if each.path == file)


def test_a_module_that_hides_a_standard_one_is_seen(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    files = {
        "p/queue.py": "def only_here():\n    return 1\n",
        "p/json/__init__.py": "",
        "p/use.py": "import json\nimport queue\n\nqueue.only_here()\nqueue.Queue()\njson.dumps(1)\n",
    }
    root = write(tmp_path / "mono", files)
    rcfile = root / "pylintrc"
    rcfile.write_text("")
    expected = careful_loop(kept_environment(*REQUIREMENTS, *PYLINT), root, "p", rcfile)
    reading = Lint(root, described(kept_environment(*REQUIREMENTS)), rcfile).run("p")
    assert said(reading) == expected
    assert [(line, message) for _, line, _, message in rules(reading, "E1101")] == [
        (5, "Module 'queue' has no 'Queue' member"),
        (6, "Module 'json' has no 'dumps' member"),
    ]


def _namespace_library(root: Path, name: str, backend: str) -> dict[str, str]:
    del root
    other = {"storage": "events", "events": "storage"}[name]
    text = f'[project]\nname = "acme-{name}"\nversion = "1"\n[build-system]\nrequires = ["{backend}"]\n'
    if backend == "setuptools":
        text += 'build-backend = "setuptools.build_meta"\n[tool.setuptools.packages.find]\ninclude = ["acme*"]\n'
    else:
        text += 'build-backend = "hatchling.build"\n[tool.hatch.build.targets.wheel]\npackages = ["acme"]\n'
    return {
        f"lib/{name}/pyproject.toml": text,
        f"lib/{name}/acme/{name}/__init__.py": f"from acme.{name}.core import run\nfrom . import core\n"
        "from .core import gone\n",
        f"lib/{name}/acme/{name}/core.py": f"from acme.{other} import core as other\n\n\ndef run():\n"
        "    return other.run(), other.gone()\n",
        f"lib/{name}/acme/{name}/deep/__init__.py": "from .. import core\nfrom ..core import run\n"
        "from ... import nothing\n",
    }


@pytest.mark.parametrize("backend", ["hatchling", "setuptools"])
def test_namespace_packages_installed_editable_are_found(tmp_path: Path, backend: str) -> None:
    root = tmp_path / "mono"
    files = _namespace_library(root, "storage", backend) | _namespace_library(root, "events", backend)
    files |= {
        "p/use.py": "import acme.storage\nimport acme.storage.gone\nfrom acme import events\n"
        "from acme.events.core import nothing, run\n"
        "from acme.storage.deep import core\n\nprint(acme.storage.run, events.nothing, run, core)\n"
    }
    root = write(root, files)
    plain = build(root / ".venv", Recipe(editable=(str(root / "lib/storage"), str(root / "lib/events"))))
    rcfile = root / "pylintrc"
    rcfile.write_text("[MAIN]\ndisable=C,R\n")
    loop = clone(plain, tmp_path / "with-pylint", *PYLINT)
    environment = described(plain)
    for project in ("p", "lib/storage", "lib/events"):
        reading = Lint(root, environment, rcfile).run(project)
        expected = careful_loop(loop, root, project, rcfile)
        assert said(reading) == expected
        for path, _, _, message in rules(reading, "E0401", "E0402", "E0611", "F0010"):
            assert "gone" in message or "nothing" in message, (path, message)
    use = Lint(root, environment, rcfile).run("p")
    assert [each[1:3] for each in rules(use, "E0401", "E0611", "E1101")] == [(2, "E0401"), (7, "E1101")]


def test_a_package_without_init_that_is_not_installed_is_no_import_error(
    tmp_path: Path, kept_environment: MakeEnvironment
) -> None:
    files = {
        "p/src/acme/core/__init__.py": "from acme.core.a import x\nfrom .a import y\n",
        "p/src/acme/core/a.py": "x = 1\ny = 2\n",
        "p/app/main.py": "import os\nfrom .side import z\nfrom app.side import z as w\nimport acme.core\n"
        "import app.gone\n",
        "p/app/side.py": "z = 1\n",
    }
    root = write(tmp_path / "mono", files)
    (root / "pylintrc").write_text("")
    lint = Lint(root, described(kept_environment(*REQUIREMENTS)), root / "pylintrc", import_roots=("src",))
    assert rules(lint.run("p"), "E0401", "E0402", "E0611") == [
        ("p/app/main.py", 5, "E0401", "Unable to import 'app.gone'"),
        ("p/app/main.py", 5, "E0611", "No name 'gone' in module 'app'"),
    ]


@pytest.mark.parametrize("no_fork", [False, True])
def test_projects_of_one_unit_do_not_see_each_other(
    tmp_path: Path, kept_environment: MakeEnvironment, no_fork: bool
) -> None:
    files: dict[str, str | bytes] = {}
    for name, other in (("a", "b"), ("b", "a")):
        files |= {
            f"{name}/app/__init__.py": f"def only_{name}():\n    return 1\n\n\nclass C:\n    pass\n",
            f"{name}/tests/__init__.py": "",
            f"{name}/tests/conftest.py": f"import app\n\napp.only_{name}()\napp.only_{other}()\n"
            f"app.C.set_by_{name} = 1\nprint(app.C.set_by_{other})\n",
            f"{name}/only_of_{name}.py": f"import only_of_{other}\n",
        }
    root = write(tmp_path / "mono", files)
    (root / "pylintrc").write_text("")
    rcfile = root / "pylintrc"
    with_pylint: BuiltEnvironment = kept_environment(*REQUIREMENTS, *PYLINT)
    expected = careful_loop(with_pylint, root, "a", rcfile) | careful_loop(with_pylint, root, "b", rcfile)
    reading = Lint(root, described(kept_environment(*REQUIREMENTS)), rcfile, no_fork=no_fork).run("a", "b")
    assert said(reading) == expected
    assert len(rules(reading, "E0401")) == 2 and len(rules(reading, "E1101")) == 4
    assert {each.path.partition("/")[0]: each.project for each in reading.findings} == {"a": "a", "b": "b"}

"""A real little monorepo for the cache's tests: two environments, libraries in a namespace, wheels made on the spot."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

from tests.support import virtualenvs
from tests.support.monorepo import Monorepo
from tests.support.pythons import clean_environ
from tests.support.wheels import write_wheel

ENVIRONMENTS = ("projects/alpha/.venv", "projects/beta/.venv")

_MANIFEST = """
    [build-system]
    requires = ["uv_build>=0.8"]
    build-backend = "uv_build"

    [project]
    name = "{name}"
    version = "1.0"
    requires-python = ">=3.10"
    dependencies = [{dependencies}]

    [tool.uv.build-backend]
    module-name = "{module}"
    module-root = "{root}"

    [tool.uv.sources]
    {sources}
"""

VALUES = '''
    """Values."""

    from acme.core.text import Text


    class Value:
        """A value."""

        def __init__(self, amount: int) -> None:
            self.amount = amount

        def shown(self) -> str:
            """As text."""
            return Text(str(self.amount)).upper()


    def double(value: int) -> int:
        """Twice."""
        return value * 2
'''

TEXT = '''
    """Texts."""


    class Text:
        """A text."""

        def __init__(self, content: str) -> None:
            self.content = content

        def upper(self) -> str:
            """In capitals."""
            return self.content.upper()


    def double(value: str) -> str:
        """Twice."""
        return value * 2
'''

MAIN = '''
    """What the service does."""

    import queue

    import onewheel
    from acme.core.values import Value, double

    from {package} import helpers


    def run(amount: int) -> str:
        """Runs."""
        waiting: queue.Queue[int] = queue.Queue()
        waiting.put(double(amount))
        onewheel.call(amount)
        return Value(waiting.get()).shown() + helpers.join(["a", 2])
'''

HELPERS = '''
    """Helpers."""

    from collections.abc import Iterable

    try:
        from {package}._version import VERSION
    except ImportError:
        VERSION = "unknown"


    def join(parts: Iterable[str], items=[]) -> str:
        """Joined."""
        return VERSION.join(parts)
'''

TEST = '''
    """Tests."""

    import common
    from {package}.main import run


    def test_run() -> None:
        """It runs."""
        assert run(common.AMOUNT) == 3
'''

PYLINTRC = """
    [MAIN]
    persistent=no
    [SIMILARITIES]
    min-similarity-lines=4
    [MESSAGES CONTROL]
    disable=
        line-too-long,
        locally-disabled,
        suppressed-message,
        fixme
    enable=useless-suppression
"""

MYPY_INI = """
    [mypy]
    strict = True
    warn_unreachable = True
"""

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
    "configs/pylintrc": PYLINTRC,
    "configs/mypy.ini": MYPY_INI,
    "configs/black.toml": "[tool.black]\nline-length = 100\n",
    "configs/isort.cfg": "[settings]\nprofile = black\nline_length = 100\n",
    ".gitignore": ".venv/\n.cache/\n_version.py\ngenerated/\n",
    "lib/core/pyproject.toml": _MANIFEST.format(
        name="acme-core", dependencies="", module="acme.core", root="", sources=""
    ),
    "lib/core/acme/core/__init__.py": '"""Core."""\n',
    "lib/core/acme/core/py.typed": "",
    "lib/core/acme/core/values.py": VALUES,
    "lib/core/acme/core/text.py": TEXT,
    "lib/core/tests/test_values.py": '"""Tests."""\n\nfrom acme.core import values\n\nassert values.double(1) == "2"\n',
    "lib/extra/pyproject.toml": _MANIFEST.format(
        name="acme-extra",
        dependencies='"acme-core"',
        module="acme.extra",
        root="src",
        sources='acme-core = { path = "../core", editable = true }',
    ),
    "lib/extra/src/acme/extra/__init__.py": '"""Extra."""\n\nfrom acme.core.values import *\n',
    "lib/extra/src/acme/extra/more.py": '"""More."""\n\nfrom acme.extra import double\n\nMORE: str = double(2)\n',
    "tools/release.py": '"""A script."""\n\nimport os\n\nprint(os.getcwd() + 1)\n',
}
for _package, _source in (("alpha", "."), ("beta", "src")):
    _place = f"projects/{_package}"
    _root = _place if _source == "." else f"{_place}/{_source}"
    _extra = ', "acme-extra"' if _package == "alpha" else ""
    _from = 'acme-core = { path = "../../lib/core", editable = true }' + (
        '\n    acme-extra = { path = "../../lib/extra", editable = true }' if _extra else ""
    )
    FILES |= {
        f"{_place}/pyproject.toml": _MANIFEST.format(
            name=_package,
            dependencies='"acme-core"' + _extra,
            module=_package,
            root="" if _source == "." else _source,
            sources=_from,
        ),
        f"{_root}/{_package}/__init__.py": '"""A service."""\n',
        f"{_root}/{_package}/main.py": MAIN.replace("{package}", _package),
        f"{_root}/{_package}/helpers.py": HELPERS.replace("{package}", _package),
        f"{_place}/tests/common.py": '"""What tests share."""\n\nAMOUNT = 1\n',
        f"{_place}/tests/test_main.py": TEST.replace("{package}", _package),
    }

_ONE = '"""One."""\n\ndef call(amount: {kind}) -> {kind}:\n    """Calls."""\n    return amount\n'
WHEELS: dict[str, dict[str, str]] = {
    "onewheel-1.0": {"onewheel/__init__.py": _ONE.format(kind="int"), "onewheel/py.typed": ""},
    "onewheel-2.0": {"onewheel/__init__.py": _ONE.format(kind="str"), "onewheel/py.typed": ""},
    "onewheel-3.0": {"onewheel.py": _ONE.format(kind="int")},
    "twowheel-1.0": {
        "twowheel/__init__.py": "VALUE: int = 1\n",
        "twowheel/py.typed": "",
        "twowheel/deep.py": "X = 1\n",
    },
    "twowheel-2.0": {"twowheel/__init__.py": "VALUE: str = ''\n", "queue_of.py": "SIZE = 3\n"},
    "twowheel-3.0": {"twowheel/__init__.py": "VALUE: int = 1\n", "twowheel/py.typed": ""},
    "threewheel-1.0": {"acme/third/__init__.py": "THIRD: int = 3\n", "acme/third/py.typed": ""},
}


def build_wheel(folder: Path, name: str) -> Path:
    """One of WHEELS as a file in `folder`."""
    return write_wheel(folder, name, WHEELS[name])


class LittleMonorepo:
    """The tree, its wheels, and what changes its environments."""

    def __init__(self, folder: Path) -> None:
        self.tree = Monorepo.create(folder, FILES)
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        for name in WHEELS:
            build_wheel(self.wheels, name)
        self.tree.git("init", "--quiet")
        self.make_environments()

    def make_environments(self) -> None:
        """Both environments with what their projects need, offline."""
        for environment in ENVIRONMENTS:
            uv(
                "venv",
                "--quiet",
                "--no-project",
                "--no-config",
                "--python",
                virtualenvs.HERE,
                self.tree.root / environment,
            )
            project = self.tree.root / environment.removesuffix("/.venv")
            self.pip(environment, "install", "--editable", str(project), "onewheel==1.0")

    def pip(self, environment: str, action: str, *arguments: str) -> None:
        """`uv pip ACTION` in an environment, from the wheels alone."""
        python = self.tree.root / environment / "bin/python"
        offline = ("--offline", "--no-index", "--find-links", self.wheels) if action == "install" else ()
        uv("pip", action, "--quiet", "--python", python, *offline, *arguments)


def uv(*arguments: str | Path) -> None:
    """Run uv, which must be there: these tests need environments that change in a moment."""
    binary = virtualenvs.uv_binary()
    assert binary, "uv is missing: it belongs to the test extra"
    done = subprocess.run([binary, *arguments], check=False, capture_output=True, text=True, env=clean_environ())
    assert done.returncode == 0, f"uv {' '.join(map(str, arguments))}\n{done.stderr}"


def dedented(text: str) -> str:
    """A text of this module as it stands in a file."""
    return textwrap.dedent(text).lstrip("\n")

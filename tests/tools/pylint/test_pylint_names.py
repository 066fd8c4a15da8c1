"""Modules have the names by which Python imports them, whatever other things are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.virtualenvs import BuiltEnvironment, Recipe, build, clone
from tests.tools.pylint.working import PYLINT, Lint, careful_loop, described, rules, said, write

ATTRS = "attrs==25.3.0"
DUMP = '"""Dumps."""\n\nimport json\n\n\ndef dump(value):\n    """Dump."""\n    return json.dumps(value)\n'

# No `__init__.py` in acme and acme/instruments: only the import root tells what these modules are called.
NAMESPACE: dict[str, str | bytes] = {
    "p/src/acme/instruments/json/__init__.py": DUMP,
    "p/src/acme/instruments/json/util.py": "import json\n\nimport acme.instruments.json.util\n"
    "from acme.instruments.json import dump, gone\n"
    "from . import dump as again\nfrom .. import attr\nfrom ...instruments.attr import Thing\n"
    "from .deep import inner\nfrom . import deep\nfrom .... import beyond\n\n"
    "json.loads(dump(again(attr.Thing(1))))\nprint(Thing(2).missing, gone, inner, deep.inner)\n",
    "p/src/acme/instruments/json/deep/inner.py": "from ..util import json\nfrom .. import dump, nothing\n\n"
    "json.loads('1')\n",
    "p/src/acme/instruments/attr/__init__.py": "import attr\n\nimport acme.core\n\n\n@attr.define\nclass Thing:\n"
    "    x: int = 0\n\n    def add(self):\n        return self.x + acme.core.BASE + acme.core.NOTHING\n",
    "p/tests/instruments/test_json.py": "import json\nimport attr\nfrom acme.instruments.json import dump\n\n"
    "json.dumps(1)\nattr.define()\ndump()\n",
    "p/conftest.py": "import json\n\njson.dumps(1)\njson.nothing()\n",
}


def _namespace_environment(tmp_path: Path) -> tuple[BuiltEnvironment, BuiltEnvironment]:
    """One with a portion of `acme` that is an installed copy, and the same with pylint."""
    plain = build(tmp_path / "env", Recipe((ATTRS,)))
    write(plain.site_packages, {"acme/core/__init__.py": "BASE = 1\n"})
    return plain, clone(plain, tmp_path / "with-pylint", *PYLINT)


@pytest.mark.parametrize("init", [False, True])
def test_modules_below_namespace_packages_have_their_whole_names(tmp_path: Path, init: bool) -> None:
    plain, with_pylint = _namespace_environment(tmp_path)
    root = write(tmp_path / "mono", {**NAMESPACE, **({"p/tests/__init__.py": ""} if init else {})})
    (root / "pylintrc").write_text("[MAIN]\nenable=all\n")
    reading = Lint(root, described(plain), root / "pylintrc", import_roots=("src",)).run("p")
    expected = careful_loop(with_pylint, root, "p", root / "pylintrc", ("src",))
    # Since `acme` has a portion in site-packages, too, pylint calls these modules `src.acme.instruments...`; and to it
    # the `..` in a folder without `__init__.py` is no module at all.
    assert {each[1:] for each in expected - said(reading)} == {
        (10, "E0611", "No name 'beyond' in module 'src'"),
        (2, "E0611", "No name 'dump' in module ''"),
        (2, "E0611", "No name 'nothing' in module ''"),
    }
    assert {each[1:3] for each in said(reading) - expected} == {(3, "W0406"), (10, "E0402"), (2, "E0611")}
    util, thing = "p/src/acme/instruments/json/util.py", "p/src/acme/instruments/attr/__init__.py"
    assert rules(reading, "E0401", "E0402", "E0611", "E1101", "W0406", "E1120") == [
        ("p/conftest.py", 4, "E1101", "Module 'json' has no 'nothing' member"),
        (thing, 11, "E1101", "Module 'acme.core' has no 'NOTHING' member"),
        (
            "p/src/acme/instruments/json/deep/inner.py",
            2,
            "E0611",
            "No name 'nothing' in module 'acme.instruments.json'",
        ),
        (util, 3, "W0406", "Module import itself"),
        (util, 4, "E0611", "No name 'gone' in module 'acme.instruments.json'"),
        (util, 10, "E0402", "Attempted relative import beyond top-level package"),
        (util, 13, "E1101", "Instance of 'Thing' has no 'missing' member"),
        ("p/tests/instruments/test_json.py", 7, "E1120", "No value for argument 'value' in function call"),
    ]


def test_a_folder_named_like_an_installed_package_is_not_taken_for_it(tmp_path: Path) -> None:
    plain = build(tmp_path / "env", Recipe())
    installed = {
        "redis/__init__.py": "from redis.client import Redis\n",
        "redis/client.py": "class Redis:\n    host = 'a'\n",
    }
    write(plain.site_packages, installed)
    files = {
        "p/redis/client.py": "def mine():\n    return 1\n",
        "p/redis/pool.py": "from redis import Redis\n\nRedis().port\n",
        "p/use.py": "import redis\nimport redis.pool\nfrom redis.client import Redis, mine\n\n"
        "print(Redis().host, redis.Redis().port, mine)\n",
        "p/email.py": "def mine():\n    return 1\n",
        "p/email/__init__.py": "def other():\n    return 1\n",
        "p/mail.py": "import email\n\nemail.other()\nemail.mine()\n",
    }
    root = write(tmp_path / "mono", files)
    (root / "pylintrc").write_text("[MAIN]\ndisable=C,R,W\n")
    found = Lint(root, described(plain), root / "pylintrc").run("p")
    assert {(each.path, each.line, each.rule) for each in found.findings} == {
        ("p/mail.py", 4, "E1101"),
        ("p/redis/pool.py", 3, "E1101"),
        ("p/use.py", 2, "E0401"),
        ("p/use.py", 2, "E0611"),
        ("p/use.py", 3, "E0611"),
        ("p/use.py", 5, "E1101"),
    }
    loop = careful_loop(clone(plain, tmp_path / "with-pylint", *PYLINT), root, "p", root / "pylintrc")
    assert {each[2:] for each in loop - said(found)} == {("E0611", "No name 'Redis' in module 'redis.client'")}
    assert said(found) - loop, "pylint misses what it takes from the wrong file"


def test_a_stub_of_a_namespace_package_hides_no_other_portion(tmp_path: Path) -> None:
    plain = build(tmp_path / "env", Recipe())
    write(
        plain.site_packages,
        {
            "acme/sdk/__init__.pyi": "from .trace import Span as Span\n",
            "acme/sdk/trace.py": "class Span:\n    name = 'a'\n",
            "whole/sdk/__init__.py": "",
        },
    )
    files = {
        "p/src/acme/sdk/extension/__init__.py": "from acme.sdk import Span, extension, trace\n"
        "from acme.sdk.trace import Span as S\n"
        "import acme.sdk.gone\n\nprint(Span().name, S().nothing, extension, trace, acme.sdk.gone)\n",
        "p/use.py": "import acme.sdk.extension\nfrom acme.sdk.extension import gone\nimport whole.sdk.gone\n",
        "p/whole/sdk/__init__.pyi": "",  # Python takes the installed one, which is a regular package
        "p/whole/sdk/gone.py": "",
    }
    root = write(tmp_path / "mono", files)
    (root / "pylintrc").write_text("[MAIN]\ndisable=C,R,W\n")
    reading = Lint(root, described(plain), root / "pylintrc", import_roots=("src",)).run("p")
    assert [each[:3] for each in rules(reading, "E0401", "E0611", "E1101")] == [
        ("p/src/acme/sdk/extension/__init__.py", 3, "E0401"),
        ("p/src/acme/sdk/extension/__init__.py", 3, "E0611"),
        ("p/src/acme/sdk/extension/__init__.py", 5, "E1101"),
        ("p/use.py", 2, "E0611"),
        ("p/use.py", 3, "E0401"),
        ("p/use.py", 3, "E0611"),
    ]

"""What stands in the root where a tool looks for its configuration itself is the shared one; several are an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo

STRICT = "[mypy]\ndisallow_untyped_defs = true\n"
UNTYPED = '"""App."""\n\n\ndef one(it):  # type: ignore[no-untyped-def]\n    """One."""\n    return it\n'


def tree(folder: Path, files: dict[str, str | bytes]) -> Monorepo:
    """One project beside the root's files."""
    made = Monorepo.create(folder, {"app/pyproject.toml": '[project]\nname = "app"\nversion = "1"\n', **files})
    made.environment("app")
    return made


@pytest.mark.parametrize("name", ["mypy.ini", ".mypy.ini", "setup.cfg"])
def test_a_strict_mypy_stays_strict(tmp_path: Path, name: str) -> None:
    made = tree(tmp_path, {name: STRICT, "app/app.py": UNTYPED.replace("  # type: ignore[no-untyped-def]", "")})
    rules = {item["rule"] for item in made.check("--tool", "mypy")[1]["findings"]}
    assert rules == {"no-untyped-def"}
    assert f"mypy    {name}  (root)" in made.run("config").expect(0).stdout
    made.write({name: STRICT.replace("true", "false")})
    assert made.check("--tool", "mypy")[1]["findings"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".pylintrc", "[MAIN]\ndisable = all\nenable = line-too-long\n[FORMAT]\nmax-line-length = 20\n"),
        ("setup.cfg", "[pylint.main]\ndisable = all\nenable = line-too-long\n[pylint.format]\nmax-line-length = 20\n"),
        ("tox.ini", "[pylint.main]\ndisable = all\nenable = line-too-long\n[pylint.format]\nmax-line-length = 20\n"),
    ],
)
def test_pylint_keeps_its_root_configuration(tmp_path: Path, name: str, text: str) -> None:
    made = tree(tmp_path, {name: text, "app/app.py": "x = 'a text that is longer'\n"})
    assert [item["symbol"] for item in made.check("--tool", "pylint")[1]["findings"]] == ["line-too-long"]


@pytest.mark.parametrize(
    ("name", "text"),
    [(".isort.cfg", "[settings]\nforce_single_line = true\n"), ("tox.ini", "[isort]\nforce_single_line = true\n")],
)
def test_isort_keeps_its_root_configuration(tmp_path: Path, name: str, text: str) -> None:
    made = tree(tmp_path, {name: text, "app/app.py": '"""App."""\n\nfrom os import path, sep\n\nprint(path, sep)\n'})
    made.run("format", "--tool", "isort").expect(0)
    assert "from os import path\nfrom os import sep\n" in made.read("app/app.py")


def test_several_are_an_error_that_names_both(tmp_path: Path) -> None:
    made = Monorepo.create(tmp_path, {"mypy.ini": STRICT, "setup.cfg": STRICT, "app.py": '"""App."""\n'})
    said = made.run("check").expect(2).stderr
    assert "mypy is configured by both mypy.ini and setup.cfg [mypy]" in said


LONG = "x = [1111111111, 2222222222, 3333333333, 4444444444, 5555555555, 6666666666, 7777777777, 8888888888]\n"
IMPORT = "from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, abc, defaultdict, deque\n"


def test_isort_that_is_not_configured_agrees_with_black_that_is(tmp_path: Path) -> None:
    """isort at 88 beside black at 120 would rewrite for ever."""
    black = "[tool.pyfmt]\n[tool.black]\nline-length = 120\nskip-magic-trailing-comma = true\n"
    trailing = IMPORT.replace("import ", "import (\n    ").rstrip() + ",\n)\n"
    made = tree(tmp_path, {"pyproject.toml": black, "app/app.py": f'"""App."""\n\n{trailing}\n{LONG}'})
    for _ in range(2):  # together, and isort alone: black's length is isort's all the same
        made.run("format").expect(0)
        assert made.read("app/app.py") == f'"""App."""\n\n{IMPORT}\n{LONG}'
        made.run("format", "--check", "--tool", "isort").expect(0)
    assert "--line-length 120" in made.run("explain", "-v", "app/app.py").expect(0).stdout
    made.write({"pyproject.toml": black.replace("120", "60")})
    made.run("format", "--tool", "isort").expect(0)
    assert "ChainMap,\n    Counter,\n" in made.read("app/app.py")


SERVICE = {
    "{0}/pyproject.toml": '[project]\nname = "{0}"\nversion = "1"\n'
    '[tool.django-stubs]\ndjango_settings_module = "{0}.settings"\n',
    "{0}/{0}/__init__.py": "",
    "{0}/{0}/settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["{0}"]\nONLY_{1} = 1\n'
    'DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}\n',
    "{0}/{0}/models.py": "from django.conf import settings\nfrom django.db import models\n\n\n"
    "class Order(models.Model):\n    size = models.IntegerField()\n\n\n"
    "def show() -> None:\n    reveal_type(Order().size)\n    reveal_type(settings.ONLY_{1})\n"
    "    print(settings.ONLY_{2})\n",
}


@pytest.mark.slow
def test_two_django_services_are_each_checked_with_their_own_settings(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for values in (("billing", "B", "L"), ("ledger", "L", "B")):
        files |= {path.format(*values): text.format(*values) for path, text in SERVICE.items()}
    made = Monorepo.create(tmp_path, files)
    made.environment(".", "django>=5.2,<6", "django-stubs>=5.2,<7", editable=("billing", "ledger"))
    section = '[tool.mypy]\nplugins = ["mypy_django_plugin.main"]\n'
    for shared in ({"pyproject.toml": section}, {"mypy.ini": "[mypy]\nplugins = mypy_django_plugin.main\n"}):
        (made.root / "pyproject.toml").unlink(missing_ok=True)
        made.write(shared)
        report = made.check("--trust", "--tool", "mypy")[1]
        assert report["failures"] == []
        said = {(item["path"], item["line"], item["message"]) for item in report["findings"]}
        for name, other in (("billing", "L"), ("ledger", "B")):
            path = f"{name}/{name}/models.py"
            assert {line for file, line, text in said if file == path and "int" in text} == {10, 11}, said
            assert (path, 12, f"'Settings' object has no attribute 'ONLY_{other}'") in said, said
    made.write({"ledger/pyproject.toml": '[project]\nname = "ledger"\nversion = "1"\n'})
    (failure,) = made.check("--trust", "--tool", "mypy")[1]["failures"]
    assert failure["projects"] == ["ledger"] and "django-stubs] found" in failure["detail"]

"""The derived configuration: the shared one, the projects' per-module sections, and nothing that pyfmt decides."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

from pyfmt.core.errors import ConfigError
from pyfmt.tools.mypy import config
from pyfmt.tools.mypy.config import Derived, Settings
from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.tools.mypy.checking import Checker, sound, told
from tests.tools.mypy.test_mypy_against_loop import service


def settings(path: str, text: str) -> Settings:
    """Parsed settings of a file in /root."""
    found = config.parse(path, "/root", text)
    assert found is not None
    return found


def ini(derived: Derived) -> configparser.RawConfigParser:
    """A derived INI file, parsed."""
    assert not derived.toml
    parser = configparser.RawConfigParser()
    parser.read_string(derived.text)
    return parser


def test_what_pyfmt_decides_is_dropped_and_the_rest_is_kept() -> None:
    text = """
[mypy]
strict = True
python_version = 3.9
python_executable = evil
cache_dir = x
files = a, b
pretty = True
show_error_codes = True
follow_imports = silent
enable_error_code =
    truthy-bool,
    redundant-expr
html_report = out
typo_option = 1
"""
    derived = config.derive(settings("mypy.ini", text), [])

    assert dict(ini(derived)["mypy"]) == {
        "strict": "True",
        "enable_error_code": "\ntruthy-bool,\nredundant-expr",
        "typo_option": "1",
    }
    assert derived.notes == ("mypy.ini: pyfmt does not use mypy's html_report",)


@pytest.mark.parametrize("follow, expected", [("normal", "silent"), ("skip", "skip"), ("error", "error")])
def test_following_imports_is_silent_unless_the_team_does_not_follow_at_all(follow: str, expected: str) -> None:
    assert config.derive(settings("mypy.ini", f"[mypy]\nfollow_imports = {follow}\n"), []).follow_imports == expected


def test_sections_of_projects_are_merged_and_win_in_either_format() -> None:
    shared_ini = settings("mypy.ini", "[mypy-a.*,b]\nignore_errors = True\n[mypy-x.*.y]\nignore_errors = True\n")
    project_toml = settings(
        "p/pyproject.toml",
        """
[tool.mypy]
strict = true
[[tool.mypy.overrides]]
module = ["b", "x.*.y"]
ignore_errors = false
disable_error_code = ["misc", "arg-type"]
""",
    )
    merged = ini(config.derive(shared_ini, [project_toml]))
    assert merged.sections() == ["mypy", "mypy-a.*", "mypy-b", "mypy-x.*.y"]
    assert dict(merged["mypy-b"]) == {"ignore_errors": "False", "disable_error_code": "misc, arg-type"}
    assert "strict" not in merged["mypy"]

    derived = config.derive(project_toml, [shared_ini])
    table = tomllib.loads(derived.text)["tool"]["mypy"]
    by_module = {override["module"]: override for override in table["overrides"]}
    assert table["strict"] is True
    assert by_module["b"]["ignore_errors"] == "True" and by_module["b"]["disable_error_code"] == ["misc", "arg-type"]
    assert dict(derived.origins) == dict.fromkeys(["a.*", "b", "x.*.y"], "mypy.ini")


def test_paths_become_absolute_from_the_config_and_from_the_projects() -> None:
    text = "[mypy]\nplugins = pydantic.mypy, tools/own.py:make\nmypy_path = stubs:$MYPY_CONFIG_FILE_DIR/more, /else\n"
    derived = config.derive(settings("mypy.ini", text), [], ["/root/p"])

    assert derived.plugins == ("pydantic.mypy", "/root/tools/own.py:make")
    assert derived.mypy_path == ("/root/stubs", "/root/p/stubs", "/root/more", "/else")
    assert "plugins" not in derived.text


def test_tables_of_plugins_come_along_and_others_do_not() -> None:
    text = """
[tool.mypy]
plugins = ["pydantic.mypy", "mypy_django_plugin.main"]
[tool.pydantic-mypy]
init_typed = true
[tool.django-stubs]
django_settings_module = "a.b"
[tool.poetry.dependencies]
python = "^3.11"
"""
    tool = tomllib.loads(config.derive(settings("pyproject.toml", text), []).text)["tool"]
    assert set(tool) == {"mypy", "pydantic-mypy", "django-stubs"}
    assert tool["pydantic-mypy"] == {"init_typed": True}


def test_toml_values_survive_the_way_back() -> None:
    text = """
[tool.mypy]
enable_error_code = ["a\\"b", "c\\\\d", "é"]
x_float = 1.5
x_table = {a = 1, "b c" = [true, "\\u007f"]}
"""
    before = tomllib.loads(text)["tool"]["mypy"]
    assert tomllib.loads(config.derive(settings("pyproject.toml", text), []).text)["tool"]["mypy"] == before


@pytest.mark.parametrize(
    "path, text",
    [
        ("mypy.ini", "[mypy\n"),
        ("mypy.ini", "[mypy]\na = 1\na = 2\n"),
        ("pyproject.toml", "[tool.mypy\n"),
        ("pyproject.toml", "[tool]\nmypy = 3\n"),
        ("pyproject.toml", "[tool.mypy]\n[[tool.mypy.overrides]]\nignore_errors = true\n"),
        ("pyproject.toml", "[tool.mypy.overrides]\nmodule = 'a'\n"),
    ],
)
def test_a_malformed_file_is_an_error_that_names_it(path: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(path, "/root", text)
    assert caught.value.where == path


def test_a_shared_file_without_a_mypy_section_holds_nothing() -> None:
    assert not config.parse("setup.cfg", "/root", "[metadata]\nname = x\n").own
    assert not config.parse("pyproject.toml", "/root", "[tool.black]\n").own


@pytest.mark.parametrize(
    "pattern, out",
    [
        ("^build/", {"build/a.py"}),
        ("^tests/$", {"p/tests/a.py"}),
        ("(^|/)gen_[a-z]+\\.py$", {"p/gen_x.py"}),
        ("nothing", set()),
    ],
)
def test_exclude_is_searched_as_mypy_does_from_the_root_and_from_the_project(pattern: str, out: set[str]) -> None:
    files = ["build/a.py", "p/tests/a.py", "p/gen_x.py", "p/a.py"]
    assert {file for file in files if config.excluded(file, (".", "p"), [pattern])} == out


def test_an_exclude_that_is_no_expression_is_an_error() -> None:
    with pytest.raises(ConfigError, match="not a regular expression"):
        config.derive(settings("mypy.ini", "[mypy]\nexclude = (\n"), [])


@pytest.mark.parametrize(
    "name, text",
    [
        ("mypy.ini", "[mypy]\nwarn_unused_ignore = True\n"),
        ("mypy.ini", "[mypy]\ncheck_untyped_defs = maybe\n"),
        ("pyproject.toml", "[tool.mypy]\nwarn_unused_ignore = true\n"),
        ("mypy.ini", "[mypy-p.*]\nstrict_option = True\n"),
    ],
)
def test_an_option_that_mypy_does_not_take_is_a_failure_beside_the_findings(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, name: str, text: str
) -> None:
    tree = monorepo({name: text, "p/pyproject.toml": service("p"), "p/a.py": "x: int = ''\n"})
    reading = Checker(tree, {"p": str(kept_environment().prefix)}, config=tree.root / name).check()

    assert {finding.rule for finding in reading.findings} == {"assignment"}
    assert name in told(reading.failures) and "pyfmt-mypy-" not in told(reading.failures), told(reading.failures)


def test_a_wrong_option_of_a_project_is_told_with_the_projects_file(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    manifest = service("p") + "[[tool.mypy.overrides]]\nmodule = 'a'\nignore_errrors = true\n"
    tree = monorepo({"p/pyproject.toml": manifest, "p/a.py": "x: int = ''\n"})
    reading = Checker(tree, {"p": str(kept_environment().prefix)}).check()

    assert "p/pyproject.toml" in told(reading.failures) and "ignore_errrors" in told(reading.failures)


def test_a_config_that_cannot_be_read_is_a_failure(monorepo: MakeMonorepo, kept_environment: MakeEnvironment) -> None:
    tree = monorepo({"mypy.ini": "[mypy\n", "p/pyproject.toml": service("p"), "p/a.py": "x: int = ''\n"})
    reading = Checker(tree, {"p": str(kept_environment().prefix)}, config=tree.root / "mypy.ini").check()
    assert "mypy.ini" in told(reading.failures) and not reading.findings
    gone = Checker(tree, {"p": str(kept_environment().prefix)}, config=Path(tree.root / "gone.ini")).check()
    assert "gone.ini" in told(gone.failures)


def test_sections_of_one_project_do_not_silence_its_neighbours(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    """Both share an environment and a unit; one ignores a missing package, the other does not."""
    lenient = (
        service("one") + "[[tool.mypy.overrides]]\nmodule = ['nothing.*', 'one.*']\nignore_missing_imports = true\n"
    )
    tree = monorepo(
        {
            "one/pyproject.toml": lenient,
            "one/one/__init__.py": "import nothing\nx: int = ''\n",
            "two/pyproject.toml": service("two"),
            "two/two/__init__.py": "import nothing\n",
            "three/pyproject.toml": service("three")
            + "[[tool.mypy.overrides]]\nmodule = 'three'\nignore_errors = true\n",
            "three/three/__init__.py": "x: int = ''\n",
        }
    )
    environment = str(kept_environment().prefix)
    checker = Checker(tree, dict.fromkeys(["one", "two", "three"], environment))
    found = {(path, rule) for path, _, rule, _ in sound(checker.check())}

    assert found == {("one/one/__init__.py", "assignment"), ("two/two/__init__.py", "import-not-found")}
    (unit,) = checker.units
    assert len(unit.parts) == 3

"""[tool.pyfmt]: where it is found, what it says, and what is said of what it cannot say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pyfmt import config
from pyfmt.core.errors import ConfigError, PyfmtError, UsageError
from pyfmt.core.model import Config, Override, Severity
from pyfmt.core.policies import AffectedRules, Allowance, Boundaries, FurtherEdge, VersionsPolicy
from pyfmt.core.remote_cache import RemoteCache
from pyfmt.core.request import Command, Location, Request


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def load(cwd: Path, *paths: str, **options: Any) -> Config:
    return config.load(Request(Command.CHECK, paths=paths, **options), cwd)


def loaded(root: Path, section: str) -> Config:
    write(root, {"pyfmt.toml": section})
    return load(root)


def failure(root: Path, section: str) -> str:
    with pytest.raises(ConfigError) as error:
        loaded(root, section)
    assert str(root / "pyfmt.toml") in str(error.value)
    return error.value.what


def test_the_root_is_the_nearest_folder_with_a_configuration(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.pyfmt]\n",
            "a/pyproject.toml": '[project]\nname = "a"\ndependencies = ["pyfmt-monorepo"]\n',
            "a/b/c.py": "",
            "other/pyfmt.toml": "",
            "other/x/y.py": "",
        },
    )
    assert (load(tmp_path / "a" / "b").root, load(tmp_path / "a" / "b").file) == (tmp_path, tmp_path / "pyproject.toml")
    assert load(tmp_path / "other" / "x").root == tmp_path / "other"
    assert load(tmp_path, "other/x/y.py").root == tmp_path / "other"
    assert load(tmp_path, "other/x").root == tmp_path / "other"
    assert load(tmp_path / "a", "nowhere/z.py").root == tmp_path


def test_without_a_configuration_the_git_root_is_the_root(tmp_path: Path) -> None:
    write(tmp_path, {"pyfmt.toml": "jobs = 7", "repo/.git/HEAD": "", "repo/a/b.py": ""})
    settings = load(tmp_path / "repo" / "a")
    assert (settings.root, settings.file) == (tmp_path / "repo", None)
    assert settings.jobs != 7 or os.cpu_count() == 7
    assert settings.tools == ("isort", "black", "pylint", "mypy")
    assert (settings.timeout, settings.fail_on, settings.exclude) == (600.0, Severity.INFO, ())


def test_without_git_the_start_is_the_root(tmp_path: Path) -> None:
    assert load(tmp_path).root == tmp_path


def test_without_git_the_root_does_not_depend_on_the_working_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"m/pyproject.toml": "[project]\nname = 'm'\n", "m/a/b/setup.py": "", "m/a/b/c/d.py": "", "x/y.py": ""},
    )
    roots = {load(tmp_path / "m" / folder).root for folder in (".", "a", "a/b", "a/b/c")}
    assert roots == {tmp_path / "m"} == {load(tmp_path, path).root for path in ("m", "m/a/b/c/d.py", "m/a/b")}
    (note,) = load(tmp_path / "m" / "a").notes
    assert f"{tmp_path / 'm'} was taken as the root" in note and load(tmp_path / "m").notes == ()
    with pytest.raises(UsageError, match="holds no project"):
        load(tmp_path / "m", "../x")
    with pytest.raises(UsageError, match="name the root with `--root /etc`"):
        load(tmp_path, "/etc")
    assert load(tmp_path / "m", "../x/y.py").root == load(tmp_path / "x").root == tmp_path / "x"
    assert load(tmp_path, "/etc", location=Location("/etc")).root == Path("/etc")


def test_a_linked_file_counts_where_the_link_stands(tmp_path: Path) -> None:
    write(tmp_path, {"here/pyfmt.toml": "", "there/pyfmt.toml": "", "there/a.py": ""})
    (tmp_path / "here" / "a.py").symlink_to("../there/a.py")
    assert load(tmp_path, "here/a.py").root == tmp_path / "here"


def test_the_root_has_its_links_resolved(tmp_path: Path) -> None:
    write(tmp_path, {"real/pyfmt.toml": "", "real/a/b.py": ""})
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link" / "a").root == tmp_path / "real"
    assert load(tmp_path, location=Location("link")).root == tmp_path / "real"


def test_root_and_config_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.py": "", "b/pyfmt.toml": "jobs = 3", "elsewhere.toml": "[tool.pyfmt]\njobs = 5"})
    assert load(tmp_path, location=Location("a")).root == tmp_path / "a"
    assert load(tmp_path / "a", location=Location(config_file="../b/pyfmt.toml")).jobs == 3
    settings = load(tmp_path, location=Location("a", "elsewhere.toml"))
    assert (settings.root, settings.jobs) == (tmp_path / "a", 5)
    assert dict(settings.origins)["jobs"] == str(tmp_path / "elsewhere.toml")
    with pytest.raises(UsageError, match="not a folder"):
        load(tmp_path, location=Location("nowhere"))
    with pytest.raises(ConfigError, match="names no file"):
        load(tmp_path, location=Location(config_file="nowhere.toml"))


def test_a_named_file_without_a_section_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n"})
    with pytest.raises(ConfigError, match=r"has no \[tool.pyfmt\]"):
        load(tmp_path, location=Location(config_file="pyproject.toml"))


EVERY_KEY = """
projects = ["lib/*", "."]
exclude = ["/vendor/"]
configs = "shared"
tools = ["mypy", "black"]
environments = { "lib/a" = "envs/a", b = "/envs/b" }
jobs = 3
timeout = 20
fail-on = "warning"
cache-dir = ".cache"
baseline = true
notebooks = false
check-in-dependents = "home"
merge-equivalent = false
server = "off"
project-settings = ["tools"]
project-schema = "shared/schema.json"
[[overrides]]
paths = ["old/"]
disable = ["C0114", "mypy"]
severity = "info"
[[overrides]]
paths = ["*.pyi"]
severity = { W0611 = "error", "*" = "warning" }
[versions]
black = "25.1.0"
isort = "lock"
[cache]
remote = "https://cache.example.org"
public-key = "ed25519:x"
[boundaries]
libraries = ["lib/*"]
allow = [{ from = "apps/a", to = ["apps/b", "c"], rules = ["library-cycle", "pyf001"], reason = "soon" }]
[versions-policy]
one-version = "*"
internal = "each"
[affected]
global = ["tools/ci/**"]
edges = [{ from = "apps/*", to = "proto/" }]
"""


@pytest.fixture
def full(tmp_path: Path) -> Config:
    """A configuration that says every key."""
    write(tmp_path, {"shared/pylintrc": ""})
    return loaded(tmp_path, EVERY_KEY)


def test_every_key(full: Config, tmp_path: Path) -> None:
    assert full.projects == ("lib/*", ".")
    assert full.exclude == ("/vendor/",)
    assert full.tools == ("black", "mypy", "pyfmt")
    assert (full.jobs, full.timeout, full.fail_on) == (3, 20.0, Severity.WARNING)
    assert full.cache_dir == tmp_path / ".cache"
    assert full.baseline and not full.in_dependents and not full.notebooks
    assert not full.merge_equivalent and full.server == "off"
    assert (full.project_settings, full.project_schema) == (("tools",), "shared/schema.json")
    assert set(dict(full.origins).values()) == {str(tmp_path / "pyfmt.toml")}


def test_every_table(full: Config) -> None:
    assert full.environments == (("b", "/envs/b"), ("lib/a", "envs/a"))
    assert full.overrides == (
        Override(("old/",), ("C0114", "mypy"), (("*", Severity.INFO),)),
        Override(("*.pyi",), (), (("*", Severity.WARNING), ("W0611", Severity.ERROR))),
    )
    assert full.versions == (("black", "25.1.0"), ("isort", "lock"))
    assert full.remote_cache == RemoteCache("https://cache.example.org", "main", "ed25519:x")
    assert full.boundaries == Boundaries(
        ("lib/*",), None, (Allowance(("apps/a",), ("apps/b", "c"), ("PYF004", "PYF001"), "soon"),)
    )
    assert full.versions_policy == VersionsPolicy(("*",), "each")
    assert full.affected == AffectedRules(("tools/ci/**",), (FurtherEdge(("apps/*",), ("proto/",)),))


def test_the_command_line_wins(tmp_path: Path) -> None:
    write(tmp_path, {"pyfmt.toml": "jobs = 3\ntimeout = 20\ntools = ['mypy']"})
    settings = load(tmp_path, jobs=1, timeout=0.5, tools=("pylint", "isort"))
    assert (settings.jobs, settings.timeout, settings.tools) == (1, 0.5, ("isort", "pylint"))
    origins = dict(settings.origins)
    assert (origins["jobs"], origins["timeout"], origins["tools"]) == ("--jobs", "--timeout", "--tool")
    assert origins["exclude"] == "default"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "--jobs: must be at least 1"),
        ({"timeout": 0.0}, "--timeout: must be more than 0"),
        ({"timeout": float("nan")}, "--timeout: must be more than 0"),
        ({"timeout": float("inf")}, "at most 1000000"),
        ({"tools": ("pylnt",)}, "--tool: unknown tool 'pylnt'; did you mean 'pylint'?"),
    ],
)
def test_a_wrong_option_is_a_usage_error(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        load(tmp_path, **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("exlude = []", "unknown key 'exlude'; did you mean 'exclude'?"),
        ("zzz = 1", "unknown key 'zzz'; known: projects, exclude,"),
        ("check-in-dependents = 'no'", 'check-in-dependents: must be true or "home"'),
        ("cache = { remot = '' }", "cache: unknown key 'remot'; did you mean 'remote'?"),
        ("cache = { remote = 1 }", "cache: remote: must be a string"),
        ("check-in-dependents = 1", 'check-in-dependents: must be true or "home", not an integer'),
        ("exclude = 'a'", "exclude: must be a list of strings, not a string"),
        ("exclude = ['a', 1]", "exclude: must be a list of strings, not an array of integer and string"),
        ("configs = 1", "configs: must be a string, not an integer"),
        ("configs = 'nowhere'", "configs: nowhere is not a folder"),
        ("tools = ['xyz']", "tools: unknown tool 'xyz'; known: isort, black, pylint, mypy"),
        ("tools = []", "tools: names no tool"),
        ("environments = ['a']", "environments: must be a table of project = path, not an array of string"),
        ("environments = {a = 1}", "environments: must be a table of project = path"),
        ("jobs = true", "jobs: must be a whole number, not a boolean"),
        ("jobs = 0", "jobs: must be at least 1"),
        ("jobs = 1.5", "jobs: must be a whole number, not a float"),
        ("timeout = nan", "timeout: must be more than 0"),
        ("timeout = inf", "timeout: must be more than 0 and at most"),
        ("timeout = '5'", "timeout: must be a number of seconds, not a string"),
        ("fail-on = 'eror'", "fail-on: must be one of error, warning, info; did you mean 'error'?"),
        ("fail-on = 2", "fail-on: must be a string, not an integer"),
        ("fail_on = 'error'", "unknown key 'fail_on'; did you mean 'fail-on'?"),
        ("projects = ['/abs']", "projects: '/abs' is no glob of folders below the root"),
        ("projects = ['../x']", "projects: '../x' is no glob of folders below the root"),
        ("projects = ['']", "projects: '' is no glob of folders below the root"),
        ("overrides = {}", "overrides: must be an array of tables, not a table"),
        ("[[overrides]]\ndisable = []", "overrides: has no paths"),
        ("[[overrides]]\npaths = []", "overrides: has no paths"),
        ("[[overrides]]\npath = []", "overrides: unknown key 'path'; did you mean 'paths'?"),
        ("[[overrides]]\npaths = 'a'", "overrides: paths: must be a list of strings, not a string"),
        ("[[overrides]]\npaths = ['a\\']", "overrides: paths: Invalid git pattern"),
        ("[[overrides]]\npaths = ['a']\ndisable = [1]", "overrides: disable: must be a list of strings"),
        (
            "[[overrides]]\npaths = ['a']\nseverity = 1",
            "overrides: severity: must be a string or a table of rule = severity",
        ),
        (
            "[[overrides]]\npaths = ['a']\nseverity = {x = 'bad'}",
            "overrides: severity: x: must be one of error, warning, info",
        ),
        ("[tool.black]\nx = 1", "unknown key 'tool'; did you mean 'tools'?"),
        ("jobs = ", "is not valid TOML: "),
        ("jobs = 1\n[tool.pyfmt]\njobs = 2", "unknown key 'tool'; did you mean 'tools'?"),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_what_it_takes(tmp_path: Path, section: str, message: str) -> None:
    assert message in failure(tmp_path, section)


def test_a_section_that_is_no_table(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool]\npyfmt = 3\n"})
    with pytest.raises(ConfigError, match="tool.pyfmt must be a table, not an integer"):
        load(tmp_path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    write(tmp_path, {"pyfmt.toml": b"jobs = 1 # \xff"})
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path)


def test_a_projects_damaged_manifest_is_no_failure_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, {"pyfmt.toml": "", "a/pyproject.toml": "[project\ndependencies = ['pyfmt-monorepo']", "a/b.py": ""})
    assert load(tmp_path / "a").root == tmp_path
    write(tmp_path, {"a/pyproject.toml": "[tool.pyfmt]\njobs = "})
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path / "a")


def tool_files(settings: Config) -> dict[str, tuple[str, str]]:
    return {item.tool: (item.origin, os.path.basename(item.path)) for item in settings.tool_configs}


def test_each_tools_configuration_comes_from_the_first_place_that_has_one(tmp_path: Path) -> None:
    built_in = {"isort": "isort.cfg", "black": "black.toml", "pylint": "pylintrc", "mypy": "mypy.ini"}
    assert tool_files(load(tmp_path)) == {tool: ("built-in", name) for tool, name in built_in.items()}
    assert all(os.path.isfile(item.path) for item in load(tmp_path).tool_configs)
    write(tmp_path, {"pyproject.toml": "[tool.pyfmt]\nconfigs = 'c'\n[tool.black]\n[tool.mypy]\n", "c/mypy.ini": ""})
    assert tool_files(load(tmp_path)) == {
        "isort": ("built-in", "isort.cfg"),
        "black": ("root", "pyproject.toml"),
        "pylint": ("built-in", "pylintrc"),
        "mypy": ("configs", "mypy.ini"),
    }
    assert load(tmp_path).tool_config("black").path == str(tmp_path / "pyproject.toml")


def test_a_configs_folder_without_any_configuration_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"c/black.ini": ""})
    assert "configs: c holds no configuration of a tool" in failure(tmp_path, "configs = 'c'")


def test_errors_say_what_where_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(PyfmtError) as error:
        loaded(tmp_path, "configs = 'nowhere'")
    assert str(error.value) == (
        f"{tmp_path / 'pyfmt.toml'}: configs: nowhere is not a folder\n  help: name a folder below the root"
    )

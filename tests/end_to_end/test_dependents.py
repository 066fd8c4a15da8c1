"""A library is judged in every environment that can import it, and each thing is said once, with where it holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.watch.sessions import watching
from tests.support import virtualenvs
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import BuiltEnvironment
from tests.support.wheels import write_wheel

_MANIFEST = """
    [build-system]
    requires = ["uv_build>=0.8"]
    build-backend = "uv_build"

    [project]
    name = "{name}"
    version = "1.0"
    dependencies = [{needs}]

    [tool.uv.build-backend]
    module-name = "{name}"
    module-root = "src"
"""
_SHAPE = (
    '"""Shapes."""\n\n\nclass Shape:\n    """A shape."""\n\n'
    '    def area(self) -> int:\n        """Its area."""\n        return 1\n'
)
_OUTLINE = '\n    def outline(self) -> int:\n        """Its outline."""\n        return 1\n'
_WRONG_WITH_1 = (
    '"""Written for shape 2."""\n\nfrom shape import Shape\n\nprint(Shape().outline())\n'
    "ONE = 1\nTWO = 2\nTHREE = 3\nFOUR = 4\n"
)

LIBRARY: dict[str, str] = {
    "lib/events/pyproject.toml": _MANIFEST.format(name="events", needs='"shape"'),
    "lib/events/src/events/__init__.py": '"""Events."""\n',
    "lib/events/src/events/py.typed": "",
    "lib/events/src/events/used.py": _WRONG_WITH_1,
    "lib/events/src/events/unused.py": _WRONG_WITH_1,
    "lib/events/src/events/plain.py": '"""Nothing installed."""\n\nimport os\n\nprint(os.sep + 1)\n',
    "lib/events/src/events/ignores.py": '"""Comments."""\n\nfrom shape import Shape\n\n'
    "print(Shape().outline())  # type: ignore[attr-defined] # pylint: disable=no-member\n"
    "print(Shape().area())  # type: ignore[attr-defined] # pylint: disable=no-member\n"
    "print(Shape().outline())  # type: ignore[attr-defined, arg-type] # pylint: disable=no-member\n",
    "lib/events/tests/test_events.py": '"""Only billing has what tests need."""\n\nimport tester\n\nprint(tester.X)\n',
    "lib/events/tests/test_differs.py": '"""An error for pricing, another one for billing."""\n\nimport tester\n'
    "from shape import Shape\n\nprint(Shape().outline())\nprint(tester.WRONG)\n",
    # Scripts beside each other, and one that imports from the library's folder: as it is at home, it is everywhere.
    "lib/events/scripts/one.py": '"""One."""\n\nimport two\n\nimport tool\n\nprint(two.TWO, tool.TOOL)\n',
    "lib/events/scripts/two.py": '"""Two."""\n\nTWO = 2\n',
    "lib/events/tool.py": '"""At the library\'s root."""\n\nTOOL = 1\n',
}
OWN: dict[str, str] = {  # a library with an environment of its own
    "lib/own/pyproject.toml": _MANIFEST.format(name="own", needs='"shape"'),
    "lib/own/src/own/__init__.py": '"""Own."""\n',
    "lib/own/src/own/py.typed": "",
    "lib/own/src/own/reached.py": '"""Reached."""\n\nfrom own.deeper import *\n',
    "lib/own/src/own/deeper.py": _WRONG_WITH_1,
    "lib/own/src/own/rooted.py": '"""Has its root at home."""\n\nimport rootmod\n\nprint(rootmod.X)\n',
    # What `setting` sets on a class counts where `asking` asks for it, whoever is asked about `setting`.
    "lib/own/src/own/registry.py": '"""Registry."""\n\n\nclass Registry:\n    """Names."""\n',
    "lib/own/src/own/setting.py": '"""Sets."""\n\nfrom own.registry import Registry\n\n'
    "Registry.extra = 1  # type: ignore[attr-defined]\n",
    "lib/own/src/own/asking.py": '"""Asks."""\n# mypy: disable-error-code=attr-defined\n'
    "from own.registry import Registry\nfrom shape import Shape\n\nprint(Shape().area(), Registry.extra)\n",
    "lib/own/rootmod.py": '"""Not in src."""\n\nX = 1\n',
    "lib/own/src/own/unreached.py": _WRONG_WITH_1,
    "lib/own/src/own/plugins/__init__.py": '"""Plugins."""\n',
    "lib/own/src/own/plugins/first.py": _WRONG_WITH_1,
    "lib/own/tests/test_own.py": _WRONG_WITH_1 + "\nimport own.unreached\n",
}
SERVICES: Mapping[str, tuple[str, ...]] = {
    "billing": ("events.used", "events.ignores", "events.plain"),
    "ledger": ("events.used", "events.ignores"),
    "pricing": ("events.used", "events.ignores", "own.reached", "own.rooted", "own.setting", "own.asking"),
}
_PYLINTRC = "[MAIN]\ndisable=all\nenable=no-member,import-error,useless-suppression,duplicate-code,unused-import\n"
_FILES = {
    "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
    "configs/pylintrc": _PYLINTRC + "[SIMILARITIES]\nmin-similarity-lines=3\n",
    "configs/mypy.ini": "[mypy]\nwarn_unused_ignores = True\n",
    ".gitignore": ".venv/\n",
    **LIBRARY,
    **OWN,
}
for _name, _modules in SERVICES.items():
    _FILES[f"services/{_name}/pyproject.toml"] = _MANIFEST.format(name=_name, needs='"events"')
    _FILES[f"services/{_name}/src/{_name}/__init__.py"] = '"""A service."""\n'
    _imports = "".join(f"import {module}\n" for module in _modules)
    _FILES[f"services/{_name}/src/{_name}/main.py"] = f'"""Main of {_name}."""\n\n{_imports}\nprint("{_name}")\n'


def make(folder: Path) -> Monorepo:
    """The tree; pricing has shape 1, everybody else shape 2, and only billing the library's test tool."""
    tree = Monorepo.create(folder, _FILES)
    wheels = folder / "wheels"
    wheels.mkdir()
    shape = {version: write_wheel(wheels, f"shape-{version}", text) for version, text in (
        ("1.0", {"shape/__init__.py": _SHAPE, "shape/py.typed": ""}),
        ("2.0", {"shape/__init__.py": _SHAPE + _OUTLINE, "shape/py.typed": ""}),
    )}  # fmt: skip
    tester = write_wheel(wheels, "tester-1.0", {"tester.py": '"""T."""\n\nX = 1\n'})
    tree.git("init", "--quiet")
    for service, version in (("billing", "2.0"), ("ledger", "2.0"), ("pricing", "1.0")):
        more = [str(tester)] if service == "billing" else []
        editable = [f"services/{service}", "lib/events", *(["lib/own"] if service == "pricing" else [])]
        environment(tree, f"services/{service}", str(shape[version]), *more, editable=editable)
    environment(tree, "lib/own", str(shape["2.0"]), editable=["lib/own"])
    return tree


def environment(tree: Monorepo, project: str, *wheels: str, editable: list[str]) -> BuiltEnvironment:
    made = tree.environment(project, *wheels)
    folders = [word for name in editable for word in ("--editable", str(tree.root / name))]
    virtualenvs._call(  # pylint: disable=protected-access
        [str(virtualenvs.uv_binary()), "pip", "install", "--quiet", "--no-deps", "--python", str(made.python), *folders]
    )
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    return make(tmp_path_factory.mktemp("dependents"))


@pytest.fixture(scope="module")
def whole(tree: Monorepo) -> dict[str, Any]:
    """The report of a run over everything, without a cache."""
    return tree.check("--no-cache", command_name="lint")[1]


PRICING = ["services/pricing/.venv"]
DIFFERS = "lib/events/tests/test_differs.py"
ERRORS_OF_TESTS = {  # mypy sees no types in a module without py.typed
    "mypy": {(DIFFERS, 6): PRICING},
    "pylint": {(DIFFERS, 6): PRICING, (DIFFERS, 7): ["services/billing/.venv"]},
}


def said(report: Mapping[str, Any], tool: str, rule: str) -> dict[tuple[str, int], list[str]]:
    """Where a rule is broken, and the environments in which alone it is; [] where it is so in all."""
    return {
        (item["path"].rpartition("/src/")[2] or item["path"], item["line"]): [o["environment"] for o in item["only_in"]]
        for item in report["findings"]
        if (tool, rule) in {(each["tool"], each["rule"]) for each in (item, *item.get("equivalents", ()))}
    }


@pytest.mark.parametrize(("tool", "rule"), [("mypy", "attr-defined"), ("pylint", "E1101")])
def test_each_file_is_judged_wherever_it_is_reached(whole: dict[str, Any], tool: str, rule: str) -> None:
    """A library without an environment is at home in all; of one with its own, what is reached is judged away."""
    found = said(whole, tool, rule)
    assert {place: only for place, only in found.items() if not place[0].startswith("events/plain")} == {
        ("events/used.py", 5): PRICING,
        ("events/unused.py", 5): PRICING,  # at home, which is everywhere
        ("own/deeper.py", 5): PRICING,
        **ERRORS_OF_TESTS[tool],
    }


@pytest.mark.parametrize(("tool", "rule"), [("mypy", "import-not-found"), ("pylint", "E0401")])
def test_what_only_one_of_the_environments_has_a_root_for_is_missing_in_the_others(
    whole: dict[str, Any], tool: str, rule: str
) -> None:
    """The same is installed: what differs are the folders that modules are imported from."""
    assert said(whole, tool, rule) == {("own/rooted.py", 3): PRICING}


def test_what_does_not_depend_on_the_environment_is_said_plainly_and_once(whole: dict[str, Any]) -> None:
    found = [item for item in whole["findings"] if item["path"].endswith("events/plain.py")]
    assert [(item["rule"], item["only_in"]) for item in found if item["tool"] == "mypy"] == [("operator", [])]
    assert len(found[0]["environments"]) == 3  # of the library without an environment: its dependents


def test_a_comment_is_unused_only_if_no_environment_needs_it(whole: dict[str, Any]) -> None:
    assert said(whole, "mypy", "unused-ignore") == {("events/ignores.py", 6): [], ("events/ignores.py", 7): []}
    (partly,) = [i for i in whole["findings"] if (i["rule"], i["line"]) == ("unused-ignore", 7)]
    assert "[arg-type]" in partly["message"], "the other code is needed with shape 1"
    assert said(whole, "pylint", "I0021") == {("events/ignores.py", 6): []}


def test_a_librarys_tests_need_no_environment_but_one_that_suits_them(whole: dict[str, Any]) -> None:
    assert not [item for item in whole["findings"] if item["path"] == "lib/events/tests/test_events.py"]


def test_rules_about_a_project_as_a_whole_are_checked_at_home(whole: dict[str, Any]) -> None:
    duplicates = [item for item in whole["findings"] if item["rule"] == "R0801" and item["project"] == "own"]
    assert duplicates and all(item["only_in"] == [] for item in duplicates)


def test_the_version_that_explains_it_is_named(tree: Monorepo, whole: dict[str, Any]) -> None:
    (finding,) = [i for i in whole["findings"] if i["path"].endswith("events/used.py") and i["tool"] == "mypy"]
    assert finding["only_in"][0]["packages"] == {"shape": "1.0"}
    text = tree.run("lint", "lib/events", "--no-cache").expect(1).stdout
    assert "only in: services/pricing/.venv (shape 1.0)" in text
    runs = tree.run("lint", "lib/events", "--output", "sarif").json["runs"]
    told = [each["properties"] for run in runs for each in run["results"] if "shape" in str(each["properties"])]
    assert [each["only_in"] for each in told] == [["services/pricing/.venv (shape 1.0)"]] * len(told)
    assert {"services/pricing/.venv"} in [set(each["environments"]) for each in told]


def test_a_library_or_file_named_alone_is_judged_in_all_its_environments(tree: Monorepo, whole: dict[str, Any]) -> None:
    for path in ("lib/events", "lib/events/src/events/used.py", "lib/own/src/own/deeper.py"):
        expected = [item for item in whole["findings"] if item["path"].startswith(path) and item["rule"] != "R0801"]
        part = tree.check(path, command_name="lint")[1]["findings"]
        assert [item for item in part if item["rule"] != "R0801"] == expected


def test_cached_runs_and_shards_say_the_same(tree: Monorepo, whole: dict[str, Any], tmp_path: Path) -> None:
    for _ in range(2):
        cached = tree.check(command_name="lint")[1]
        assert cached["findings"] == whole["findings"] and cached["judged"] == whole["judged"]
    files = []
    for index in (1, 2, 3):
        tree.run("lint", "--shard", f"{index}/3", "--output", f"json={tmp_path / str(index)}")
        files.append(str(tmp_path / str(index)))
    merged = tree.run("merge", *files, "--output", "json").json
    assert merged["findings"] == whole["findings"] and merged["judged"] == whole["judged"]
    assert merged["summary"]["files"] == whole["summary"]["files"]


def test_what_one_file_sets_counts_for_another_one_after_edits_too(tree: Monorepo, whole: dict[str, Any]) -> None:
    """pricing's environment is asked about the one that asks, the library's own about the one that sets."""
    setting, asking = (f"lib/own/src/own/{name}.py" for name in ("setting", "asking"))
    before = {name: tree.read(name) for name in (setting, asking)}
    tree.check(command_name="lint")
    try:
        tree.write({asking: before[asking].replace("print(", "print(1, ")})
        assert ("own/asking.py", 6) not in said(tree.check(command_name="lint")[1], "pylint", "E1101")
        tree.write({setting: before[setting].replace("extra", "other")})
        cached = tree.check(command_name="lint")[1]
        assert said(cached, "pylint", "E1101")["own/asking.py", 6] == []
        assert cached["findings"] == tree.check("--no-cache", command_name="lint")[1]["findings"]
        tree.write(before)
        assert tree.check(command_name="lint")[1]["findings"] == whole["findings"]
    finally:
        tree.write(before)


def test_explain_and_envs_tell_who_judges_what(tree: Monorepo) -> None:
    told = tree.run("explain", "-v", "lib/own/src/own/deeper.py").expect(0).stdout
    assert "services/pricing/.venv: reached from services/pricing/src/pricing/main.py" in told
    told = tree.run("explain", "-v", "lib/own/src/own/unreached.py").expect(0).stdout
    assert "services/pricing/.venv" not in told.partition("\npylint")[0]
    assert "\njudged in    2 environments\n" in tree.run("explain", "lib/own").expect(0).stdout
    rows = json.loads(tree.run("envs", "--json").stdout)["projects"]
    libraries = {row["project"]: row["libraries"] for row in rows}
    assert libraries["pricing"] == [{"project": "events", "files": 10}, {"project": "own", "files": 7}]
    assert libraries["own"] == []


def test_judged_at_home_only_is_said(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\ncheck-in-dependents = "home"\n'})
    try:
        report = tree.check("lib/own", command_name="lint")[1]
        assert not [item for item in report["findings"] if item["rule"] in ("attr-defined", "E1101")]
        (note,) = [note for note in report["notes"] if "check-in-dependents" in note]
        assert note.endswith("not judged in the environments of those who use them: own")
    finally:
        tree.write({"pyproject.toml": _FILES["pyproject.toml"]})


def test_since_judges_what_is_reached_for_the_first_time(tree: Monorepo, whole: dict[str, Any]) -> None:
    """A service's new import leads to a file of a library that did not change, and is wrong there."""
    assert ("own/unreached.py", 5) not in said(whole, "mypy", "attr-defined")
    main = "services/pricing/src/pricing/main.py"
    before = tree.read(main)
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "all")
    try:
        (tree.root / main).write_text(before + "\nprint(1)\n")
        report = tree.check("--since", "HEAD", command_name="lint")[1]
        assert not [item for item in report["findings"] if item["path"].startswith("lib/")]
        (tree.root / main).write_text(before.replace("import own.reached", "import own.reached\nimport own.unreached"))
        report = tree.check("--since", "HEAD", command_name="lint")[1]
        for tool, rule in (("mypy", "attr-defined"), ("pylint", "E1101")):
            assert said(report, tool, rule)["own/unreached.py", 5] == PRICING
    finally:
        (tree.root / main).write_text(before)


def test_a_staged_file_of_a_library_is_judged_in_its_dependents(tree: Monorepo, whole: dict[str, Any]) -> None:
    file = "lib/events/src/events/used.py"
    before = tree.read(file)
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--allow-empty", "--message", "all")
    try:
        tree.write({file: before + "\n# Staged.\n"})
        tree.git("add", file)
        tree.write({file: "pass\n"})  # what is not staged is not judged
        found = said(tree.check("--staged", command_name="lint")[1], "mypy", "attr-defined")
        expected = {
            place: where for place, where in said(whole, "mypy", "attr-defined").items() if place[0] == "events/used.py"
        }
        assert found == expected and list(found.values()) == [PRICING]
    finally:
        tree.write({file: before})
        tree.git("reset", "--quiet", "--hard")


@pytest.mark.slow
def test_a_session_that_watches_judges_a_saved_library_in_its_dependents(tree: Monorepo, whole: dict[str, Any]) -> None:
    main, reached = "services/pricing/src/pricing/main.py", "lib/own/src/own/reached.py"
    before = {name: tree.read(name) for name in (main, reached)}
    try:
        with watching(tree, "lint") as session:
            session.report(1)
            tree.write({reached: before[reached] + "from shape import Shape\n\nprint(Shape().outline())\n"})
            session.latest(f"{reached}:6:")
            assert said(session.json, "mypy", "attr-defined")["own/reached.py", 6] == PRICING
            tree.write({**before, main: before[main].replace("import own.reached", "import own.unreached")})
            session.latest("own/unreached.py:5:", lacks=f"{reached}:6:")
            assert said(session.json, "mypy", "attr-defined")["own/unreached.py", 5] == PRICING
            tree.write(before)
            session.latest("changed: ", lacks="own/unreached.py:5:")
            assert session.json["findings"] == whole["findings"]
    finally:
        tree.write(before)


def test_an_environment_that_is_not_there_is_said_and_the_others_still_judge(tmp_path: Path) -> None:
    """Whichever environment is missing, the error is found; what nobody can see here, no baseline calls gone."""
    tree = make(tmp_path)
    shutil.rmtree(tree.root / "services/billing/.venv")
    result, report = tree.check("lib/events", command_name="lint")
    assert said(report, "mypy", "attr-defined")["events/used.py", 5] == PRICING
    reason = "not judged for billing: no environment found; run `pyfmt envs create services/billing`"
    assert report["skipped"] == [{"project": "events", "tool": tool, "reason": reason} for tool in ("mypy", "pylint")]
    assert result.code == 2
    note = "not judged for billing, for want of a usable environment there: events"
    assert note not in report["notes"], "each thing is said once"
    hooks: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("run", "lib/events"), {}),
        (("lint", "lib/events"), {"PRE_COMMIT": "1"}),
    ]
    for arguments, environ in hooks:  # what is committed does not wait for others' environments
        result, report = tree.check(*arguments[1:], command_name=arguments[0], environ=environ)
        assert result.code == 1 and not report["skipped"] and note in report["notes"]
    report = tree.check(command_name="lint")[1]
    assert {item["project"] for item in report["skipped"]} == {"billing"} and note in report["notes"]
    tree.write({"pyproject.toml": _FILES["pyproject.toml"] + 'check-in-dependents = "home"\n'})
    assert not tree.check("lib/events", command_name="lint")[1]["skipped"]
    tree.write({"pyproject.toml": _FILES["pyproject.toml"]})
    tree.run("baseline")
    shutil.rmtree(tree.root / "services/pricing/.venv")
    report = tree.check("--baseline", "lib/events", command_name="lint")[1]
    assert not said(report, "mypy", "attr-defined") and not report["gone"]


def test_the_real_thing_a_library_that_only_pydantic_2_can_run(tmp_path: Path) -> None:
    """The service with pydantic 1 crashes in the library: found whether the service is looked at or not."""
    event = '"""Events."""\n\nfrom pydantic import BaseModel\n\n\n'
    event += 'class Event(BaseModel):\n    """One."""\n\n    name: str\n'
    dump = '\n\ndef dump(event: Event) -> dict[str, str]:\n    """As values."""\n    return event.model_dump()\n'
    files = {
        "pyproject.toml": "[tool.pyfmt]\n",
        "lib/grpc/pyproject.toml": _MANIFEST.format(name="acme-grpc", needs='"pydantic"').replace(
            'e-name = "acme-', 'e-name = "acme_'
        ),
        "lib/grpc/src/acme_grpc/__init__.py": event + dump,
    }
    for service in ("billing", "pricing"):
        files[f"services/{service}/pyproject.toml"] = f'[project]\nname = "{service}"\nversion = "1"\n'
        files[f"services/{service}/main.py"] = (
            '"""Main."""\n\nfrom acme_grpc import Event, dump\n\nprint(dump(Event(name="x")))\n'
        )
    tree = Monorepo.create(tmp_path, files)
    environment(tree, "services/billing", "pydantic>=2", editable=["lib/grpc"])
    environment(tree, "services/pricing", "pydantic<1.10", editable=["lib/grpc"])
    for path in ([], ["lib/grpc"]):
        (finding,) = tree.check(*path, command_name="lint")[1]["findings"]
        assert (finding["rule"], finding["message"]) == ("attr-defined", '"Event" has no attribute "model_dump"')
        (only,) = finding["only_in"]
        assert only["environment"] == "services/pricing/.venv" and only["packages"]["pydantic"].startswith("1.9")
    shutil.rmtree(tree.root / "services/billing")
    (alone,) = tree.check("lib/grpc", command_name="lint")[1]["findings"]
    assert alone["message"] == finding["message"]

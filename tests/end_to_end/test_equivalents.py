"""What pylint and mypy both say is one finding; a comment, a baseline or a shard of one of them is of both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.end_to_end import trees
from tests.end_to_end.test_shards import timeless
from tests.support.monorepo import Monorepo

BOTH = '''\
"""Said by both."""

print(nowhere)
print(quiet)  # pylint: disable=undefined-variable
print(still)  # type: ignore[name-defined]
print(calm)  # type: ignore[name-defined]  # pylint: disable=E0602
print("# type: ignore[name-defined]", loud)
print(this, that, this)
'''
# To mypy what `make` returns is Any, to pylint what `typed` is given.
ONE = '''\
"""Said by one, and suppressed by a comment for the other."""


class Thing:
    """A thing."""


def make():
    """One."""
    return Thing()


def typed(thing: Thing) -> None:
    """One."""
    print(thing.gone)  # pylint: disable=no-member


print(make().gone)  # type: ignore[attr-defined, call-arg]
print(make().gone)  # type: ignore[attr-defined]
'''
UNSEEN: dict[str, str | bytes] = {
    "app/stubbed.py": '"""Beside a stub."""\n\nprint(nowhere)\n',
    "app/stubbed.pyi": "",
    "app/other.py": '"""Of another system."""\n\nimport sys\n\nif sys.platform == "win32":\n    print(nowhere)\n',
    "app/skipped.py": '"""Skipped."""\n\n# mypy: ignore-errors\n\nprint(nowhere)\n',
}
CONFIGS: dict[str, str | bytes] = {
    "configs/pylintrc": "[MAIN]\ndisable=all\nenable=undefined-variable,no-member,too-many-function-args\n",
    "configs/mypy.ini": "[mypy]\ncheck_untyped_defs = True\n",
}
TABLE = '[tool.pyfmt]\nconfigs = "configs"\n'

Said = list[tuple[int, str, tuple[str, ...]]]


def said(report: dict[str, Any], path: str = "app/app/both.py") -> Said:
    """Line, rule and equivalent rules of the findings in a file."""
    return [
        (each["line"], each["rule"], tuple(other["rule"] for other in each.get("equivalents", ())))
        for each in report["findings"]
        if each["path"] == path
    ]


JOINED: Said = [
    (3, "name-defined", ("E0602",)),
    (7, "name-defined", ("E0602",)),
    (8, "name-defined", ("E0602", "E0602")),  # mypy says "this" once for the line
    (8, "name-defined", ("E0602",)),
]


@pytest.fixture(name="made", scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    files: dict[str, str | bytes] = {"app/__init__.py": '"""App."""\n', "app/one.py": ONE.encode()}
    tree = trees.one_project(tmp_path_factory.mktemp("equivalents"), files | UNSEEN)
    tree.write(CONFIGS)
    return tree


@pytest.fixture
def tree(made: Monorepo) -> Monorepo:
    """The tree as it was at first."""
    made.write({"pyproject.toml": TABLE, "app/app/both.py": BOTH.encode()})
    (made.root / "app/.pyfmt-baseline.jsonl").unlink(missing_ok=True)
    return made


def test_each_fault_is_said_once_and_what_one_tool_cannot_see_is_said_by_the_other(tree: Monorepo) -> None:
    result, report = tree.check(command_name="lint")
    assert said(report) == JOINED
    assert [(each["environments"], each["severity"]) for each in report["findings"]] == [(["app/.venv"], "error")] * 7
    for path in UNSEEN:
        assert [rule for _, rule, _ in said(report, f"app/{path}")] == ["E0602"] * path.endswith(".py")
    assert said(report, "app/app/one.py") == []
    result.expect(1)
    text = tree.run("lint", "app/app/both.py").stdout
    assert 'app/app/both.py:3:7: error: Name "nowhere" is not defined [mypy:name-defined, pylint:E0602]' in text
    full = tree.run("lint", "app/app/both.py", "--format", "grouped").stdout
    assert "name-defined (mypy), undefined-variable E0602 (pylint)" in full
    (run,) = (each for each in sarif(tree)["runs"] if each["tool"]["driver"]["name"] == "mypy")
    assert run["results"][0]["properties"]["equivalents"] == [
        {"tool": "pylint", "ruleId": "E0602", "message": "Undefined variable 'nowhere'"}
    ]
    for output in ("github", "gitlab", "junit", "checkstyle", "azure", "rdjson", "html"):
        assert (
            "also said by: pylint E0602 (undefined-variable)"
            in tree.run("lint", "app/app/both.py", "--output", output).stdout
        ), output
    assert "pylint undefined-variable" in tree.run("explain", "name-defined").stdout


def sarif(tree: Monorepo) -> Any:
    """The SARIF log of one file."""
    return json.loads(tree.run("lint", "app/app/both.py", "--output", "sarif").stdout)


def test_apart_on_request(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": f"{TABLE}merge-equivalent = false\n"})
    lines = [(line, rule) for line, rule, _ in said(tree.check(command_name="lint")[1])]
    apart = [(line, rule) for line in (3, 7) for rule in ("E0602", "name-defined")]
    assert sorted(lines) == sorted(apart + EIGHT + QUIET)


EIGHT = [(8, "E0602")] * 3 + [(8, "name-defined")] * 2
QUIET = [(4, "name-defined"), (5, "E0602")]


def test_no_comment_is_unused_that_is_of_use_to_the_other_tool(tree: Monorepo) -> None:
    report = tree.check(command_name="lint")[1]
    assert said(report, "app/app/one.py") == []
    unused = tree.check("--unused-ignores", command_name="lint")[1]
    assert said(unused) == JOINED
    (only,) = (each for each in unused["findings"] if each["path"] == "app/app/one.py")
    assert (only["line"], only["message"]) == (18, 'Unused "type: ignore[call-arg]" comment')
    tree.write({"pyproject.toml": f"{TABLE}merge-equivalent = false\n"})
    apart = tree.check("--unused-ignores", command_name="lint")[1]
    rules = ["attr-defined", "I0021", "E1101", "unused-ignore", "E1101", "unused-ignore"]
    assert sorted(rule for _, rule, _ in said(apart, "app/app/one.py")) == sorted(rules)


def test_shards_say_what_one_machine_says(tree: Monorepo) -> None:
    names = [f"../{number}.json" for number in (1, 2)]
    for number, name in enumerate(names, start=1):
        tree.run("lint", "--unused-ignores", f"--shard={number}/2", f"--output=json={name}")
    parts = [json.loads((tree.root / name).read_text()) for name in names]
    assert [{unit["tool"] for unit in part["units"]} - {"pyfmt"} for part in parts] == [{"pylint"}, {"mypy"}]
    tree.run("merge", *names, "--output=json=../merged.json").expect(1)
    tree.run("lint", "--unused-ignores", "--output=json=../whole.json").expect(1)
    assert timeless(tree.root / "../merged.json") == timeless(tree.root / "../whole.json")
    tree.write({"pyproject.toml": f"{TABLE}merge-equivalent = false\n"})
    for number, name in enumerate(names, start=1):
        tree.run("lint", f"--shard={number}/2", f"--output=json={name}")
    tree.run("merge", *names, "--output=json=../merged.json").expect(1)
    assert (5, "E0602", ()) in said(json.loads((tree.root / "../merged.json").read_text()))


@pytest.mark.parametrize("first", ["mypy", "pylint"])
def test_a_baseline_of_either_tool_accepts_what_both_say(tree: Monorepo, first: str) -> None:
    tree.write({"pyproject.toml": f"{TABLE}tools = ['{first}']\nmerge-equivalent = false\n"})
    tree.run("baseline", "write", "app/app/both.py").expect(0)
    tree.write({"pyproject.toml": TABLE})
    both = tree.check("app/app/both.py", "--baseline", command_name="lint")[1]
    assert said(both) == JOINED
    assert [each["baselined"] for each in both["findings"]] == [True] * 4


CALLS = '''\
"""Calls."""


def first(one: int{more}) -> int:
    """One."""
    return one


def second(one: int, two: int) -> int:
    """Two."""
    return one + two


print(first(1, 2), second(1, 2, 3))
'''


@pytest.mark.parametrize("tools", [["mypy", "pylint"], ["mypy"]])
def test_a_baseline_hides_no_new_fault_of_its_line(tree: Monorepo, tools: list[str]) -> None:
    both = "app/app/both.py"
    tree.write({both: CALLS.format(more=", _two: int").encode(), "pyproject.toml": f"{TABLE}tools = {tools}\n"})
    tree.run("baseline", "write", both).expect(0)
    tree.write({both: CALLS.format(more="").encode(), "pyproject.toml": TABLE})
    result, report = tree.check(both, "--baseline", command_name="lint")
    result.expect(1)
    assert [(each["message"], each["baselined"], len(each["equivalents"])) for each in report["findings"]] == [
        ('Too many arguments for "first"', False, 1),
        ('Too many arguments for "second"', True, 1),
    ]


def test_a_comment_for_one_tool_hides_no_fault_that_only_the_other_knows(tree: Monorepo) -> None:
    code = '''\
"""A comment."""


class Thing:
    """Thing."""

    name = ""


def find(flag: bool) -> Thing | None:
    """Find."""
    return Thing() if flag else None


print(find(True).name)  # pylint: disable=no-member


def make():
    """What it returns is Any to mypy."""
    return Thing()


def show(thing: Thing) -> None:
    """mypy's comment is about `other`, which pylint does not see."""
    print(make().gone, thing.other)  # type: ignore[attr-defined]
'''
    tree.write({"app/app/both.py": code.encode()})
    result, report = tree.check("app/app/both.py", command_name="lint")
    assert said(report) == [(15, "union-attr", ()), (25, "E1101", ())]
    result.expect(1)


def test_what_is_accepted_stays_so_when_one_tool_falls_silent(tree: Monorepo) -> None:
    tree.run("baseline", "write").expect(0)
    for arguments in ((), ("--tool", "pylint"), ("--tool", "mypy")):
        result, report = tree.check("--baseline", *arguments, command_name="lint")
        assert report["findings"] and all(each["baselined"] for each in report["findings"])
        assert report["gone"] == []
        result.expect(0)
    prints = [
        {each["fingerprint"] for each in tree.run("lint", "app/app/both.py", "--output", "gitlab", *tool).json}
        for tool in ((), ("--tool", "mypy"))
    ]
    assert prints[0] == prints[1]
    alone = tree.run("lint", "app/app/both.py", "--output", "gitlab", "--tool", "pylint").json
    assert prints[0] < {each["fingerprint"] for each in alone}  # it says "this" twice


def test_an_override_is_for_the_tool_whose_rule_it_names(tree: Monorepo) -> None:
    override = '[[tool.pyfmt.overrides]]\npaths = ["app/"]\n'
    tree.write({"pyproject.toml": f'{TABLE}{override}disable = ["E0602"]\n'})
    alone = said(tree.check(command_name="lint")[1])
    assert alone == [(line, rule, ()) for line, rule, _ in JOINED]
    tree.write({"pyproject.toml": f'{TABLE}{override}severity = {{ "name-defined" = "info" }}\n'})
    report = tree.check(command_name="lint")[1]
    assert said(report) == JOINED
    assert {each["severity"] for each in report["findings"]} == {"error"}  # as pylint has it


def test_one_comment_is_added_for_both(tree: Monorepo) -> None:
    tree.run("lint", "app/app/both.py", "--add-ignores").expect(0)
    assert tree.read("app/app/both.py").splitlines()[2] == "print(nowhere)  # type: ignore[name-defined]"

"""Who is asked about a library's files, and what holds once all have been heard."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pyfmt.core.away import Libraries, RuleKinds, Use, joined, judged, settled, shared, widened
from pyfmt.core.model import Environment, Finding, Outcome, Part, Project, PythonVersion, Severity, Unit
from pyfmt.core.report import Judged

LIB = Project("lib", "lib", ("lib/a.py", "lib/b.py", "lib/test_a.py"))


def environment(name: str) -> Environment:
    return Environment(name, f"/m/{name}", PythonVersion(3, 11), "/usr/bin/python", (), ())


HOME, OLD, NEW = environment("home"), environment("old"), environment("new")


def finding(path: str, rule: str, *names: str, message: str = "m", line: int = 1) -> Finding:
    return Finding(path, line, None, None, None, "mypy", rule, rule, Severity.ERROR, message, "lib", tuple(names))


def libraries() -> Libraries:
    """`a` sees the same in `new` as at home and something else in `old`; `b` is the same everywhere."""
    uses = [
        Use(HOME, LIB, LIB.files, True),
        Use(NEW, LIB, ("lib/a.py", "lib/b.py"), False),
        Use(OLD, LIB, ("lib/a.py", "lib/b.py"), False),
    ]

    def sight(use: Use, file: str) -> str:
        assert file != "lib/test_a.py", "what only one judges is not compared"
        return "old" if (use.environment, file) == (OLD, "lib/a.py") else "same"

    return shared([uses], sight, ["lib/test_a.py"])


def test_one_environment_is_asked_for_all_that_see_the_same() -> None:
    made = libraries()
    assert {prefix: [sorted(each.asked) for each in away] for prefix, away in made.away.items()} == {
        "/m/new": [[]],
        "/m/old": [["lib/a.py"]],
    }
    assert made.answered_by(HOME, LIB.files) == (("lib/a.py", ("new",)), ("lib/b.py", ("new", "old")))
    assert made.answered_by(OLD, LIB.files) == ()


def test_a_tool_for_which_files_change_each_other_is_asked_wherever_not_all_are_the_same() -> None:
    files, third = LIB.files[:2], environment("third")
    uses = [Use(HOME, LIB, LIB.files, True), *(Use(each, LIB, files, False) for each in (NEW, OLD, third))]
    made = shared([uses], lambda use, file: "old" if (use.environment, file) == (OLD, "lib/a.py") else "same", [])
    asked = {prefix: [each.as_whole for each in away] for prefix, away in made.away.items()}
    assert asked == {"/m/new": [True], "/m/old": [True], "/m/third": [False]}, "at home there are tests"
    assert made.answered_by(NEW, ["lib/b.py"], "lib") == (("lib/b.py", ("third",)),)
    assert made.answered_by(HOME, LIB.files, "lib") == ()


def test_findings_hold_wherever_the_asked_environment_answers_for() -> None:
    made = libraries()
    part = Part(LIB, LIB.files, answers_for=made.answered_by(HOME, LIB.files))
    outcomes = [
        Outcome(Unit("mypy", HOME, (part,)), (finding("lib/a.py", "r", "home"), finding("lib/test_a.py", "r", "home"))),
        Outcome(Unit("mypy", OLD, (Part(LIB, ("lib/a.py",), home=False),))),
    ]
    said = [each.environments for outcome in outcomes for each in widened(outcome)]
    assert said == [("home", "new"), ("home",)]
    assert judged(outcomes, made) == (
        Judged("mypy", ("home",), ("lib/test_a.py",), agreed=True),
        Judged("mypy", ("home", "new", "old"), ("lib/a.py", "lib/b.py")),
    )
    failed = [outcomes[0], replace(outcomes[1], failures=(object(),))]  # type: ignore[arg-type]
    assert judged(failed, made)[1].environments == ("home", "new"), "what failed has judged nothing"


KINDS = RuleKinds(frozenset({"unused-ignore"}), frozenset({"R0801"}), {"mypy": re.compile("import-not-found: ")})
HEARD = (Judged("mypy", ("new", "old"), ("lib/a.py",)), Judged("mypy", ("new", "old"), ("lib/t.py",), agreed=True))


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (finding("lib/a.py", "attr-defined", "old"), True),
        (finding("lib/a.py", "unused-ignore", "old"), False),
        (finding("lib/a.py", "unused-ignore", "new", "old"), True),
        (finding("lib/b.py", "unused-ignore", "old"), True),  # judged by one environment alone
        (finding("lib/t.py", "attr-defined", "old"), True),
        (finding("lib/t.py", "import-not-found", "old"), False),
        (finding("lib/t.py", "import-not-found", "new", "old"), True),
        (finding("lib/a.py", "import-not-found", "old"), True),
    ],
)
def test_what_needs_all_environments(said: Finding, holds: bool) -> None:
    assert settled([said], HEARD, KINDS).findings == ((said,) if holds else ())
    waiting = settled([said], HEARD, KINDS, whole=False)
    needs_all = (said.rule, said.path) in {("unused-ignore", "lib/a.py"), ("import-not-found", "lib/t.py")}
    assert waiting.undecided == ((said,) if needs_all else ()), "the other shards have not been heard yet"


def test_of_an_ignore_with_several_codes_those_are_unused_that_are_so_everywhere() -> None:
    both = finding("lib/a.py", "unused-ignore", "new", message='Unused "type: ignore[a, b]" comment')
    one = finding("lib/a.py", "unused-ignore", "old", message='Unused "type: ignore[b]" comment')
    (left,) = settled([both, one], HEARD, KINDS).findings
    assert (left.message, left.environments) == ('Unused "type: ignore[b]" comment', ("new", "old"))
    other = replace(one, message='Unused "type: ignore[c]" comment')
    assert settled([both, other], HEARD, KINDS).findings == ()


def test_records_of_several_machines_become_one() -> None:
    parts = (Judged("mypy", ("new",), ("lib/a.py",)), Judged("mypy", ("old",), ("lib/a.py", "lib/b.py"), agreed=True))
    assert joined(parts) == (
        Judged("mypy", ("new", "old"), ("lib/a.py",), agreed=True),
        Judged("mypy", ("old",), ("lib/b.py",), agreed=True),
    )

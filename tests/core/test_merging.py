"""One report: each thing said once, in an order that does not depend on how it came."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core import merging
from pyfmt.core.merging import Material, apply_overrides, exit_code, finding_key, merge
from pyfmt.core.model import (
    Candidate,
    Config,
    Distribution,
    Edit,
    Environment,
    Failure,
    Finding,
    Health,
    Outcome,
    Override,
    Part,
    Project,
    PythonVersion,
    Resolution,
    Severity,
    Skip,
    Unit,
)
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Request
from pyfmt.tools.registry import syntax_ranks

ROOT = Path("/m")
merge_findings = partial(merging.merge_findings, ranks=syntax_ranks())
BASE = Finding(
    "a/x.py", 3, 5, 3, 8, "mypy", "attr-defined", "attr-defined", Severity.ERROR, "no attribute", "a", ("e1",)
)


def environment(name: str, health: Health = Health.OK) -> Environment:
    return Environment(name, f"/m/{name}", PythonVersion(3, 11, 4), "/usr/bin/python", (), (), health=health)


def outcome(*findings: Finding, tool: str = "mypy", env: Environment | None = None, **more: object) -> Outcome:
    unit = Unit(tool, env, (Part(Project("a", "a", ("a/x.py",)), ("a/x.py",)),))
    return replace(Outcome(unit, findings), **more)  # type: ignore[arg-type]


def report(*outcomes: Outcome, config: Config | None = None, **more: object) -> Report:
    material = Material(config or Config(ROOT, None), Request(Command.CHECK), (), (), outcomes)
    return merge(replace(material, **more))  # type: ignore[arg-type]


def test_the_same_finding_of_several_environments_is_one_that_lists_them() -> None:
    other = replace(BASE, environments=("e0",))
    assert merge_findings([BASE, other, BASE]) == (replace(BASE, environments=("e0", "e1")),)


def test_findings_that_differ_in_anything_else_are_two() -> None:
    for other in (
        replace(BASE, message="x"),
        replace(BASE, column=6),
        replace(BASE, tool="pylint"),
        replace(BASE, notes=("n",)),
        replace(BASE, also=("b.py",)),
    ):
        assert len(merge_findings([BASE, other])) == 2


def test_a_syntax_error_is_said_once_and_hides_nothing_else() -> None:
    said = [
        replace(BASE, tool="mypy", rule="syntax", syntax=True, environments=("e2",), column=1),
        replace(BASE, tool="black", rule="E", syntax=True, environments=()),
        replace(BASE, tool="pylint", rule="E0001", syntax=True, environments=("e1",), line=4),
        replace(BASE, tool="pylint", rule="E0001", syntax=True, environments=("e3",), line=4),
    ]
    other_file = replace(said[0], path="a/y.py")
    merged = merge_findings([*said, other_file, BASE])
    assert [(finding.path, finding.tool, finding.syntax) for finding in merged] == [
        ("a/x.py", "mypy", False),
        ("a/x.py", "pylint", True),
        ("a/y.py", "mypy", True),
    ]
    assert merged[1].environments == ("e1", "e2", "e3")


def overridden(finding: Finding, *overrides: Override) -> Finding | None:
    kept = apply_overrides([finding], overrides)
    return kept[0] if kept else None


@pytest.mark.parametrize("name", ["attr-defined", "mypy", "*"])
def test_an_override_drops_a_rule_a_symbol_or_a_tool(name: str) -> None:
    assert overridden(BASE, Override(("a/",), (name,))) is None
    assert overridden(BASE, Override(("*.py",), (name,))) is None
    assert overridden(BASE, Override(("/b/", "y.py"), (name,))) == BASE
    assert overridden(replace(BASE, rule="C0114", symbol="attr-defined"), Override(("a/",), ("C0115",))) is not None


def test_the_paths_of_an_override_are_written_like_gitignore() -> None:
    assert overridden(BASE, Override(("a/*", "!a/x.py"), ("mypy",))) == BASE
    assert overridden(replace(BASE, path="a/b/x.py"), Override(("b/",), ("mypy",))) is None


def test_an_override_changes_severities_the_most_special_one_first() -> None:
    levels = {"*": Severity.INFO, "mypy": Severity.WARNING, "attr-defined": Severity.ERROR}
    start = replace(BASE, severity=Severity.INFO)
    for names, expected in (
        (("*", "mypy", "attr-defined"), Severity.ERROR),
        (("*", "mypy"), Severity.WARNING),
        (("*",), Severity.INFO),
        (("other",), Severity.INFO),
    ):
        override = Override(("a/",), (), tuple((name, levels.get(name, Severity.ERROR)) for name in names))
        changed = overridden(start, override)
        assert changed is not None and changed.severity is expected


def test_a_later_override_wins() -> None:
    first = Override(("a/",), (), (("*", Severity.INFO),))
    second = Override(("a/x.py",), (), (("mypy", Severity.WARNING),))
    changed = overridden(BASE, first, second)
    assert changed is not None and changed.severity is Severity.WARNING


def test_a_syntax_error_is_never_dropped_and_always_fails() -> None:
    broken = replace(BASE, syntax=True)
    kept = overridden(broken, Override(("a/",), ("*", "mypy"), (("*", Severity.INFO),)))
    assert kept is not None
    assert exit_code(report(outcome(kept)), Severity.ERROR) == 1


EDIT = Edit("a/x.py", ("black",), "a")


@pytest.mark.parametrize(
    ("made", "fail_on", "code"),
    [
        (report(), Severity.INFO, 0),
        (report(outcome(replace(BASE, severity=Severity.INFO))), Severity.INFO, 1),
        (report(outcome(replace(BASE, severity=Severity.INFO))), Severity.WARNING, 0),
        (report(outcome(replace(BASE, severity=Severity.WARNING))), Severity.WARNING, 1),
        (report(outcome(BASE)), Severity.ERROR, 1),
        (report(outcome(edits=(EDIT,))), Severity.ERROR, 1),
        (report(outcome(edits=(replace(EDIT, written=True),))), Severity.INFO, 0),
        (report(outcome(BASE, failures=(Failure("mypy", ("a",), "e", "crashed"),))), Severity.INFO, 2),
        (report(failures=[Failure("projects", ("a",), "", "unreadable")]), Severity.INFO, 2),
        (report(skips=[Skip("a", "mypy", "no environment")]), Severity.INFO, 2),
    ],
)
def test_exit_codes(made: Report, fail_on: Severity, code: int) -> None:
    assert exit_code(made, fail_on) == code


def test_an_environment_is_told_once_by_the_rule_of_its_owner() -> None:
    shared, broken = environment("e1", Health.WARNING), Candidate("/m/b/.venv", ".venv", "no pyvenv.cfg", "make it")
    resolutions = [
        Resolution("lib", shared, "dependent"),
        Resolution("lib/a", shared, "inherited"),
        Resolution("svc", replace(shared, reason="old"), ".venv"),
        Resolution("z", None, "", "", (broken, Candidate("/m/e1", "x", "passed over"))),
    ]
    told = report(resolutions=resolutions).environments
    assert [(record.name, record.path, record.found_by, record.status, record.reason) for record in told] == [
        ("b/.venv", "b/.venv", ".venv", "broken", "no pyvenv.cfg"),
        ("e1", "e1", ".venv", "warning", "old"),
    ]


def test_the_projects_of_a_unit_are_those_whose_files_are_reported() -> None:
    a, b = Project("a", "a", ("a/x.py",)), Project("b", "b", ("b/y.py",))
    unit = Unit("mypy", environment("e"), (Part(a, ("a/x.py",)), Part(b, (), ("b/y.py",))))
    (record,) = report(Outcome(unit, seconds=1.5)).units
    assert (record.projects, record.files, record.environment, record.seconds) == (("a",), 1, "e", 1.5)


def test_units_start_and_end_within_the_run_and_unknown_moments_stay_unknown() -> None:
    told = report(outcome(started=103.5, ended=105.0), outcome(tool="pylint"), began=100.0).units
    assert [(record.tool, record.started, record.ended) for record in told] == [
        ("mypy", 3.5, 5.0),
        ("pylint", 0.0, 0.0),
    ]


def test_an_environments_packages_are_those_that_any_project_asks_for_but_its_own() -> None:
    installed = tuple(Distribution(name, "1") for name in ("pydantic", "b", "typing-extensions"))
    projects = [
        Project("a", "a", distribution="a", requires=("b", "pydantic")),
        Project("b", "b", distribution="b", requires=("requests",)),
    ]
    found = Resolution("a", replace(environment("e"), distributions=installed), ".venv")
    (record,) = report(projects=projects, resolutions=[found]).environments
    assert record.packages == (("pydantic", "1"),)


FINDINGS = st.builds(
    Finding,
    path=st.sampled_from(["a/x.py", "a/y.py", "b/\udcff.py"]),
    line=st.integers(1, 2),
    column=st.sampled_from([None, 1, 2]),
    end_line=st.sampled_from([None, 2]),
    end_column=st.sampled_from([None, 3]),
    tool=st.sampled_from(["pylint", "mypy", "black"]),
    rule=st.sampled_from(["E1", "x"]),
    symbol=st.sampled_from(["s", "t"]),
    severity=st.sampled_from(Severity),
    message=st.sampled_from(["m", "n"]),
    project=st.sampled_from(["a", "b"]),
    environments=st.lists(st.sampled_from(["e1", "e2"]), unique=True, max_size=2).map(
        lambda names: tuple(sorted(names))
    ),
    notes=st.sampled_from([(), ("n",)]),
    also=st.sampled_from([(), ("o.py",)]),
    syntax=st.sampled_from([False, False, True]),
)
MANY = st.lists(FINDINGS, max_size=12)


@given(MANY, st.integers())
def test_merging_is_free_of_order(findings: list[Finding], seed: int) -> None:
    mixed = list(findings)
    random.Random(seed).shuffle(mixed)
    assert merge_findings(mixed) == merge_findings(findings)


@given(MANY)
def test_merging_is_idempotent(findings: list[Finding]) -> None:
    once = merge_findings(findings)
    assert merge_findings(once) == once
    assert merge_findings([*findings, *once]) == once


@given(MANY, MANY)
def test_merging_in_two_steps_is_merging_at_once(some: list[Finding], others: list[Finding]) -> None:
    assert merge_findings([*merge_findings(some), *merge_findings(others)]) == merge_findings([*some, *others])


@given(MANY)
def test_merging_loses_nothing_and_keeps_a_total_order(findings: list[Finding]) -> None:
    merged = merge_findings(findings)
    keys = [finding_key(finding) for finding in merged]
    assert keys == sorted(keys) and len({replace(item, environments=()) for item in merged}) == len(merged)
    assert {item.path for item in findings if item.syntax} == {item.path for item in merged if item.syntax}
    for finding in findings:
        if not finding.syntax:
            (home,) = [item for item in merged if replace(item, environments=()) == replace(finding, environments=())]
            assert set(finding.environments) <= set(home.environments)


OUTCOMES = st.builds(
    lambda findings, tool, env, failed, edited, seconds: outcome(
        *findings,
        tool=tool,
        env=env,
        failures=(Failure(tool, ("a",), "e", "crashed", failed),) if failed else (),
        edits=(replace(EDIT, diff=edited),) if edited else (),
        seconds=seconds,
    ),
    st.lists(FINDINGS, max_size=3),
    st.sampled_from(["mypy", "pylint"]),
    st.sampled_from([None, environment("e1"), environment("e2")]),
    st.sampled_from(["", "log", "other log"]),
    st.sampled_from(["", "diff"]),
    st.sampled_from([0.5, 1.0]),
)
RESOLUTIONS = st.lists(
    st.builds(
        Resolution,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([None, environment("e1"), environment("e2", Health.WARNING)]),
        st.sampled_from([".venv", "dependent", "inherited", "uv"]),
        st.just(""),
        st.lists(st.builds(Candidate, st.sampled_from(["/m/x", "/y"]), st.just("r"), st.just("why")), max_size=1).map(
            tuple
        ),
    ),
    unique_by=lambda found: found.project,
)


@given(st.lists(OUTCOMES, max_size=5), RESOLUTIONS, st.integers())
def test_the_whole_report_is_free_of_order(outcomes: list[Outcome], resolutions: list[Resolution], seed: int) -> None:
    members = [Project(name, name, (f"{name}/x.py",)) for name in ("a", "b", "c")]
    skips, notes = [Skip("a", "mypy", "r"), Skip("b", "mypy", "r"), Skip("a", "mypy", "r")], ["z", "a", "z"]
    first = report(*outcomes, resolutions=resolutions, projects=members, skips=skips, notes=notes)
    parts: tuple[list[object], ...] = (list(outcomes), list(resolutions), list(members), list(skips), list(notes))
    for part in parts:
        random.Random(seed).shuffle(part)
    mixed = report(
        *parts[0], resolutions=parts[1], projects=parts[2], skips=parts[3], notes=parts[4]  # type: ignore[arg-type]
    )
    assert mixed == first
    assert (first.notes, len(first.skipped)) == (("a", "z"), 2)

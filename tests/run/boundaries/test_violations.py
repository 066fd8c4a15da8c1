"""Which imports are findings, by what two projects are to each other: pure, without a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.model import Config, Finding, Project
from pyfmt.core.policies import Allowance, Boundaries
from pyfmt.imports.owners import ImportTarget
from pyfmt.imports.parse import Span
from pyfmt.run.boundaries.kinds import Allowed, ProjectKind
from pyfmt.run.boundaries.violations import Policy, Site, cycles, violations

KINDS = {
    "lib/a": ProjectKind.LIBRARY,
    "lib/b": ProjectKind.LIBRARY,
    "lib/c": ProjectKind.LIBRARY,
    "svc/x": ProjectKind.PROJECT,
    "svc/y": ProjectKind.PROJECT,
}
PROJECTS = {path: Project(path[4:], path, manifests=("pyproject.toml",)) for path in (*KINDS, "etc/z")}


def policy(*allow: Allowance, **declares: str) -> Policy:
    """`declares` are the paths that a project (by name) declares, with blanks between them."""
    projects = {p.path: replace(p, declares=tuple(declares.get(p.name, "").split())) for p in PROJECTS.values()}
    settings = Config(Path("/m"), None, boundaries=Boundaries(allow=allow))
    return Policy(projects, KINDS, Allowed(settings, tuple(projects.values())))


def site(importer: str, target: str, line: int = 1, file: str = "m.py") -> Site:
    return Site(f"{importer}/{file}", Span(line, 1, line, 9), importer, ImportTarget(target, target[4:]))


def rules(found: Iterable[Finding]) -> list[tuple[str, int]]:
    return [(each.rule, each.line) for each in found]


@pytest.mark.parametrize(
    ("importer", "target", "rule"),
    [
        ("svc/x", "svc/y", "PYF001"),
        ("lib/a", "svc/x", "PYF002"),
        ("svc/x", "lib/a", "PYF003"),
        ("lib/a", "lib/b", "PYF003"),
        ("etc/z", "svc/x", None),  # neither library nor project: nothing is known of what it may do
        ("svc/x", "etc/z", None),
    ],
)
def test_the_rule_follows_from_what_the_two_are(importer: str, target: str, rule: str | None) -> None:
    found = list(violations(policy(), [site(importer, target)]))
    assert [each.rule for each in found] == ([rule] if rule else [])
    if target.startswith("lib") and rule:
        declared = policy(**{importer[4:]: target})
        assert not list(violations(declared, [site(importer, target)]))


def test_to_declare_a_project_does_not_allow_its_import() -> None:
    assert rules(violations(policy(x="svc/y"), [site("svc/x", "svc/y")])) == [("PYF001", 1)]


def test_an_undeclared_library_is_told_once_and_a_project_at_each_place() -> None:
    found = [site("svc/x", "lib/a", 1), site("svc/x", "lib/a", 2), site("svc/x", "lib/b", 3), site("svc/x", "svc/y", 4)]
    again = [site("svc/x", "svc/y", 5)]
    expected = [("PYF003", 1), ("PYF003", 3), ("PYF001", 4), ("PYF001", 5)]
    assert rules(violations(policy(), [*found, *again])) == expected


def test_computed_dependencies_are_no_finding_and_a_lock_alone_is_one() -> None:
    made = policy()
    computed = replace(made, projects={**made.projects, "svc/x": replace(made.projects["svc/x"], computed=True)})
    assert not list(violations(computed, [site("svc/x", "lib/a")]))
    assert rules(violations(computed, [site("svc/x", "svc/y")])) == [("PYF001", 1)]
    locked = replace(made, projects={**made.projects, "svc/x": replace(made.projects["svc/x"], depends_on=("lib/a",))})
    (finding,) = violations(locked, [site("svc/x", "lib/a")])
    assert finding.notes[0] == "declare it in svc/x/pyproject.toml" and "lock file" in finding.notes[1]
    assert len(next(violations(made, [site("svc/x", "lib/a")])).notes) == 1


@pytest.mark.parametrize(
    ("allow", "left"),
    [
        (Allowance(("svc/x",), ("svc/y",)), []),
        (Allowance(("x",), ("svc/*",), ("PYF001",)), []),
        (Allowance(("svc/x",), ("svc/y",), ("PYF002",)), ["PYF001"]),
        (Allowance(("svc/y",), ("svc/x",)), ["PYF001"]),
    ],
)
def test_what_is_allowed_is_none_and_an_entry_that_nothing_needs_is_known(allow: Allowance, left: list[str]) -> None:
    made = policy(allow)
    assert [each.rule for each in violations(made, [site("svc/x", "svc/y")])] == left
    assert made.allowed.unused() == ([allow] if left else [])


def test_each_step_of_a_cycle_is_told_at_its_first_import() -> None:
    steps = [("lib/b", "lib/c", 4), ("lib/a", "lib/b", 2), ("lib/a", "lib/b", 7), ("lib/c", "lib/a", 1)]
    found = list(cycles(policy(), [site(*step) for step in steps]))
    assert [(each.path, each.line) for each in found] == [("lib/a/m.py", 2), ("lib/b/m.py", 4), ("lib/c/m.py", 1)]
    assert found[0].message == "libraries import each other: a → b → c → a"
    assert found[0].also == ("lib/b/m.py", "lib/c/m.py")
    assert found[0].notes == ("b imports 'c' in lib/b/m.py:4", "c imports 'a' in lib/c/m.py:1")


def test_projects_make_no_cycle_of_libraries() -> None:
    assert not list(cycles(policy(), [site("lib/a", "svc/x"), site("svc/x", "lib/a")]))


def test_an_allowed_step_breaks_a_cycle_and_counts_as_needed_only_there() -> None:
    both = [site("lib/a", "lib/b"), site("lib/b", "lib/a")]
    allow = Allowance(("lib/a",), ("lib/b",), ("PYF004",))
    broken = policy(allow)
    assert not list(cycles(broken, both)) and not broken.allowed.unused()
    needless = policy(allow)
    assert not list(cycles(needless, both[:1])) and needless.allowed.unused() == [allow]


STEPS = st.lists(st.permutations(["lib/a", "lib/b", "lib/c"]).map(lambda order: (order[0], order[1])), max_size=6)


@given(STEPS, st.randoms(use_true_random=False))
def test_cycles_are_exactly_the_steps_that_lead_back_in_any_order(
    steps: Sequence[tuple[str, str]], random: object
) -> None:
    sites = [site(one, other, number) for number, (one, other) in enumerate(steps, 1)]
    expected = {(one, other) for one, other in steps if _leads(steps, other, one)}
    found = list(cycles(policy(), sites))
    assert {(each.path.removesuffix("/m.py"), each.message.split(" → ")[1]) for each in found} == {
        (one, other[4:]) for one, other in expected
    }
    assert len(found) == len(expected)
    random.shuffle(sites)  # type: ignore[attr-defined]
    assert list(cycles(policy(), sites)) == found


def _leads(steps: Sequence[tuple[str, str]], start: str, goal: str) -> bool:
    reached = {start}
    for _ in steps:
        reached |= {other for one, other in steps if one in reached}
    return goal in reached

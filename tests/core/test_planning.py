"""Units of work: everything exactly once, nothing hidden by a neighbour, the same for any order."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.model import Candidate, Environment, Health, Project, PythonVersion, Resolution, Unit
from pyfmt.core.planning import Facts, Plan, Work, plan, shell_word


def environment(name: str, health: Health = Health.OK, search_path: tuple[str, ...] = ()) -> Environment:
    return Environment(name, f"/m/{name}", PythonVersion(3, 11), "/usr/bin/python", search_path, (), health=health)


def project(path: str, *names: str, roots: tuple[str, ...] = ("",)) -> Project:
    files = tuple(sorted(f"{path}/{name}" for name in names))
    return Project(
        name=path, path=path, files=files, import_roots=tuple(posixpath.join(path, r).rstrip("/") for r in roots)
    )


def module_name(tool: str, file: str, owner: Project) -> str:
    """The path below the last import root that holds the file; mypy does not take a source beside its stub."""
    if tool == "mypy" and file + "i" in owner.files:
        return ""
    root = max((root for root in owner.import_roots if file.startswith(root + "/")), key=len)
    stem = file[len(root) + 1 :].rpartition(".")[0].removesuffix("/__init__")
    return stem.replace("/", ".")


@dataclass(frozen=True)
class Case:
    projects: tuple[Project, ...]
    environments: Mapping[str, Environment | None]
    imports: Mapping[str, frozenset[str]]
    alone: frozenset[str] = frozenset()

    def work(self, selected: Mapping[str, tuple[str, ...]] | None = None) -> Work:
        everything = {item.path: item.files for item in self.projects}
        resolutions = {path: Resolution(path, found, "rule") for path, found in self.environments.items()}
        return Work(
            self.projects, everything if selected is None else selected, resolutions, ("black",), ("pylint", "mypy")
        )

    def plan(self, selected: Mapping[str, tuple[str, ...]] | None = None) -> Plan:
        facts = Facts(module_name, lambda file: self.imports.get(file, frozenset()), lambda tool: tool in self.alone)
        return plan(self.work(selected), facts)


def simple(*projects: Project, imports: Mapping[str, str] | None = None, env: Environment | None = None) -> Case:
    """Projects that share one environment."""
    shared = env or environment("shared")
    names = {file: frozenset(text.split()) for file, text in (imports or {}).items()}
    return Case(projects, {item.path: shared for item in projects}, names)


def groups(made: Plan, tool: str = "pylint") -> list[list[str]]:
    return [[part.project.path for part in unit.parts] for unit in made.lint_units if unit.tool == tool]


def test_projects_of_one_environment_are_linted_together() -> None:
    assert groups(simple(project("a", "a.py"), project("b", "b.py")).plan()) == [["a", "b"]]


def test_two_files_of_one_module_name_are_in_two_units() -> None:
    case = simple(
        project("a", "a.py", "tests/__init__.py"), project("b", "b.py", "tests/__init__.py"), project("c", "c.py")
    )
    made = case.plan()
    assert groups(made) == [["a", "c"], ["b"]]
    assert [unit.number for unit in made.lint_units if unit.tool == "pylint"] == [0, 1]


def test_a_project_may_clash_with_itself() -> None:
    own = replace(project("a", "x.py", "src/x.py"), import_roots=("a", "a/src"))
    assert [unit.files for unit in simple(own).plan().lint_units if unit.tool == "pylint"] == [
        ("a/src/x.py",),
        ("a/x.py",),
    ]


def test_a_neighbour_that_is_not_installed_does_not_satisfy_an_import() -> None:
    case = simple(project("a", "a.py"), project("b", "b.py"), imports={"a/a.py": "b os"})
    assert groups(case.plan()) == [["a"], ["b"]]


def test_a_neighbour_that_is_installed_may_be_linted_with_its_user() -> None:
    visible = environment("shared", search_path=("/usr/lib/python3.11", "/m/b/src"))
    other = project("b", "src/b/__init__.py", "tests/__init__.py", roots=("", "src"))
    case = simple(project("a", "a.py"), other, imports={"a/a.py": "b"}, env=visible)
    assert groups(case.plan()) == [["a", "b"]]
    leaking = simple(project("a", "a.py"), other, imports={"a/a.py": "b tests"}, env=visible)
    assert groups(leaking.plan()) == [["a"], ["b"]]  # its tests are not installed


def test_portions_of_a_namespace_are_apart_unless_installed() -> None:
    members = (project("a", "acme/events/x.py"), project("b", "acme/storage/y.py"))
    imports = {"a/acme/events/x.py": "acme"}
    assert groups(simple(*members, imports=imports).plan()) == [["a"], ["b"]]
    visible = environment("shared", search_path=("/m/a", "/m/b"))
    assert groups(simple(*members, imports=imports, env=visible).plan()) == [["a", "b"]]


def test_a_tool_that_must_be_alone_gets_a_unit_for_each_project() -> None:
    case = replace(simple(project("a", "a.py"), project("b", "b.py")), alone=frozenset({"pylint"}))
    assert groups(case.plan()) == [["a"], ["b"]]
    assert groups(case.plan(), "mypy") == [["a", "b"]]


def test_what_is_not_selected_is_context() -> None:
    made = simple(project("a", "a.py", "b.py"), project("c", "c.py")).plan({"a": ("a/a.py",)})
    unit, _ = made.lint_units
    assert [(part.files, part.context) for part in unit.parts] == [(("a/a.py",), ("a/b.py",)), ((), ("c/c.py",))]
    assert [unit.files for unit in made.format_units] == [("a/a.py",)]


def test_nothing_selected_is_nothing_planned() -> None:
    assert simple(project("a", "a.py")).plan({}) == Plan()


def skip_reasons(found: Environment | None, *passed_over: Candidate) -> set[str]:
    own = project("a b", "x.py")
    work = Work(
        (own,), {own.path: own.files}, {own.path: Resolution(own.path, found, "", "", passed_over)}, (), ("mypy",)
    )
    made = plan(work, Facts(module_name, lambda file: frozenset(), lambda tool: False))
    assert not made.lint_units
    return {skip.reason for skip in made.skips}


def test_a_project_without_an_environment_is_skipped_with_the_command_that_makes_one() -> None:
    create = "`pyfmt envs create 'a b'`"
    assert skip_reasons(None) == {f"no environment found; run {create}"}
    assert skip_reasons(None, Candidate("/x", ".venv", "no pyvenv.cfg")) == {
        f"no usable environment: no pyvenv.cfg; run {create}"
    }
    assert skip_reasons(None, Candidate("/x", "uv", "gone", "uv sync")) == {
        f"no usable environment: gone; run {create} (or uv sync)"
    }
    cure = "make it anew: pyfmt envs create a --recreate"
    assert skip_reasons(None, Candidate("/x", "uv", "gone", cure)) == {f"no usable environment: gone; {cure}"}


def test_a_broken_environment_is_a_skip() -> None:
    broken = replace(environment("e", Health.BROKEN), reason="its base is gone")
    assert skip_reasons(broken) == {
        "environment e is broken: its base is gone; run `pyfmt envs create 'a b' --recreate`"
    }


def test_a_project_that_is_not_selected_is_not_skipped() -> None:
    made = Case((project("a", "a.py"),), {"a": None}, {}).plan({})
    assert not made.skips


@pytest.mark.parametrize(
    ("text", "word"), [("a/b-c.d", "a/b-c.d"), ("a b", "'a b'"), ("it's", "'it'\"'\"'s'"), ("é", "'é'"), ("", "''")]
)
def test_words_for_a_shell(text: str, word: str) -> None:
    assert shell_word(text) == word


FILES = st.lists(
    st.sampled_from(
        [
            "x.py",
            "y.py",
            "x.pyi",
            "tests/__init__.py",
            "tests/t.py",
            "src/x.py",
            "src/p/__init__.py",
            "src/p/x.py",
            "n/s/z.py",
        ]
    ),
    unique=True,
)
ENVIRONMENTS = [
    environment("one"),
    environment("two", search_path=("/m/a", "/m/b/src")),
    environment("warned", Health.WARNING),
    environment("broken", Health.BROKEN),
    None,
]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    members = []
    for path in draw(st.lists(st.sampled_from(["a", "a/sub", "b", "c", "d"]), unique=True)):
        roots = draw(st.sampled_from([("",), ("", "src")]))
        members.append(project(path, *draw(FILES), roots=roots))
    chosen = {item.path: draw(st.sampled_from(ENVIRONMENTS)) for item in members}
    imports = {
        file: draw(st.frozensets(st.sampled_from(["x", "p", "n", "tests", "os"])))
        for item in members
        for file in item.files
    }
    return Case(tuple(members), chosen, imports, draw(st.frozensets(st.sampled_from(["pylint", "mypy"]))))


def usable(case: Case, path: str) -> bool:
    found = case.environments[path]
    return found is not None and found.health is not Health.BROKEN


@given(cases())
def test_every_file_of_a_usable_project_is_planned_exactly_once_for_each_linter(case: Case) -> None:
    made = case.plan()
    for tool in ("pylint", "mypy"):
        expected = {f for p in case.projects if usable(case, p.path) for f in p.files if module_name(tool, f, p)}
        counts = Counter(file for unit in made.lint_units if unit.tool == tool for file in unit.files)
        assert counts == Counter(expected)
    assert Counter(f for unit in made.format_units for f in unit.files) == Counter(
        f for p in case.projects for f in p.files
    )
    skipped = {(skip.project, skip.tool) for skip in made.skips}
    assert skipped == {
        (p.name, t) for p in case.projects if p.files and not usable(case, p.path) for t in ("pylint", "mypy")
    }


@given(cases())
def test_no_unit_mixes_environments_or_holds_a_module_name_twice(case: Case) -> None:
    for unit in case.plan().lint_units:
        for part in unit.parts:
            assert case.environments[part.project.path] == unit.environment
        if unit.tool in case.alone:
            assert len(unit.parts) == 1
        else:
            names = [
                module_name(unit.tool, file, part.project)
                for part in unit.parts
                for file in (*part.files, *part.context)
            ]
            assert len(names) == len(set(names))


@given(cases())
def test_no_unit_gives_a_project_names_that_only_a_neighbour_has(case: Case) -> None:
    for unit in case.plan().lint_units:
        for part in unit.parts:
            for other in unit.parts:
                if other.project.path != part.project.path:
                    assert not imported(case, part.project) & (
                        alone_visible(other.project, unit) - regular(part.project)
                    )


def imported(case: Case, member: Project) -> set[str]:
    return {name for file in member.files for name in case.imports[file]}


def tops(member: Project, root: str) -> set[str]:
    below = [file[len(root) + 1 :] for file in member.files if file.startswith(root + "/")]
    return {rest.partition("/")[0] if "/" in rest else rest.partition(".")[0] for rest in below}


def regular(member: Project) -> set[str]:
    """Names that are a module or a package with `__init__`: they end the search for a name."""
    return {
        name
        for root in member.import_roots
        for name in tops(member, root)
        if {f"{root}/{name}.py", f"{root}/{name}.pyi", f"{root}/{name}/__init__.py"} & set(member.files)
    }


def alone_visible(member: Project, unit: Unit) -> set[str]:
    """Names of a project that the unit's environment does not have."""
    assert unit.environment is not None
    installed = [root for root in member.import_roots if f"/m/{root}" in unit.environment.search_path]
    there = {name for root in installed for name in tops(member, root)}
    return {name for root in member.import_roots for name in tops(member, root)} - there


@given(cases(), st.data())
def test_a_partial_plan_is_the_share_of_the_whole_one(case: Case, data: st.DataObject) -> None:
    selected = {
        item.path: tuple(file for file in item.files if data.draw(st.booleans()))
        for item in case.projects
        if data.draw(st.booleans())
    }
    whole = {
        (unit.tool, unit.environment.prefix if unit.environment else "", unit.number): unit
        for unit in case.plan().lint_units
    }
    partial = case.plan(selected)
    seen = []
    for unit in partial.lint_units:
        full = whole[unit.tool, unit.environment.prefix if unit.environment else "", unit.number]
        assert [part.project for part in unit.parts] == [part.project for part in full.parts]
        for part, entire in zip(unit.parts, full.parts, strict=True):
            assert part.files == tuple(f for f in entire.files if f in selected.get(part.project.path, ()))
            assert sorted((*part.files, *part.context)) == sorted(entire.files)
        seen += [(unit.tool, file) for file in unit.files]
    wanted = {file for files in selected.values() for file in files}
    assert sorted(seen) == sorted((unit.tool, file) for unit in whole.values() for file in unit.files if file in wanted)
    assert set(partial.skips) <= set(case.plan().skips)


@given(cases(), st.data())
def test_a_tool_that_reads_no_environment_has_whole_projects_too(case: Case, data: st.DataObject) -> None:
    """So that a partial run asks for what a whole one has remembered."""
    facts = Facts(module_name, lambda file: frozenset(), lambda tool: False, lambda tool: tool != "plain")
    selected = {p.path: tuple(f for f in p.files if data.draw(st.booleans())) for p in case.projects}
    whole, partial = (
        {unit.number: unit for unit in plan(replace(case.work(chosen), linters=("plain",)), facts).lint_units}
        for chosen in (None, selected)
    )
    assert [unit.files for unit in partial.values()] == [files for files in selected.values() if files]
    for number, unit in partial.items():
        (part,), (entire,) = unit.parts, whole[number].parts
        assert unit.environment is None and part.project == entire.project
        assert sorted((*part.files, *part.context)) == sorted(entire.files) == sorted(part.project.files)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_projects_does_not_matter(case: Case, random: object) -> None:
    members = list(case.projects)
    random.shuffle(members)  # type: ignore[attr-defined]
    one, other = case.plan(), replace(case, projects=tuple(members)).plan()
    assert one.lint_units == other.lint_units
    assert set(one.skips) == set(other.skips)
    assert set(one.format_units) == set(other.format_units)

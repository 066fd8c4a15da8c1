"""Hypothesis strategies for whole reports, with nasty texts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from pyfmt.core.model import Accepted, Edit, Failure, Finding, Severity, Skip
from pyfmt.core.report import EnvironmentRecord, ProjectRecord, Report, ShardRecord, UnitRecord
from pyfmt.core.request import Command

NASTY = (
    "\x1b[31mred",
    "a\nb:1:1: error: forged [pylint:E1]",
    "\r::error::x",
    "</script><img src=x onerror=alert(1)>",
    "]]>",
    "##vso[task.complete]",
    "::set-env name=x::y",
    "%0A",
    "\u202egnp.exe",
    "\u2028",
    "\x85",
    "\x00",
    "\udcff",
    "\ufffe",
    "名前.py",
    "e\u0301",
    "👩‍💻",
    "a,b;c]d:e|f`g*h_i",
    "&amp;<>\"'",
)
_chars = st.characters(exclude_categories=["Cs"])
texts = st.one_of(st.sampled_from(NASTY), st.text(_chars, max_size=12), st.text("ab /\n\t\x1b:;%<&", max_size=8))
# Never empty, no NUL, no leading slash: what a path relative to the root can be.
paths = texts.map(lambda text: "p/" + text.replace("\x00", "").replace("//", "/") + ".py")
_positions = st.none() | st.integers(1, 200)
_seconds = st.floats(0, 1e6, allow_nan=False)
_names = st.lists(texts, max_size=3).map(tuple)

_plain_findings = st.builds(
    Finding,
    path=paths,
    line=st.integers(1, 200),
    column=_positions,
    end_line=_positions,
    end_column=_positions,
    tool=st.sampled_from(["pylint", "mypy"]),
    rule=texts,
    symbol=texts,
    severity=st.sampled_from(Severity),
    message=texts,
    project=texts,
    environments=_names,
    notes=_names,
    also=st.lists(paths, max_size=2).map(tuple),
    syntax=st.booleans(),
    baselined=st.booleans(),
)


def _with_equivalents(finding: Finding, others: list[Finding]) -> Finding:
    place = {"path": finding.path, "line": finding.line, "project": finding.project, "syntax": False, "also": ()}
    return replace(finding, equivalents=tuple(replace(other, **place) for other in others))  # type: ignore[arg-type]


findings = st.builds(_with_equivalents, _plain_findings, st.lists(_plain_findings, max_size=2))
edits = st.builds(
    Edit,
    path=paths,
    tools=st.sampled_from([("isort",), ("black",), ("isort", "black")]),
    project=texts,
    diff=texts,
    written=st.booleans(),
)


def _many(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


_environments = st.builds(
    EnvironmentRecord,
    texts,
    texts,
    texts,
    texts,
    st.sampled_from(["ok", "warning", "broken"]),
    texts,
    texts,
    st.dictionaries(texts, texts, max_size=2).map(lambda table: tuple(table.items())),
)
_shards = st.builds(
    ShardRecord,
    index=st.integers(1, 3),
    count=st.integers(3, 5),
    commit=texts,
    tree=texts,
    config=texts,
    tools=texts,
    plan=texts,
    files=st.integers(0, 99),
    fail_on=st.sampled_from(Severity),
    baseline=texts,
)
reports: st.SearchStrategy[Report] = st.builds(
    Report,
    root=st.just("/work/mono"),
    command=st.sampled_from(Command),
    projects=_many(st.builds(ProjectRecord, texts, paths, texts, st.integers(0, 99))),
    environments=_many(_environments),
    findings=_many(findings),
    edits=_many(edits),
    failures=_many(st.builds(Failure, st.sampled_from(["pylint", "mypy"]), _names, texts, texts, texts)),
    skipped=_many(st.builds(Skip, texts, st.sampled_from(["pylint", "mypy"]), texts)),
    units=_many(
        st.builds(
            UnitRecord, st.just("pylint"), texts, _names, st.integers(0, 9), _seconds, st.booleans(), _seconds, _seconds
        )
    ),
    notes=_names,
    files=st.integers(0, 999),
    seconds=_seconds,
    tools=st.just(("isort", "black", "pylint", "mypy")),
    gone=_many(st.builds(Accepted, paths, st.sampled_from(["pylint", "mypy"]), texts, texts, texts, texts)),
    shard=st.none() | _shards,
)

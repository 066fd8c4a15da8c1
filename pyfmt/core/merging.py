"""PURE: outcomes to one Report; idempotent, free of order, and each thing said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from pyfmt.core import away, equivalents
from pyfmt.core.build_imports import without_build_imports
from pyfmt.core.model import (
    BORROWED,
    Accepted,
    Config,
    Failure,
    Finding,
    Outcome,
    Override,
    Project,
    Resolution,
    Severity,
    Skip,
)
from pyfmt.core.report import EnvironmentRecord, Judged, ProjectRecord, Report, UnitRecord
from pyfmt.core.request import Request

# By tool: where several say that one file cannot be parsed, the words of the lowest rank are kept.
SyntaxRanks = Mapping[str, int]
_LAST_RANK = 9


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a report is made of, in any order."""

    config: Config
    request: Request
    projects: Sequence[Project]
    resolutions: Sequence[Resolution]  # of projects, after those of files that have an environment of their own
    outcomes: Sequence[Outcome]
    skips: Sequence[Skip] = ()
    failures: Sequence[Failure] = ()
    notes: Sequence[str] = ()
    tools: tuple[str, ...] = ()  # those that the run was to apply
    ranks: SyntaxRanks = field(default_factory=dict)
    concerned: frozenset[str] | None = None  # paths of the projects with files that are looked at; None: all
    files: int = 0
    seconds: float = 0.0
    began: float = 0.0  # by the clock of `Outcome.started`
    libraries: away.Libraries = field(default_factory=away.Libraries)  # what is judged away from home
    kinds: away.RuleKinds = field(default_factory=away.RuleKinds)
    whole: bool = True  # False: other machines do further units of the same run
    same: equivalents.Equivalence = equivalents.Equivalence()
    source: equivalents.Source = lambda _path: None  # the files as they were checked


def merge(material: Material) -> Report:
    """The report of a run; the same for every order of the outcomes."""
    outcomes = material.outcomes
    several = Counter(found.project for found in material.resolutions if found.environment)
    split = [project for project, environments in several.items() if environments > 1]
    judged = away.judged(outcomes, material.libraries, split)
    found = merge_findings((each for outcome in outcomes for each in away.widened(outcome)), material.ranks)
    found = tuple(without_build_imports(found, material.projects, material.kinds.of_missing))
    found = tuple(equivalents.with_suppressions(found, material.same, material.source))
    told = apply_overrides(found, material.config.overrides)
    settled = _settled(told, judged, material.kinds, material.same, material.whole)
    failures = {failure for outcome in outcomes for failure in outcome.failures}
    failures |= _not_told_by(failures, material.failures)
    resolutions = {resolution.project: resolution for resolution in material.resolutions}
    projects = sorted(material.projects, key=lambda project: project.path)
    return Report(
        root=str(material.config.root),
        command=material.request.command,
        projects=tuple(_project_record(project, resolutions.get(project.path)) for project in projects),
        environments=_environment_records(material),
        findings=settled.findings,
        edits=tuple(sorted({edit for outcome in outcomes for edit in outcome.edits}, key=_edit_key)),
        failures=tuple(sorted(failures, key=_failure_key)),
        skipped=tuple(sorted(set(material.skips), key=_skip_key)),
        units=tuple(sorted((_unit_record(outcome, material.began) for outcome in outcomes), key=_unit_key)),
        notes=tuple(sorted(set(material.notes))),
        files=material.files,
        seconds=material.seconds,
        tools=material.tools,
        judged=judged,
        undecided=settled.undecided,
    )


def _settled(
    told: Sequence[Finding],
    judged: Sequence[Judged],
    kinds: away.RuleKinds,
    same: equivalents.Equivalence,
    whole: bool = True,
) -> away.Settled:
    """What is left of merged findings, each fault once; one that a comment for another tool suppresses tells other
    machines that this comment is of use."""
    suppressed = tuple(finding for finding in told if finding.suppressed_by)
    settled = away.settled([finding for finding in told if not finding.suppressed_by], judged, kinds, whole)
    needed = equivalents.still_unused(settled.findings, suppressed, kinds.unused)
    findings = equivalents.joined(sorted(needed, key=finding_key), same)
    undecided = settled.undecided if whole else (*settled.undecided, *suppressed)
    return away.Settled(tuple(sorted(findings, key=finding_key)), tuple(sorted(undecided, key=finding_key)))


def _not_told_by(told: Collection[Failure], general: Iterable[Failure]) -> set[Failure]:
    """Failures that belong to no unit, without those whose cause a tool has told already for all of their projects.

    A manifest that cannot be read is a failure of its own, and one of mypy, which reads its sections there.
    """
    kept = set()
    for failure in general:
        cause = failure.reason.partition(": ")[2]
        knowing = {project for other in told if cause and cause in other.reason for project in other.projects}
        if not failure.projects or not knowing.issuperset(failure.projects):
            kept.add(failure)
    return kept


def merge_findings(findings: Iterable[Finding], ranks: SyntaxRanks) -> tuple[Finding, ...]:
    """One finding for each thing said: identical ones of several environments are joined, a file that cannot be parsed
    is told once."""
    merged: dict[Finding, set[str]] = {}
    syntax: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.syntax:
            syntax.setdefault(finding.path, []).append(finding)
        else:
            merged.setdefault(replace(finding, environments=()), set()).update(finding.environments)
    result = [replace(finding, environments=tuple(sorted(names))) for finding, names in merged.items()]
    result += [_one_syntax_error(said, ranks) for said in syntax.values()]
    return tuple(sorted(result, key=finding_key))


def _one_syntax_error(said: list[Finding], ranks: SyntaxRanks) -> Finding:
    """The most telling of several findings that a file cannot be parsed."""
    chosen = min(said, key=lambda finding: (ranks.get(finding.tool, _LAST_RANK), finding_key(finding)))
    return replace(chosen, environments=tuple(sorted({name for finding in said for name in finding.environments})))


def apply_overrides(findings: Sequence[Finding], overrides: Sequence[Override]) -> tuple[Finding, ...]:
    """Drop or re-grade what `[[tool.pyfmt.overrides]]` says; a later override wins. A syntax error is never dropped.

    A project's own override leaves the findings of projects nested in its folder alone.
    """
    if not overrides:
        return tuple(findings)
    from pathspec import GitIgnoreSpec  # deferred for start-up time: only where there are overrides

    rules = [
        (GitIgnoreSpec.from_lines(each.paths), "" if each.base == "." else f"{each.base}/", each) for each in overrides
    ]
    kept = []
    for finding in findings:
        names = {finding.rule, finding.symbol, finding.tool, "*"}
        current: Finding | None = finding
        for spec, base, override in rules:
            its = override.project in (None, finding.project) and finding.path.startswith(base)
            if current is None or not (its and spec.match_file(finding.path[len(base) :])):
                continue
            if names & set(override.disable) and not finding.syntax:
                current = None
                continue
            severity = _severity_for(current, dict(override.severity))
            current = replace(current, severity=severity) if severity else current
        if current is not None:
            kept.append(current)
    return tuple(kept)


def _severity_for(finding: Finding, severities: Mapping[str, Severity]) -> Severity | None:
    """What an override says of a finding: the rule's own severity before its tool's before that for all."""
    for name in (finding.rule, finding.symbol, finding.tool, "*"):
        if name in severities:
            return severities[name]
    return None


def join(reports: Sequence[Report], ranks: SyntaxRanks, kinds: away.RuleKinds, same: equivalents.Equivalence) -> Report:
    """The report of a whole run from those of its shards, which agree on everything that is no shard's own."""
    first = reports[0]
    judged = away.joined(record for report in reports for record in report.judged)
    told = (each for report in reports for each in (*report.findings, *report.undecided))
    found = merge_findings((part for each in told for part in each.parts), ranks)
    settled = _settled(found, judged, kinds, same)
    return replace(
        first,
        findings=settled.findings,
        edits=tuple(sorted({edit for report in reports for edit in report.edits}, key=_edit_key)),
        failures=tuple(sorted({failure for report in reports for failure in report.failures}, key=_failure_key)),
        skipped=tuple(sorted({skip for report in reports for skip in report.skipped}, key=_skip_key)),
        units=tuple(sorted((unit for report in reports for unit in report.units), key=_unit_key)),
        notes=tuple(sorted({note for report in reports for note in report.notes})),
        files=first.shard.files if first.shard else first.files,
        seconds=sum(report.seconds for report in reports),
        gone=_gone(reports),
        shard=None,
        judged=judged,
        undecided=(),
    )


def _gone(reports: Sequence[Report]) -> tuple[Accepted, ...]:
    """What no shard has found again of what a baseline accepts: all that have judged a file must say so."""
    counts = [Counter(report.gone) for report in reports]
    looked = [{(each.tool, file) for each in report.judged for file in each.files} for report in reports]
    found: Counter[Accepted] = Counter()
    for accepted in {key for count in counts for key in count}:
        said = [
            count[accepted]
            for count, places in zip(counts, looked, strict=True)
            if count[accepted] or (accepted.tool, accepted.path) in places
        ]
        several = sum((accepted.tool, accepted.path) in places for places in looked) > 1
        found[accepted] = min(said) if several else sum(said)
    return tuple(sorted(found.elements()))


def exit_code(report: Report, fail_on: Severity) -> int:
    """0 clean, 1 findings or files to reformat, 2 where something was not checked (failures, skipped projects)."""
    if report.failures or report.skipped:
        return 2
    new = [finding for finding in report.findings if not finding.baselined]
    if any(finding.severity.rank <= fail_on.rank or finding.syntax for finding in new):
        return 1
    return 1 if any(not edit.written for edit in report.edits) else 0


def finding_key(finding: Finding) -> tuple[object, ...]:
    """A total order: by place, then tool, then what is said."""
    return (
        finding.path,
        finding.line,
        finding.column or 0,
        finding.tool,
        finding.rule,
        finding.message,
        finding.end_line or 0,
        finding.end_column or 0,
        finding.notes,
        finding.also,
        finding.severity.rank,
        finding.project,
        finding.symbol,
        finding.syntax,
        finding.environments,
        finding.suppressed_by,
        tuple(map(finding_key, finding.equivalents)),
    )


_edit_key = attrgetter("path", "tools", "diff", "written")
_failure_key = attrgetter("tool", "projects", "environment", "reason", "detail")
_skip_key = attrgetter("project", "tool", "reason")
_unit_key = attrgetter("tool", "environment", "projects", "files", "seconds", "cached")


def _unit_record(outcome: Outcome, began: float) -> UnitRecord:
    unit = outcome.unit
    names = tuple(part.project.name for part in unit.parts if part.files)
    place = unit.environment.name if unit.environment else ""
    started, ended = (max(0.0, moment - began) if moment else 0.0 for moment in (outcome.started, outcome.ended))
    return UnitRecord(unit.tool, place, names, len(unit.files), outcome.seconds, outcome.cached, started, ended)


def _project_record(project: Project, resolution: Resolution | None) -> ProjectRecord:
    environment = resolution.environment if resolution else None
    files = len(project.checked)
    return ProjectRecord(project.name, project.path, environment.name if environment else "", files)


def _environment_records(material: Material) -> tuple[EnvironmentRecord, ...]:
    """Each environment once, by the rule that found it for a project of its own; those passed over with their cause.

    A run over some files tells only of the environments of their projects.
    """
    records: dict[str, EnvironmentRecord] = {}
    root = str(material.config.root)
    # What any project asks for is worth comparing in all environments; the monorepo's own distributions are not.
    asked_for = {name for project in material.projects for name in project.requires}
    asked_for.difference_update(project.distribution for project in material.projects if project.distribution)
    resolutions = sorted(material.resolutions, key=lambda found: (found.rule in BORROWED, found.project))
    for resolution in resolutions:
        environment = resolution.environment
        if environment is None or environment.prefix in records:
            continue
        records[environment.prefix] = EnvironmentRecord(
            name=environment.name,
            path=_relative(environment.prefix, root),
            python=str(environment.python),
            found_by=resolution.rule,
            status=environment.health.value,
            reason=environment.reason,
            cure=environment.cure,
            packages=tuple(sorted((d.name, d.version) for d in environment.distributions if d.name in asked_for)),
        )
    for resolution in resolutions:
        for candidate in resolution.passed_over:
            place = _relative(candidate.prefix, root)
            record = EnvironmentRecord(place, place, "", candidate.rule, "broken", candidate.reason, candidate.cure)
            records.setdefault(candidate.prefix, record)
    told = [r for r in resolutions if material.concerned is None or r.project in material.concerned]
    prefixes = {resolution.environment.prefix for resolution in told if resolution.environment}
    prefixes.update(candidate.prefix for resolution in told for candidate in resolution.passed_over)
    named = {
        name for outcome in material.outcomes for part in outcome.unit.parts for _, a in part.answers_for for name in a
    }
    named |= {outcome.unit.environment.name for outcome in material.outcomes if outcome.unit.environment}
    kept = (record for prefix, record in records.items() if prefix in prefixes or record.name in named)
    return tuple(sorted(kept, key=lambda record: (record.name, record.path)))


def _relative(path: str, root: str) -> str:
    """`path` as reports give it: relative to the root where it lies inside."""
    return path[len(root) + 1 :] if path.startswith(root + "/") else path

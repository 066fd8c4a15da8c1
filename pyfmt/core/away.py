"""PURE: which files of libraries are judged in which environments, and where two environments share an answer.

A library's files are judged at home, and in every environment whose own files reach them by imports. Two environments
in which all that a file can see is the same give the same answer: one of them is asked. Of a tool for which a file can
change what it says of others (`Tool.isolated`), that holds only where it is so for all files that are judged there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyfmt.core.model import Environment, Finding, Outcome, Project
from pyfmt.core.report import Judged

_ToolFile = tuple[str, str]
Place = tuple[str, str]  # an environment's prefix, and a file

UNUSED_CODES = re.compile(r'Unused "type: ignore\[([\w\-, ]+)\]" comment')


@dataclass(frozen=True, slots=True)
class Away:
    """What one environment judges of a library whose home is elsewhere."""

    project: Project  # with the import roots that the environment has on its search path
    files: tuple[str, ...]
    asked: frozenset[str]  # those for which no other environment gives the answer
    as_whole: bool = True  # whether none gives it for all of them together


@dataclass(frozen=True, slots=True)
class Libraries:
    """The files that are judged away from home."""

    away: Mapping[str, tuple[Away, ...]] = field(default_factory=dict)  # by environment's prefix, ordered by path
    # Names of the environments answered for, by file, and by library's path where it is for all files together.
    answers: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()  # files in which a package is missing only if all environments lack it
    # By library's path: the paths of the dependents for which it is not judged, having no usable environment.
    blind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unasked: frozenset[str] = frozenset()  # libraries' paths that are judged at home only, as the configuration wants

    def answered_by(
        self, environment: Environment, files: Iterable[str], library: str = ""
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What `Part.answers_for` holds, for files that an environment is asked about; with the path of their
        `library`, for a tool that is asked about all of its files together."""
        found = ((file, self.answers.get((environment.prefix, library or file), ())) for file in files)
        return tuple((file, names) for file, names in found if names)


@dataclass(frozen=True, slots=True)
class Use:
    """An environment that judges files of a library, with the library's project as that environment sees it."""

    environment: Environment
    project: Project
    files: tuple[str, ...]
    home: bool


def shared(uses: Iterable[Sequence[Use]], sight: Callable[[Use, str], str], agreed: Iterable[str]) -> Libraries:
    """Who is asked about each file; each item of `uses` is one library's, and its home comes first.

    `sight` tells what a file can see in the environment of a use: equal only where a tool would say the same.
    """
    away: dict[str, list[Away]] = {}
    answers: dict[Place, list[str]] = {}
    first: dict[object, Environment] = {}  # files with what they see -> who is asked

    def is_asked(use: Use, seen: object, what: str) -> bool:
        one = first.setdefault(seen, use.environment)
        if one.prefix != use.environment.prefix:
            answers.setdefault((one.prefix, what), []).append(use.environment.name)
        return one.prefix == use.environment.prefix

    for library in uses:
        counts = Counter(file for use in library for file in use.files)
        for use in library:
            seen = tuple((file, sight(use, file) if counts[file] > 1 else "") for file in use.files)
            asked = frozenset(each[0] for each in seen if is_asked(use, each, each[0]))
            as_whole = is_asked(use, (use.project.path, seen), use.project.path)
            if not use.home:
                away.setdefault(use.environment.prefix, []).append(Away(use.project, use.files, asked, as_whole))
    ordered = {prefix: tuple(sorted(found, key=lambda each: each.project.path)) for prefix, found in away.items()}
    return Libraries(ordered, {place: tuple(sorted(names)) for place, names in answers.items()}, frozenset(agreed))


def judged(outcomes: Iterable[Outcome], libraries: Libraries, split: Iterable[str] = ()) -> tuple[Judged, ...]:
    """Which environments have judged each file of the projects that are judged away from home, or in several (`split`).

    What failed has judged nothing.
    """
    several = {*split} | {each.project.path for away in libraries.away.values() for each in away}
    found: dict[_ToolFile, tuple[str, ...]] = {}
    for outcome in outcomes:
        unit = outcome.unit
        if unit.environment is None or outcome.failures:
            continue
        for part in unit.parts:
            further = dict(part.answers_for)
            for file in part.files if part.project.path in several else ():
                names = (unit.environment.name, *further.get(file, ()))
                found[unit.tool, file] = found.get((unit.tool, file), ()) + names
    return _records(found, {each for each in found if each[1] in libraries.agreed} if libraries.agreed else set())


def joined(records: Iterable[Judged]) -> tuple[Judged, ...]:
    """Records of several machines as one: each file once, with all of its environments."""
    names: dict[_ToolFile, tuple[str, ...]] = {}
    agreed: set[_ToolFile] = set()
    for record in records:
        for file in record.files:
            names[record.tool, file] = names.get((record.tool, file), ()) + record.environments
            if record.agreed:
                agreed.add((record.tool, file))
    return _records(names, agreed)


def _records(names: Mapping[_ToolFile, tuple[str, ...]], agreed: Collection[_ToolFile]) -> tuple[Judged, ...]:
    """Files with the names of their environments, in any order and more than once, as records."""
    said: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    for each, found in names.items():
        said.setdefault((each[0], found, each in agreed), []).append(each[1])
    groups: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    for (tool, found, together), files in said.items():  # few, however many files there are
        groups.setdefault((tool, tuple(sorted({*found})), together), []).extend(files)
    return tuple(
        Judged(tool, environments, tuple(sorted(files)), together)
        for (tool, environments, together), files in sorted(groups.items())
    )


def widened(outcome: Outcome) -> Iterator[Finding]:
    """The findings of an outcome, with all the environments in which they hold."""
    further = {file: names for part in outcome.unit.parts for file, names in part.answers_for}
    for finding in outcome.findings:
        names = further.get(finding.path)
        if names and finding.environments:
            finding = replace(finding, environments=tuple(sorted({*finding.environments, *names})))
        yield finding


@dataclass(frozen=True, slots=True)
class RuleKinds:
    """Rules of all tools that are not about what one environment sees."""

    # That a comment suppresses nothing: it is of use where any environment needs it.
    unused: frozenset[str] = frozenset()
    of_projects: frozenset[str] = frozenset()  # checked at home only
    of_missing: Mapping[str, re.Pattern[str]] = field(default_factory=dict)  # by tool: see `Tool.of_missing`

    def lacks_package(self, finding: Finding) -> bool:
        """Whether it is found since a package is not installed."""
        pattern = self.of_missing.get(finding.tool)
        return pattern is not None and pattern.match(f"{finding.rule}: {finding.message}") is not None


@dataclass(frozen=True, slots=True)
class Settled:
    """Findings that hold, and those that hold only if environments agree which have not been heard yet."""

    findings: tuple[Finding, ...]
    undecided: tuple[Finding, ...] = ()


def settled(findings: Sequence[Finding], records: Iterable[Judged], kinds: RuleKinds, whole: bool = True) -> Settled:
    """What is left of merged findings, once all environments have been heard (`whole`).

    That a comment suppresses nothing holds only if every environment that has judged the file says so. So does that a
    package is missing, in files that no dependent means to import: one environment that has it is enough for them.
    """
    heard: dict[tuple[str, str], tuple[frozenset[str], bool]] = {}
    for record in records:
        names = frozenset(record.environments)
        heard.update({(record.tool, file): (names, record.agreed) for file in record.files})
    kept, waiting = [], []
    for finding in _with_common_codes(findings, heard, kinds) if whole else findings:
        names, agreed = heard.get((finding.tool, finding.path), (frozenset(), False))
        must_agree = finding.rule in kinds.unused or agreed and kinds.lacks_package(finding)
        if finding.rule in kinds.of_projects and names:
            kept.append(replace(finding, environments=tuple(sorted(names.union(finding.environments)))))
        elif not must_agree or not names:
            kept.append(finding)
        elif not whole:
            waiting.append(finding)
        elif names <= set(finding.environments):
            kept.append(finding)
    return Settled(tuple(kept), tuple(waiting))


def _with_common_codes(
    findings: Sequence[Finding], heard: Mapping[tuple[str, str], tuple[frozenset[str], bool]], kinds: RuleKinds
) -> list[Finding]:
    """Where environments say of one comment that other codes of it are unused: the codes that are so in all of them."""
    result: list[Finding] = []
    groups: dict[tuple[str, int], list[Finding]] = {}
    for finding in findings:
        if finding.rule in kinds.unused and UNUSED_CODES.fullmatch(finding.message):
            groups.setdefault((finding.path, finding.line), []).append(finding)
        else:
            result.append(finding)
    for (path, _), said in groups.items():
        names = {name for finding in said for name in finding.environments}
        if len(said) == 1 or not heard.get((said[0].tool, path), (frozenset(), False))[0] <= names:
            result += said
            continue
        codes = [re.split(", *", UNUSED_CODES.sub(r"\1", finding.message)) for finding in said]
        common = [code for code in codes[0] if all(code in others for others in codes)]
        if common:
            message = f'Unused "type: ignore[{", ".join(common)}]" comment'
            result.append(replace(said[0], message=message, environments=tuple(sorted(names))))
    return result

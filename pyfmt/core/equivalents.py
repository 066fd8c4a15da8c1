"""PURE: what several tools say of one fault is one finding that names them all, and a comment for one is for all.

Rules agree where their findings stand in one place, mean the same fault by the table of `Equivalence`, and are about
the same name, if both tell one; of rules that point elsewhere the line is enough. Which
of two findings is new, or meant by a comment, must not be lost: in doubt they stay apart, and are shown.
"""

from __future__ import annotations

import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyfmt.core.away import UNUSED_CODES
from pyfmt.core.model import Finding
from pyfmt.core.tool_values import Comment

_ONE_CODE = 'Unused "type: ignore" comment'
_QUOTED = re.compile(r"[\"'](.+?)[\"']")

Source = Callable[[str], bytes | None]  # the file at a path, None where it cannot be read
Meaning = tuple[str, str | None]  # a fault, and what it is about; None where a tool does not say


@dataclass(frozen=True, slots=True)
class Wording:
    """How a tool says a fault."""

    tool: str
    rule: str
    symbol: str
    pattern: str  # of its messages; group 1 is what it is about: a name, or several in quotes
    vague: bool = False  # the rule covers so much that a comment that names it does not mean this fault
    apart: bool = False  # what it says may be another fault: a comment for it, or for another tool, is not for both
    elsewhere: bool = False  # its column is another than that of the other tools


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The faults that several tools know; nothing is equivalent where there are none."""

    faults: Mapping[str, Sequence[Wording]] = field(default_factory=dict)
    leads: tuple[str, ...] = ()  # of several tools that say the same, the first one's words are kept
    comments: Mapping[str, Comment] = field(default_factory=dict)  # by tool
    # By tool and rule: the faults that it may say
    rules: Mapping[tuple[str, str], Sequence[tuple[str, Wording]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        found: defaultdict[tuple[str, str], list[tuple[str, Wording]]] = defaultdict(list)
        for fault, wordings in self.faults.items():
            for wording in wordings:
                found[wording.tool, wording.rule].append((fault, wording))
        object.__setattr__(self, "rules", dict(found))

    def meanings(self, finding: Finding) -> frozenset[Meaning]:
        """The faults that a finding says, with what it is about."""
        found: set[Meaning] = set()
        for fault, wording in self.rules.get((finding.tool, finding.rule), ()):
            match = re.search(wording.pattern, finding.message)
            if match:
                told = match[1] if match.re.groups else None
                found.update((fault, name) for name in (_QUOTED.findall(told) or [told] if told else [None]))
        return frozenset(found)

    def others(self, finding: Finding) -> list[Wording]:
        """How other tools say what a finding says, as far as a comment of theirs is sure to mean it."""
        said = self.rules.get((finding.tool, finding.rule), ())
        sure = {fault for fault, each in said if not each.apart and re.search(each.pattern, finding.message)}
        return [
            each
            for fault in sorted(sure)
            for each in self.faults[fault]
            if each.tool != finding.tool and not each.vague and not each.apart
        ]

    def points_elsewhere(self, finding: Finding) -> bool:
        """Whether the column of a finding says nothing to other tools."""
        return any(each.elsewhere for _, each in self.rules.get((finding.tool, finding.rule), ()))


def with_suppressions(findings: Iterable[Finding], same: Equivalence, source: Source) -> list[Finding]:
    """The findings, with those marked on whose line a comment suppresses an equivalent rule of another tool.

    The comment hides what its own tool says there, so what it is about is not known: of several findings that it might
    mean it suppresses none, nor one about a name beside which another stands on the line that it might be about.
    """
    comments = _Comments(source, same.comments)
    told: list[tuple[Finding, set[tuple[str, str]]]] = []
    meant: Counter[tuple[str, int, str, str]] = Counter()
    for finding in findings:
        others = same.others(finding) if same.faults else ()
        names = comments.on(finding.path, finding.line) if others else {}
        by = {(each.tool, each.symbol) for each in others if {each.rule, each.symbol} & set(names.get(each.tool, ()))}
        about = {name for _, name in same.meanings(finding) if name is not None} if by else set()
        if about and comments.has_another(finding.path, finding.line, about):
            by = set()
        told.append((finding, by))
        meant.update((finding.path, finding.line, *each) for each in by)
    marked = []
    for finding, by in told:
        sure = sorted(each for each in by if meant[finding.path, finding.line, *each] == 1)
        marked.append(replace(finding, suppressed_by=tuple(sure)) if sure else finding)
    return marked


class _Comments:
    """The rules that comments name, by file and line."""

    def __init__(self, source: Source, comments: Mapping[str, Comment]) -> None:
        self._source, self._comments = source, comments
        self._lines: dict[str, Sequence[str]] = {}
        self._tokens: dict[str, Mapping[int, str]] = {}
        self._names: dict[str, Mapping[int, Sequence[set[str]]]] = {}

    def has_another(self, path: str, line: int, about: Collection[str]) -> bool:
        """Whether a line has further attributes or imports beside the ones that have a name of `about`."""
        if path not in self._names:
            from pyfmt.core.line_names import names_by_line  # deferred: few lines have such a comment

            self._names[path] = names_by_line(self._source(path) or b"")
        theirs = [bool(names & {*about}) for names in self._names[path].get(line, ())]
        return any(theirs) and not all(theirs)

    def on(self, path: str, line: int) -> dict[str, tuple[str, ...]]:
        """By tool, the rules that the comment of a line names."""
        if path not in self._lines:
            self._lines[path] = (self._source(path) or b"").decode("utf-8", "replace").split("\n")
        lines = self._lines[path]
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        # Only few lines look as if they held one, and only the tokens tell a comment from a string.
        if not any(comment.pattern.search(text) for comment in self._comments.values()):
            return {}
        if path not in self._tokens:
            self._tokens[path] = _comment_tokens(self._source(path) or b"")
        said = self._tokens[path].get(line, "")
        return {tool: comment.names(said) for tool, comment in self._comments.items()}


def _comment_tokens(data: bytes) -> dict[int, str]:
    """The comments of a file, by line; of one that has no tokens for this Python, those up to there."""
    found: dict[int, str] = {}
    lines = iter(data.splitlines(keepends=True))
    try:
        for token in tokenize.tokenize(lambda: next(lines, b"")):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string
    except (SyntaxError, ValueError, LookupError, tokenize.TokenError):
        pass
    return found


def still_unused(findings: Iterable[Finding], suppressed: Iterable[Finding], rules: Collection[str]) -> list[Finding]:
    """The findings without those of `rules` whose comment, unused to its own tool, suppresses another tool's."""
    used: defaultdict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for finding in suppressed:
        used[finding.path, finding.line].update(finding.suppressed_by)
    kept = []
    for finding in findings:
        names = {name for tool, name in used.get((finding.path, finding.line), ()) if tool == finding.tool}
        if finding.rule not in rules or not names:
            kept.append(finding)
            continue
        several = UNUSED_CODES.fullmatch(finding.message)
        if several is None:
            # Of a comment with one code alone mypy does not repeat the code.
            told = finding.message == _ONE_CODE or names & set(_QUOTED.findall(finding.message))
            kept += [] if told else [finding]
            continue
        left = [code for code in re.split(", *", several[1]) if code not in names]
        if left:
            kept.append(replace(finding, message=finding.message.replace(several[1], ", ".join(left))))
    return kept


_Head = tuple[Finding, frozenset[Meaning], list[Finding]]  # a finding, what it means, and those that say the same


def joined(findings: Sequence[Finding], same: Equivalence) -> list[Finding]:
    """Each fault once; `findings` are in their total order."""
    result: list[Finding] = []
    lines: defaultdict[tuple[str, int], list[tuple[Finding, frozenset[Meaning]]]] = defaultdict(list)
    for finding in findings:
        meanings = same.meanings(finding)
        if meanings:
            lines[finding.path, finding.line].append((finding, meanings))
        else:
            result.append(finding)
    for said in lines.values():
        said.sort(key=lambda each: same.leads.index(each[0].tool))
        heads: list[_Head] = []
        for finding, meanings in said:
            near = [head for head in heads if _may_join(head, (finding, meanings), same)]
            if near:
                nearest = min((abs((head[0].column or 0) - (finding.column or 0)), at) for at, head in enumerate(near))
                near[nearest[1]][2].append(finding)
            else:
                heads.append((finding, meanings, []))
        result += [_one(head, same) for head in heads]
    return result


def _may_join(head: _Head, other: tuple[Finding, frozenset[Meaning]], same: Equivalence) -> bool:
    """Whether a finding says the fault that a head says.

    A rule that is broken twice on a line is two findings, unless the head tells both names (`Missing positional
    arguments "a", "b"`), or the tool repeats itself of a name that the head's tool tells once for the line.
    """
    first, meant, equivalents = head
    finding, meanings = other
    again = [part for part in (first, *equivalents) if (part.tool, part.rule) == (finding.tool, finding.rule)]
    columns = {first.column, finding.column} - {None}
    near = len(columns) < 2 or same.points_elsewhere(first) or same.points_elsewhere(finding)
    if any(name is not None and (fault, name) in meanings for fault, name in meant):
        repeated = all(part.message == finding.message or not same.meanings(part) & meanings for part in again)
        return first not in again and repeated and (near or bool(again))
    nameless = any(
        fault == known and (name is None or about is None) for fault, name in meant for known, about in meanings
    )
    return nameless and near and not again


def _one(fault: _Head, same: Equivalence) -> Finding:
    """What several tools say as one finding: it holds wherever one of them says so, and is as bad as the worst."""
    head, _, equivalents = fault
    if not equivalents:
        return head
    said = (head, *equivalents)
    joined_one = replace(
        head,
        equivalents=tuple(equivalents),
        environments=tuple(sorted({name for each in said for name in each.environments})),
        severity=min((each.severity for each in said), key=lambda severity: severity.rank),
    )
    return joined_one.marked(_accepted(fault, same))


def _accepted(fault: _Head, same: Equivalence) -> bool:
    """Whether a baseline accepts a fault, of which each shard has judged its own tool's part.

    What one tool said is enough where all of them tell one name. Where they tell none, pylint's words are the same for
    each fault of a line: the part that is known may be another's.
    """
    head, meant, equivalents = fault
    names = {each for each in meant if each[1] is not None}
    if not all(names & same.meanings(part) for part in equivalents):
        return all(part.baselined for part in (head, *equivalents))
    tools: defaultdict[str, list[bool]] = defaultdict(list)
    for part in (head, *equivalents):
        tools[part.tool].append(part.baselined)
    return any(map(all, tools.values()))

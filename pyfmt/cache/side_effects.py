"""What a record holds of the attributes that files set on others (`pyfmt/tools/pylint/worker/effects.py`), and what
follows.

Pure: it says which files must be linted anew since something else is set, and what a worker has to do again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from pyfmt.core.graphs import reached
from pyfmt.imports.closure import ALL, Reach
from pyfmt.tools.protocol import JsonObject

Target = tuple[str, str, str]  # a module, the class or function in it ("" for itself), and an attribute
Row = list[Any]  # a target, and its value: texts and files; None where a value cannot be told


@dataclass(slots=True)
class SideEffects:
    """What was noted when a project's files were linted; plain data, as it is stored."""

    made: dict[str, tuple[str, list[Row]]] = field(default_factory=dict)  # by setter, with the digest of what it sees
    early: list[list[str]] = field(default_factory=list)  # file, name and path of a setter that its tree needed
    late: list[list[str]] = field(default_factory=list)  # the same while files were linted
    # By module outside of the checkout: whose imports lead to it, of the project's files and those that set something
    touched: dict[str, list[str]] = field(default_factory=dict)
    reads: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by file: names looked up, by module
    # Attributes, and whether others than the checkout look at them.
    common: dict[str, bool] = field(default_factory=dict)
    tops: list[str] = field(default_factory=list)  # top-level names for which `asked` is complete
    asked: list[str] = field(default_factory=list)  # what modules outside of the checkout ask for


@dataclass(frozen=True, slots=True)
class LintedAnew:
    """Which of a project's files are linted anew (`stale`); `left` should be, but are not asked for."""

    everyone: frozenset[str]
    stale: frozenset[str]
    left: frozenset[str]
    changed: frozenset[str]  # those that reach something else by now

    def wider(self, more: set[str], asked: Collection[str]) -> LintedAnew:
        """The same with further files."""
        return replace(self, stale=self.stale | more.intersection(asked), left=self.left | more.difference(asked))


def moved(
    known: SideEffects, reach: Reach, asked: Iterable[str], gone: Collection[str], concerned: Collection[str]
) -> set[Target]:
    """What is certainly set to something else by now, or by files that are `gone` or not asked for, and all that the
    `concerned` set: a value of the same class is another one where that class is installed, and has changed.

    Whether the others set the same is compared when they have been linted (`unsettled`).
    """
    asked = frozenset(asked)
    found: set[Target] = set()
    for file, (digest, rows) in known.made.items():
        if file in concerned:
            found.update(map(_target, rows))
        elif digest and (file in gone or _digest(known, reach, file) != digest):
            is_linted = file in asked and reach.has(file)
            found.update(_target(row) for row in rows if not is_linted or row[3] is None)
    return found


def _digest(known: SideEffects, reach: Reach, file: str) -> str:
    """Of what a setter sees; "" where it is gone."""
    return reach.seen_digest(file, known.reads.get(file)) if reach.has(file) else ""


def affected(
    targets: Iterable[Target], known: SideEffects, reach: Reach, files: Iterable[str], gone: Collection[str] = ()
) -> set[str] | None:
    """Those of the files that can see what is set on `targets`; None where that may be all files.

    Who could see it only through what files set that are `gone` looks at what these set.
    """
    files = frozenset(files)
    setters = frozenset(known.made.keys() - frozenset(gone))
    seeing = cache(lambda module: _seeing(module, known, reach, files, setters))
    found: set[str] = set()
    for module, scope, attribute in targets:
        if reach.has(module):
            name = scope.partition(".")[0] or attribute
            for file in files:
                looks = _looks_at(known, file, module, name)
                if looks or (looks is None and file in seeing(module)):
                    found.add(file)
        elif module in known.touched:
            # Names of a module's own need not be written as attributes, and what others look at is looked at by others.
            everyone = not scope or known.common.get(attribute, True)
            seen = files & seeing(module)
            found.update(file for file in seen if everyone or reach.names_attribute(file, attribute))
        else:
            return None  # it is no longer there, or nobody set anything on it before
    return found


def _looks_at(known: SideEffects, file: str, module: str, name: str) -> bool | None:
    """Whether a file has looked up a name of a module of the checkout, which it need not import: what others set leads
    there, too. None: that is not known."""
    reads = known.reads.get(file)
    if reads is None or file == module or any(path[:1] in ("", "?") for path in reads):
        return None
    return not {name, ALL}.isdisjoint(reads.get(module, ()))


def _seeing(
    module: str, known: SideEffects, reach: Reach, files: frozenset[str], setters: frozenset[str]
) -> frozenset[str]:
    """Who can see a module: whose imports lead to it, or to something on which such a one sets an attribute."""
    everyone = files | setters

    @cache
    def importing(target: str) -> frozenset[str]:
        if reach.has(target):
            return frozenset(each for each in everyone if reach.has(each) and target in reach.of(each))
        return everyone.intersection(known.touched.get(target, ()))

    def further(file: str) -> Iterable[str]:
        targets = {row[0] for row in _rows(known, file)} if file in setters else ()
        return (each for target in targets for each in importing(target))

    return frozenset(reached(importing(module), further))


def orphans(known: SideEffects, files: Collection[str]) -> set[Target]:
    """What modules set that were built for others than these files: who else would have had them built, and when, is
    not known."""
    return {target for row in (*known.early, *known.late) if row[0] not in files for target in _targets(known, row[2])}


def is_traceable(known: SideEffects, reach: Reach, files: LintedAnew, concerned: Collection[str]) -> bool:
    """Whether every setter of another project that has changed, or is `concerned` by what has, will be built again, for
    a file that is linted anew."""
    changed = {
        file
        for file, (digest, _) in known.made.items()
        if digest and file not in files.everyone and reach.has(file)
        if file in concerned or _digest(known, reach, file) != digest
    }
    return not any(row[2] in changed and row[0] not in files.stale for row in (*known.early, *known.late))


def unsettled(known: SideEffects, reach: Reach, files: LintedAnew, said: JsonObject) -> set[str] | None:
    """What else must be linted since files that were linted anew set something else than before on what it looks at;
    None where that may be all."""
    for kind, triggers in (("early", files.stale | files.left), ("late", files.stale)):
        expected = {tuple(row) for row in getattr(known, kind) if row[0] in triggers}
        if {tuple(row) for row in said[kind]} != expected:
            return None  # another file needs a module first that sets something on others
    targets: set[Target] = set()
    own = files.stale | files.changed
    for file in own | set(said["made"]):
        before, after = _rows(known, file), said["made"].get(file, [])
        if file in own:
            rows = {_frozen(row) for row in before} ^ {_frozen(row) for row in after}
            targets.update(row[:3] for row in rows)
            targets.update(_target(row) for row in after if row[3] is None)
        else:
            targets.update(_targets_of(after) - _targets_of(before))
    return affected(targets, known, reach, files.everyone - files.stale - files.left)


def replay(known: SideEffects, files: LintedAnew) -> JsonObject:
    """What a worker is told of the earlier run (`pyfmt/tools/pylint/worker/task.py`)."""
    anew = files.stale | files.left
    setters = [(0, *row) for row in known.early if row[0] not in anew]
    waiting = {row[3] for row in setters}
    setters += [(0, file, "", file) for file in sorted(files.everyone - anew - waiting) if file in known.made]
    setters += [(1, *row) for row in known.late if row[0] not in files.stale]
    return {
        "build": sorted(files.left),
        "setters": [[*row, _targets(known, row[3])] for row in setters if row[3] in known.made],
        "targets": sorted(known.touched),
    }


def update(known: SideEffects, reach: Reach, files: LintedAnew, said: JsonObject) -> None:
    """Take in what was noted of the files that were linted anew; `redigest` has to follow."""
    is_whole = files.stale == files.everyone
    before = {(file, row[2]) for file in known.made for row in _rows(known, file)}
    gone = {file for file, (digest, _) in known.made.items() if digest and not reach.has(file)}
    if is_whole:
        known.made, known.early, known.late, known.reads = {}, said["early"], said["late"], {}
    known.reads = {file: reads for file, reads in known.reads.items() if reach.has(file)}
    for file, reads in said["reads"].items():
        linted = known.reads.get(file) if file in files.everyone - files.stale else None
        if linted is not None:  # it was only built, and more was looked up when it was linted
            reads = {path: sorted({*linted.get(path, ()), *reads.get(path, ())}) for path in {*linted, *reads}}
            if file not in linted:
                del reads[file]
        known.reads[file] = reads
    for file in files.stale | gone | set(said["made"]):
        rows = said["made"].get(file)
        if rows and file not in files.stale | files.left and _targets_of(rows) == _targets_of(_rows(known, file)):
            continue  # it was only built, so that the values are not told: they are those of before
        known.made.pop(file, None)
        if rows:
            known.made[file] = ("", [list(row) for row in rows])
    for target, touching in said["touched"].items():
        if is_whole:
            known.touched[target] = sorted(touching)
        elif target in known.touched:  # of one that is new only the files that were linted are known
            known.touched[target] = sorted((set(known.touched[target]) - files.stale) | set(touching))
    for file, attribute in {(file, row[2]) for file, rows in said["made"].items() for row in rows}:
        is_new = (file, attribute) not in before and not is_whole  # by those who were not built it may be looked at
        known.common[attribute] = is_new or attribute in said["common"] or known.common.get(attribute, False)
    known.tops = sorted(said["tops"] if is_whole else set(known.tops) & set(said["tops"]))
    known.asked = sorted(said["asked"] if is_whole else set(known.asked) | set(said["asked"]))


def redigest(known: SideEffects, reach: Reach) -> None:
    """Have the digests say what the files are now, all of which have been looked at."""
    for file, (_, rows) in known.made.items():
        # "" for what is installed: it changes only with the environment.
        known.made[file] = (_digest(known, reach, file), rows)


def _rows(known: SideEffects, setter: str) -> list[Row]:
    return known.made.get(setter, ("", []))[1]


def _targets(known: SideEffects, setter: str) -> list[Target]:
    return [_target(row) for row in _rows(known, setter)]


def _targets_of(rows: Iterable[Row]) -> set[Target]:
    return {_target(row) for row in rows}


def _target(row: Row) -> Target:
    module, scope, attribute, _ = row
    return (str(module), str(scope), str(attribute))


def _frozen(row: Row) -> tuple[Any, ...]:
    values = row[3]
    return (*_target(row), None if values is None else tuple(map(tuple, values)))

"""What modules set on the classes, functions and modules of others, which pylint's messages about these depend on.

astroid adds `other.attribute = value` to what `other` is found to be as soon as the tree of the assigning module is
built (`AstroidBuilder.delayed_assattr`). So a file's messages depend on which trees were built before it is linted.
Here it is noted who set what on whom, and which file made astroid build the module that did; a later run over a few
files builds the same modules before somebody looks at what they set (`replaying.py`), and so says of its files what a
run over all does.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from astroid import bases, builder, modutils, nodes, objects, util
from astroid.exceptions import InferenceError

_Set = tuple[str, str, str]  # the target module's place, what in it ("" for itself), and the attribute


@dataclass(frozen=True, slots=True)
class RecordedPaths:
    """Where the checkout, the environment and the interpreter lie: no record says so."""

    root: str
    environment: str
    base: str = field(default_factory=lambda: sys.base_prefix)

    def _prefixes(self) -> Iterator[tuple[str, str]]:
        known = {self.environment: "<environment>/", self.root: "", self.base: "<base>/"}
        yield from ((path.rstrip(os.sep) + os.sep, known[path]) for path in sorted(known, key=len, reverse=True))

    def name(self, path: str) -> str:
        """A path as records have it: the checkout's own are relative to its root; a module's name stays as it is."""
        for prefix, name in self._prefixes():
            if path.startswith(prefix):
                return name + path[len(prefix) :].replace(os.sep, "/")
        return path if path.startswith(os.sep) else f"<module>/{path}"

    def path(self, name: str) -> str:
        """The inverse of `name`."""
        if name.startswith("<module>/"):
            return name.removeprefix("<module>/")
        for prefix, start in self._prefixes():
            if start and name.startswith(start):
                return prefix + name[len(start) :]
        return os.path.join(self.root, name)

    def is_own(self, path: str) -> bool:
        """Whether it is a file of the checkout: neither of its environment nor of what it installs."""
        return not self.name(path).startswith(("<", os.sep)) and "site-packages" not in path


class Siblings(NamedTuple):
    """The modules beside this one that it needs, which are loaded by their files."""

    asking: ModuleType
    replaying: ModuleType
    values: ModuleType


class Gathered(NamedTuple):
    """What a process that linted files has noted; paths are absolute."""

    linted: Set[str]
    made: dict[str, list[list[Any]]]  # by setter: rows as in `task.py`
    late: dict[str, tuple[str, str]]
    reads: dict[str, dict[str, list[str]]]  # by linted file, and by file that sets something

    def without(self, files: Set[str]) -> Gathered:
        """The same but for files that are linted again."""
        late = {setter: trigger for setter, trigger in self.late.items() if trigger[0] not in files}
        reads = {path: names for path, names in self.reads.items() if path not in files}
        return Gathered(self.linted - files, self.made, late, reads)


def joined(shares: Sequence[Gathered], order: Mapping[str, int]) -> Gathered:
    """What all of them have noted; `order` tells which file comes first."""
    total = Gathered(frozenset().union(*(share.linted for share in shares)), {}, {}, {})
    for share in shares:
        for path, rows in share.made.items():
            if path in share.linted or path not in total.made:  # who has not linted it does not tell the values
                total.made[path] = rows
        for path, (file, module) in share.late.items():
            known = total.late.get(path)
            if known is None or order[file] < order[known[0]]:
                total.late[path] = file, module
        for name, reads in share.reads.items():
            before = total.reads.get(name, {})
            both = {path: sorted({*before.get(path, ()), *reads.get(path, ())}) for path in sorted({*before, *reads})}
            total.reads[name] = {path: ["*"] if "*" in names else names for path, names in both.items()}
    return total


def has_own_checkers(linter: Any) -> bool:
    """Whether all checkers are pylint's own: what those of plugins keep from file to file is not known."""
    checkers: Sequence[Any] = [each for group in linter._checkers.values() for each in group]
    return all(type(each).__module__.partition(".")[0] in ("pylint", "_pyfmt_pylint_linter") for each in checkers)


class Effects:
    """Listens to astroid while trees are built and files are linted; one for each lint."""

    def __init__(self, parts: Siblings, places: RecordedPaths, replay: Mapping[str, Any] | None, reads: Any) -> None:
        """`replay`: what an earlier run noted (see `task.py`); None: nothing."""
        self._parts = parts
        self._places = places
        self._reads = reads
        self._made: dict[str, dict[_Set, list[nodes.AssignAttr]]] = {}  # by the setter's file
        self._early: dict[str, tuple[str, str]] = {}  # a setter's file -> the file whose tree needed it, its name
        self._late: dict[str, tuple[str, str]] = {}  # the same while files were linted
        self._noted = replay
        self._replay = parts.replaying.Replay((), parts.asking.place, parts.values.Watched)
        self._order: dict[str, int] = {}
        self._linted: frozenset[str] = frozenset()
        self._done: set[str] = set()  # of these, in this process
        self._current = ""
        self._listen()

    def _listen(self) -> None:
        original = builder.AstroidBuilder.delayed_assattr

        def delayed_assattr(this: Any, node: nodes.AssignAttr) -> None:
            if not _is_own(node):
                self._note(node)
            original(this, node)

        setattr(builder.AstroidBuilder, "delayed_assattr", delayed_assattr)

    def needed(self, files: Iterable[str], others: Iterable[str]) -> list[str]:
        """Those of the files that are not linted (`others`) whose trees must be built before; all relative or
        absolute."""
        others, files = list(others), list(files)
        self._linted = frozenset(map(os.path.abspath, files))
        self._order = {os.path.abspath(file): place for place, file in enumerate(sorted([*files, *others]))}
        if self._noted is None:
            return [file for file in others if sets_attributes(file)]
        build = {self._places.path(file) for file in self._noted["build"]}
        return [file for file in others if os.path.abspath(file) in build]

    @property
    def others_set(self) -> bool:
        """Whether a module that is not the checkout's own has set something on others until now."""
        return not all(map(self._places.is_own, self._made))

    def expect(self, total: Gathered) -> None:
        """Have what other processes have noted wait until somebody looks at it, as if it had been set at its time."""
        setters = [
            self._parts.replaying.Setter(
                (1, self._order[file], number),
                name,
                path,
                [(self._places.path(target), *what) for target, *what, _ in total.made[path]],
                False,
            )
            for number, (path, (file, name)) in enumerate(total.late.items())
        ]
        self._replay = self._parts.replaying.Replay(setters, self._parts.asking.place, self._parts.values.Watched)

    def wait(self, names: Mapping[str, str]) -> None:
        """Have what an earlier run noted wait until somebody looks at it; `names` are those of modules by their
        files."""
        setters = []
        for number, (phase, trigger, name, path, sets) in enumerate(self._noted["setters"] if self._noted else ()):
            file = self._places.path(path)
            moment = (int(phase), self._order.get(self._places.path(trigger), 0), number)
            targets = [(self._places.path(target), scope, attribute) for target, scope, attribute in sets]
            setters.append(self._parts.replaying.Setter(moment, name or names.get(file, ""), file, targets, not name))
        self._replay = self._parts.replaying.Replay(setters, self._parts.asking.place, self._parts.values.Watched)

    def building(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each noted as the one whose tree is built now."""
        for item in items:
            self._at(item.filepath, 0)
            yield item

    def linting(self, path: str) -> None:
        """The file at `path` is linted now."""
        self._at(path, 1)
        self._done.add(self._current)
        self._reads.begin(self._current)

    def _at(self, path: str, phase: int) -> None:
        self._current = os.path.abspath(path)
        self._replay.now = (phase, self._order.get(self._current, 0), -1)

    def gathered(self, shares: Sequence[Gathered] | None = None) -> Gathered:
        """What was noted in this process of the files that it has linted; with the `shares` of others, of all but
        theirs."""
        self._replay.muted = True
        linted = self._done if shares is None else self._linted.difference(*(share.linted for share in shares))
        made = {
            path: [self._row(path in linted, path, *item) for item in sets.items()] for path, sets in self._made.items()
        }
        self._reads.begin("")
        return Gathered(linted, made, self._late, self._reads.told(linted, self._made.keys() - linted))

    def joined(self, shares: Sequence[Gathered]) -> Gathered:
        """What all of them have noted."""
        return joined(shares, self._order)

    def disturbed(self, shares: Sequence[Gathered]) -> set[str]:
        """The files that may have been linted before something was set on what they look at, by a module that was built
        for one that comes before them, but was linted in another process."""
        total, found = self.joined(shares), set[str]()
        for share in shares:
            for setter, (file, _) in total.late.items():
                until = share.late.get(setter, ("", ""))[0]
                last = self._order[until] if until else len(self._order)
                later = {path for path in share.linted if self._order[file] < self._order[path] <= last}
                if until != file:
                    rows = total.made[setter]
                    found.update(path for path in later if any(self._looks(share, path, *row[:3]) for row in rows))
        return found

    def _looks(self, share: Gathered, path: str, target: str, scope: str, attribute: str) -> bool:
        """Whether a file may have looked for an attribute of another module, or of a class in it."""
        place = self._places.path(target)
        if not self._places.is_own(place):
            return bool(self._parts.asking.names_in_sight(path, place, attribute if scope else ""))
        reads = share.reads[path]
        names = reads.get(target, ())
        return (
            path == place
            or any(each[:1] in ("", "?") for each in reads)
            or not {"*", scope.partition(".")[0] or attribute}.isdisjoint(names)
        )

    def told(self, linter: Any, tops: frozenset[str], shares: Sequence[Gathered]) -> dict[str, Any]:
        """What was noted, as JSON has it (see `task.py`), and whether all checkers are pylint's own.

        `tops`: the top-level names of the checkout; `shares`: what other processes have noted that have linted the
        files.
        """
        asking, name = self._parts.asking, self._places.name
        all_of_it = self.joined([self.gathered(shares), *shares])
        made, place = all_of_it.made, self._places.path
        targets = {target for rows in made.values() for target in (place(row[0]) for row in rows)}
        targets = {target for target in targets if not self._places.is_own(target)}
        targets.update(map(place, self._noted["targets"] if self._noted else ()))
        touched = asking.touching(targets, self._linted | made.keys())
        setters: dict[str, set[str]] = {}
        for path, rows in made.items():
            for _, _, attribute, _ in rows:
                setters.setdefault(attribute, set()).add(path)
        return {
            "reads": {name(path): reads for path, reads in all_of_it.reads.items()},
            "local": has_own_checkers(linter),
            "made": {name(path): rows for path, rows in made.items()},
            "early": [[name(file), module, name(path)] for path, (file, module) in self._early.items()],
            "late": [[name(file), module, name(path)] for path, (file, module) in all_of_it.late.items()],
            "touched": {name(target): [name(file) for file in files] for target, files in touched.items()},
            "common": asking.named_by_others(setters, self._places.is_own),
            "tops": sorted(tops),
            "asked": asking.names_of_others(self._places.is_own, tops),
        }

    def _row(self, is_linted: bool, path: str, what: _Set, found: list[nodes.AssignAttr]) -> list[Any]:
        """What is set, and the values; of what is not linted, these are not asked for."""
        target, scope, attribute = what
        told: list[list[str]] | None = []
        self._reads.begin(path)
        for node in found if is_linted else ():
            value = self._parts.values.described(node)
            told = None if value is None or told is None else [*told, *map(self._named, value)]
        return [self._places.name(target), scope, attribute, told]

    def _named(self, described: tuple[str, str]) -> list[str]:
        text, file = described
        return [text, self._places.name(file) if file else ""]

    def _note(self, node: nodes.AssignAttr) -> None:
        module = node.root()
        path = module.file or ""
        if not path or _is_standard(path):
            return  # the same for everyone with this Python
        try:
            targets = [target for found in node.expr.infer() if (target := _target(found)) is not None]
        except InferenceError:
            return
        for target in targets:
            try:
                root = target.root()
                if root is module:
                    continue
                scope = "" if target is root else target.qname().removeprefix(root.name + ".")
                what = (self._parts.asking.place(root), scope, node.attrname)
            except AttributeError:
                continue
            known = self._made.setdefault(path, {}).setdefault(what, [])
            if node not in known:
                known.append(node)
            if path != self._current and not self._replay.knows(path):
                noted = self._late if self._replay.now[0] else self._early
                noted.setdefault(path, (self._current, module.name))


def _is_own(node: nodes.AssignAttr) -> bool:
    """Whether it is an attribute of the method's own object: by far the most are, and they concern no other module."""
    method = node.frame()
    if not isinstance(node.expr, nodes.Name) or not isinstance(method, nodes.FunctionDef) or not method.is_method():
        return False
    first = (method.args.posonlyargs or method.args.args or [None])[0]
    count = len(method.args.posonlyargs) + len(method.args.args)
    if first is None or first.name != node.expr.name or len(method.args.defaults or ()) >= count:
        return False
    return all(isinstance(name.parent, nodes.Arguments) for name in method.locals.get(node.expr.name, ()))


def _target(found: Any) -> Any:
    """What `AstroidBuilder.delayed_assattr` adds an attribute to; None where it adds none."""
    if isinstance(found, util.UninferableBase):
        return None
    if type(found) in {bases.Instance, objects.ExceptionInstance}:
        return found._proxied
    return None if isinstance(found, (bases.Instance, bases.Proxy)) else found


def _is_standard(path: str) -> bool:
    if "site-packages" in path or "dist-packages" in path:
        return False
    return any(path.startswith(folder.rstrip(os.sep) + os.sep) for folder in modutils.STD_LIB_DIRS)


def sets_attributes(path: str) -> bool:
    """Whether a file assigns to attributes of anything but a method's own object; False where it cannot be parsed."""
    try:
        with open(path, "rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said when the file itself is linted
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    own = {id(node) for group in ast.walk(tree) if isinstance(group, ast.ClassDef) for node in _own_attributes(group)}
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and id(node) not in own
        for node in ast.walk(tree)
    )


def _own_attributes(group: ast.ClassDef) -> Iterator[ast.Attribute]:
    """The attributes that the methods of a class set on their own object."""
    for method in group.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        names = [*method.args.posonlyargs, *method.args.args]
        if not names or len(method.args.defaults) >= len(names):
            continue
        inside = [node for statement in method.body for node in ast.walk(statement)]
        own = names[0].arg
        if not any(
            isinstance(node, ast.Name) and node.id == own and isinstance(node.ctx, ast.Store) for node in inside
        ):
            yield from (
                node
                for node in inside
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own
            )

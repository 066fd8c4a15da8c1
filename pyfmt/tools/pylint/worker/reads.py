"""Which names of the checkout's modules pylint looks up for each file that it lints: all that a message depends on.

Who comes from one module to a definition of another one goes through that module's names, or through all of its
statements; both are watched. What astroid and pylint keep of earlier inference would hide such looks: so it is
forgotten before each file, and around the building of a module, since what is looked up for that counts for everybody
who sees the module (the statement that is transformed, or all of it), whoever has had it built. A text that astroid
itself builds while it infers (the class of a type variable, of a named tuple) is no module that others see.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from astroid import builder, context, nodes
from astroid.brain import brain_typing
from astroid.exceptions import AstroidError, AstroidImportError
from astroid.transforms import TransformVisitor

ALL = "*"  # all that a module holds
ANYTHING = ""  # a module that cannot be told
_LINT = "<lint>"  # stands for a definition where a file is linted
_Owner = tuple[str, str]  # a file that is linted, or a module and a definition in it ("" for the others); paths
_ANYONE: _Owner = ("", "")
# Of the nodes' cached properties those that infer; all others tell what is written in the node itself.
INFERRING = ((nodes.FunctionDef, "type"), (nodes.FunctionDef, "extra_decorators"), (nodes.ClassDef, "_all_slots"))
_KEPT_TIPS = ("Generic", "Annotated")  # of `typing`; brain_typing.infer_typing_attr
caches: list[Any] = []  # of functions that are given nodes; see `listen`


def listen() -> None:
    """Find what is to be forgotten; to be called before trees are built, since it looks at all objects that there
    are."""
    caches[:] = [
        each
        for each in gc.get_objects()
        if isinstance(each, functools._lru_cache_wrapper)
        and str(each.__module__).startswith(("astroid.nodes", "pylint.checkers"))
    ]


class Reads:
    """Listens to astroid; one for each lint."""

    def __init__(self, places: Any, quiet: Any, watched: Any) -> None:
        """`places`: RecordedPaths; what is asked of the disk while `quiet()` is open is no question of pylint's.
        `watched`: `values.Watched`."""
        self._watched = watched
        self._recorded = places
        self._quiet = quiet
        self._root = os.path.realpath(places.root)
        self._folders: dict[str, str] = {}  # without links
        self._owners: list[_Owner] = [_ANYONE]
        self._found: dict[_Owner, set[tuple[str, str]]] = {}
        self._places: dict[str, str] = {}
        self._inferred: list[tuple[dict[str, Any], str]] = []
        self._dirty = False
        self._settling = False
        self._listen()

    def begin(self, path: str) -> None:
        """From now on the file at `path` is linted; "" for none."""
        self._forget()
        self._owners[:] = [(self._place(path), _LINT) if path else _ANYONE]

    def told(self, linted: Iterable[str], built: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """By file: the names that were looked up in each module, to lint it, or only for what it sets on others; names
        that were looked up to build these modules included."""
        owners: dict[str, set[_Owner]] = {}
        for owner in self._found:
            owners.setdefault(owner[0], set()).add(owner)
        told = {}
        for path in built:
            place = self._place(path)
            told[path] = self._closure([(place, "")], owners, {place: set()})
        for path in linted:
            place = self._place(path)
            found = self._closure(owners.get(place, ()), owners, {})
            found.pop(place, None)  # all of it counts
            told[path] = found
        return told

    def _closure(
        self, start: Iterable[_Owner], owners: dict[str, set[_Owner]], found: dict[str, set[str]]
    ) -> dict[str, list[str]]:
        waiting = [*start, _ANYONE]
        done: set[_Owner] = set(waiting)
        while waiting:
            for module, name in self._found.get(waiting.pop(), ()):
                found.setdefault(module, set()).add(name)
                new = {(module, ""), (module, name)} if name != ALL else owners.get(module, set())
                new = new - done - {(module, _LINT)}
                waiting += new
                done |= new
        return {module: [ALL] if ALL in names else sorted(names - {""}) for module, names in sorted(found.items())}

    def note(self, path: str, name: str) -> None:
        """A name of a module is looked up."""
        self._dirty = True
        self._found.setdefault(self._owners[-1], set()).add((path, name))

    def sees(self, module: Any) -> None:
        """Somebody has imported a module."""
        if place := self._place(module.file or ""):
            self.note(place, "")

    def fails(self, error: AstroidError) -> None:
        """Somebody has tried to import a module that is there."""
        if not isinstance(error, AstroidImportError):
            self.note(self._place(getattr(error, "path", None) or "") or ANYTHING, ALL)

    def _place(self, path: str) -> str:
        """The portable path of a module of the checkout, "" for any other; it begins with "?" where links lead there:
        then nobody knows what belongs to it."""
        if os.path.isabs(path) and path not in self._places:
            name = self._recorded.name(path) if self._recorded.is_own(path) else ""
            with self._quiet():
                real = self._real(path)
            if not name and self._recorded.name(path).startswith("<base>/"):
                self._places[path] = ""
            elif name and real == os.path.join(self._root, *name.split("/")):
                self._places[path] = name
            else:
                # Also of one outside of it: its content is the checkout's where a link of the checkout leads there.
                own = name or real.startswith(self._root + os.sep) and self._recorded.is_own(real)
                self._places[path] = f"?{path}" if own else ""
        return self._places.get(path, "")

    def _real(self, path: str) -> str:
        folder, name = os.path.split(os.path.abspath(path))
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        found = os.path.join(self._folders[folder], name)
        return os.path.realpath(found) if os.path.islink(found) else found

    def _forget(self) -> None:
        """Forget what has been inferred, if names of the checkout were looked up for it."""
        if not self._dirty:
            return
        self._dirty = False
        for cache in caches:
            cache.cache_clear()
        context._invalidate_cache()
        sys.modules["astroid.inference_tip"].clear_inference_tip_cache()
        for values, name in self._inferred:
            values.pop(name, None)
        self._inferred.clear()

    @contextlib.contextmanager
    def _for(self, owner: _Owner) -> Iterator[None]:
        """What is inferred around the block is kept only after it: it is still to be forgotten then."""
        before = self._dirty
        self._forget()
        self._owners.append(owner)
        try:
            yield
        finally:
            self._forget()
            self._owners.pop()
            self._dirty = before

    def _listen(self) -> None:
        after, transform = builder.AstroidBuilder._post_build, TransformVisitor.visit
        reads = self

        def post_build(this: Any, module: Any, tree: Any, encoding: str) -> Any:
            if not os.path.isabs(module.file or ""):
                return after(this, module, tree, encoding)  # astroid's own text, for what is inferred just now
            place = reads._place(module.file)
            if place:
                reads._watch(module, place)
            with reads._for((place, "") if place else _ANYONE):
                return after(this, module, tree, encoding)

        def visit(this: Any, node: Any) -> Any:
            place = reads._place(node.file or "") if isinstance(node, nodes.Module) else ""
            if not place:
                return transform(this, node)
            node.doc_node = this._visit_generic(node.doc_node)
            for number, child in enumerate(node.body):
                with reads._for((place, getattr(child, "name", "") or "")):
                    node.body[number] = this._visit_generic(child)
            for child in node.body:
                with reads._for((place, getattr(child, "name", "") or "")):
                    reads._settle(child)
            found = this._transform(node)
            node.body = _Statements(node.body, functools.partial(reads.note, place, ALL))
            return found

        setattr(builder.AstroidBuilder, "_post_build", post_build)
        setattr(TransformVisitor, "visit", visit)
        for kind, name in INFERRING:
            known: Any = vars(kind)[name]
            if isinstance(known, functools.cached_property):
                again = _Forgotten(known.func, self._inferred)
                again.__set_name__(kind, name)
                setattr(kind, name, again)
        setattr(nodes.Subscript, "_explicit_inference", property(_tip, self._keep_tip))

    def _settle(self, statement: Any) -> None:
        """Have astroid find out now which subscripts are those of `typing.Generic` and the like, as what the statement
        looks up: it keeps this with the node, and whether it is known changes what it infers of a class."""
        self._settling = True
        try:
            for node in statement.nodes_of_class(nodes.Subscript):
                if _tip(node) is not None and node.value.as_string().rpartition(".")[2] in _KEPT_TIPS:
                    with contextlib.suppress(AstroidError, RecursionError):
                        next(node.infer(), None)
        finally:
            self._settling = False

    def _keep_tip(self, node: Any, value: Any) -> None:
        """What astroid's `typing` support finds out about a subscript is kept with the node only where it is known who
        asked, or where that is no module of the checkout."""
        known = self._settling or getattr(value, "__module__", "") != brain_typing.__name__
        if known or not self._place(node.root().file or ""):
            node.__dict__["_pyfmt_tip"] = value

    def _watch(self, module: Any, place: str) -> None:
        note = functools.partial(self.note, place)
        if not hasattr(module.locals, "note"):
            module.locals = module.globals = self._watched(module.locals)
        module.locals.note = note


class _Forgotten(functools.cached_property[Any]):
    """A cached property whose values can be forgotten."""

    def __init__(self, func: Callable[[Any], Any], known: list[tuple[dict[str, Any], str]]) -> None:
        super().__init__(func)
        self._known = known

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        value = super().__get__(instance, owner)
        if instance is not None:
            self._known.append((instance.__dict__, str(self.attrname)))
        return value


def _tip(node: Any) -> Any:
    """How a subscript is inferred."""
    return node.__dict__.get("_pyfmt_tip")


class _Statements(list[Any]):
    """A module's statements, which tells that somebody looks at them."""

    def __init__(self, statements: Iterable[Any], note: Callable[[], None]) -> None:
        super().__init__(statements)
        self._note = note

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return super().__iter__()

    def __getitem__(self, place: Any) -> Any:
        self._note()
        return super().__getitem__(place)

    def __contains__(self, node: object) -> bool:
        self._note()
        return super().__contains__(node)

    def __reversed__(self) -> Iterator[Any]:
        self._note()
        return super().__reversed__()

    def index(self, *arguments: Any) -> int:
        """Where a statement stands."""
        self._note()
        return super().index(*arguments)

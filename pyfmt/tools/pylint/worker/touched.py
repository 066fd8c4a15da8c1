"""Which modules ask for which others, by the tops of their dotted names, while pylint lints.

What a file's messages depend on beyond the monorepo's own sources is what the modules that it touches have asked for,
and those that they touch in turn. Who asks is told by astroid: an import is resolved from the module that has it.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from astroid import nodes
from astroid.manager import AstroidManager

ANYONE = ""  # stands for a module that cannot be told


class Askers:
    """Listens to astroid; one for each lint."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {ANYONE: set()}  # by the file of the module that asks
        self._asking = 0
        self._listen()

    def _listen(self) -> None:
        plain_import, plain_name = nodes.Module.import_module, AstroidManager.ast_from_module_name

        def import_module(this: Any, modname: str, *arguments: Any, **options: Any) -> Any:
            level = options.get("level", arguments[1] if len(arguments) > 1 else None)
            # A namespace package has no file.
            names = self.names.setdefault(this.file or "@" + this.name.partition(".")[0], set())
            names.add(modname.partition(".")[0])
            names.add(this.name.partition(".")[0] if level else modname.partition(".")[0])
            if this.package:
                names.add(this.name.partition(".")[0])
            self._asking += 1
            try:
                return plain_import(this, modname, *arguments, **options)
            finally:
                self._asking -= 1

        def ast_from_module_name(this: Any, modname: str | None, *arguments: Any, **options: Any) -> Any:
            if not self._asking and modname:
                top = modname.partition(".")[0]
                if top not in sys.stdlib_module_names:
                    self.names[ANYONE].add(top)
            return plain_name(this, modname, *arguments, **options)

        setattr(nodes.Module, "import_module", import_module)
        setattr(AstroidManager, "ast_from_module_name", ast_from_module_name)

    def told(self, relative: Callable[[str], str]) -> dict[str, list[str]]:
        """By file (relative to the root where it is inside), or "@" and a top name, the top names that it asked for."""
        return {file if file[:1] == "@" else relative(file): sorted(names - {""}) for file, names in self.names.items()}

"""What can go wrong and ends a run: each error says what, where and what to do."""

from __future__ import annotations

# The exit codes of every command; README tells them.
EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILURE, EXIT_INTERRUPTED = 0, 1, 2, 130


class PyfmtError(Exception):
    """A failure that ends the run with exit code 2.

    `what` is one sentence, `where` a file, key or project (may be empty), `cure` what the user can do (may be empty).
    """

    def __init__(self, what: str, where: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.cure = cure

    def __reduce__(self) -> tuple[type[PyfmtError], tuple[str, str, str]]:
        return type(self), (self.what, self.where, self.cure)  # whole, on its way between processes

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f"\n  help: {self.cure}" if self.cure else ""
        return f"{place}{self.what}{cure}"


class UsageError(PyfmtError):
    """The command line asks for something that does not exist or does not fit together."""


class ConfigError(PyfmtError):
    """A configuration file is unreadable, or holds an unknown key or a value of a wrong type."""


class VirtualenvError(PyfmtError):
    """An environment that the user named explicitly is not usable, or cannot be created."""


class EditError(PyfmtError):
    """A user's file could not be written, or changed since it was read; it is left as it is."""


class ToolError(PyfmtError):
    """A tool could not be started or gave an answer that cannot be read."""

    @property
    def detail(self) -> str:
        """Where it was, and what the user can do: lines for below `what`."""
        return "\n".join(filter(None, (self.where, self.cure and f"help: {self.cure}")))


class StagedError(PyfmtError):
    """What is staged cannot be checked: no git work tree, an unresolved merge, a git that fails."""

"""Whether code of an environment may run, where the shared configuration would run any."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.core.model import Config, Environment, Resolution
from pyfmt.core.request import Request
from pyfmt.run.workspace import wanted
from pyfmt.tools.registry import TOOLS, linters

if TYPE_CHECKING:
    from pyfmt.environments.trust import Trust


class Trusting:
    """Whether code of an environment may run; asked only where the shared configuration would run any."""

    def __init__(self, settings: Config, request: Request, resolutions: Sequence[Resolution]) -> None:
        self._root = settings.root
        self._resolutions = resolutions
        self._given = request.trust
        names = wanted(settings, linters())
        found = (TOOLS[config.tool].executes(config) for config in settings.tool_configs if config.tool in names)
        self._executed = [text for texts in found for text in texts]
        self._verdicts: dict[str, Trust] = {}

    def __call__(self, environment: Environment) -> bool:
        if self._given or not self._executed:
            return self._given
        if environment.prefix not in self._verdicts:
            from pyfmt.environments.trust import decide  # deferred: asks git

            strange = environment.prefix in self._strangers
            self._verdicts[environment.prefix] = decide(Path(environment.prefix), self._root, strange)
        return self._verdicts[environment.prefix].trusted

    @cached_property
    def _strangers(self) -> frozenset[str]:
        from pyfmt.environments.trust import strangers  # deferred with the verdicts

        return strangers(self._resolutions, self._root)

    def note(self, environment: Environment) -> str:
        """Why code of an environment was not run, which code, and the cure; "" where nothing is to be said."""
        verdict = self._verdicts.get(environment.prefix)
        if verdict is None or verdict.trusted:
            return ""
        would = ", ".join(self._executed)
        return (
            f"{environment.name} is not trusted to run code, since {verdict.reason}; would run: {would}; {verdict.cure}"
        )

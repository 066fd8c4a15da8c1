"""Which environments see a finding, and what sets them apart from those that do not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.core.model import Finding
from pyfmt.core.report import Report
from pyfmt.reports.options import Sources, no_sources, remembered

_MOST = 3  # packages shown for an environment
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Only:
    """An environment that sees a finding where another does not, and what is different in it.

    The version of a package is "" where the environment does not have it; `python` is "" where it tells nothing.
    """

    environment: str
    packages: tuple[tuple[str, str], ...] = ()
    python: str = ""

    @property
    def told(self) -> str:
        """What is different in it, in a few words; "" where nothing is known."""
        parts = [f"Python {self.python}"] if self.python else []
        parts += [f"{name} {version}" if version else f"no {name}" for name, version in self.packages[:_MOST]]
        more = len(self.packages) - _MOST
        return ", ".join(parts) + (f" and {more} more" if more > 0 else "")

    def __str__(self) -> str:
        return f"{self.environment} ({self.told})" if self.told else self.environment


def listed(only: Iterable[Only]) -> str:
    """Environments in a line; what several have in common is said once: "billing, ledger (pydantic 1.10.2)"."""
    groups: dict[str, list[str]] = {}
    for each in only:
        groups.setdefault(each.told, []).append(each.environment)
    return ", ".join(", ".join(names) + (f" ({told})" if told else "") for told, names in groups.items())


class Environments:
    """The environments of a report; `sources` gives the files that tell which packages a finding is about."""

    def __init__(self, report: Report, sources: Sources = no_sources) -> None:
        self._ran: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for unit in report.units:
            if unit.environment:
                for project in unit.projects:
                    self._ran[unit.tool, project].add(unit.environment)
        for failure in report.failures:
            for project in failure.projects:
                # What did not finish cannot have contradicted another environment.
                self._ran[failure.tool, project].discard(failure.environment)
        self._judged = {(record.tool, file): record.environments for record in report.judged for file in record.files}
        self._pythons = {record.name: record.python for record in report.environments}
        self._packages = {record.name: dict(record.packages) for record in report.environments}
        self._sources = remembered(sources)

    def only_in(self, finding: Finding) -> tuple[Only, ...]:
        """The environments that see `finding`, if others judged its file too and do not; else empty."""
        ran = self._ran.get((finding.tool, finding.project), set())
        others = set(self._judged.get((finding.tool, finding.path), ran)).difference(finding.environments)
        if not others or not finding.environments:
            return ()
        names = self._telling(finding, sorted(others))
        minors = {name: ".".join(python.split(".")[:2]) for name, python in self._pythons.items()}
        telling = _apart(minors, finding.environments, sorted(others)) and not self._imported(finding, names)
        return tuple(
            Only(
                name,
                tuple((package, self._packages[name].get(package, "")) for package in names),
                self._pythons.get(name, "") if telling or not names else "",
            )
            for name in finding.environments
        )

    def label(self, name: str) -> str:
        """ "projects/billing/.venv (Python 3.11.7)"."""
        return str(Only(name, python=self._pythons.get(name, "")))

    def _telling(self, finding: Finding, others: Sequence[str]) -> list[str]:
        """The packages of other versions in all of `others`: those that the file imports, else that the message
        names."""
        if not {*finding.environments, *others} <= self._packages.keys():
            return []
        known = {name for environment in (*finding.environments, *others) for name in self._packages[environment]}
        different = []
        for package in sorted(known):
            versions = {name: packages.get(package, "") for name, packages in self._packages.items()}
            if _apart(versions, finding.environments, others):
                different.append(package)
        named = [package for package in different if _named(package, finding.message)]
        return self._imported(finding, different) or named or different

    def _imported(self, finding: Finding, packages: Iterable[str]) -> list[str]:
        """Those of some packages that the finding's file imports, as far as a name tells: `google.cloud` is
        google-cloud."""
        modules = _modules("\n".join(self._sources(finding.path) or ())) if packages else frozenset()
        return [package for package in packages if _spelled(package) in modules]


def _named(package: str, message: str) -> bool:
    name = "[-_.]".join(map(re.escape, package.split("-")))
    return re.search(rf"(?<![a-z0-9_-]){name}(?![a-z0-9_-])", message.lower()) is not None


def _apart(values: Mapping[str, str], one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether no environment of `one` has the same value as any of `other`, and all have one that is known."""
    return {values.get(name) for name in one}.isdisjoint({values.get(name) for name in other})


def _spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _modules(text: str) -> frozenset[str]:
    """The modules that a text imports and the packages above them, with one spelling for `-`, `_` and `.`."""
    found: set[str] = set()
    for match in _IMPORT.finditer(text):
        for part in (match.group(1) or match.group(2)).split(","):
            words = part.split()
            pieces = words[0].split(".") if words else []
            found.update(_spelled(".".join(pieces[:count])) for count in range(1, len(pieces) + 1))
    return frozenset(found)

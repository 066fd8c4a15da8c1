"""PURE: what builds a project runs where its build requirements are (PEP 518), not in its environment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from pyfmt.core.model import Finding, Project

_SCRIPTS = ("setup.py", "hatch_build.py")
# Top-level modules that are not called like their distribution.
_MODULES = {
    "setuptools": ("setuptools", "pkg_resources", "distutils"),
    "cython": ("cython", "pyximport"),
    "scikit-build": ("skbuild",),
    "mypy": ("mypy", "mypyc"),
    "grpcio-tools": ("grpc_tools",),
}


def without_build_imports(
    findings: Iterable[Finding], projects: Iterable[Project], missing: Mapping[str, re.Pattern[str]]
) -> Iterator[Finding]:
    """The findings without those that say of a build script that it cannot import what is there when it runs.

    `missing` has for each tool what finds the module that it cannot import, see `Tool.of_missing`.
    """
    requirements = {
        posixpath.normpath(posixpath.join(project.path, name)): project.build_requires
        for project in projects
        for name in _SCRIPTS
    }
    for finding in findings:
        names = requirements.get(finding.path)
        pattern = missing.get(finding.tool)
        match = pattern.match(f"{finding.rule}: {finding.message}") if names and pattern else None
        module = match["module"] if match else None
        if module is None or not names or not _provides(names, module.partition(".")[0]):
            yield finding


def _provides(distributions: Iterable[str], module: str) -> bool:
    name = module.lower().replace("_", "-")
    return any(
        name == distribution or module.lower() in _MODULES.get(distribution, ()) for distribution in distributions
    )

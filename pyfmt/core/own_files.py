"""PURE: which files of a project are for its own use."""

from __future__ import annotations

import posixpath
import re

from pyfmt.core.model import Project

_TEST_FOLDERS = frozenset({"test", "tests"})
_TEST_FILE = re.compile(r"(test_.*|.*_test|conftest)\.pyi?")
_OWN_FILE = re.compile(r"(.*_tests|setup|noxfile)\.pyi?")


def is_test(project: Project, file: str) -> bool:
    """Whether a file is one of a project's tests, which nobody imports."""
    *folders, name = posixpath.relpath(file, project.path).split("/")
    return not _TEST_FOLDERS.isdisjoint(folders) or _TEST_FILE.fullmatch(name) is not None


def is_own(project: Project, file: str) -> bool:
    """Whether a file is for a library's own use: its tests, what they share (which others may import), and what builds
    it."""
    *folders, name = posixpath.relpath(file, project.path).split("/")
    return is_test(project, file) or "testing" in folders or _OWN_FILE.fullmatch(name) is not None

"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo


@pytest.fixture(scope="session")
def conflicting(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """`trees.conflicting`, shared: only for tests that write nothing in it."""
    return trees.conflicting(tmp_path_factory.mktemp("conflicting"))

"""The published schema of the configuration takes what the configuration takes, key by key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.config.schema import config_schema
from pyfmt.config.values import KEYS
from pyfmt.core.errors import ConfigError
from tests.support.monorepo import ROOT

SCHEMA: dict[str, Any] = json.loads(config_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

TEXTS = st.sampled_from(
    [
        "lib/*",
        "/lib",
        "a/../b",
        "..",
        "../x",
        "x..",
        "",
        "/",
        "//",
        "a//b",
        "mypy",
        "black",
        "pyfmt",
        "info",
        "error",
        "loud",
    ]
)
NUMBERS = st.one_of(st.integers(-2, 3), st.sampled_from([0.5, -1.5, 1_000_000, 1_000_001]), st.booleans())
FLAT = st.one_of(TEXTS, NUMBERS, st.lists(TEXTS, max_size=3))
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "paths": st.one_of(st.lists(st.sampled_from(["lib/", "**/x"]), max_size=2), TEXTS),
        "disable": FLAT,
        "severity": st.one_of(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)),
        "sverity": TEXTS,
    },
)
RULES = st.sampled_from(["PYF001", "pyf004", "library-cycle", "PYF000", "Library-cycle", "PYF0011"])
ALLOWANCES = st.fixed_dictionaries(
    {},
    optional={
        "from": FLAT,
        "to": st.one_of(st.just("lib/*"), FLAT),
        "rules": st.one_of(RULES, st.lists(RULES, max_size=2)),
        "reason": FLAT,
        "form": TEXTS,
    },
)
BOUNDARIES = st.fixed_dictionaries(
    {},
    optional={
        "libraries": FLAT,
        "projects": st.lists(TEXTS, max_size=2),
        "allow": st.one_of(st.lists(ALLOWANCES, max_size=2), ALLOWANCES),
        "library": FLAT,
    },
)
VALUES = st.one_of(
    FLAT, st.dictionaries(TEXTS, TEXTS, max_size=2), OVERRIDES, st.lists(OVERRIDES, max_size=2), BOUNDARIES
)


def taken(key: str, value: object) -> bool:
    """Whether the configuration takes it."""
    try:
        KEYS[key](value)
    except (TypeError, ValueError, ConfigError):
        return False
    return True


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(KEYS)), VALUES)
def test_the_schema_takes_a_value_exactly_where_the_configuration_does(key: str, value: object) -> None:
    assert VALIDATOR.is_valid({key: value}) == taken(key, value)


@settings(max_examples=300, deadline=None)
@given(BOUNDARIES)
def test_the_schema_takes_boundaries_exactly_where_the_configuration_does(value: object) -> None:
    assert VALIDATOR.is_valid({"boundaries": value}) == taken("boundaries", value)


def test_an_unknown_key_is_refused() -> None:
    assert not VALIDATOR.is_valid({"project": ["lib/*"]})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained_in_the_schema_and_in_the_documentation(key: str) -> None:
    assert SCHEMA["properties"][key]["description"]
    table = Path(ROOT / "docs/configuration.md").read_text("utf-8")
    assert re.search(rf"^\| `{key}` \|", table, re.MULTILINE)

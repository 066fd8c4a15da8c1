"""The registry of formats."""

from __future__ import annotations

import pytest

from pyfmt.core.errors import UsageError
from pyfmt.reports.registry import FORMATS, RenderOptions, renderer
from tests.reports.models import CLEAN, RICH, sources


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_a_full_and_a_clean_report(name: str) -> None:
    module = renderer(name)
    options = RenderOptions(sources=sources)
    full = module.render(RICH, options)
    assert full.endswith("\n")
    assert module.render(RICH, options) == full
    module.render(CLEAN, options)


@pytest.mark.parametrize(("wrong", "near"), [("jsn", "json"), ("sarif2", "sarif"), ("GitHub", "github")])
def test_an_unknown_format_is_a_usage_error_with_the_nearest_valid_name(wrong: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        renderer(wrong)
    assert f'did you mean "{near}"?' in str(caught.value)


def test_an_unlike_name_gets_the_list_of_formats() -> None:
    with pytest.raises(UsageError) as caught:
        renderer("zzzz")
    assert "did you mean" not in str(caught.value)
    assert "text, json, sarif" in str(caught.value)

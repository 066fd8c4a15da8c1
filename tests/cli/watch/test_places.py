"""Which events can have changed the report."""

from __future__ import annotations

import pytest

from pyfmt.cli.watch.places import Event, WatchedPlaces, relevant_change

PLACES = WatchedPlaces(
    root="/m",
    folders=frozenset({"/m", "/m/lib", "/m/lib/core", "/m/data", "/m/my-data"}),
    hidden=frozenset({"/m/data", "/m/my-data"}),
    outside=frozenset({"/else/src"}),
    environments=frozenset({"/m/lib/.venv", "/m/lib/.venv/lib/python3.11/site-packages"}),
    files=frozenset({"/etc/black.toml"}),
    own=frozenset({"/m/report.html", "/m/.cache/pyfmt"}),
)
SITE = "/m/lib/.venv/lib/python3.11/site-packages"


def file(path: str, kind: str = "modified") -> Event:
    return Event(path, kind, is_folder=False)


def folder(path: str, kind: str = "added") -> Event:
    return Event(path, kind, is_folder=kind != "deleted")


@pytest.mark.parametrize(
    "event",
    [
        file("/m/lib/core/a.py"),
        file("/m/lib/core/a.pyi", "deleted"),
        file("/m/lib/core/native.so", "added"),
        file("/m/data/generated.py"),  # ignored, but it can be imported
        file("/else/src/a.py"),
    ],
)
def test_a_source_is_run_again_in_the_places_that_are_known(event: Event) -> None:
    change = relevant_change([event], PLACES)
    assert (change.paths, change.shape, change.installed) == ((event.path,), False, False)


@pytest.mark.parametrize(
    "event",
    [
        file("/m/lib/pyproject.toml"),
        file("/m/lib/setup.py"),
        file("/m/lib/uv.lock"),
        file("/m/lib/requirements-dev.txt"),
        file("/m/.gitignore"),
        file("/etc/black.toml"),
        file("/m/lib/.pyfmt-baseline.jsonl"),
        folder("/m/lib/fresh"),
        folder("/m/lib/core", "deleted"),
        folder("/m/data/fresh"),
    ],
)
def test_settings_and_folders_may_lead_to_other_places(event: Event) -> None:
    change = relevant_change([event], PLACES)
    assert (change.paths, change.shape, change.installed) == ((event.path,), True, False)


@pytest.mark.parametrize(
    "event",
    [
        folder(f"{SITE}/requests"),
        folder(f"{SITE}/requests-2.0.dist-info", "deleted"),
        file(f"{SITE}/editable.pth"),
        file("/m/lib/.venv/pyvenv.cfg"),
        folder("/m/lib/.venv", "deleted"),
        folder("/m/lib/core/.venv"),  # a new one
    ],
)
def test_an_environment_that_changes_is_waited_for(event: Event) -> None:
    assert relevant_change([event], PLACES).installed


@pytest.mark.parametrize(
    "event",
    [
        file("/m/README.md"),
        file("/m/lib/core/.a.py.swp", "added"),
        file("/m/lib/core/.#a.py", "added"),
        file("/m/report.html"),
        file("/m/.cache/pyfmt/mypy/3.11/farm/a.py"),
        file("/m/lib/node_modules/gyp/a.py"),
        file(f"{SITE}/requests/api.py"),  # the fingerprint does not hold it either
        folder("/m/lib/__pycache__"),
        folder(f"{SITE}/__pycache__"),
        folder("/m/lib/.mypy_cache"),
        folder("/m/lib/core", "modified"),
        folder("/m/my-data/0a1b-2c"),
        file("/m/data/uv.lock"),
        file("/m/.git/index.lock", "added"),
    ],
)
def test_nothing_else_counts(event: Event) -> None:
    assert relevant_change([event], PLACES).paths == ()


def test_a_batch_has_all_that_any_event_of_it_has() -> None:
    change = relevant_change(
        [file("/m/lib/b.py"), file("/m/lib/a.py"), file(f"{SITE}/x.pth"), file("/m/README.md")], PLACES
    )
    assert change.paths == (f"{SITE}/x.pth", "/m/lib/a.py", "/m/lib/b.py")
    assert change.shape and change.installed

"""Poetry: `.venv` in the project, or the central folder by the hash of the project's path.

Rules: poetry/utils/env/env_manager.py and poetry/config/config.py of Poetry 2.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

from pyfmt import disk
from pyfmt.environments.managers.place import Found, JsonObject, Place, short_digest, table, truth
from pyfmt.projects.names import normalise

_UNSAFE = re.compile(r'[ $`!*@"\\\r\n\t]')
_MINOR = re.compile(r"-py(\d+)\.(\d+)(t?)$")


def poetry(place: Place) -> Iterator[Found]:
    """The environments of the project by Poetry's precedence."""
    section = place.tool("poetry")
    if section is None and not place.has("poetry.lock") and not place.build_backend().startswith("poetry.core"):
        return
    in_project = _setting(place, "in-project")
    dot_venv = place.path(".venv")
    if in_project is not False and disk.is_dir(dot_venv):
        yield Found(dot_venv, "poetry", cure=_cure(place))
        return
    if _setting(place, "create") is False:
        return  # Poetry then uses whatever Python runs it
    name = _package_name(place, section)
    if name is None:
        return
    # Even with in-project an existing central one counts while there is no .venv (EnvManager.get).
    yield from _central(place, central_folder(place), environment_name(name, place.folder))
    if in_project:
        yield Found(dot_venv, "poetry", cure=_cure(place))


def environment_name(name: str, folder: str) -> str:
    """The first part of the environment's name, before `-pyX.Y`: EnvManager.generate_env_name."""
    safe = _UNSAFE.sub("_", name.lower())[:42]
    path = os.path.normcase(disk.realpath(folder)).encode("utf-8", "surrogateescape")
    return f"{safe}-{short_digest(hashlib.sha256(path).digest())}"


def _central(place: Place, central: str, base: str) -> Iterator[Found]:
    cure, named = _cure(place), _is_named(place)
    chosen = table(place.around.toml(os.path.join(central, "envs.toml")), base)
    minor = (chosen or {}).get("minor")
    if isinstance(minor, str):
        yield Found(os.path.join(central, f"{base}-py{minor.strip()}"), "poetry", cure=cure, named=named)
        return
    # The base may hold any character: compare it as a whole, never split a name at "-".
    names = [name for name in place.around.names(central) if name.startswith(f"{base}-py") and _MINOR.search(name)]
    names.sort(key=_version, reverse=True)
    fitting = [name for name in names if _admits(place.project.requires_python, _version(name))] or names
    note = ""
    if len(names) > 1:
        note = (
            f"Poetry has {len(names)} environments for this project and none is chosen (poetry env use): took "
            f"{fitting[0]}"
        )
    for name in fitting:
        yield Found(os.path.join(central, name), "poetry", note, cure=cure, named=named)
    if not names and not _setting(place, "in-project"):
        yield Found(os.path.join(central, f"{base}-pyX.Y"), "poetry", cure=cure)


def _cure(place: Place) -> str:
    return f"poetry install --directory {place.project.path}"


def _version(name: str) -> tuple[int, int]:
    match = _MINOR.search(name)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _admits(requires: str | None, version: tuple[int, int]) -> bool:
    if not requires:
        return True
    # Deferred, since it costs 35 ms and only a project with several environments needs it.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # pylint: disable=import-outside-toplevel

    try:
        specifiers = SpecifierSet(requires)
    except InvalidSpecifier:
        return True  # Poetry's own ^ and ~ are converted by whoever reads the project; what is left cannot be judged
    text = f"{version[0]}.{version[1]}"
    return any(specifiers.contains(f"{text}.{micro}") for micro in (0, 1, 5, 10, 99))


def _package_name(place: Place, section: JsonObject | None) -> str | None:
    """PEP 503 normalised, as poetry-core hands it to the environment manager."""
    project = table(place.pyproject, "project") or {}
    name = project.get("name") or (section or {}).get("name") or "non-package-mode"
    return normalise(name) if isinstance(name, str) else None


def central_folder(place: Place) -> str:
    """`virtualenvs.path`: environment variable, poetry.toml, config.toml, else `{cache-dir}/virtualenvs`."""
    cache = place.environ.get("POETRY_CACHE_DIR") or _configured(place, ("cache-dir",))
    cache = place.around.expand(str(cache or place.around.user_folder("cache", "pypoetry", "pypoetry/Cache")))
    path = place.environ.get("POETRY_VIRTUALENVS_PATH") or _configured(place, ("virtualenvs", "path"))
    if not isinstance(path, str):
        return os.path.join(cache, "virtualenvs")
    path = path.replace("{cache-dir}", cache).replace("{project-dir}", place.folder)
    return os.path.normpath(os.path.join(place.folder, place.around.expand(path)))


def _is_named(place: Place) -> bool:
    """Whether the project's own poetry.toml has a say in where the central folder is."""
    own = place.around.toml(place.path("poetry.toml")) if place.has("poetry.toml") else {}
    return "cache-dir" in own or "path" in (table(own, "virtualenvs") or {})


def _setting(place: Place, key: str) -> bool | None:
    """A boolean of `[virtualenvs]`, by Poetry's precedence; None where it is unset."""
    from_environ = truth(place.environ.get(f"POETRY_VIRTUALENVS_{key.upper().replace('-', '_')}"))
    if from_environ is not None:
        return from_environ
    value = _configured(place, ("virtualenvs", key))
    if isinstance(value, str):
        return truth(value)
    return value if isinstance(value, bool) else None


def _configured(place: Place, keys: tuple[str, ...]) -> Any:
    """A value of the project's poetry.toml, else of the user's config.toml."""
    files = [place.path("poetry.toml")] if place.has("poetry.toml") else []
    for file in (*files, os.path.join(_config_folder(place), "config.toml")):
        value: Any = place.around.toml(file)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _config_folder(place: Place) -> str:
    own = place.around.user_folder("config", "pypoetry", roaming=True)
    return place.environ.get("POETRY_CONFIG_DIR") or own

"""isort, in process: its options from its own reader, first party from the project's layout, bytes in, bytes out."""

from __future__ import annotations

import fnmatch
import io
import os
import tokenize
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import ToolConfig
from pyfmt.tools.black import adapter as black

# pylint: disable=no-name-in-module  # isort is compiled, pylint cannot look inside

if TYPE_CHECKING:
    from isort.settings import Config

# isort is imported inside the functions that need it: it costs 60 ms, and a run with nothing to format must not
# pay them.


@dataclass(frozen=True, slots=True)
class IsortSettings:
    """What isort's answer for a project depends on besides the text.

    `root` is absolute; `project` and `import_roots` are relative to it.
    """

    config: ToolConfig
    root: str
    project: str = "."
    import_roots: tuple[str, ...] = ()
    first_party: tuple[str, ...] = ()
    instead: tuple[tuple[str, Any], ...] = ()  # settings in the place of the file's own: what would be with these


@lru_cache(maxsize=None)
def load(settings: IsortSettings) -> Config:
    """isort's configuration for a project: the shared file, as if it stood in the project's folder.

    isort takes as first party what it finds in `src_paths`, and without that setting in the folder of the file and its
    `src`. A shared file stands elsewhere, so the project's own folder, its `src` and its import roots take that place.
    An explicit `src_paths` keeps its meaning. Names of the project that neither finds nor the file places are added to
    `known_first_party`. Raises ConfigError. Read once per process.
    """
    from isort.settings import Config  # lazy: start-up, see above

    base, _ = _read(settings.config)
    folder = Path(os.path.normpath(os.path.join(settings.root, settings.project)))
    overrides: dict[str, Any] = {
        "quiet": True,
        "verbose": False,
        "directory": _directory(base, folder, settings.root),
        "skip": _skips(base.skip, folder, settings.root),
        "extend_skip": _skips(base.extend_skip, folder, settings.root),
    }
    if not _is_set("src_paths", base):
        roots = [folder / "src", folder, *(Path(os.path.normpath(folder / root)) for root in _roots(settings))]
        overrides["src_paths"] = tuple(dict.fromkeys(disk.resolved(path) for path in roots))
    config = Config(config=base, **overrides)
    own = _unplaced(settings.first_party, config)
    if own:
        config = Config(config=config, known_first_party=config.known_first_party | own)
    return Config(config=config, **dict(settings.instead)) if settings.instead else config


def layout_against(settings: IsortSettings, line_length: int) -> tuple[tuple[str, str, Any], ...]:
    """The settings of layout that are not as black with this line length wants them: (name, value, black's value)."""
    from isort.profiles import black as profile  # lazy: start-up

    config = load(settings)
    wanted = {**profile, "line_length": line_length, "lines_after_imports": -1, "wrap_length": 0, "indent": " " * 4}
    found = [(name, getattr(config, name), value) for name, value in wanted.items()]
    # A wrap mode is a number in the file.
    return tuple(
        (name, str(getattr(have, "value", have)).lower(), value) for name, have, value in found if have != value
    )


@lru_cache(maxsize=None)
def _for_cells(settings: IsortSettings) -> Config:
    """The same for a cell of a notebook: no import is added to each of them."""
    from isort.settings import Config  # lazy: start-up

    return Config(config=load(settings), add_imports=frozenset())


def _roots(settings: IsortSettings) -> list[str]:
    return [os.path.join(settings.root, root) for root in settings.import_roots]


@lru_cache(maxsize=None)
def _read(config: ToolConfig) -> tuple[Config, tuple[str, ...]]:
    """The shared file as isort reads it, and what isort said while it did."""
    from isort.exceptions import ISortError  # lazy: start-up
    from isort.settings import Config

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            base = Config(settings_file=os.path.abspath(config.path), **_followed(config))
        except (ISortError, OSError, ValueError, TypeError, KeyError) as error:
            what = f"isort cannot use this configuration: {error}"
            raise ConfigError(what, config.path, "see https://isort.readthedocs.io, configuration options") from error
        except Exception as error:  # configparser's and tomllib's own errors, by the kind of file
            raise ConfigError(f"cannot be read: {type(error).__name__}: {error}", config.path) from error
    return base, tuple(f"isort: {' '.join(str(warning.message).split())}" for warning in said)


def _followed(config: ToolConfig) -> dict[str, Any]:
    """The options that isort shares with black's configuration, where it has none of its own: pyfmt's is in black's
    profile, and these two are what black lets its users choose. Raises ConfigError, for black's file."""
    if not config.follows:
        return {}
    mode = black.load(black.BlackSettings(ToolConfig("black", config.follows, "root"), "")).mode
    return {"line_length": mode.line_length, "split_on_trailing_comma": mode.magic_trailing_comma}


def options(config: ToolConfig) -> tuple[str, ...]:
    """What isort's command line needs in order to sort as `load` makes it."""
    shared = _followed(config)
    length = ("--line-length", str(shared["line_length"])) if shared else ()
    return ("--settings-file", config.path, *length)


def notes(config: ToolConfig) -> tuple[str, ...]:
    """What isort said while it read its file: warnings that do not end the run."""
    return _read(config)[1]


def _is_set(option: str, base: Config) -> bool:
    """Whether the file, or the profile that it names, sets an option: the first source is isort's defaults."""
    return any(option in source for source in base.sources[1:])


def _directory(base: Config, folder: Path, root: str) -> str:
    """The folder that `skip` and `skip_glob` are relative to: the file's own, as isort has it, while the project is
    below it. A file elsewhere (`configs/`, pyfmt's own) would make isort look at absolute paths, so that a checkout
    below a folder named `build` is skipped whole: then it is the root."""
    own = Path(base.directory)
    return str(own) if own == folder or own in folder.parents else str(Path(root))


def _skips(entries: frozenset[str], folder: Path, root: str) -> frozenset[str]:
    """Entries with a "/" are relative to the working directory in isort; here to the project, and to the root."""
    bases = (str(folder), str(root))
    return frozenset(
        path
        for entry in entries
        for path in ([os.path.normpath(os.path.join(base, entry)) for base in bases] if "/" in entry else [entry])
    )


def _unplaced(names: tuple[str, ...], config: Config) -> frozenset[str]:
    """Those of a project's names that isort would take for third party.

    A name that `src_paths` finds is left to isort, since it looks deeper into namespace packages than a name can say;
    a name of the standard library, or one that the file places, stays what it is.
    """
    from isort.place import module_with_reason  # lazy: start-up

    return frozenset(
        name for name in names if module_with_reason(name, config)[1].startswith("Default option in Config")
    )


def is_skipped(path: str, settings: IsortSettings) -> bool:
    """Whether `isort .` leaves `path` (relative to the root) out: by skip, skip_glob, skip_gitignore or its ending.

    A script without a Python suffix is taken where somebody named it, unless its ending is blocked: isort would look at
    its first line alone.
    """
    folder, _, _ = path.rpartition("/")
    if folder and _folder_skipped(folder, settings):
        return True
    config = load(settings)
    full = Path(settings.root, path)
    if path.endswith((".py", ".pyi")):
        taken = config.is_supported_filetype(str(full))
    else:
        taken = full.suffix.lstrip(".") not in config.blocked_extensions
    return not taken or _skips_path(full, config)


@lru_cache(maxsize=None)
def _folder_skipped(folder: str, settings: IsortSettings) -> bool:
    parent, _, _ = folder.rpartition("/")
    if parent and _folder_skipped(parent, settings):
        return True
    return _skips_path(Path(settings.root, folder), load(settings))


def _skips_path(full: Path, config: Config) -> bool:
    if disk.lexists(full):
        return config.is_skipped(full)
    # isort skips what does not exist; text from stdin may have the name of a new file all the same.
    shown = os.path.relpath(full, config.directory)
    return (
        full.name in config.skips
        or str(full) in config.skips
        or any(fnmatch.fnmatch(shown, glob) or fnmatch.fnmatch(f"/{shown}", glob) for glob in config.skip_globs)
    )


def sort(data: bytes, path: str | None, settings: IsortSettings) -> bytes:
    """What `isort` would write for `data`; the same bytes where nothing changes.

    Like isort it takes text that is no Python as it comes. Raises SyntaxError or UnicodeDecodeError where the bytes
    cannot be decoded, and whatever isort raises where it fails.
    """
    from isort.api import sort_stream  # lazy: start-up
    from isort.exceptions import ExistingSyntaxErrors, FileSkipComment

    # As isort.io.File.read and isort.api.sort_file do it: no translation of line endings in either direction.
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    source = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    result = io.StringIO(newline="")
    file = Path(settings.root, path) if path is not None else None
    config = _for_cells(settings) if path is not None and path.endswith(NOTEBOOK_SUFFIX) else load(settings)
    try:
        changed = sort_stream(source, result, config=config, file_path=file, disregard_skip=True)
    except (FileSkipComment, ExistingSyntaxErrors):  # the latter only with `atomic = true`
        return data
    return result.getvalue().encode(encoding) if changed else data

"""The mypy worker: checks the files of a unit with pyfmt's own mypy, as if the environment's interpreter ran it.

Runs in pyfmt's own interpreter, standard library only at import, loaded by path (see server.py).

Differences to `cd PROJECT && mypy --python-executable ENV/bin/python .` that make it right for a monorepo:
- the working folder is an empty one, so that no folder of the root ("docs", "lib") becomes an importable namespace;
- what an import hook provides under another name is found in a farm of links (mypy_farm.py);
- a file with a blocking error (syntax) is reported and then read as `Any`, so that it hides nothing of the others.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

_ANY = "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"
_PLACED = re.compile(r"^(?P<file>.+?\.pyi?):(?:\d+:)? error: (?P<message>.*)$", re.MULTILINE)


def _sibling(name: str) -> Any:
    """A module beside this one, which no package can be imported for."""
    spec = importlib.util.spec_from_file_location(
        f"_pyfmt_mypy_{os.path.basename(name)}", os.path.join(os.path.dirname(__file__), f"{name}.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_aliases = _sibling("aliases")
_answer = _sibling("answer")
_cache = _sibling("cache")
_core = _sibling("core_modules")
_farm = _sibling("farm")
_interfaces = _sibling("interfaces")
_limits = _sibling("../../worker/limits")
_names = _sibling("names")
_namesakes = _sibling("namesakes")
_observing = _sibling("../../worker/observing")
_plugins = _sibling("plugins")
_process = _sibling("process")
_search_dirs = _sibling("search_dirs")
_seed = _sibling("seed")


_observer = _observing.Observer()


def preload(tool_paths: list[str]) -> None:
    """Import mypy; children forked later have it."""
    sys.path.extend(path for path in tool_paths if path not in sys.path)
    importlib.import_module("mypy.main")
    importlib.import_module("mypy.build")
    _observer.start()


look = _observer.look  # for a server that stays (`../../worker/warm.py`)


def run(payload: dict[str, Any]) -> dict[str, Any]:
    """Check the unit; see `Mypy.payload` for what goes in.

    Answers {"findings": [...], "failures": [{"reason", "detail", "projects"}], "notes": [...], "asked": [...]}, paths
    relative to the root, but for those of `asked`: what was asked of the disk (`observing.py`).
    """
    failures: list[dict[str, Any]] = list(payload["failures"])
    notes: list[str] = list(payload["notes"])
    found: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="pyfmt-mypy-"))
    _observer.allow(scratch)
    try:
        farm = _farm.plant(payload["cache_dir"], scratch, payload["remapped"])
        with _observer.paused():
            farm.write(payload["notebooks"], payload["runs"])
        payload = {**payload, "import_roots": [*payload["import_roots"], *farm.roots]}
        for number, part in enumerate(payload["runs"]):
            if part["reported"]:
                check = _Check(payload, farm.part(part), farm, os.path.join(scratch, f"run{number}"))
                check.run()
                found += check.findings
                failures += [{**failure, "projects": part["projects"]} for failure in check.failures]
                notes += check.notes
                told.append(check.interfaces)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found.sort(key=lambda item: (item["path"], item["line"], item["column"] or 0, item["rule"], item["message"]))
    asked = {**_asked(payload, farm, scratch), "interfaces": told[0] if len(told) == 1 else {}}
    return {"findings": found, "failures": failures, "notes": list(dict.fromkeys(notes)), "asked": [asked]}


def _asked(payload: Mapping[str, Any], farm: Any, scratch: str) -> dict[str, Any]:
    """What was asked of the disk, but for pyfmt's own business."""
    seen = tuple(os.path.join(path, "") for path in payload["search_path"])
    own = [path for path in payload["tool_paths"] if not os.path.join(path, "").startswith(seen)]
    own += [scratch, tempfile.gettempdir(), os.path.join(os.path.dirname(__file__), "../../..")]
    if payload["cache_dir"]:
        own.append(os.path.abspath(os.path.join(payload["cache_dir"], "../../..")))  # see cache/folders.py
    with _observer.paused():
        asked: dict[str, Any] = _observer.asked(own, lambda path: _aliases.real(farm.real(path)))
    asked["files"] = [path for path in asked["files"] if path != payload["shared_config"]]
    return asked


class _Check:  # pylint: disable=too-many-instance-attributes  # all that one check learns on its way
    """One configuration, one set of files: calls mypy until nothing hides anything."""

    def __init__(self, payload: Mapping[str, Any], part: Mapping[str, Any], farm: Any, scratch: str) -> None:
        self.findings: list[dict[str, Any]] = []
        self.failures: list[dict[str, str]] = []
        self.notes: list[str] = []
        self.interfaces: dict[str, list[str]] = {}  # see interfaces.py
        self._payload, self._part, self._farm = payload, part, farm
        self._root = str(payload["root"])
        self._lines = _answer.Lines()
        self._modules: dict[str, str] = dict(part["files"])
        self._shadowed: list[str] = [file for file in payload.get("without", ()) if os.path.exists(file)]
        self._blocking: list[dict[str, Any]] = []
        self._scratch = scratch
        self._cwd = os.path.join(self._scratch, "cwd")
        os.makedirs(self._cwd)
        self._any = _write(os.path.join(self._scratch, "any.py"), _ANY)
        self._config = ""
        place = os.path.realpath(payload["cache_dir"] or scratch)
        self._aliases = _aliases.Aliases(os.path.join(place, f"{_aliases.NAME}-{os.path.basename(scratch)}"))
        self._roots = self._aliases.roots(payload["import_roots"])
        self._hidden = _core.shadowing(payload["import_roots"])
        self._surroundings = _process.Surroundings(self._cwd, self._roots, self._prepare, _observer, _limits)
        identity = {"root": self._root, "mypy": str(importlib.import_module("mypy.version").__version__), "format": "3"}
        if farm.roots:
            identity["farm"] = farm.folder
        seed = self._seed_of_cache(identity["mypy"]) if payload["cache_dir"] and not part["plugins"] else None
        self._cache = _cache.Cache(
            payload["cache_dir"], os.path.basename(scratch), identity, (_names, _namesakes, seed)
        )

    def run(self) -> None:
        """Fill findings, failures and notes."""
        self._drop_undecodable()
        self._drop_unnameable()
        self._drop_shadowing()
        if not self._modules or not self._configure():
            self._report([])
            self._cache.close()
            return
        self._cache.doubt(self._modules.values(), [*self._roots, *_search_dirs.directories(self._payload)[0]])
        said = self._until_whole()
        if said is not None and self._cache.swayed(self._modules.values()):
            said = self._until_whole()
        if said is not None:
            self._read(said)
            self._tell()
            if not os.environ.get("PYFMT_SINGLE"):  # nobody else would begin with it in this run
                self._cache.pass_on()
        self._cache.close()
        if self._cache.note:
            self.notes.append(self._cache.note)

    # -- before

    def _seed_of_cache(self, version: str) -> Any:
        """The standard library's share of a new cache; what per-module sections change in it, mypy notices itself.

        There is none for plugins, which run code of the environment: what they did here must not count elsewhere.
        """
        identity = {
            "mypy": [version, importlib.import_module("mypy").__file__],
            "python": [self._payload["python"], sys.version_info[:2], sys.platform],
            "options": self._options(),
            "format": "1",
        }
        return _seed.Seed(os.path.dirname(self._payload["cache_dir"]), identity, _cache)

    def _options(self) -> list[str]:
        """What is said for all modules; what sections say of some, mypy keeps with each of them."""
        header, _, rest = str(self._part["config"]).partition("\n")
        return [header, f"\n{rest}".partition("\n[")[0], self._part["follow_imports"]]

    def _drop_unnameable(self) -> None:
        """mypy gives up on everything for one package folder whose name is no identifier."""
        bases = {*self._payload["import_roots"], self._cwd}
        folders: dict[str, list[str]] = {}
        for file in self._modules:
            folder = os.path.dirname(file)
            while folder not in bases and os.path.dirname(folder) != folder:
                init = [name for name in ("__init__.py", "__init__.pyi") if os.path.isfile(os.path.join(folder, name))]
                if init and not os.path.basename(folder).removesuffix("-stubs").isidentifier():
                    folders.setdefault(folder, []).append(file)
                    break
                folder = os.path.dirname(folder)
        for folder, files in sorted(folders.items()):
            for file in files:
                del self._modules[file]
            if set(files) & set(self._part["reported"]):
                self._fail(
                    f"{self._relative(folder)} holds an __init__.py but is no valid name of a package: "
                    f"{len(files)} files in it are not checked",
                    "Rename the folder, or remove its __init__.py.",
                )

    def _drop_undecodable(self) -> None:
        """Leave out what mypy's cache cannot take the name of."""
        for file in sorted(self._modules):
            if any("\udc80" <= char <= "\udcff" for char in file):  # how Python keeps the bytes of such a name
                del self._modules[file]
                if file in self._part["reported"]:
                    self._fail(
                        f"{ascii(self._relative(file))[1:-1]} is not checked: its name is no valid UTF-8", "Rename it."
                    )

    def _drop_shadowing(self) -> None:
        """mypy gives up on everything for one file at an import root that is named like a module of its core."""
        for file, module in self._hidden.items():
            if self._modules.pop(file, None) and file in self._part["reported"]:
                self._blocking += _answer.findings([_core.message(file, module)], self._lines)

    def _prepare(self) -> None:
        """In the process that runs mypy."""
        _cache.watch_contents([self._root, *self._roots])
        _core.hide(self._hidden)
        _process.say_where(_observer, _limits, os.path.join(self._root, ""))

    def _configure(self) -> bool:
        """Write the configuration with the plugins that can be loaded; False where one of them is broken."""
        for root in self._payload["import_roots"]:
            if os.pathsep in root:
                self._fail(f"mypy cannot import from a folder with {os.pathsep!r} in its path: {root}", "")
                return False
        plugins = _plugins.Plugins(self._payload, self._part["plugins"])
        self.notes += plugins.notes
        for reason, detail in plugins.failures:
            self._fail(reason, detail)
        header, _, rest = str(self._part["config"]).partition("\n")
        if plugins.usable:
            text = json.dumps(plugins.usable, ensure_ascii=False) if self._part["toml"] else ", ".join(plugins.usable)
            header += f"\nplugins = {text}"
        name = "mypy.toml" if self._part["toml"] else "mypy.ini"
        self._config = _write(os.path.join(self._scratch, name), f"{header}\n{rest}")
        return not plugins.failures

    def _arguments(self) -> list[str]:
        major, minor = self._payload["python"]
        arguments = ["--config-file", self._config, "--cache-dir", self._cache.folder]
        # In a typed package the environment's folders come before MYPYPATH's, where a further name leads elsewhere.
        apart = self._payload["import_roots"] if self._aliases.given else ()
        arguments += ["--python-executable", _search_dirs.executable(self._payload, self._scratch, apart)]
        arguments += ["--python-version", f"{major}.{minor}", "--explicit-package-bases"]
        arguments += ["--follow-imports", self._part["follow_imports"], "-O", "json", "--no-error-summary"]
        # -n0: with processes of its own mypy words some hints in another way, and not the same in each run.
        arguments += ["--no-warn-unused-configs", "--no-color-output", "--no-pretty", "-n0"]
        for file in self._shadowed:
            arguments += ["--shadow-file", file, self._any]
        return [*arguments, "--", *sorted(self._modules)]

    # -- the calls

    def _until_whole(self) -> Any:
        """Call mypy until it has checked everything it can; None where it cannot."""
        wiped = without = False
        for _ in range(2 * len(self._modules) + 4):
            _limits.note("")
            said = _answer.Printed(*_process.call(self._arguments(), self._surroundings, self._scratch))
            if said.status in (-signal.SIGKILL, _limits.EXIT_MEMORY):
                _limits.pass_on(said.status, self._payload)
            if said.broken and not wiped:
                wiped = True  # a damaged cache breaks it for ever, so try once with another
                self._cache.wipe()
            elif said.broken and not without and self._cache.folder != os.devnull and said.blames_disk:
                without = True  # no space, perhaps: a cache never costs the answer
                self._cache.give_up(said.tail().splitlines()[-1])
            elif said.status in (0, 1) and not said.broken:
                return said
            elif not self._step_around(said):
                return None
            elif not self._modules:
                return None
        self._fail("mypy does not come to an end: each run is blocked by another error", "")
        return None

    def _step_around(self, said: Any) -> bool:
        """Report what blocked mypy and take it out of the way; False where that is not possible."""
        duplicate = next((item for item in said.items if _is_duplicate(item)), None)
        if duplicate is not None:
            return self._without_duplicate(duplicate)
        errors = [item for item in said.items if item["severity"] == "error"]
        placed = _PLACED.search("\n".join(said.err)) if not errors or said.broken else None
        file = str(placed["file"]) if placed else str(errors[-1]["file"]) if errors else ""
        if said.status < 0:
            file = _limits.noted()
        if not os.path.isabs(file) or file in self._shadowed or not os.path.exists(file):
            how = f"was killed by signal {-said.status}" if said.status < 0 else f"ended with exit code {said.status}"
            self._fail(f"mypy {how}", said.tail() or _answer.messages(errors))
            return False
        if said.broken:
            self._fail(f"mypy crashes on {self._relative(file)}: the file is not checked", said.tail())
        elif placed:
            self._blocked(file, [_item(file, str(placed["message"]))])
        else:
            self._blocked(file, [item for item in said.items if item["file"] == file])
        self._shadowed.append(file)
        return True

    def _blocked(self, file: str, items: list[dict[str, Any]]) -> None:
        """Report the errors that blocked mypy: as findings in the unit's own files, else in words."""
        if file in self._part["reported"]:
            self._blocking += _answer.findings(items, self._lines)
            return
        first = items[0]
        place = f"{self._relative(file)}:{first['line']}"
        if self._farm.real(file).startswith(self._root + os.sep) and "site-packages" not in file:
            self.notes.append(
                f"{place}: {first['message']}; what it defines counts as Any in {self._payload['environment']}"
            )
        else:
            self._fail(f"{place} of {self._payload['environment']} cannot be read by mypy", str(first["message"]))

    def _without_duplicate(self, item: Mapping[str, Any]) -> bool:
        """Give a file's second name its own path. Two files of one name are kept apart by planning: this is loud."""
        file, message = str(item["file"]), str(item["message"])
        if self._aliases.resolve(message, os.path.join(self._cwd, file)):
            _observer.made(self._aliases.folder)
            return True
        self._fail(f"{self._relative(file)} is not checked: {self._shorten(message)}", "")
        if file not in self._modules:
            return False
        del self._modules[file]
        return True

    # -- after

    def _tell(self) -> None:
        """Fill the interfaces, where each module was what its file says."""
        if self._payload["cache_dir"] and not (self._shadowed or self._blocking or self._part["plugins"]):
            how = self._payload["python"], sys.version_info[:2], *self._options()
            with _observer.paused():
                metas = self._cache.reached(self._modules.values())
                roots = [*self._payload["import_roots"], *_search_dirs.directories(self._payload)[0]]
                self.interfaces = _interfaces.told(metas, _names, self._payload, roots, how)

    def _read(self, said: Any) -> None:
        found = _answer.findings(said.items, self._lines)
        if self._shadowed:
            found = _answer.without_hearsay(found, self._shadowed, {**self._part["files"]})
        self._report(found)
        complaints = [self._explain(line) for line in (*said.err, *said.out)]
        if complaints:
            self._fail(f"mypy does not take all of its configuration: {complaints[0]}", "\n".join(complaints))

    def _report(self, found: list[dict[str, Any]]) -> None:
        reported = set(self._part["reported"])
        for item in [*self._blocking, *found]:
            if item["path"] in reported and not (item["path"] in self._shadowed and item not in self._blocking):
                item["path"] = self._relative(item["path"])
                self.findings.append(item)

    def _explain(self, line: str) -> str:
        """A complaint about the derived configuration, told about the file that the setting comes from."""
        section = re.match(r"\s*\[(?:mypy-|module = \")([^\]\"]+)\"?\]", line.partition(self._config + ":")[2])
        origin = self._part["origins"].get(section[1]) if section else None
        return line.replace(self._config, origin or self._relative(self._payload["shared_config"]))

    def _fail(self, reason: str, detail: str) -> None:
        self.failures.append({"reason": reason, "detail": detail.replace(self._root + os.sep, "")})

    def _relative(self, path: str) -> str:
        path = self._farm.real(path)
        inside = path.startswith(self._root.rstrip(os.sep) + os.sep)
        return (os.path.relpath(path, self._root) if inside else path).replace(os.sep, "/")

    def _shorten(self, text: str) -> str:
        return text.replace(self._farm.folder + os.sep, "").replace(self._root + os.sep, "")


def _is_duplicate(item: Mapping[str, Any]) -> bool:
    return str(item["message"]).startswith(("Duplicate module named", "Source file found twice"))


def _item(file: str, message: str) -> dict[str, Any]:
    """A message that mypy only prints in words (an encoding that cannot be read), as its JSON would hold it."""
    place = {"file": file, "line": 1, "column": -1, "end_line": -1, "end_column": -1}
    return {**place, "message": message, "hint": None, "code": "syntax", "severity": "error"}


def _write(path: str, text: str) -> str:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write(text)
    return path

"""What pylint keeps of earlier inference hides which names a file looks up: all of it must be known to be forgotten."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from pathlib import Path

import astroid
import pylint.checkers
from astroid import nodes

from pyfmt.tools.pylint.worker import reads

# Cached properties of nodes that tell what is written in the node itself.
_WRITTEN = {
    "fromlineno",
    "tolineno",
    "blockstart_tolineno",
    "arguments",
    "_assign_nodes_in_scope",
    "_proxied",
    "_multi_line_blocks",
}
# Cached functions that are given no nodes, or tell where modules lie.
_OF_NO_NODES = {
    *("_cached_encode_search", "_cache_normalize_path_", "cached_os_path_isfile", "_has_init", "is_namespace"),
    *("_is_setuptools_namespace", "_find_spec", "find_module", "_get_bounded_formatter", "attributes"),
}


def _sources(package: object) -> list[Path]:
    (folder,) = getattr(package, "__path__")
    return sorted(Path(folder).rglob("*.py"))


def test_every_cache_of_nodes_is_known() -> None:
    for module in pkgutil.walk_packages(pylint.checkers.__path__, "pylint.checkers."):
        importlib.import_module(module.name)
    reads.listen()
    forgotten = {each.__name__ for each in reads.caches}
    cached = {
        match[2]
        for path in (*_sources(astroid), *_sources(pylint.checkers))
        for match in re.finditer(
            r"@((?:functools\.)?(?:lru_cache|cache)\b.*)\n(?:\s*@.*\n)*\s*def (\w+)", path.read_text()
        )
    }
    assert cached and cached <= _OF_NO_NODES | forgotten, cached - _OF_NO_NODES - forgotten
    for module in pkgutil.walk_packages(nodes.__path__, "astroid.nodes."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, nodes.NodeNG):
                names = {name for name, value in vars(kind).items() if isinstance(value, functools.cached_property)}
                inferring = {(kind, name) for name in names - _WRITTEN}
                assert inferring <= {*reads.INFERRING}, inferring


def test_what_is_kept_with_a_node_while_it_is_inferred_is_known() -> None:
    found = {
        path.name: path.read_text().count("._explicit_inference = ")
        for path in _sources(astroid)
        if "._explicit_inference = " in path.read_text()
    }
    assert found == {"inference_tip.py": 1, "brain_typing.py": 4}

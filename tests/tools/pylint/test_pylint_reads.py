"""What pylint keeps of earlier inference hides which names a file looks up: all of it must be known to be forgotten."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import astroid
import pylint.checkers
from astroid import nodes

from pyfmt.tools.pylint.worker import reads
from tests.support.monorepo import ROOT

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


# What stays of inference while a text of astroid's own is built, as for every look at a TypeVar, and while a module is.
KEPT = """
import contextlib, sys
from astroid import MANAGER, context, extract_node
from pyfmt.tools.pylint.worker import effects, reads, values

root = sys.argv[1]
listening = reads.Reads(effects.RecordedPaths(root, "/environment"), contextlib.nullcontext, values.Watched)
tree = MANAGER.ast_from_file(root + "/using.py", "using")
listening.begin(root + "/using.py")


def inferred():
    list(tree.body[-1].value.infer(context.InferenceContext()))
    return len(context._INFERENCE_CACHE)


print(inferred() > 0)
extract_node("class Text: pass")
print(len(context._INFERENCE_CACHE) > 0)
MANAGER.ast_from_file(root + "/other.py", "other")
print(len(context._INFERENCE_CACHE))
print(sorted(listening.told([root + "/using.py"], [])[root + "/using.py"]))
"""


def test_a_text_that_astroid_builds_to_infer_forgets_nothing_and_a_module_does(tmp_path: Path) -> None:
    using = "from typing import TypeVar\n\nimport named\n\nT = TypeVar('T', bound=named.Kind)\n\nnamed.make(T)\n"
    texts = {"using": using, "named": "class Kind:\n    pass\n\n\ndef make(kind):\n    return Kind()\n", "other": ""}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    script = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n{KEPT}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path.resolve())], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["True", "True", "0", "['named.py']"], done

"""A project that is linted by several processes side by side gets the answer that it gets from one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.conftest import MakeEnvironment
from tests.tools.pylint.test_pylint_whole_project import FILES
from tests.tools.pylint.working import Lint, described, write

_LOOKS = '"""Looks."""\n\nimport target\n\n\ndef look():\n    """At what others set."""\n    return target.Thing().{}\n'
# An import inside of a function: astroid builds it only when the file is linted.
_SETS = '"""Sets."""\n\nimport target\n\n\ndef look():\n    """Late."""\n    import {0}\n    return {0}, target\n'
_INSTALLED = {
    "target.py": "class Thing:\n    pass\n",
    "setter.py": "import target\nfrom made import make\nTHING = target.Thing()\nTHING.extra = make()\n",
    # Only who looks at what the other one sets comes here.
    "made.py": "import target\n\n\nclass Made:\n    go = 1\n\n\ndef make():\n    from further import VALUE\n"
    "    return Made() or VALUE\n",
    "further.py": "import target\nVALUE = target.Thing()\nVALUE.more = 1\n",
}


def _project(extra: dict[str, str]) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {**FILES, **extra}
    files |= {"p/pkg/a00.py": _LOOKS.format("extra"), "p/pkg/b00.py": "def (\n"}
    files |= {"p/pkg/m00.py": _SETS.format("setter")}
    files["p/pkg/own.py"] = "import target\n\ntarget.Thing.less = 1\n"
    names = ("extra", "extra.go", "more", "less", "nothing")
    files |= {f"p/pkg/n{number:02}.py": _LOOKS.format(names[number % 5]) for number in range(40)}
    return files


def _alike(answer: dict[str, Any]) -> dict[str, Any]:
    """What of an answer must not depend on who has linted which file."""
    (effects,), (asked,) = answer["effects"], answer["asked"]
    order = [(each["path"], each["line"], each["column"], each["rule"], each["message"]) for each in answer["messages"]]
    effects = {
        key: sorted(value.items()) if isinstance(value, dict) else value
        for key, value in effects.items()
        if key != "reads"  # all that has been looked up before a fork counts for everyone
    }
    effects["late"] = sorted(effects["late"])
    return {"messages": sorted(order), "failures": answer["failures"], "effects": effects, "files": asked["files"]}


def test_several_processes_say_what_one_says(tmp_path: Path, kept_environment: MakeEnvironment) -> None:
    """Whichever of them lints a file: among the files are those that see what linting others sets on a class."""
    installed = write(tmp_path / "site-packages", dict(_INSTALLED))
    root = write(tmp_path / "mono", _project({}))
    environment = described(kept_environment())
    environment = replace(environment, search_path=(*environment.search_path, str(installed)))
    lint = Lint(root, environment, root / "pylintrc")
    _, payload = lint.payload(["p"])
    one = _alike(lint.answer(payload))
    missing = [each[0] for each in one["messages"] if each[3] == "E1101"]
    assert "p/pkg/a00.py" in missing and "p/pkg/n04.py" in missing and "p/pkg/n00.py" not in missing
    assert len({each[3] for each in one["messages"]} & {"R0801", "R0401", "E0001"}) == 3

    idle = tmp_path / "idle"
    for name in "123":
        (idle / name).mkdir(parents=True)
    assert _alike(lint.answer({**payload, "idle": str(idle)})) == one
    assert {each.name for each in idle.iterdir()} == {"1", "2", "3"}  # given back
    processes = list((tmp_path / "mono-answers").glob("at-*"))
    assert len(processes) >= 3

"""The completion scripts, in the real shells."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyfmt.cli.completion import commands, script
from pyfmt.cli.parser import _WITH_VALUE, COMMANDS, build_parser
from pyfmt.reports.registry import FORMATS
from pyfmt.tools.registry import TOOLS
from tests.support.monorepo import Monorepo
from tests.support.waiting import PATIENCE


def need(shell: str) -> str:
    """The shell's path; `make system` installs it where it may."""
    found = shutil.which(shell)
    assert found, f"{shell} is missing: apt-get install {shell}"
    return found


def run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=folder, timeout=60)
    assert not done.stderr, done.stderr
    return done.stdout


def bash(line: str, folder: Path) -> set[str]:
    """What bash offers at the end of `line`, split as readline does (`=` is a word of its own)."""
    words = shlex.split(line.replace("=", " = ")) + ([""] if line.endswith((" ", "=")) else [])
    quoted = " ".join(map(shlex.quote, words))
    ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _pyfmt; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return set(run([need("bash"), "--norc", "-c", f"{script('bash')}\n{ask}"], folder).split("\n")) - {""}


def fish(line: str, folder: Path) -> set[str]:
    """What fish offers at the end of `line`."""
    ask = f"{script('fish')}\ncomplete -C {shlex.quote(line)}"
    offered = run([need("fish"), "--no-config", "-c", ask], folder).splitlines()
    return {
        word.partition("\t")[0].rstrip("/").partition("=")[2] or word.partition("\t")[0].rstrip("/") for word in offered
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project in it, and pyfmt on the PATH."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "module.py").touch()
    (tmp_path / "lib/pyproject.toml").write_text('[project]\nname = "acme-things"\nversion = "1"\n')
    tree = Monorepo(tmp_path, tmp_path)
    tree.git("init", "--quiet", "--initial-branch", "trunk")
    tree.git("commit", "--quiet", "--allow-empty", "--message", "first")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


SHELLS = pytest.mark.parametrize("shell", [bash, fish])


@SHELLS
def test_the_first_word_is_a_command_or_a_path(shell: Callable[[str, Path], set[str]], folder: Path) -> None:
    assert shell("pyfmt ", folder) >= {*COMMANDS, "lib", "module.py"}
    assert shell("pyfmt che", folder) == {"check"}
    assert shell("pyfmt --jobs 2 li", folder) >= {"lint", "lib"}
    assert "check" not in shell("pyfmt lib ", folder)


@SHELLS
def test_options_are_those_of_the_command(shell: Callable[[str, Path], set[str]], folder: Path) -> None:
    assert shell("pyfmt check --d", folder) == {"--diff"}
    assert shell("pyfmt lint --di", folder) == set()
    assert "--statistics" in shell("pyfmt --s", folder)
    assert shell("pyfmt envs create --re", folder) == {"--recreate"}


@SHELLS
def test_values_are_those_of_the_option(shell: Callable[[str, Path], set[str]], folder: Path) -> None:
    assert shell("pyfmt check --output ", folder) == {*FORMATS, "auto"}
    assert shell("pyfmt check --tool=", folder) == {*TOOLS, "pyfmt"}
    assert shell("pyfmt --color al", folder) == {"always"}
    assert shell("pyfmt --root l", folder) == {"lib"}
    assert shell("pyfmt check --config mod", folder) == {"module.py"}
    assert shell("pyfmt completion ", folder) == {"bash", "zsh", "fish"}
    assert shell("pyfmt envs ", folder) >= {"create", "lib", "acme-things"}
    assert shell("pyfmt envs create ac", folder) == {"acme-things"}
    assert shell("pyfmt check --since ", folder) == {"trunk"}
    assert shell("pyfmt explain attr-", folder) == {"attr-defined"}
    assert shell("pyfmt check --jobs ", folder) == set()


class Zsh:
    """An interactive zsh; `completed` types a line and a tab and reads what stands there then."""

    def __init__(self, folder: Path) -> None:
        file = folder / "completion.zsh"
        file.write_text(script("zsh"))
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ["TERM"] = "dumb"
            os.execv(need("zsh"), ["zsh", "-f", "-i"])
        self.pid = pid
        self.type("PS1='> '; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; bindkey -e\n")
        self.type(f"source {shlex.quote(str(file))}; echo re''ady\n")
        self.until("ready")

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def until(self, mark: str) -> str:
        """What is said up to `mark`."""
        said, end = "", time.monotonic() + PATIENCE
        while mark not in said:
            assert time.monotonic() < end, said
            if select.select([self.terminal], [], [], 1)[0]:
                said += os.read(self.terminal, 4096).decode()
        return said

    def completed(self, line: str) -> str:
        """The line after a tab."""
        self.type(line + "\t")
        self.type("\x01print -r -- 'L''INE:\x05:'END\n")  # the quotes keep the echo of this line apart from its answer
        return self.until(":END\r").rpartition("LINE:")[2].partition(":END")[0].strip()

    def close(self) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def test_zsh_completes_commands_options_and_values(folder: Path) -> None:
    zsh = Zsh(folder)
    try:
        for typed, expected in {
            "pyfmt che": "pyfmt check",
            "pyfmt check --di": "pyfmt check --diff",
            "pyfmt lint --di": "pyfmt lint --di",
            "pyfmt --jobs 2 lin": "pyfmt --jobs 2 lint",
            "pyfmt check --output sar": "pyfmt check --output sarif",
            "pyfmt check --output=sar": "pyfmt check --output=sarif",
            "pyfmt --color al": "pyfmt --color always",
            "pyfmt check modu": "pyfmt check module.py",
            "pyfmt modu": "pyfmt module.py",
            "pyfmt --root l": "pyfmt --root lib",
            "pyfmt completion z": "pyfmt completion zsh",
            "pyfmt envs cr": "pyfmt envs create",
            "pyfmt envs create --rec": "pyfmt envs create --recreate",
            "pyfmt envs create acm": "pyfmt envs create acme-things",
            "pyfmt check --since tr": "pyfmt check --since trunk",
            "pyfmt explain attr-d": "pyfmt explain attr-defined",
        }.items():
            assert zsh.completed(typed) == expected
    finally:
        zsh.close()


def test_every_command_and_every_option_with_a_value_is_known_to_the_command_line() -> None:
    found = commands(build_parser())
    assert tuple(line.name for line in found) and {line.name for line in found} == set(COMMANDS)
    valued = {name for line in found for option in line.options if option.value is not None for name in option.names}
    assert valued == set(_WITH_VALUE)

"""`pyfmt completion SHELL`: the completion scripts of bash, zsh and fish, made from the parser itself."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.cli.options import AUTO
from pyfmt.cli.parser import build_parser, commands_of
from pyfmt.config.values import every_tool
from pyfmt.core.errors import EXIT_CLEAN
from pyfmt.reports.registry import FORMATS

_FILES, _FOLDERS, _BRANCHES = "files", "folders", "branches"
_PROJECTS, _RULES = "projects", "rules"  # `pyfmt completion` itself prints these, for the folder where one stands
_GIT = "git for-each-ref --format='%(refname:short)' refs/heads refs/remotes refs/tags 2> /dev/null"


EXAMPLES = (
    ('eval "$(pyfmt completion bash)"', "in ~/.bashrc"),
    ('eval "$(pyfmt completion zsh)"', "in ~/.zshrc, after compinit"),
    ("pyfmt completion fish > ~/.config/fish/completions/pyfmt.fish", "once"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument(
        "shell", choices=("bash", "zsh", "fish", _PROJECTS, _RULES), metavar="SHELL", help="bash, zsh or fish"
    )


def run(options: argparse.Namespace) -> int:
    """Print the script; for the scripts themselves, the names of the projects here, or of all rules."""
    if options.shell == _RULES:
        from pyfmt.cli.explain_rule import rule_names  # deferred: the scripts need no rules

        print(*sorted(set(rule_names())), sep="\n")
    elif options.shell == _PROJECTS:
        from pyfmt import config, projects  # deferred: the scripts need no monorepo
        from pyfmt.cli.request import plain_request

        found = projects.find_projects(config.load(plain_request(options), Path.cwd())).projects
        print(*sorted({name for project in found for name in (project.name, project.path)}), sep="\n")
    else:
        print(script(options.shell), end="")
    return EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class Word:
    """What can stand in one place: given words, files or folders, and what a command prints, a name a line."""

    words: tuple[str, ...] = ()
    places: str = ""  # "files", "folders" or ""
    source: str = ""  # "projects", "rules", "branches" or ""

    @property
    def command(self) -> str:
        """The shell command that prints the names of `source`."""
        return _GIT if self.source == _BRANCHES else f"pyfmt completion {self.source} 2> /dev/null"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: all its names, its help, and what its value can be (None where it takes none)."""

    names: tuple[str, ...]
    help: str
    value: Word | None
    metavar: str = ""
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What can follow one command."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: Word


def commands(parser: argparse.ArgumentParser) -> tuple[CommandLine, ...]:
    """The command lines that `parser` takes, in its order."""
    return tuple(_command_line(name, sub.description or "", sub) for name, sub in commands_of(parser).items())


def _command_line(name: str, text: str, parser: argparse.ArgumentParser) -> CommandLine:
    options: list[Option] = []
    words: list[str] = []
    places = source = ""
    for action in parser._actions:  # pylint: disable=protected-access
        if action.help == argparse.SUPPRESS:
            continue
        if action.option_strings:
            options.append(_option(action))
            continue
        kind = _kind(action)
        words += kind.words
        places, source = places or kind.places, source or kind.source
    return CommandLine(name, text, tuple(options), Word(tuple(words), places, source))


def _option(action: argparse.Action) -> Option:
    joined = str(action.metavar).startswith("=")  # it never takes the next word
    value = None if action.nargs == 0 or joined else _kind(action)
    repeatable = type(action).__name__ == "_AppendAction"
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    text = (action.help or "").replace("%%", "%")
    return Option(tuple(action.option_strings), text, value, metavar or "", repeatable)


def _kind(action: argparse.Action) -> Word:
    """What a value can be, by its choices, else by its name in the help."""
    if action.choices is not None:
        return Word(tuple(str(each) for each in action.choices if each not in (_PROJECTS, _RULES)))
    if action.dest == "outputs":
        return Word((*FORMATS, AUTO))
    if action.dest == "tools":
        return Word(every_tool())
    metavar = str(action.metavar or "")
    if metavar in ("DIR", "PROJECT"):
        return Word(places=_FOLDERS, source=_PROJECTS if metavar == "PROJECT" else "")
    if metavar in ("REV", "FILE|RULE"):
        return Word(source=_BRANCHES) if metavar == "REV" else Word(places=_FILES, source=_RULES)
    return Word(places=_FILES if metavar in ("FILE", "PATH") else "")


def script(shell: str) -> str:
    """The completion script of "bash", "zsh" or "fish": a file in `completions`, in which "@name@" stands for lines."""
    found, separator = commands(build_parser()), " " if shell == "fish" else "|"
    parts = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](found)
    parts |= {"valued": [separator.join(_with_value(found))], "names": [separator.join(line.name for line in found)]}
    text = disk.read_text(Path(__file__).parent / "completions" / f"pyfmt.{shell}")
    return re.sub(r"@(\w+)@", lambda mark: "\n".join(parts.get(mark[1], [mark[0]])), text)


def _with_value(found: Sequence[CommandLine]) -> list[str]:
    """The options that take the next word."""
    names = [name for line in found for option in line.options if option.value is not None for name in option.names]
    return list(dict.fromkeys(names))


def _bash(found: Sequence[CommandLine]) -> dict[str, list[str]]:
    values = [(line, option.names, option.value) for line in found for option in line.options if option.value]
    options = [(line.name, " ".join(name for option in line.options for name in option.names)) for line in found]
    return {
        "values": [
            f"        {'|'.join(f'{line.name}:{name}' for name in names)}) {_bash_word(value)}; return ;;"
            for line, names, value in values
        ],
        "options": [f"        {name}:-*) _pyfmt_words {shlex.quote(words)}; return ;;" for name, words in options],
        "commands": [shlex.quote(" ".join(line.name for line in found))],
        "words": [f"        {line.name}) {_bash_word(line.words)} ;;" for line in found],
    }


def _bash_word(word: Word) -> str:
    calls = [f"_pyfmt_words {shlex.quote(' '.join(word.words))}"] if word.words else []
    if word.places:
        calls.append(f"_pyfmt_places {'-f' if word.places == _FILES else '-d'}")
    if word.source:
        calls.append(f'_pyfmt_words "$({word.command})"')
    return "; ".join(calls) or ":"


def _zsh(found: Sequence[CommandLine]) -> dict[str, list[str]]:
    return {
        "sources": [line for name in (_PROJECTS, _RULES, _BRANCHES) for line in _zsh_source(Word(source=name))],
        "commands": [f"        {shlex.quote(f'{line.name}:{line.help}')}" for line in found],
        "arguments": [text for line in found for text in _zsh_arguments(line)],
    }


def _zsh_source(word: Word) -> Iterator[str]:
    yield f"_pyfmt_{word.source}() {{"
    yield f'    local -a names=(${{(f)"$({word.command})"}})'
    yield '    compadd "$@" -a names'
    yield "}"


def _zsh_arguments(line: CommandLine) -> Iterator[str]:
    yield f"        ({line.name})"
    yield "            _arguments -S \\"
    for option in line.options:
        yield from (f"                {spec} \\" for spec in _zsh_specs(option))
    rest = _zsh_word(line.words)
    yield f'                "*:word:${{first:-{rest}}}"' if line.name == "run" else f"                '*:word:{rest}'"
    yield "            ;;"


def _zsh_specs(option: Option) -> Iterator[str]:
    text = "".join(f"\\{char}" if char in "[]:\\" else char for char in option.help)
    mark = "*" if option.repeatable else f"({' '.join(option.names)})"
    value = "" if option.value is None else f":{option.metavar.replace(':', '')}:{_zsh_word(option.value)}"
    for name in option.names:
        joined = "=" if option.value is not None and name.startswith("--") else ""
        yield shlex.quote(f"{mark}{name}{joined}[{text}]{value}")


def _zsh_word(word: Word) -> str:
    places = {_FILES: "_files", _FOLDERS: "_files -/", "": " "}[word.places]
    words = f"({' '.join(word.words)})"
    kinds = [f'"words:word:{words}"'] if word.words else []
    kinds += [f'"names:name:_pyfmt_{word.source}"'] if word.source else []
    kinds += [f'"places:place:{places}"'] if word.places else []
    if len(kinds) > 1:
        return f"{{_alternative {' '.join(kinds)}}}"
    return words if word.words else f"_pyfmt_{word.source}" if word.source else places


def _fish(found: Sequence[CommandLine]) -> dict[str, list[str]]:
    users: dict[Option, list[str]] = {}
    for line in found:
        for option in line.options:
            users.setdefault(option, []).append(line.name)
    names = [f"-a {line.name} -d {_fish_quote(line.help)}" for line in found]
    return {
        "commands": [f"complete -c pyfmt -n __pyfmt_unnamed {each}" for each in names],
        "words": [
            f"complete -c pyfmt -n '__pyfmt_is {line.name}' {each}" for line in found for each in _fish_word(line)
        ],
        "options": [
            f"complete -c pyfmt -n '__pyfmt_is {' '.join(lines)}' {_fish_option(option)}"
            for option, lines in users.items()
        ],
    }


def _fish_word(line: CommandLine) -> Iterator[str]:
    if line.words.places != _FILES:
        yield "-f"
    if line.words.words:
        yield f"-a {_fish_quote(' '.join(line.words.words))}"
    if line.words.source:
        yield f"-a {_fish_quote(f'({line.words.command})')}"
    if line.words.places == _FOLDERS:
        yield "-a '(__fish_complete_directories)'"


def _fish_option(option: Option) -> str:
    parts = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if option.value is not None:
        if option.value.source:
            parts.append(f"-x -a {_fish_quote(f'({option.value.command})')}")
        elif option.value.words:
            parts.append(f"-x -a {_fish_quote(' '.join(option.value.words))}")
        elif option.value.places == _FOLDERS:
            parts.append("-x -a '(__fish_complete_directories)'")
        else:
            parts.append("-r -F" if option.value.places else "-x")
    return " ".join([*parts, f"-d {_fish_quote(option.help)}"])


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

"""Damaged files of the whole monorepo: ignore files, git's own, baselines, reports to merge, the configuration."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyfmt.cli.main import main
from tests.support import malformed
from tests.support.malformed import Damage, text

SECONDS = 60  # a command that takes longer hangs
UGLY = b'"""Ugly."""\nprint( 1 )\n'
FINE = b'"""Fine."""\n'


@dataclass(frozen=True)
class Said:
    """What a command in this very process said."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


Run = Callable[..., Said]


@pytest.fixture(name="run")
def in_a_monorepo(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("envs")` in a monorepo with the projects "a" and "b", of which one holds a file to reformat."""
    root, home = tmp_path / "monorepo", tmp_path / "home"
    for name, content in {"a/one.py": UGLY, "b/two.py": FINE}.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(content)
        (root / name).with_name("pyproject.toml").write_text(f'[project]\nname = "{name[0]}"\n')
    (root / "pyproject.toml").write_text("[tool.pyfmt]\n")
    home.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Said:
        signal.alarm(SECONDS)
        try:
            code = main(list(arguments))
        finally:
            signal.alarm(0)
        done = capfd.readouterr()
        assert "Traceback" not in done.err + done.out, done
        return Said(code, done.out, done.err)

    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


def commit(*paths: str) -> None:
    """A repository in the working folder, with those paths in its first commit."""
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", *paths), (*author, "commit", "-qm", "a")):
        subprocess.run(["git", *words], check=True, capture_output=True)


FORMAT = ("format", "--check", "--no-cache")
NOT_THERE = ("dangling",)

IGNORED: Mapping[str, Damage] = {
    "stars": text("/".join(["**"] * 2000) + "/b\n"),
    "stars between": text("**/a*" * 500 + "\n"),
    "stars in a name": text("*a" * 500 + "b\n"),
    "stars and escapes": text("**\\/" * 500 + "b\n"),
    "questions": text("*?" * 500 + "\n"),
    "sets": text("[a-z]*" * 500 + "\n"),
    "backwards": text("[z-a]\n[z-a]*\nx[!z-a]\n"),
    "open set": text("[\n[a\n[!\n[]\n[[:alpha:]\n"),
    "unknown class": text("[[:nonsense:]]\n"),
    "backslash": text("\\\n\\\\\\\n"),
    "NUL": text("\0\na\0b\n"),
    "not UTF-8": text(b"\xff\xfe\n[\xff-\xfe]\n"),
    "UTF-16": text("*.pyc\n".encode("utf-16")),
    "garbage": text(bytes(range(256)) * 8),
    "many lines": text("x*y\n" * 20_000),
    "long line": text("x" * 1_000_000),
    "braces": text("{" * 5000 + "\n(((\n"),
}


@pytest.mark.parametrize("kind", [*IGNORED, *malformed.UNREADABLE])
def test_no_ignore_file_hangs_or_hides_what_it_does_not_name(run: Run, kind: str) -> None:
    damage = IGNORED.get(kind) or malformed.UNREADABLE[kind]
    for folder in (".", "a"):
        damage(Path(folder, ".gitignore"))
    said = run(*FORMAT, "--format", "concise")
    assert said.code == 1 and "a/one.py" in said.out, said


@pytest.mark.parametrize("kind", ["stars in a name", "stars", "sets"])
def test_stars_are_matched_in_time_where_names_nearly_match(run: Run, kind: str) -> None:
    IGNORED[kind](Path(".gitignore"))
    deep = Path("a", *["aaaaaaaaaa"] * 50)
    deep.mkdir(parents=True)
    for number in range(50):
        (deep / f"{'a' * 200}{number}.py").write_bytes(FINE)
    assert run(*FORMAT).code == 1


GIT: Mapping[str, Damage] = {
    "empty": text(""),
    "nowhere": text("gitdir: /nowhere\n"),
    "itself": text("gitdir: .git\n"),
    "NUL": text("gitdir: /a\0b\n"),
    "not UTF-8": text(b"gitdir: \xff\n"),
    "garbage": text(bytes(range(256)) * 8),
    "long": text("gitdir: " + "a/" * 100_000),
    "lines": text("gitdir: a\nb\n"),
}


@pytest.mark.parametrize("kind", [*GIT, *malformed.UNREADABLE])
def test_a_damaged_git_file_is_no_repository(run: Run, kind: str) -> None:
    (GIT.get(kind) or malformed.UNREADABLE[kind])(Path(".git"))
    assert "a/one.py" in run(*FORMAT, "--format", "concise").out
    for arguments in (("--since", "HEAD"), ("--staged",)):
        said = run("check", *arguments, "--no-cache")
        assert said.code == 2 and "git" in said.all, said


BASELINE = {
    **malformed.UNREADABLE,
    "garbage": text(bytes(range(256)) * 8),
    "merge marks": text('{"pyfmt-baseline": 1}\n<<<<<<< ours\n=======\n>>>>>>> theirs\n'),
    "nested": text('{"pyfmt-baseline": 1}\n' + "[" * 100_000 + "\n"),
    "other head": text('{"pyfmt-baseline": 99}\n'),
    "no object": text('{"pyfmt-baseline": 1}\n[]\n'),
    "no keys": text('{"pyfmt-baseline": 1}\n{}\n'),
    "wrong types": text('{"pyfmt-baseline": 1}\n{"path": 1, "rule": 2, "tool": 3, "message": 4, "fingerprint": 5}\n'),
    "cut off": text('{"pyfmt-baseline": 1}\n{"path": "a/o'),
}


@pytest.mark.parametrize("kind", sorted(BASELINE.keys() - set(NOT_THERE)))
def test_a_damaged_baseline_is_named(run: Run, kind: str) -> None:
    Path("pyproject.toml").write_text("[tool.pyfmt]\nbaseline = true\n")
    BASELINE[kind](Path("a/.pyfmt-baseline.jsonl"))
    said = run("lint", "--no-cache")
    assert said.code == 2 and "a/.pyfmt-baseline.jsonl" in said.err, said


def report(**changes: object) -> str:
    """A report that `check --output json` wrote once, with some keys replaced."""
    empty: dict[str, object] = {
        key: [] for key in ("projects", "environments", "findings", "edits", "failures", "skipped")
    }
    summary = {"files": 1, "seconds": 0.1}
    return json.dumps({"version": 1, "root": "/a", **empty, "units": [], "notes": [], "summary": summary, **changes})


REPORTS = {
    **malformed.JSON,
    "list": text("[]"),
    "number": text("1"),
    "other version": text('{"version": 99}'),
    "no keys": text('{"version": 1}'),
    "NUL in the root": text(report(root="/a\0b")),
    "wrong findings": text(report(findings=[1])),
    "no findings": text(report(findings=None)),
    "NUL in a path": text(report(findings=[{"path": "a\0b"}])),
    "wrong summary": text(report(summary=1)),
    "deep": text(report(notes=["x"]).replace('"x"', "[" * 5000 + "]" * 5000)),
}


@pytest.mark.parametrize("kind", [*REPORTS, "folder", "loop", "dangling"])
def test_a_damaged_report_to_merge_is_named(run: Run, kind: str) -> None:
    (REPORTS.get(kind) or malformed.UNREADABLE[kind])(Path("one.json"))
    said = run("merge", "one.json", "one.json")
    assert said.code == 2 and "one.json" in said.err, said


CONFIGURATION = {
    **{f"{kind} (pyfmt.toml)": damage for kind, damage in malformed.TOML.items()},
    "NUL in an environment": text('[environments]\na = "x\\u0000y"\n'),
    "NUL in a glob": text('projects = ["a\\u0000"]\n'),
    "NUL in the cache": text('cache-dir = "\\u0000"\n'),
    "NUL in the configs": text('configs = "\\u0000"\n'),
    "backwards": text('[[overrides]]\npaths = ["[z-a]"]\ndisable = ["C0114"]\n'),
    "stars": text(f'projects = ["{"**/" * 2000}nowhere"]\n'),
    "stars in a name": text(f'projects = ["{"*a" * 500}b"]\n'),
    "wrong types": text("projects = 1\n"),
    "huge number": text("jobs = 99999999999999999999999\ntimeout = 1e400\n"),
}


@pytest.mark.parametrize("kind", CONFIGURATION)
def test_a_damaged_configuration_is_named(run: Run, kind: str) -> None:
    CONFIGURATION[kind](Path("pyfmt.toml"))
    for command in (FORMAT, ("envs",)):
        said = run(*command)
        assert said.code == 2 and "pyfmt.toml" in said.err, said


HOSTILE = "\x1b[31mred ##vso[task.setvariable]"


def test_no_command_prints_what_a_terminal_or_a_log_would_obey(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(f"a{HOSTILE}")
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / f"{HOSTILE}.py").write_text(f'"""D."""\nx = [  # {HOSTILE}\n')
    monkeypatch.setenv("TF_BUILD", "True")
    name = f"{folder}/{HOSTILE}.py"
    said = [run("explain", name), run("envs"), run("config"), run("explain", f"{name}x"), run("check", f"{name}x")]
    said += [run("check", "--no-cache", "--tool", "black", "--format", kind) for kind in ("full", "concise", "grouped")]
    assert all("red" in each.all for each in (said[0], said[1], *said[3:]))
    commit("a", "b")
    others: list[tuple[str, ...]] = [("affected",), ("graph",), ("graph", "--mermaid"), ("doctor",), ("cache", "show")]
    others += [("envs", "create", "--dry-run"), ("trust",), ("trust", "--revoke"), ("check", "-v", "--no-cache")]
    others += [("check", "--since", "HEAD", "--timings"), ("baseline", "write"), ("baseline", "status"), ("lint", "-v")]
    said += [run(*words) for words in others]
    with_names = [
        run(*words) for words in (("affected", "--since", "HEAD"), ("envs", "create", "--dry-run"), ("graph",))
    ]
    assert "red" in with_names[0].all and "red" in with_names[1].all
    for each in (*said, *with_names):
        assert "\x1b" not in each.all and "##vso[" not in each.all, each


def test_links_to_themselves_end_nothing(run: Run) -> None:
    for name in ("a/x.py", "a/x.so", "a/x", "a/.gitignore", "b/x.pyi", "x.py"):
        Path(name).symlink_to(Path(name).name)
    said = run(*FORMAT, "--format", "concise")
    assert said.code in (1, 2) and "a/one.py" in said.out, said
    for words in (("envs",), ("graph",), ("doctor",), ("explain", "a/one.py"), ("check", "--no-cache"), ("lint", "a")):
        assert run(*words).code in (0, 1, 2)
    # By two links to its own folder a file has more names than anybody can ask for.
    for name in ("again", "more"):
        Path("a", name).symlink_to(".")
    Path("a/requirements.txt").write_text("-r again/requirements.txt\n-r more/requirements.txt\nx==1\n", "utf-8")
    assert run("envs").code == 2 and run(*FORMAT).code in (1, 2)
    said = run("envs", "create", "a", "--dry-run")
    assert said.code == 2 and "requirements.txt includes 1000 files or more" in said.all, said
    below: list[tuple[str, ...]]
    below = [("check", "a/x/y.py"), ("check", "-o", "json=a/x/y.json"), ("envs", "create", "a/x/y.py")]
    for asked in (*below, ("check", "--root", "a/x"), ("check", "--config", "a/x")):
        said = run(*asked)
        assert said.code == 2 and "a/x" in said.err, (asked, said)
    said = run("check", "--no-cache", "a/x.py")
    assert "note: a/x.py: not checked, since it is a symbolic link" in said.out, said

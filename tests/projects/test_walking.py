"""The walk over a tree finds what git would, and says what it could not read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfmt.projects.walking import is_taken, walk

ENVIRON = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": os.devnull}


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def found(root: Path, *exclude: str) -> list[str]:
    return sorted(file for folder in walk(root, exclude) for file in folder.python_files)


def git_sees(root: Path) -> list[str]:
    """Python files that git tracks or would track, by git itself."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", "*.py", "*.pyi"],
        check=True,
        capture_output=True,
        cwd=root,
        env=ENVIRON,
    )
    return sorted(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=ENVIRON)
    return tmp_path


# Few letters, so that patterns and names meet; "é" is two bytes, and git matches bytes.
PARTS = st.sampled_from(["a", "b", "ab", "é", "a b", "c.py", "[a]", "x!"])
FILE_NAMES = st.sampled_from(
    ["a.py", "b.py", "ab.pyi", "é.py", "a b.py", "#a.py", "!b.py", "a\\b.py", "[a].py", "a.py "]
)
TREES = st.lists(
    st.tuples(st.lists(PARTS, max_size=3), FILE_NAMES).map(lambda pair: "/".join([*pair[0], pair[1]])), max_size=12
)
WORDS = st.sampled_from(
    "a b ab é a* *b * ** ? ?? a? *.py *.pyi a.py [ab] [!a] [^b]* [a-c]*.py [[:alpha:]] [[:alpha:].y]* [ab []a] \\a "
    "\\#a.py "
    "\\!b.py \\[a] a\\ c.py a**b a** **a *a* [a\\]b] [a-] [-a] [é] a\\\\b.py [[:bad:]]".split(" ")
)
LINES = st.one_of(
    st.tuples(
        st.sampled_from(["", "", "!"]),
        st.sampled_from(["", "", "/", "**/", "a/", "*/"]),
        st.lists(WORDS, min_size=1, max_size=3).map("/".join),
        st.sampled_from(["", "", "/", "/**", "/*", " ", "\\ ", "  \t", "\\"]),
    ).map("".join),
    st.sampled_from(
        ["", "#", "/", "!", "//", "!/", "*", "!*/", "!*.py", "/*", "!/a", "*.py", "\\", "[", " a", "\ufeffa"]
    ),
)
IGNORE_FILES = st.dictionaries(
    st.sampled_from([".gitignore", "a/.gitignore", "b/.gitignore", "a/b/.gitignore", ".git/info/exclude"]),
    st.tuples(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"])).map(lambda pair: pair[1].join(pair[0])),
    max_size=3,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=TREES, ignores=IGNORE_FILES)
def test_finds_exactly_the_python_files_that_git_sees(files: list[str], ignores: dict[str, str]) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        subprocess.run(["git", "init", "-q", str(root)], check=True, env=ENVIRON)
        for name in files:
            if not any(parent.is_file() for parent in (root / name).parents) and not (root / name).is_dir():
                write(root, {name: ""})
        for name, text in ignores.items():
            if not any(parent.is_file() for parent in (root / name).parents):
                write(root, {name: text})
        expected = git_sees(root)
        assert found(root) == expected
        every = [str(p.relative_to(root)) for p in root.rglob("*") if p.suffix in (".py", ".pyi") and p.is_file()]
        assert sorted(name for name in every if is_taken(root, name)) == expected
        # A walk that starts below the git root obeys the rules above it. (A start that is itself ignored is taken at
        # its word, so only one that git looks into is compared.)
        below = [name for name in expected if name.startswith("a/")]
        if below:
            assert found(root / "a") == [name.removeprefix("a/") for name in below]
    finally:
        shutil.rmtree(root)


RICH_TREE = sorted(
    f"{folder}{name}"
    for folder in ("", "a/", "a/b/", "a/b/c/", "ab/", "a/ab/", "b/a/", "é/", "a b/", "[a]/")
    for name in ("x.py", "ab.py", "axb.py", "é.py", "b.pyi", "-.py", "[a].py")
)
PATTERNS = """
x.py
/x.py
a/x.py
a/
/a/
b/
/b
a/b
a/b/
**/x.py
**/b/x.py
a/**/x.py
a/**/c
a/**
a/**/
**/a
**/a/
**
*/
/*
/**
/*/
*/*
a/*
a/*/
a/*/x.py
a**/x.py
a**b/x.py
/a**/x.py
a/b**/x.py
?**/x.py
a/**b/x.py
**b/x.py
a**
a/x**
*b.py
a?b.py
a*b.py
/a*b.py
??.py
?.py
[a].py
\\[a].py
[[]a].py
[]-]*
[!]a]*.py
[^a]*
[a-c]*/
[c-a]*
[--x].py
[a
a[
[[:alpha:]].py
[[:alpha:]-].py
[[:nope:]]x.py
[[:alpha]*
[[:]x.py
[\\]]x.py
a\\/x.py
a/\\x.py
x.py\\
é.py
?é.py
é/
a b/
a\\ b/
x.py\x20\x20
x.py\\\x20
!x.py
/
//
a//x.py
"""


def test_each_kind_of_pattern_means_what_it_means_to_git(repository: Path) -> None:
    write(repository, dict.fromkeys(RICH_TREE, ""))
    for pattern in PATTERNS.strip("\n").split("\n"):
        for lines in (pattern, f"*.py\n!{pattern}", f"{pattern}\n!/a/x.py\n!/a/b"):
            write(repository, {".gitignore": lines + "\n"})
            expected = git_sees(repository)
            assert found(repository) == expected, lines
            below = [name.removeprefix("a/") for name in expected if name.startswith("a/")]
            # A start that is ignored itself is taken at its word, so only one that git looks into is compared.
            assert not below or found(repository / "a") == below, lines


def test_a_whitelist_ignores_all_but_what_it_names(repository: Path) -> None:
    write(repository, {".gitignore": "*\n!*/\n!*.py\n", "a/b.py": "", "a/b.pyi": "", "c.py": ""})
    assert found(repository) == git_sees(repository) == ["a/b.py", "c.py"]


def test_a_damaged_pattern_is_no_error(repository: Path) -> None:
    write(
        repository,
        {
            ".gitignore": b"foo\\\n[z\n\xff.py\n",
            "a.py": "",
            "[z": "",
            b"\xff.py".decode("utf-8", "surrogateescape"): "",
        },
    )
    assert found(repository) == git_sees(repository) == ["a.py"]


def test_a_linked_work_tree_obeys_the_main_repositorys_exclude_file(repository: Path) -> None:
    write(repository, {"a.py": ""})
    git = ["git", "-C", str(repository), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "add", "-A"], check=True, env=ENVIRON)
    subprocess.run([*git, "commit", "-qm", "x"], check=True, env=ENVIRON)
    other = repository.parent / "linked"
    subprocess.run([*git, "worktree", "add", "-q", str(other)], check=True, env=ENVIRON)
    write(repository, {".git/info/exclude": "b.py\n"})
    write(other, {"b.py": "", "c.py": ""})
    assert found(other) == git_sees(other) == ["a.py", "c.py"]


def test_without_git_the_gitignore_of_the_root_still_counts(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "b.py\n", "a.py": "", "b.py": ""})
    assert found(tmp_path) == ["a.py"]


def test_exclude_is_written_like_gitignore(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.py": "", "a/y_pb2.py": "", "b/x.py": "", "b/keep/x.py": "", "c/a/x.py": ""})
    assert found(tmp_path, "/a/") == ["b/keep/x.py", "b/x.py", "c/a/x.py"]
    assert found(tmp_path, "a/") == ["b/keep/x.py", "b/x.py"]
    assert found(tmp_path, "*_pb2.py", "/b/*", "!/b/keep") == ["a/x.py", "b/keep/x.py", "c/a/x.py"]


def test_environments_caches_and_build_outputs_are_pruned(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "setup.py": "",
            ".venv/lib/a.py": "",
            "envs/py/pyvenv.cfg": "",
            "envs/py/lib/b.py": "",
            "envs/conda/conda-meta/history": "",
            "envs/conda/c.py": "",
            "node_modules/d.py": "",
            "a.egg-info/e.py": "",
            "build/lib/f.py": "",
            "src/build/g.py": "",
            "dist/__init__.py": "",
            "dist/h.py": "",
        },
    )
    assert found(tmp_path) == ["dist/__init__.py", "dist/h.py", "setup.py", "src/build/g.py"]
    assert [folder.outputs for folder in walk(tmp_path) if folder.outputs] == [("build",)]
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / ".git").mkdir()
    assert not [folder.outputs for folder in walk(tmp_path) if folder.outputs]


def test_the_root_itself_may_be_an_environment(tmp_path: Path) -> None:
    write(tmp_path, {"pyvenv.cfg": "", "a.py": ""})
    assert found(tmp_path) == ["a.py"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.py": ""})
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "b.py").symlink_to("real/a.py")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "dangling.py").symlink_to("nowhere")
    assert found(tmp_path) == ["real/a.py"]


def test_what_is_no_regular_file_is_not_taken(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    write(tmp_path, {"folder.py/a.py": ""})
    assert found(tmp_path) == ["folder.py/a.py"]


def test_unusual_names_are_kept_as_they_are(tmp_path: Path) -> None:
    names = ["a b.py", "é/ü.py", "new\nline/x.py", b"\xff\xfe.py".decode("utf-8", "surrogateescape"), "'\"$;.py"]
    write(tmp_path, dict.fromkeys(names, ""))
    assert found(tmp_path) == sorted(names)


def test_the_order_is_stable_and_parents_come_first(tmp_path: Path) -> None:
    write(tmp_path, {"b/a.py": "", "a/b/c.py": "", "a/a.py": "", "c.py": "", "setup.cfg": "", "a/pyproject.toml": ""})
    folders = list(walk(tmp_path))
    assert [folder.path for folder in folders] == [".", "a", "a/b", "b"]
    assert [folder.manifests for folder in folders] == [("setup.cfg",), ("pyproject.toml",), (), ()]


def _walk_as_nobody(root: Path) -> list[tuple[str, str]]:
    """(path, problem) of all folders, as a user sees them who is not root."""
    if os.geteuid() != 0:
        return [(folder.path, folder.problem) for folder in walk(root)]
    read, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setuid(65534)
            answer = json.dumps([(folder.path, folder.problem) for folder in walk(root)])
            os.write(write_end, answer.encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read, "rb") as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return [tuple(item) for item in json.loads(text)]


def test_a_folder_that_cannot_be_read_is_told() -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write(root, {"a/x.py": "", "closed/y.py": ""})
        root.chmod(0o755)
        (root / "closed").chmod(0o000)
        try:
            assert _walk_as_nobody(root) == [(".", ""), ("a", ""), ("closed", "cannot be read: Permission denied")]
        finally:
            (root / "closed").chmod(0o755)

"""The last resort: asking an environment's own interpreter for its search path.

This runs code of the environment (its .pth import lines, sitecustomize), so the caller must have found it trusted.
"""

from __future__ import annotations

import json
import os
import subprocess

TIME_LIMIT = 10.0  # seconds

_QUESTION = "import json, sys; print('\\n' + json.dumps(sys.path))"


class StartError(Exception):
    """The interpreter did not answer; the message says why in one line."""


def ask_search_path(executable: str, time_limit: float = TIME_LIMIT) -> tuple[str, ...]:
    """sys.path of the interpreter at `executable`, without the script's folder; raises StartError.

    Started in the root folder `/` and with no Python variables, so that nothing of the working directory or the shell
    counts; not with -I, which would hide the user's own site folder.
    """
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_CORE", "COVERAGE_"))
    }
    try:
        done = subprocess.run(
            [executable, "-c", _QUESTION],
            cwd=os.path.abspath(os.sep),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StartError(f"it did not answer within {time_limit:g} s") from error
    except OSError as error:
        raise StartError(f"it could not be started ({error.strerror})") from error
    lines = done.stdout.decode("utf-8", "surrogateescape").strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        answer = None
    if done.returncode != 0 or not isinstance(answer, list):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StartError(f"it ended with {done.returncode}: {said[-1] if said else 'no answer'}")
    return tuple(entry for entry in answer if isinstance(entry, str) and entry)

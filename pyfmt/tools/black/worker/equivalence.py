"""black's own check that code means what it meant, in a Python that can parse it.

Started as `python -I -S equivalence.py FOLDER`, with the folder that black is installed in. Each line on standard
input is a JSON list of source and result; each line of the answer is an object: `syntax` (line, column, message) where
this Python cannot parse the source, `error` where the check fails, neither where all is well.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from typing import Any


def _answer(source: str, result: str) -> dict[str, Any]:
    from black import assert_equivalent  # not importable before `main`

    try:
        ast.parse(source)
    except SyntaxError as error:
        return {"syntax": [error.lineno or 1, error.offset or 1, error.msg]}
    try:
        assert_equivalent(source, result)
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever black raises is its answer
        return {"error": str(error) or type(error).__name__}
    return {}


def main() -> None:
    """Answer until standard input ends."""
    sys.path.append(sys.argv[1])
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(_answer(*json.loads(line))), flush=True)


main()

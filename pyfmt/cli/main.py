"""The command line: argv in, exit code out."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pyfmt.cli import given_names
from pyfmt.cli.parser import build_parser, command_module, with_command
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, EXIT_INTERRUPTED, ConfigError, PyfmtError
from pyfmt.runner import interruption

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    interruption.install()
    _open_closed_streams()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except PyfmtError as error:
        from pyfmt.reports.escaping import printable_text  # deferred: only an error needs it

        if isinstance(error, ConfigError):
            from pyfmt.config.lines import with_line

            error = with_line(error)
        print(printable_text(f"pyfmt: error: {error}"), file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt:
        print("pyfmt: interrupted; no file is half written", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it: nobody is left to tell, and the report was not delivered whole.
        _silence_stdout()
        return EXIT_FAILURE
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last line of defence: exit code 2
        return _bug(error)
    finally:
        interruption.uninstall()


def _silence_stdout() -> None:
    """For what is still in the buffer, which Python would try to write at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_closed_streams() -> None:
    """Give a stream that our caller has closed (`2>&-`) a place that takes what is written, before a file gets its
    number.

    Standard output is opened for reading only: a report that cannot be delivered is a failure, not lost in silence.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR if name == "stderr" else os.O_RDONLY)  # takes the lowest free number
            stream = os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)


def _bug(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _FULL:  # no bug: nobody can write there
        _silence_stdout()
        print(f"pyfmt: error: what was to be written could not be: {error.strerror}", file=sys.stderr)
        return EXIT_FAILURE
    import traceback  # deferred: only a bug needs it

    traceback.print_exc()
    print(
        f"pyfmt: error: {type(error).__name__}: {error}\n"
        "  this is a bug of pyfmt: please report it with the lines above",
        file=sys.stderr,
    )
    return EXIT_FAILURE


def _dispatch(arguments: list[str]) -> int:
    given_names.check(arguments, os.environ)
    words = with_command(arguments)
    if words[0] == "--version":
        print(_version_text())
        return EXIT_CLEAN
    options, unknown = build_parser(words[:1]).parse_known_args(words, argparse.Namespace(argv=arguments))
    if unknown:
        from pyfmt.cli.unknown_words import refuse  # deferred: only an error needs it

        refuse(words[0], unknown)
    # Nearly all that a command makes lives until its end: looking for garbage all the time costs a tenth of a run with
    # nothing to do.
    gc.set_threshold(100_000, 50, 100)
    return command_module(options.command).run(options)


def _version_text() -> str:
    """The versions of all that runs here, by the configuration of the working folder, where one can be used."""
    from pyfmt import config  # deferred: reads the metadata of the tools
    from pyfmt.core.request import Command, Request
    from pyfmt.run.workspace import with_chosen_releases
    from pyfmt.tools.versions import version_text

    with contextlib.suppress(PyfmtError, OSError):  # whoever runs something is told
        with_chosen_releases(config.load(Request(Command.CHECK), Path.cwd()))
    return version_text()

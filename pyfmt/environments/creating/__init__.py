"""Missing environments are made: virtualenv for the environment, uv or pip for what belongs into it."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from pathlib import Path

from pyfmt.environments.creating.installers import Calls
from pyfmt.environments.creating.making import Job, make
from pyfmt.environments.creating.marker import MARKER, is_unfinished
from pyfmt.environments.creating.placing import new_prefix
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, Creation, Status

__all__ = ["MARKER", "CreateOptions", "CreateRequest", "Creation", "Status", "create", "is_unfinished", "new_prefix"]


def create(
    requests: Sequence[CreateRequest], options: CreateOptions, progress: Callable[[str], None]
) -> tuple[Creation, ...]:
    """Make the environments of `requests`, several at the same time; one answer for each prefix, in the requests'
    order.

    Nothing raises but KeyboardInterrupt: what fails is told in its answer, and the others go on. After a failure or an
    interrupt no half environment is left, and one that was to be replaced is as it was. `progress` gets one line at a
    time, from several threads.
    """
    calls = Calls(options.timeout, options.environ)
    groups: dict[Path, list[CreateRequest]] = {}
    for request in requests:
        groups.setdefault(request.prefix, []).append(request)
    jobs = [Job(tuple(group), options, calls, progress) for group in groups.values()]
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs), "pyfmt-create") as pool:
        futures = [pool.submit(make, job) for job in jobs]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            # Ctrl-C: end the installers; each thread then removes what it had begun, and the pool waits for them.
            calls.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise

"""Dask as the cluster: https://distributed.dask.org/en/stable/client.html#distributed.Client.get_executor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from pyfmt.cli.cluster.command import Cluster
from pyfmt.cli.cluster.task import PartAnswer, SharedRun, run_part
from pyfmt.core.errors import PyfmtError, UsageError

_CONNECT = 30  # seconds to find the scheduler, and a worker


@contextmanager
def connected(scheduler: str | None) -> Iterator[Cluster]:
    """The cluster of a scheduler; its calls that are not done at the end are cancelled.

    Raises UsageError where it cannot be reached, or has no worker.
    """
    try:
        import distributed
    except ImportError as error:
        cure = "pip install 'pyfmt-monorepo[dask]', here and on the workers"
        raise UsageError("needs the package distributed", "--executor dask", cure) from error
    if not scheduler:
        raise UsageError("needs the scheduler", "--executor dask", "for example --scheduler tcp://10.0.0.1:8786")
    client: Any
    make: Any = distributed.Client  # which has no types
    try:
        client = make(scheduler, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        cure = "start one with `dask scheduler`, and workers with `dask worker`"
        raise UsageError(f"no scheduler answers: {error}", f"--scheduler {scheduler}", cure) from error
    try:
        try:
            client.wait_for_workers(1, timeout=_CONNECT)
        except TimeoutError as error:
            cure = f"start some with `dask worker {scheduler}`"
            raise UsageError("the scheduler has no worker", f"--scheduler {scheduler}", cure) from error
        executor: Executor = client.get_executor(pure=False)
        # To each worker: what only one has is lost with it.
        yield Cluster(
            executor,
            max(1, sum(client.nthreads().values())),
            lambda data: client.scatter(data, broadcast=True, hash=False),
            _part,
        )
    finally:
        client.close()


def _part(work: SharedRun, sources: bytes | None, shard: str) -> PartAnswer:
    """`run_part` within a worker: it ends where the client has gone or has taken its question back."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is not None and state.state == "executing"

    jobs = max(1, (os.cpu_count() or 1) // max(1, worker.state.nthreads))
    try:
        return run_part(work, sources, shard, wanted, jobs)
    except PyfmtError as error:
        return PartAnswer(2, "", f"{worker.address}: {error}")

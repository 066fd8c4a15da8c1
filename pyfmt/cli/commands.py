"""The commands besides those that check and format: each from parsed arguments to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pyfmt.cli.output import deliver, print_text
from pyfmt.cli.request import make_request
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, EXIT_FINDINGS, UsageError
from pyfmt.core.request import Command
from pyfmt.run.progress import Progress


def _explain(options: argparse.Namespace) -> int:
    if not os.path.lexists(options.file):
        from pyfmt.cli import explain_rule  # deferred: asks the tools, which takes them to be imported

        print(explain_rule.rule_text(options.file))
        return EXIT_CLEAN
    from pyfmt.cli import describing  # deferred for start-up time

    print(describing.explain_text(options.file, make_request(options, Command.CHECK), Path.cwd(), os.environ))
    return EXIT_CLEAN


def _config(options: argparse.Namespace) -> int:
    if options.report and options.action is None:
        raise UsageError("goes with `pyfmt config schema`", "--report")
    if options.action == "schema":
        print(_schema(options.report), end="")
        return EXIT_CLEAN
    from pyfmt.cli import describing  # deferred for start-up time

    print(describing.config_text(make_request(options, Command.CHECK), Path.cwd(), options.json))
    return EXIT_CLEAN


def _schema(of_reports: bool) -> str:
    if of_reports:
        from pyfmt.reports.schema import report_schema  # deferred for start-up time

        return report_schema()
    from pyfmt.config.schema import config_schema  # deferred for start-up time

    return config_schema()


def _envs(options: argparse.Namespace) -> int:
    from pyfmt.cli import describing  # deferred for start-up time

    request = make_request(options, Command.CHECK)
    if options.action is None:
        for name in ("all", "python", "recreate", "dry_run"):
            if getattr(options, name):
                raise UsageError("goes with `pyfmt envs create`", f"--{name.replace('_', '-')}")
        view = describing.environments(request, Path.cwd(), os.environ)
        print(describing.environments_json(view) if options.json else describing.environments_text(view))
        return EXIT_CLEAN if view.complete else EXIT_FAILURE
    from pyfmt.cli import create_envs  # deferred: virtualenv's part

    wish = create_envs.CreateCommand(
        tuple(options.projects), options.all, options.python, options.recreate, options.dry_run, request.jobs
    )
    return create_envs.create(wish, request, Path.cwd(), os.environ)


def _affected(options: argparse.Namespace) -> int:
    from pyfmt.cli import affected  # deferred for start-up time

    told = affected.find(make_request(options, Command.CHECK), Path.cwd(), os.environ)
    if options.github_matrix or options.only_paths:  # the others have them among their output
        for note in told.scope.notes:
            print(f"pyfmt: note: {note}", file=sys.stderr)
    if options.json:
        print_text(affected.as_json(told) + "\n")
    elif options.github_matrix:
        print_text(affected.as_matrix(told) + "\n")
    elif options.only_paths:
        print_text("".join(f"{path}\n" for path in affected.paths(told)))
    else:
        print_text(affected.as_text(told) + "\n")
    return EXIT_CLEAN


def _graph(options: argparse.Namespace) -> int:
    from pyfmt.cli import affected  # deferred for start-up time

    graph = affected.find_graph(make_request(options, Command.CHECK), Path.cwd())
    shape = "json" if options.json else "mermaid" if options.mermaid else "text"
    print_text(affected.GRAPHS[shape](graph) + "\n")
    return EXIT_CLEAN


def _trust(options: argparse.Namespace) -> int:
    from pyfmt import config  # deferred for start-up time
    from pyfmt.environments import trust
    from pyfmt.tools import executing

    settings = config.load(make_request(options, Command.CHECK), Path.cwd())
    root = settings.root
    if options.revoke:
        known = trust.revoke(root)
        print(f"{root} is no longer trusted" if known else f"{root} was not trusted")
        return EXIT_CLEAN
    file = trust.store(root)
    print(f"{root} is trusted (remembered in {file}; `pyfmt trust --revoke` takes it back)")
    print("code of its environments may run, where the shared configuration names it:")
    for tool_config in settings.tool_configs:
        for text in executing.executions(tool_config):
            print(f"  {text} ({executing.place(tool_config, str(root))})")
    print("  the interpreter of an environment whose search path cannot be read from disk")
    return EXIT_CLEAN


def _cache(options: argparse.Namespace) -> int:
    from pyfmt.cli import cache  # deferred for start-up time

    place = cache.folder(make_request(options, Command.CHECK), Path.cwd())
    if options.action == "dir":
        print(place)
    else:
        print(cache.show(place) if options.action == "show" else cache.clean(place))
    return EXIT_CLEAN


def _doctor(options: argparse.Namespace) -> int:
    from pyfmt.cli import doctor  # deferred for start-up time

    text, odd = doctor.page(make_request(options, Command.CHECK), Path.cwd(), os.environ)
    print_text(text + "\n")
    return EXIT_FINDINGS if odd else EXIT_CLEAN


def _completion(options: argparse.Namespace) -> int:
    from pyfmt.cli import completion  # deferred for start-up time

    print(completion.script(options.shell), end="")
    return EXIT_CLEAN


def _init(options: argparse.Namespace) -> int:
    from pyfmt.cli import init  # deferred for start-up time

    wish = init.InitOptions(options.hook, options.ci, options.yes)
    return init.initialise(wish, make_request(options, Command.CHECK), Path.cwd(), os.environ)


def _baseline(options: argparse.Namespace) -> int:
    from pyfmt.cli import baseline  # deferred for start-up time

    request = make_request(options, Command.LINT)
    progress = Progress(request.verbosity)
    try:
        return baseline.change(options.action, request, (Path.cwd(), os.environ), progress)
    finally:
        progress.close()


def _merge(options: argparse.Namespace) -> int:
    from pyfmt.cli import merge
    from pyfmt.core import merging  # deferred for start-up time
    from pyfmt.reports.registry import check_format
    from pyfmt.run import pipeline

    request = make_request(options, Command.CHECK)
    for output in request.outputs:
        check_format(output.format)
    merged = merge.merge(options.reports, Path.cwd())
    code = merging.exit_code(merged.report, merged.fail_on)
    deliver(pipeline.RunResult(merged.report, code), request)
    return code


HANDLERS = {
    "envs": _envs,
    "explain": _explain,
    "config": _config,
    "doctor": _doctor,
    "completion": _completion,
    "trust": _trust,
    "cache": _cache,
    "affected": _affected,
    "graph": _graph,
    "init": _init,
    "baseline": _baseline,
    "merge": _merge,
}

"""``python -m train runs``: the list of runs, and what can be done with one."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

# What asks Ray is imported where it is used, so that --help answers at once.
if TYPE_CHECKING:
    from train.control.truth import RunView

_ABOUT = """\
List the runs on this machine as they are now (queued, running, stopping, stopped, interrupted,
failed, finished), or act on one. Runs are kept under $CXR_VALVE_RUNS, or runs beside the program.
They wait for the accelerator in a Ray head on this machine, which the first run starts, or in the
cluster that RAY_ADDRESS names; they go on when this program, the page or its browser is closed."""

_EPILOG = """\
examples:
  python -m train runs                     the list
  python -m train runs show RUN            all there is about one, with the end of its log
  python -m train runs stop RUN            after its batch, with a checkpoint
  python -m train runs stop RUN --force    now; it goes on later from its last checkpoint
  python -m train runs resume RUN          from its last checkpoint
  python -m train runs delete RUN          with everything in its folder; promoted weights stay
  python -m train runs export RUN OUT.zip  weights, evaluation, curves and log, without images
  python -m train runs stop-cluster        end the Ray head on this machine and all that runs on it

exit status: 0 done; 1 refused (the message says why); 2 wrong usage."""

_ACTIONS = ("list", "show", "stop", "resume", "delete", "export", "stop-cluster")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``runs`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "runs",
        help="list, stop, resume, delete or export runs",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", help="see below")
    parser.add_argument("id", nargs="?", metavar="RUN", help="id of the run")
    parser.add_argument("out", nargs="?", metavar="OUT", help="file that export writes")
    parser.add_argument("--force", action="store_true", help="stop now, not after the batch")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    from train.cluster.jobs import ClusterError

    needs_run = options.action not in ("list", "stop-cluster")
    if needs_run != (options.id is not None) or (options.action == "export") != bool(options.out):
        print(
            f"train runs {options.action}: Expected other arguments; see --help.", file=sys.stderr
        )
        return 2
    try:
        return _act(options)
    except (ValueError, OSError, ClusterError) as error:
        print(f"train runs {options.action}: {error}", file=sys.stderr)
        return 1


def _act(options: argparse.Namespace) -> int:
    from train import control
    from train.runs.root import find_run

    if options.action == "list":
        return _list(options.json)
    if options.action == "stop-cluster":
        from train.cluster.head import stop_head

        print("Ended the Ray head." if stop_head() else "There is no Ray head here.")
        return 0
    folder = find_run(options.id)
    if options.action == "show":
        return _show(control.look(folder), options.json)
    if options.action == "export":
        from pathlib import Path

        from train.report.export import export_run

        print(f"Wrote {export_run(folder, Path(options.out))}")
        return 0
    if options.action == "stop":
        (control.force_stop if options.force else control.stop)(folder)
    elif options.action == "resume":
        control.resume(folder)
    else:
        control.delete(folder)
        print(f"Deleted {folder.id}.")
        return 0
    view = control.look(folder)
    print(f"{view.id}: {view.state}. {view.reason}".strip())
    return 0


def _list(as_json: bool) -> int:
    from train.control.truth import reconcile

    views = reconcile()
    if as_json:
        print(json.dumps([_plain(view) for view in views], indent=1))
        return 0
    if not views:
        print("No runs yet. Start one on the training page, or with python -m train fit.")
        return 0
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("run", "title", "state", "done", "note"):
        table.add_column(column, overflow="fold")
    for view in views:
        ahead = f"{view.ahead} before it" if view.ahead else ""
        note = view.reason or ahead
        table.add_row(view.id, Text(view.title), view.state, f"{view.progress:.0%}", Text(note))
    Console().print(table, highlight=False)
    return 0


def _show(view: "RunView", as_json: bool) -> int:
    if as_json:
        print(json.dumps(_plain(view), indent=1))
        return 0
    print(f"{view.title} ({view.id}): {view.state}. {view.reason}".strip())
    if view.request:
        print(f"cohort {view.request.cohort}\ncommand {view.request.command}")
    status = view.status
    if status.member:
        print(
            f"{status.stage or 'at'} {status.member}: epoch {status.epoch} of {status.epochs}, "
            f"step {status.step} of {status.steps}"
        )
    for line in view.folder.log_tail(20):
        print(f"  {line}")
    return 0


def _plain(view: "RunView") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "id": view.id,
        "title": view.title,
        "state": view.state,
        "reason": view.reason,
        "ahead": view.ahead,
        "progress": round(view.progress, 4),
        "status": asdict(view.status),
    }

"""The folder of a run: request, status, metrics, log and members, read and written safely.

One process writes at a time: whoever submits a run while it waits, the training process while it
trains. Everybody may read at any moment.
"""

import csv
import threading
import time
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from train.runs.curves import read_curves
from train.runs.files import read_object, tail, write_atomically
from train.runs.process import Process, memory_mb, this_process

if TYPE_CHECKING:
    import pandas as pd

State = Literal["queued", "running", "stopping", "stopped", "failed", "finished"]
STATES: tuple[str, ...] = get_args(State)
REQUEST, STATUS, METRICS, LOG, STOP = (
    "request.json",
    "status.json",
    "metrics.csv",
    "log.txt",
    "stop",
)
METRIC_COLUMNS = (
    "member",
    "epoch",
    "step",
    "train_loss",
    "validation_loss",
    "validation_auc",
    "validation_mae",
    "rate",
    "seconds",
)


class RunError(ValueError):
    """A run that cannot be used as asked; the message names it and says what to do."""


@dataclass(frozen=True)
class RunRequest:
    """What was asked for. ``cohort`` is the cohort's folder, ``recipe`` a recipe as JSON,
    ``created`` UTC in ISO 8601, ``command`` what a person would type to do the same. Where
    ``cohort`` does not exist yet, it is built by ``rules`` first, from the export of ``simulate``
    patients if that is not 0."""

    id: str
    title: str
    finding: str
    cohort: str
    recipe: dict[str, Any]
    created: str
    command: str
    simulate: int = 0
    rules: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunStatus:
    """How far it is. ``stage`` says in a few words what happens now. Times are seconds since 1970,
    except ``process_started``, which with ``process_boot`` is what ``Process`` holds; ``epoch``
    counts finished epochs of ``member``, ``step`` finished steps of ``steps`` in the stage (while
    training: in the whole of that member); ``job`` is Ray's submission id; ``error`` says why a
    failed run failed."""

    state: State = "queued"
    stage: str = ""
    member: str = ""
    members: tuple[str, ...] = ()
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float | None = None
    eta_seconds: float | None = None
    pid: int | None = None
    process_started: float | None = None
    process_boot: str = ""
    host: str = ""
    device: str = ""
    memory_mb: float | None = None
    heartbeat: float | None = None
    error: str = ""
    job: str = ""
    ray_address: str = ""

    @property
    def process(self) -> Process | None:
        """The training process, once it has written itself down."""
        if self.pid is None or self.process_started is None:
            return None
        return Process(self.pid, self.process_started, self.host, self.process_boot)


_REQUEST = TypeAdapter(RunRequest)
_STATUS = TypeAdapter(RunStatus)
_FIELDS = frozenset(field.name for field in fields(RunStatus))
#: One writer at a time inside a process: its heartbeat runs beside its training.
_WRITING = threading.RLock()


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. Reading never fails on a file that is missing or half written."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.path.name

    @property
    def evaluation(self) -> Path:
        """Where scores, figures and reports of the run go."""
        return self.path / "evaluation"

    @property
    def exports(self) -> Path:
        """Where packed copies of the run go."""
        return self.path / "exports"

    def network_file(self, network: str) -> Path:
        """The finished weights of a member, float16 as they ship."""
        return self.path / "members" / network / "network.safetensors"

    def checkpoints(self, network: str) -> Path:
        """The folder of a member's checkpoints; the last is ``last.ckpt``."""
        return self.path / "members" / network / "checkpoints"

    def request(self) -> RunRequest:
        """What was asked for.

        Raises:
            RunError: the file is missing or damaged; nothing can be said of the run without it.
        """
        found = read_object(self.path / REQUEST)
        if found is None:
            raise RunError(f"{self.id}: Expected {REQUEST} in the run's folder, found none whole.")
        try:
            return _REQUEST.validate_python(found)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
            raise RunError(f"{self.id}/{REQUEST}: Expected other values of: {wrong}.") from error

    def status(self) -> RunStatus:
        """How far it is, as last written; fields that cannot be read have their default."""
        found = read_object(self.path / STATUS) or {}
        known = {name: value for name, value in found.items() if name in _FIELDS}
        try:
            return _STATUS.validate_python(known)
        except ValidationError as error:
            for item in error.errors():
                known.pop(str(item["loc"][0]), None)
            return _STATUS.validate_python(known)

    def write_status(self, **changes: Any) -> RunStatus:
        """Change some fields and replace the file in one step; returns what it says now.

        Raises:
            TypeError: there is no such field.
            OSError: the folder cannot be written.
        """
        with _WRITING:
            status = replace(self.status(), **changes)
            text = _STATUS.dump_json(status, indent=1).decode()
            write_atomically(self.path / STATUS, text + "\n")
        return status

    def write_request(self, request: RunRequest) -> None:
        """Write down what is asked for, so that it outlives a power cut."""
        text = _REQUEST.dump_json(request, indent=1).decode()
        write_atomically(self.path / REQUEST, text + "\n", durable=True)

    def append_metrics(self, **values: Any) -> None:
        """Add one row of ``METRIC_COLUMNS``; what is not given stays empty.

        Raises:
            ValueError: there is no such column.
        """
        file = self.path / METRICS
        before = file.read_bytes()[-1:] if file.exists() else b""
        with file.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, METRIC_COLUMNS, restval="")
            if not before:
                writer.writeheader()
            elif before != b"\n":
                stream.write("\n")  # A full disk tore the last row: the next must not join it.
            writer.writerow(values)

    def metrics(self) -> "pd.DataFrame":
        """One row an epoch of each member, in order; of an epoch done twice the later one."""
        return read_curves(self.path / METRICS, METRIC_COLUMNS)

    def log(self, text: str) -> None:
        """Add a line to the log, with the time in UTC."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        with (self.path / LOG).open("a", encoding="utf-8") as stream:
            stream.write(f"{stamp} {text.rstrip()}\n")

    def log_tail(self, lines: int = 40) -> tuple[str, ...]:
        """The last lines of the log."""
        return tail(self.path / LOG, lines)

    def ask_to_stop(self) -> None:
        """Ask for a graceful stop: the training process looks before every batch."""
        (self.path / STOP).touch()

    def stop_asked(self) -> bool:
        """Whether somebody asked for a graceful stop."""
        return (self.path / STOP).exists()

    def clear_stop(self) -> None:
        """Take the request to stop back, so that the run may go on."""
        (self.path / STOP).unlink(missing_ok=True)

    def claim(self, **changes: Any) -> RunStatus:
        """Write this process down as the one that trains, with a first heartbeat."""
        me = this_process()
        return self.write_status(
            pid=me.pid,
            process_started=me.started,
            process_boot=me.boot,
            host=me.host,
            heartbeat=time.time(),
            memory_mb=round(memory_mb(), 1),
            **changes,
        )

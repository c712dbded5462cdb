"""The Ray head on this machine: started by the first run, reused by later ones.

Ray's job interface runs any code it is sent, and its other ports listen on every interface, so
the head asks for a token that only this user can read. It outlives the program that started it.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import psutil
from filelock import FileLock

from train.cluster.jobs import SLOT, ClusterError, Jobs, SilentClusterError
from train.runs.files import read_object, tail, write_atomically
from train.runs.process import Process, find_process
from train.runs.root import runs_root

HOST = "127.0.0.1"
#: Seconds a queued job may wait (a month), and a stopped one has left to write its checkpoint.
LIMITS = {"RAY_JOB_START_TIMEOUT_SECONDS": "2592000", "RAY_JOB_STOP_WAIT_TIME_S": "120"}
START_SECONDS = 90.0
OBJECT_STORE_BYTES = 200_000_000


@dataclass(frozen=True)
class Head:
    """A head on this machine: the URL of its job interface, its GCS address and its process, with
    ``started`` and ``boot`` as in ``Process`` (older versions wrote no boot)."""

    url: str
    address: str
    pid: int
    started: float
    slots: int
    boot: str = ""

    @property
    def process(self) -> Process:
        """``ray start --block``; every other process of the head ends with it."""
        return Process(self.pid, self.started, socket.gethostname(), self.boot)


def cluster_folder(root: Path | None = None) -> Path:
    """Where the head's record, token and log lie."""
    return (root or runs_root()) / ".cluster"


def live_head(root: Path | None = None) -> Head | None:
    """The head of this runs root, if its process lives; looks at this machine only."""
    head = _recorded(cluster_folder(root))
    return head if head and head.process.alive() else None


def _recorded(folder: Path) -> Head | None:
    """The head last started here, dead or alive."""
    found = read_object(folder / "head.json")
    try:
        return Head(**found) if found else None
    except TypeError:
        return None


def head_token(root: Path | None = None) -> str:
    """The token of this runs root's head ("" where there never was one)."""
    try:
        return (cluster_folder(root) / "token").read_text().strip()
    except OSError:
        return ""


def ensure_head(root: Path | None = None) -> Head:
    """The live head, or a new one once it answers.

    Raises:
        ClusterError: Ray could not be started; the message holds what it said last.
    """
    folder = cluster_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "starting.lock", timeout=2 * START_SECONDS):
        head = live_head(root) or _start(folder)
        _wait(head, folder)
    return head


def stop_head(root: Path | None = None) -> bool:
    """End the head and everything that runs on it; True where there was one."""
    head = live_head(root)
    if head is None:
        return False
    head.process.kill(wait=20)
    _sweep(cluster_folder(root))
    shutil.rmtree(_temporary(cluster_folder(root)).parent, ignore_errors=True)
    return True


def _sweep(folder: Path) -> None:
    """End what outlived a head that was killed: some of Ray's agents go on for minutes.

    They are still in the session that the head began. Its number may have been given to another
    session since, so only what is Ray's is ended.
    """
    head = _recorded(folder)
    if head is None:
        return
    for process in psutil.process_iter():
        try:
            ours = os.getsid(process.pid) == head.pid and head.process.precedes(process)
            if ours and "ray" in " ".join(process.cmdline()).lower():
                process.kill()
        except (psutil.Error, OSError):
            continue


def _start(folder: Path) -> Head:
    _sweep(folder)
    token = _own_token(folder)
    ports = _free_ports(4)
    slots = max(1, count_gpus())
    own = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        # Else Ray takes the address of the network, and dies when a laptop changes it.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
    # A cluster of the user's own must not be joined; its settings may still set the limits.
    inherited = {k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "RAY_AUTH_TOKEN")}
    with (folder / "head.log").open("wb") as log:
        started = subprocess.Popen(
            _command(folder, ports, slots),
            env=LIMITS | inherited | own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Out of the terminal's and the app's session: closing either leaves it running.
            start_new_session=True,
        )
    process = find_process(started.pid)
    head = Head(
        url=f"http://{HOST}:{ports[1]}",
        address=f"{HOST}:{ports[0]}",
        pid=process.pid,
        started=process.started,
        slots=slots,
        boot=process.boot,
    )
    write_atomically(folder / "head.json", json.dumps(asdict(head)) + "\n")
    return head


def _command(folder: Path, ports: Sequence[int], slots: int) -> list[str]:
    """``ray start`` of a head that is ours alone: ports of GCS, dashboard, agent and client."""
    return [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        f"--node-ip-address={HOST}",
        f"--port={ports[0]}",
        f"--dashboard-host={HOST}",
        f"--dashboard-port={ports[1]}",
        f"--dashboard-agent-listen-port={ports[2]}",
        f"--ray-client-server-port={ports[3]}",
        "--include-dashboard=true",
        "--disable-usage-stats",
        f"--object-store-memory={OBJECT_STORE_BYTES}",
        f"--resources={json.dumps({SLOT: slots})}",
        f"--temp-dir={_temporary(folder)}",
    ]


def _wait(head: Head, folder: Path) -> None:
    jobs = Jobs(head.url, head_token(folder.parent))
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and head.process.alive():
        try:
            jobs.all(timeout=5.0)
            return
        except SilentClusterError:
            time.sleep(0.3)
    said = "".join(tail(folder / "head.log", 1))
    head.process.kill()
    raise ClusterError(
        f"Expected Ray's head to start and answer within {START_SECONDS:g} s, found: "
        f"{said or 'nothing in its log'}. Free about 1.5 GB of memory and try again; the whole log "
        "is .cluster/head.log in the folder of runs."
    )


def _own_token(folder: Path) -> Path:
    file = folder / "token"
    if not file.exists():
        # Never readable by others, not even for a moment.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_hex(32))
    file.chmod(0o600)
    return file


def _temporary(folder: Path) -> Path:
    """A folder for Ray's sockets: their paths may be 107 characters long, so it is not ours.

    One of its own a head: Ray notes in it which cluster is the current one.
    """
    name = sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    path = Path("/tmp") / f"cxr-valve-{os.getuid()}-{name}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.getuid():
        raise ClusterError(
            f"Expected {path} to be a folder of this user, found another's. Remove it."
        )
    path.chmod(0o700)
    # Ray opens its own folder to everybody; sessions of heads that are gone are of no use.
    inside = path / "ray"
    shutil.rmtree(inside, ignore_errors=True)
    return inside


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def count_gpus() -> int:
    """How many NVIDIA GPUs this machine offers, without loading torch."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return len([part for part in named.split(",") if part.strip() not in ("", "-1")])
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())

"""What a Ray job executes: one run trained in a process of its own, and its end written down.

``python -m train.control.job FOLDER JOB``. It ends the training when Ray's head dies, since a new
head would give its slot to another run; and it looks after the queue when the run has ended, since
then a slot becomes free and nobody may be watching.
"""

import signal
import subprocess
import sys
from pathlib import Path

from train.cluster.head import Head, live_head
from train.control.submission import OUTPUT, last_words, work_command
from train.control.truth import reconcile
from train.runs.folder import RunFolder

#: Seconds the training has for its checkpoint when the head has died.
LAST_CHECKPOINT = 30.0
HEAD_DIED = "Ray's head died, so training was stopped. Resume continues from the last checkpoint."


def main(arguments: list[str]) -> int:
    """Train the run unless it was meanwhile stopped or queued anew; returns the exit code."""
    folder, job = RunFolder(Path(arguments[0])), arguments[1]
    status = folder.status()
    if (status.state, status.job) != ("queued", job) or folder.stop_asked():
        return 0
    head = live_head(folder.path.parent)
    # Ray ends every process of a job: the training itself answers, we wait for it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with (folder.path / OUTPUT).open("ab") as output:
        child = subprocess.Popen(
            work_command(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        ours = head if head and head.url == status.ray_address else None
        code = _wait(child, ours, folder)
    after = folder.status()
    unbegun = (after.state, after.job) == ("queued", job)
    if unbegun and code < 0 and folder.stop_asked():
        # Whoever stopped it had Ray end it while it was loading.
        folder.write_status(state="stopped")
    elif code != 0 and unbegun:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        error = f"It ended before training began ({how}): {last_words(folder, '')}"
        folder.log(error)
        folder.write_status(state="failed", error=error)
    elif code < 0 and after.state in ("running", "stopping"):
        # What was killed could not write why; resume goes on from its last checkpoint.
        folder.log(f"The training process was ended by signal {-code}{_guess(code)}.")
    reconcile(folder.path.parent)
    return code if code >= 0 else 128 - code


def _guess(code: int) -> str:
    killed = code == -signal.SIGKILL
    return ": somebody killed it, or memory ran out" if killed else ""


def _wait(child: "subprocess.Popen[bytes]", head: Head | None, folder: RunFolder) -> int:
    """Wait for the training, and for the head on this machine if it is that which queued it."""
    while True:
        try:
            return child.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            if head is None or head.process.alive():
                continue
        folder.log(HEAD_DIED)
        child.terminate()
        try:
            code = child.wait(timeout=LAST_CHECKPOINT)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        if folder.status().state == "stopped":
            folder.write_status(error=HEAD_DIED)
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

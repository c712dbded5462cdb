"""Stands in for training in a job: counts steps, honours a stop, leaves a checkpoint.

``python tests/train/control/toy_work.py work FOLDER`` trains; ``... job FOLDER JOB`` is the real
job of a run with this training in it.
"""

import shlex
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from train.control import job, submission  # noqa: E402
from train.runs import Heartbeat, RunFolder  # noqa: E402


def entrypoint(folder: RunFolder, id: str) -> str:
    return (
        f"cd {ROOT} && exec {shlex.join([sys.executable, __file__, 'job', str(folder.path), id])}"
    )


def work_command(folder: RunFolder) -> list[str]:
    return [sys.executable, __file__, "work", str(folder.path)]


def work(folder: RunFolder) -> int:
    recipe = folder.request().recipe
    if "fail" in recipe:
        raise ModuleNotFoundError(recipe["fail"])
    checkpoint, partial = folder.path / "checkpoint", folder.path / "checkpoint.partial"
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    if recipe.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with Heartbeat(folder, interval=0.3):
        folder.write_status(state="running", members=("toy",), member="toy", steps=recipe["steps"])
        while step < recipe["steps"]:
            if folder.stop_asked() and not recipe.get("deaf"):
                folder.write_status(state="stopped")
                return 0
            time.sleep(0.1)
            step += 1
            # In one step, as real checkpoints are: it is killed at any moment.
            partial.write_text(str(step))
            partial.replace(checkpoint)
            folder.write_status(step=step)
        folder.write_status(state="finished")
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "work":
        sys.exit(work(RunFolder(Path(sys.argv[2]))))
    submission.entrypoint = entrypoint
    job.work_command = work_command
    sys.exit(job.main(sys.argv[2:]))

"""What a killed training goes on from: one file, replaced whole, read without running code."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from train.fit.outcomes import TrainingError, reason
from train.fit.weights import write_whole

LAST, BEST = "last.ckpt", "best.ckpt"


@dataclass
class Position:
    """Where training stands. ``epoch`` epochs are finished and ``step`` batches of the next one,
    over which ``loss`` was summed and which took ``seconds``; ``best`` is the best merit so far,
    of epoch ``best_epoch`` (0: none yet)."""

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    best: float = float("-inf")
    best_epoch: int = 0


def save_checkpoint(file: Path, identity: dict[str, Any], position: Position, state: Any) -> None:
    """Write a checkpoint.

    ``identity`` says what is trained and must be the same on the way back; ``state`` holds tensors
    and plain values.

    Raises TrainingError naming the cause where it cannot be written; the old one is then whole.
    """
    content = {"identity": identity, "position": asdict(position), "state": state}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda stream: torch.save(content, stream))
    except (OSError, RuntimeError) as error:
        # torch may wrap the system's error in one of its own.
        cause = error if isinstance(error, OSError) else error.__context__
        found = reason(cause) if isinstance(cause, OSError) else str(error).splitlines()[0]
        raise TrainingError(
            f"Expected to write the checkpoint {file.name} in the run's folder; found that "
            f"{found}. Make room or allow writing there, then resume: training goes on after "
            f"epoch {position.epoch}."
        ) from error


def load_checkpoint(file: Path, identity: dict[str, Any]) -> tuple[Position, Any] | None:
    """The position and state to go on from; None where there is no checkpoint.

    Raises TrainingError where the file is damaged or was made by training something else.
    """
    if not file.exists():
        return None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        found, position = content["identity"], Position(**content["position"])
    except Exception as error:
        raise TrainingError(
            f"{file.name}: expected a whole checkpoint; found a damaged file. Delete it to train "
            "this member from its beginning."
        ) from error
    differing = sorted(key for key in identity if found.get(key) != identity[key])
    if differing:
        raise TrainingError(
            f"{file.name}: expected a checkpoint of this recipe and cohort; found that it was made "
            f"with another {', '.join(differing)}. Start a new run, or delete the checkpoint to "
            "train this member from its beginning."
        )
    return position, content["state"]

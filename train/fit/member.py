"""One member from its first weights to the file that ships."""

import logging
from pathlib import Path

from cxr_valve.models.networks import ValveNet
from train.fit.examples import TrainingData
from train.fit.loop import Loop, new_network
from train.fit.outcomes import TrainingError, reason
from train.fit.team import Team
from train.fit.watcher import Watcher
from train.fit.weights import in_own_unit, save_network
from train.recipe import Recipe

log = logging.getLogger(__name__)


def fit_member(
    network: str,
    recipe: Recipe,
    data: TrainingData,
    folder: Path,
    team: Team,
    *,
    start: ValveNet | None = None,
    watcher: Watcher | None = None,
) -> None:
    """Train ``network`` and write ``network.safetensors`` in ``folder``, checkpoints below it.

    ``start`` gives the first weights of the backbone (its classifier starts afresh). Nothing is
    done where the file exists; a training that was cut short goes on.

    Raises:
        Stopped: a graceful stop was asked for.
        TrainingError: training cannot go on; the message says why.
    """
    file = folder / "network.safetensors"
    if file.exists():
        return
    model = team.together(lambda: new_network(network, recipe))
    if start is not None:
        model.load_state_dict(start.state_dict())
        model.classifier.reset_parameters()
    loop = Loop(model, recipe, data, folder / "checkpoints", team, watcher)
    log.info(
        "%s: %d radiographs at %d px, %d epochs of %d steps, %s on %s, %d process(es)",
        network,
        len(data.train),
        data.train.size,
        recipe.epochs,
        loop.batches.steps,
        team.fabric._precision.precision,
        team.fabric.device.type,
        team.size,
    )
    kept = loop.run()
    team.lead(lambda: _save(in_own_unit(kept, data.centre, data.spread), file))


def _save(network: ValveNet, file: Path) -> None:
    try:
        save_network(network, file)
    except OSError as error:
        raise TrainingError(
            f"Expected to write {file.name} in the run's folder; found that {reason(error)}. Make "
            "room or allow writing there, then resume: training is done."
        ) from error

"""A trained run in a second: random features, and a last layer fitted by least squares."""

from pathlib import Path

import numpy as np
import torch

from cxr_valve.models.networks import ValveNet
from train.cohort.store import StoredCohort
from train.cohort_check import keep_checksum
from train.fit.images import prepare_images
from train.fit.weights import save_network
from train.recipe import Recipe
from train.runs import RunFolder, RunRequest, create, new_id, utc_now

SIDE = 80


def probed_run(
    root: Path, cohort: StoredCohort, *, networks: tuple[str, ...] = ("test_resnet",),
    seed: int = 1, reversed_: bool = False,
) -> RunFolder:  # fmt: skip
    """A finished run on ``cohort``; ``reversed_`` ranks the wrong way round."""
    recipe = Recipe(networks=networks, input_size=SIDE, epochs=1, batch=4, seed=seed)
    finding = cohort.card.finding
    folder = create(
        RunRequest(
            id=new_id(finding),
            title="probed",
            finding=finding,
            cohort=str(cohort.folder),
            recipe=recipe.to_json(),
            created=utc_now(),
            command=f"python -m train fit --cohort {cohort.folder.name}",
        ),
        root,
    )
    keep_checksum(folder, cohort)
    images = prepare_images(cohort, [SIDE])[SIDE].images
    for number, network in enumerate(networks):
        torch.manual_seed(seed + number)
        model = probe(ValveNet(network).eval(), cohort, np.asarray(images))
        if reversed_:
            with torch.no_grad():
                model.classifier.weight.neg_()
                model.classifier.bias.neg_()
        save_network(model, folder.network_file(network))
    folder.write_status(state="finished", members=networks, member=networks[-1])
    return folder


@torch.no_grad()
def probe(model: ValveNet, cohort: StoredCohort, images: np.ndarray) -> ValveNet:
    """Ridge regression of the target on the pooled features of the training split."""
    pixels = torch.from_numpy(images.astype(np.float32) / 255)[:, None]
    features = model.features(pixels).mean(dim=(2, 3)).numpy().astype(float)
    train = (cohort.table["split"] == "train").to_numpy()
    target = cohort.table["target"].to_numpy(float)
    centre, mean = features[train].mean(axis=0), target[train].mean()
    x = features[train] - centre
    penalty = 0.1 * np.trace(x.T @ x) / x.shape[1] * np.eye(x.shape[1])
    weight = np.linalg.solve(x.T @ x + penalty, x.T @ (target[train] - mean))
    model.classifier.weight.copy_(torch.from_numpy(weight)[None])
    model.classifier.bias.fill_(float(mean - centre @ weight))
    return model

"""Four networks and four maps, one image: both OpenVINO engines against pytorch-grad-cam.

The peer is GradCAM of pytorch-grad-cam 1.5.7 in eager float32, one call a network, on the same
weights, images and input sizes, warm, batch 1.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from cxr_valve.active import active_sets
from cxr_valve.cards import WeightSet
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.prepare import Prepared, prepare
from cxr_valve.models.ensemble import (
    Ensemble,
    batch,
    network_source,
    open_ensemble,
    open_ensembles,
)
from cxr_valve.models.networks import ValveNet
from cxr_valve.phantom.render import simulate

ROUNDS, TURNS = 12, 5
PEER = "pytorch-grad-cam, eager float32"


class LogitOnly(torch.nn.Module):
    """The backbone as the peer wants it: image in, one logit out."""

    def __init__(self, network: ValveNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.network.backbone((image - 0.5) / 0.25)


def median_ms(action: Callable[[], object]) -> float:
    """Median milliseconds of an action, after three warm-up calls."""
    for _ in range(3):
        action()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def last_convolutional(network: ValveNet) -> torch.nn.Module:
    """The layer whose output the peer's map is made of: what global pooling reads."""
    backbone = network.backbone
    if network.network.startswith("resnet"):
        return backbone.layer4[-1]
    return backbone.features.norm5 if network.network.startswith("densenet") else backbone.Mixed_7c


def peer(inputs: dict[int, Prepared]) -> Callable[[], object]:
    """One call of the peer on all four networks."""
    calls = []
    for weights in active_sets().values():
        for member in weights.card.members:
            network = network_source(weights, member).build()
            assert isinstance(network, ValveNet)
            cam = GradCAM(model=LogitOnly(network), target_layers=[last_convolutional(network)])
            image = torch.from_numpy(batch(inputs[member.input_size]))
            calls.append((cam, image))

    def run() -> None:
        for cam, image in calls:
            cam(input_tensor=image, targets=[ClassifierOutputTarget(0)])

    return run


def main() -> None:
    """Print the table: medians over ``TURNS``, in each of which all take their turn, so that a
    machine that slows down slows all of them."""
    sizes = {m.input_size for w in active_sets().values() for m in w.card.members}
    # Features that members share are remembered for the last few images: each call has another.
    images = [
        {size: prepare(simulate(9, number, side=640).radiograph, size) for size in sizes}
        for number in range(ROUNDS)
    ]
    actions = {PEER: peer(images[0])} | engines(images)
    turns = [{name: median_ms(action) for name, action in actions.items()} for _ in range(TURNS)]
    print(
        f"four networks, four maps, one image; inputs of {sorted(sizes)} px; "
        f"median of {TURNS} turns of {ROUNDS}"
    )
    for name in actions:
        ms = statistics.median(turn[name] for turn in turns)
        ratios = sorted(turn[PEER] / turn[name] for turn in turns)
        print(
            f"  {name:<33} {ms:7.1f} ms  {statistics.median(ratios):5.1f}×"
            f"  ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )
    agreement()


def engines(images: Sequence[dict[int, Prepared]]) -> dict[str, Callable[[], object]]:
    """One reading by every engine, each call of the next image."""
    found: dict[str, Callable[[], object]] = {}
    for name in ("torch", "openvino", "openvino-fast"):
        opened = open_ensembles(active_sets(), open_engine(name)).values()
        others = itertools.cycle(images)
        found[name] = partial(_read_next, opened, others)
    return found


def _read_next(ensembles: Iterable[Ensemble], images: Iterator[dict[int, Prepared]]) -> None:
    inputs = next(images)
    for ensemble in ensembles:
        ensemble.read(inputs)


def agreement(images: int = 200) -> None:
    """|Δ probability| of each engine against torch in float32, on simulated radiographs."""
    sizes = {m.input_size for w in active_sets().values() for m in w.card.members}
    inputs = []
    for index in range(images):
        radiograph = simulate(77, index, side=320).radiograph
        inputs.append({size: prepare(radiograph, size) for size in sizes})
    print(f"agreement with torch float32 on {images} simulated radiographs")
    for weights in active_sets().values():
        runs = {}
        for name in ("torch", "openvino", "openvino-fast"):
            ensemble = open_ensemble(weights, open_engine(name))
            runs[name] = [ensemble.read(one) for one in inputs]
        reference = np.array([out.chain.probability for out in runs["torch"]])
        score = np.array([out.chain.score for out in runs["torch"]])
        threshold = weights.card.operating_point.threshold
        for name, outputs in runs.items():
            found = np.array([out.chain.probability for out in outputs])
            other = np.array([out.chain.score for out in outputs])
            flips = (other >= threshold) != (score >= threshold)
            far = float(np.abs(score - threshold)[flips].max(initial=0.0))
            error = np.abs(found - reference)
            print(
                f"  {weights.card.finding} {name:<14} |Δp| max {error.max():.1e} "
                f"mean {error.mean():.1e}; sides changed {int(flips.sum())} "
                f"(furthest {far:.3f} from the threshold)"
            )
        identities(weights, inputs)


def identities(weights: WeightSet, inputs: list[dict[int, Prepared]]) -> None:
    """How far mean(map) + the classifier's bias is from the logit, by member and engine."""
    for name in ("torch", "openvino", "openvino-fast"):
        worst = []
        for member in weights.card.members:
            source = network_source(weights, member)
            bias = float(source.build().classifier.bias.detach())
            run = open_engine(name).open(source)
            gaps = []
            for one in inputs[:50]:
                logit, activation = run(batch(one[member.input_size]))
                gaps.append(abs(float(activation.mean(dtype=np.float64)) + bias - float(logit[0])))
            worst.append(f"{member.network} {max(gaps):.1e}")
        print(f"  {weights.card.finding} {name:<14} |mean(map)+bias−logit| {', '.join(worst)}")


if __name__ == "__main__":
    main()

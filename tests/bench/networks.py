"""Four networks and four maps, one image: both OpenVINO engines against pytorch-grad-cam.

The peer is GradCAM of pytorch-grad-cam 1.5.7 in eager float32, one call a network, on the same
weights, images and input sizes, warm, batch 1.
"""

import statistics
import time
from collections.abc import Callable, Iterable

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

ROUNDS = 12


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
    """Print the table."""
    sizes = {m.input_size for w in active_sets().values() for m in w.card.members}
    # A new image for every call: features that members share are remembered for an image.
    images = [
        {size: prepare(simulate(9, number, side=640).radiograph, size) for size in sizes}
        for number in range(ROUNDS + 3)
    ]
    slow = median_ms(peer(images[0]))
    print(f"four networks, four maps, one image; inputs of {sorted(sizes)} px; median of {ROUNDS}")
    print(f"  pytorch-grad-cam, eager float32   {slow:7.1f} ms    1.0×")
    for name in ("torch", "openvino", "openvino-fast"):
        try:
            engine = open_engine(name)
        except ValueError as error:
            print(f"  {name}: {error}")
            continue
        ensembles = open_ensembles(active_sets(), engine)
        others = iter(images)
        fast = median_ms(
            lambda opened=ensembles, rest=others: _read_all(opened.values(), next(rest))
        )
        print(f"  {name:<33} {fast:7.1f} ms  {slow / fast:5.1f}×")
    agreement()


def _read_all(ensembles: Iterable[Ensemble], inputs: dict[int, Prepared]) -> None:
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
            try:
                ensemble = open_ensemble(weights, open_engine(name))
            except ValueError:
                continue
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

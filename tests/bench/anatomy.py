"""What gate and heart size add to a warm reading of one image: both OpenVINO engines."""

import statistics
import time

from cxr_valve.active import active_sets
from cxr_valve.anatomy.gatekeeper import open_gate
from cxr_valve.anatomy.heart_reader import open_heart_reader
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.prepare import prepare, prepare_sizes
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate
from tests.bench.networks import ROUNDS, median_ms


def timed(radiograph: Radiograph, sizes: set[int]) -> float:
    """Milliseconds to prepare inputs of these sides; taken in turn, so that a machine that slows
    down slows both."""
    started = time.perf_counter()
    prepare_sizes(radiograph, sizes)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """Print milliseconds of each part, for an image of 2000 px as a hospital has them."""
    radiograph = simulate(9, 1, side=2000).radiograph
    print(f"gate and heart size, one image, batch 1; median of {ROUNDS}")
    for name in ("openvino", "openvino-fast"):
        engine = open_engine(name)
        gate, heart = open_gate(engine), open_heart_reader(engine)
        small, large = (prepare(radiograph, size) for size in (gate.size, heart.size))
        # A reading prepares its inputs together, so what two more of them add is less than two.
        valve = {m.input_size for w in active_sets().values() for m in w.card.members}
        every = valve | {gate.size, heart.size}
        times = {
            "two more inputs": statistics.median(
                timed(radiograph, every) - timed(radiograph, valve) for _ in range(3 * ROUNDS)
            ),
            "gate": median_ms(lambda opened=gate, image=small: opened.read(radiograph, image)),
            "heart masks": median_ms(lambda opened=heart, image=large: opened.masks(image)),
            "heart size": median_ms(
                lambda opened=heart, image=large: opened.read(radiograph, image)
            ),
        }
        parts = ", ".join(f"{part} {ms:.1f}" for part, ms in times.items())
        total = times["two more inputs"] + times["gate"] + times["heart size"]
        print(f"  {name:<14} {total:5.1f} ms in all ({parts}; heart size holds its masks)")


if __name__ == "__main__":
    main()

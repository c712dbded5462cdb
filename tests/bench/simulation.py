"""How fast radiographs are simulated: one core against all of them."""

import multiprocessing
import os
import time

from cxr_valve.phantom.render import simulate

IMAGES, SIDE = 120, 320


def _one(index: int) -> int:
    return int(simulate(17, index, side=SIDE).radiograph.pixels.sum())


def main() -> None:
    """Print images a second."""
    _one(0)
    started = time.perf_counter()
    alone = [_one(index) for index in range(IMAGES // 2)]
    single = len(alone) / (time.perf_counter() - started)
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(_one, range(2 * cores))
        started = time.perf_counter()
        sums = pool.map(_one, range(IMAGES), chunksize=4)
        together = IMAGES / (time.perf_counter() - started)
    same = sums[: len(alone)] == alone
    print(f"simulated radiographs of {SIDE} px: {single:.0f} a second on one core, ", end="")
    print(f"{together:.0f} on {cores} ({together / single:.1f}x); same bytes: {same}")


if __name__ == "__main__":
    main()

"""A handful of simulated examples, small enough to fit in seconds, and a process to look at."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, MEASUREMENT_SDS
from cxr_valve.phantom.render import simulate
from train.fit.examples import Examples, onto_input
from train.fit.images import extent_of
from train.simulate.render import coarse

SIDE = 80


@pytest.fixture(scope="session")
def examples() -> Examples:
    """24 phantoms at 80 px; every other one is positive."""
    images, measurements, anatomy = [], [], []
    for index in range(24):
        phantom = simulate(1, index, side=96, mr="severe" if index % 2 else "none")
        prepared = prepare(phantom.radiograph, SIDE)
        images.append(np.rint(prepared.image * 255).astype(np.uint8))
        measurements.append(phantom.patient.measurements.as_tuple())
        extent = extent_of(prepared.geometry)
        anatomy.append(onto_input(coarse(phantom)[None], np.array([extent]))[0])
    standard = (np.array(measurements) - MEASUREMENT_MEANS) / MEASUREMENT_SDS
    return Examples(
        images=np.stack(images),
        rows=np.arange(24),
        targets=np.arange(24, dtype=np.float32) % 2,
        measures=standard.astype(np.float32),
        structures=np.stack(anatomy),
    )


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, reaped at the end only."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()

"""What every number on the reading page means, for a junior doctor."""

from cxr_valve.reading.reading import Reading

EXPLANATION = """
**Probability** (large): how likely the finding is in this patient, *if* it is as common among
people like this as you chose. The same image means less where the disease is rare. Beside it: the
probability where it is as common as among the training patients.

**Prevalence**: how many of the people you see have the finding, before any image.

**Likelihood ratio**: how much this image multiplies the odds. 1 changes nothing; 2 doubles them;
0.5 halves them.

**Score**: the average of the networks' probabilities, from 0 to 1. The *operating point* (dashed)
cuts it: positive from there on. The prevalence moves the probability, never the side.

**Strip**: where test patients without (upper row) and with the finding (lower row, stronger shade
for worse grades) scored. The solid line is this image; circles are the single networks (*members*).

**60–84%, n 60**: 60 patients were counted; the interval holds the values that such a count is still
compatible with (95%).

**Nearest scores**: what was really found in the 50 test patients who scored most like this image.

**Evidence on the image**: warm regions raised the odds, cool regions lowered them, on a scale that
is the same for every image. A network can look at the right place for the wrong reason.

**W, L, %** on the image: window width and level in grey values, and zoom. **mm** are measured at
the detector, where the heart appears larger than it is.
"""


def details(reading: Reading) -> str:
    """How this image was stored and read."""
    facts = reading.input
    parts = [
        facts.container,
        facts.transfer_syntax_name or "",
        f"{facts.columns} × {facts.rows} pixels, {facts.bits_stored} bits",
        facts.photometric_interpretation,
        f"engine {reading.engine}, {reading.seconds:.2f} s",
        *(f"weights {found.weights}" for found in reading.everything.values()),
    ]
    return "**This image**: " + " · ".join(part for part in parts if part)

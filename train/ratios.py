"""The heart size of a cohort's held-out radiographs, as a baseline for its scores.

The cardiothoracic ratio is what a study of valves has to beat. Every held-out radiograph's heart is
measured by the shipped anatomy network as any other image's would be, and the ratio is kept beside
the scores, in the column ``ctr`` of scores.csv.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from cxr_valve.anatomy.heart_reader import HeartReader, open_heart_reader
from cxr_valve.cards import CardError
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.refusal import Refusal
from train.cohort.store import StoredCohort

COLUMN = "ctr"
#: Decoding beside the network keeps two cores busy.
THREADS = 2


def with_ratios(
    scores: pd.DataFrame,
    cohort: StoredCohort,
    reader: HeartReader | None = None,
    told: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """The scores with the ratio of each image of ``cohort`` in the column ``ctr``, NaN where none
    was found; as they are where this program has no network that finds hearts.

    ``reader`` is the shipped one by default; ``told`` is called after each image and may raise.
    """
    if reader is None:
        try:
            reader = open_heart_reader(open_engine("openvino"))
        except CardError:
            return scores
    paths = cohort.table.set_index("image")["path"]
    found = []
    with ThreadPoolExecutor(THREADS) as pool:
        files = [cohort.file_of(paths[name]) for name in scores["image"]]
        for ratio in pool.map(lambda file: _ratio(file, reader), files):
            found.append(ratio)
            told()
    kept = scores.copy()
    kept[COLUMN] = found
    return kept


def _ratio(file: Path, reader: HeartReader) -> float | None:
    try:
        radiograph = load_radiograph(file.read_bytes())
    except (OSError, Refusal):
        # Prepared while it was whole, and gone since: the scores stand, the ratio is missing.
        return None
    reading = reader.read(radiograph, prepare(radiograph, reader.size))
    return None if reading is None else round(reading.ctr, 4)

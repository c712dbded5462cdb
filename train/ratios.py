"""The heart size of a simulated set's held-out images, as a baseline for its scores.

The cardiothoracic ratio is what a study of valves has to beat. Each held-out image of a simulated
set is made again from its name, its heart is measured by the shipped anatomy network as any other
image's would be, and the ratio is kept beside the scores, in the column ``ctr`` of scores.csv.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cxr_valve import cards
from cxr_valve.anatomy.heart_reader import HeartReader
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.render import simulate
from train.simulated import RENDER_SIDE

COLUMN = "ctr"
NAME = re.compile(r"sim-(\d+)-(\d+)")


def add_ratios(
    folders: Sequence[Path],
    reader: HeartReader,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Write the ratio of every held-out image into the scores of each set.

    An image that two sets share is measured once; one without a ratio has an empty cell.

    Raises:
        CardError: a set is damaged.
        ValueError: a set was not simulated by this program.
    """
    sets = [cards.read_card(folder) for folder in folders]
    tables = [pd.read_csv(found.scores_file(), keep_default_na=False, dtype=str) for found in sets]
    for found, table in zip(sets, tables, strict=True):
        if not found.card.simulated or not table["image"].str.fullmatch(NAME).all():
            raise ValueError(
                f"Expected simulated images in {found.card.name}, found others, which cannot be "
                "made again from their names."
            )
    names = sorted(set().union(*(table["image"] for table in tables)))
    ratios: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        ratio = ratio_of(name, reader)
        ratios[name] = "" if ratio is None else f"{ratio:.4f}"
        if number % 250 == 0 or number == len(names):
            progress(f"{number} of {len(names)} hearts measured")
    for found, table in zip(sets, tables, strict=True):
        # Read again: measuring took a while, and a card may have gained something meanwhile.
        write_scores(
            cards.read_card(found.folder), table.assign(**{COLUMN: table["image"].map(ratios)})
        )


def ratio_of(name: str, reader: HeartReader) -> float | None:
    """The ratio measured in the simulated image of that name; None where there is none.

    Held-out images are drawn at the grades' own frequencies, as ``simulate`` does by default.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"Expected a name like sim-20193-00001, found {name!r}.")
    radiograph = simulate(int(found[1]), int(found[2]), side=RENDER_SIDE).radiograph
    reading = reader.read(radiograph, prepare(radiograph, reader.size))
    return None if reading is None else reading.ctr


def write_scores(found: cards.WeightSet, table: pd.DataFrame) -> None:
    """Replace the set's scores and the checksum in its card, both at once."""
    folder = found.folder
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    table.to_csv(partial / cards.SCORES_FILE, index=False)
    digest = cards.sha256(partial / cards.SCORES_FILE)
    cards.write_card(replace(found.card, scores_sha256=digest), partial)
    shutil.rmtree(folder)
    partial.rename(folder)

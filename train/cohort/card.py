"""What a cohort says of itself: rules, flow, splits, adequacy. Plain data, kept as cohort.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from cxr_valve.findings import Kind

Pairing = Literal["nearest", "first", "all"]
SPLITS = ("train", "validation", "test")


class CohortError(ValueError):
    """A cohort that cannot be built or read; the message says what to do about it.

    Args:
        message: names no patient and quotes no cell, so that it may be logged and kept.
        spelled: the same with the text of cells, for the terminal alone; "" where it is the same.
    """

    def __init__(self, message: str, spelled: str = "") -> None:
        super().__init__(message)
        self.spelled = spelled or message


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow diagram.

    Attributes:
        step: key of the step: "listed", the exclusions in order, "kept".
        text: the step in words.
        images: radiographs listed, excluded at this step, or kept; listed = excluded + kept.
        patients: patients listed, *lost* at this step (their last radiograph goes here), or kept;
            these sum like the images.
        touched: patients with at least one radiograph in this step.
        images_left: radiographs that remain after it.
        patients_left: patients that remain after it.
        reasons: radiographs of this step by reason in words, where there are several.
    """

    step: str
    text: str
    images: int
    patients: int
    touched: int
    images_left: int
    patients_left: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SplitSummary:
    """One split: counts, age in years, share of women among those of known sex, views and grades.

    ``positives`` and ``prevalence`` are None for a continuous finding, ``target_mean`` and
    ``target_sd`` for a binary one.
    """

    images: int
    patients: int
    positives: int | None
    prevalence: float | None
    target_mean: float | None
    target_sd: float | None
    age_mean: float | None
    age_sd: float | None
    female_share: float | None
    views: dict[str, int]
    grades: dict[str, int]


@dataclass(frozen=True)
class Proof:
    """Counted on the finished split, not assumed: both first numbers must be 0.

    ``hashed`` says whether pixels were compared at all; ``joined_ids`` counts patient ids that
    share an image with another id and therefore stay together as one patient.
    """

    patients_in_two_splits: int
    images_in_two_splits: int
    hashed: bool
    joined_ids: int

    @property
    def holds(self) -> bool:
        """Whether neither a patient nor an image crosses."""
        return self.patients_in_two_splits == 0 and self.images_in_two_splits == 0


@dataclass(frozen=True)
class CohortCard:
    """A cohort for one finding.

    Attributes:
        finding: key of the finding ("mr", "as", "lvef", or a label of a public data set).
        kind: "binary" or "continuous".
        label_rule: the rule in words.
        window_days: a radiograph and an exam at most this many days apart are paired; None where
            the source paired them itself.
        pairing: which exam in the window counts; None where the source paired them itself.
        seed: of the split and the pseudonyms.
        source: name of the adapter; ``note`` says what a reader must know of the source.
        root: folder that relative paths of the table start from.
        simulated: whether the radiographs are simulated.
        flow: listed, exclusions in order, kept.
        splits: by name, "train", "validation", "test".
        proof: that no patient and no image crosses.
        adequacy: what these numbers allow to be measured, and the expected cost of training; see
            ``train.cohort.adequacy`` and ``train.cohort.cost``.
        warnings: what a reader should see before training.
        rules: the rules it was built by, as ``CohortRules.to_json`` gives them.
    """

    finding: str
    kind: Kind
    label_rule: str
    window_days: int | None
    pairing: Pairing | None
    seed: int
    source: str
    note: str
    root: str
    simulated: bool
    flow: tuple[FlowStep, ...]
    splits: dict[str, SplitSummary]
    proof: Proof
    adequacy: dict[str, Any]
    warnings: tuple[str, ...] = ()
    rules: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


_CARD = TypeAdapter(CohortCard)


def card_from_json(found: Mapping[str, Any]) -> CohortCard:
    """The card kept in cohort.json. Raises CohortError naming the field that does not fit."""
    try:
        return _CARD.validate_python(dict(found))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise CohortError(
            f"cohort.json, field {place!r}: expected what this version writes, found a value that "
            f"does not fit ({first['msg']}). Build the cohort again with `python -m train cohort`."
        ) from None

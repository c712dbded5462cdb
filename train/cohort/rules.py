"""The rules of a cohort: one frozen value that a page keeps, a run carries and a card repeats."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import PurePath
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from train.cohort.card import CohortError, Pairing
from train.cohort.targets import target_of

SplitSource = Literal["new", "given"]


@dataclass(frozen=True)
class CohortRules:
    """What becomes a cohort, and how.

    Attributes:
        source: folder with the export (tables and images).
        adapter: how to read it; a key of ``train.cohort.adapters.ADAPTERS``.
        finding: "mr", "as", "lvef", or a label of the data set ("slvh" …).
        positive_from: the mildest grade that counts as positive; "" takes the finding's own.
        window_days: a radiograph and an exam at most this many days apart belong together.
        pairing: which exam counts where the window holds several with a grade: the "nearest" (a
            tie goes to the earlier), the "first", or "all" (the worst grade, the mean value).
        exclude_prosthesis: leave out radiographs of patients whose valve is a prosthesis by then.
        missing_as_negative: count an exam without a grade as the best grade, instead of leaving
            its radiograph out; never one whose grade could not be read. Reports often mention only
            what is abnormal; whether that holds is for you to know.
        split: "new" draws one; "given" keeps the table's own and refuses one that leaks.
        split_of: folder of another cohort of the same export: its patients keep the split that they
            have there, and only the others are split anew. Networks of two findings can then share
            features without one having seen what the other holds out; "" none.
        ratios: shares of patients in train, validation and test, of a new split.
        seed: of the split and the pseudonyms.
        timezone: where the hospital is ("Europe/Zurich"): times with another offset become its
            calendar days; "" takes every date as it is written.
        columns: names of columns that are not recognised, as {"echoes.mr": "MI_Grad"}.
        images: folder below ``source`` that the paths of the table start from; "" is ``source``.
        radiographs, echoes: files of the tables below ``source``, where they have other names than
            usual.
        truth: a simulator's truth.csv below ``source``, whose ``aux_`` columns the cohort then
            carries; "" none.
    """

    source: str
    adapter: str = "csv"
    finding: str = "mr"
    positive_from: str = ""
    window_days: int = 30
    pairing: Pairing = "nearest"
    exclude_prosthesis: bool = True
    missing_as_negative: bool = False
    split: SplitSource = "new"
    split_of: str = ""
    ratios: tuple[float, float, float] = (8, 1, 1)
    seed: int = 2019
    timezone: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    images: str = ""
    radiographs: str = ""
    echoes: str = ""
    truth: str = ""

    def __post_init__(self) -> None:
        target = target_of(self.finding, self.positive_from)
        if self.missing_as_negative and target.kind == "continuous":
            raise CohortError(
                f"missing_as_negative, finding: expected no such rule for a value; {self.finding} "
                "has no negative."
            )
        if not 0 <= self.window_days <= 3650:
            raise CohortError(
                f"window_days: expected from 0 to 3650 days; found {self.window_days}."
            )
        for name, allowed in (("pairing", Pairing), ("split", SplitSource)):
            if getattr(self, name) not in get_args(allowed):
                raise CohortError(
                    f"{name}: expected {' or '.join(get_args(allowed))}; "
                    f"found {getattr(self, name)!r}."
                )
        if self.split_of and self.split == "given":
            raise CohortError(
                "split, split_of: expected the table's own split or that of another cohort; found "
                "both. Take one."
            )
        # Written so that what is no number fails as well.
        if len(self.ratios) != 3 or not (min(self.ratios) > 0 and isfinite(sum(self.ratios))):
            raise CohortError(
                f"ratios: expected three shares above 0, such as 8, 1, 1; found {self.ratios}."
            )
        if self.seed < 0:
            raise CohortError(f"seed: expected 0 or more; found {self.seed}.")
        for name in ("images", "radiographs", "echoes", "truth"):
            _check_below(name, getattr(self, name))
        _check_zone(self.timezone)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``rules_from_json`` reads it back."""
        return asdict(self) | {"ratios": list(self.ratios)}


_RULES = TypeAdapter(CohortRules)


def rules_from_json(found: Mapping[str, Any]) -> CohortRules:
    """Rules kept as JSON. Raises CohortError naming the field that does not fit."""
    unknown = sorted(set(found) - set(CohortRules.__dataclass_fields__))
    if unknown:
        raise CohortError(
            f"{unknown[0]}: expected a rule out of {', '.join(CohortRules.__dataclass_fields__)}."
        )
    try:
        return _RULES.validate_python(dict(found))
    except CohortError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "rules"
        raise CohortError(f"{place}: {first['msg']}; found {first['input']!r}.") from None


def _check_below(name: str, path: str) -> None:
    """Refuse a path that could lead out of the source: a page opens only folders it may."""
    parts = PurePath(path.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise CohortError(
            f"{name}: expected a path below the source folder; found {path!r}. Choose a source "
            "that holds everything, or link it there."
        )


def _check_zone(name: str) -> None:
    if not name:
        return
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise CohortError(
            f"timezone: expected a name such as Europe/Zurich; found {name!r}."
        ) from None

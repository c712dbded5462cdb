"""A Reading as plain data: the JSON and CSV that the command line and the page both give."""

import csv
from collections.abc import Iterable, Mapping
from typing import IO, Any

from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.cards import AnyCard
from cxr_valve.evaluation.safe_export import neutralised
from cxr_valve.models.novelty import NoveltyReading
from cxr_valve.reading.folder import Outcome
from cxr_valve.reading.reading import DECIMALS, FindingReading, Reading, ValueReading

#: Values are given to this many decimals.
VALUE_DECIMALS = 2
INPUT_FIELDS = (
    "rows",
    "columns",
    "transfer_syntax",
    "photometric_interpretation",
    "inverted",
    "view",
    "warnings",
)
GATE_FIELDS = ("accepted", "reason", "score", "offer", "warnings")
HEART_FIELDS = ("ctr", "low", "high", "heart_mm", "thorax_mm", "confidence", "notes", "weights")
#: The same of the lines that a reader drew; empty where nobody did.
CORRECTED_FIELDS = ("corrected_ctr", "corrected_heart_mm", "corrected_thorax_mm")
FINDING_FIELDS = (
    "score",
    "probability",
    "prevalence",
    "likelihood_ratio",
    "threshold",
    "positive",
    "weights",
    "simulated",
    "novelty.percentile",
    "novelty.words",
)
VALUE_FIELDS = (
    "value",
    "low",
    "high",
    "level",
    "unit",
    "weights",
    "simulated",
    "novelty.percentile",
    "novelty.words",
)


def outcome_as_dict(outcome: Outcome, path: str | None = None) -> dict[str, Any]:
    """One JSON object a file. ``path`` replaces the file's own path, for exports without names."""
    reading = outcome.reading
    return {
        "path": str(outcome.path) if path is None else path,
        "status": outcome.status,
        "reason": outcome.reason,
        "input": None if reading is None else _input(reading),
        "gate": None if reading is None else _gate(reading),
        "read_anyway": reading is not None and reading.read_anyway,
        "changes": [] if reading is None else list(reading.changes),
        "heart": None if reading is None or reading.heart is None else _heart(reading.heart),
        "findings": {}
        if reading is None
        else {key: _finding(found) for key, found in reading.findings.items()}
        | {key: _value(found) for key, found in reading.values.items()},
        "engine": outcome.engine,
        "seconds": round(outcome.seconds, 4),
    }


def _input(reading: Reading) -> dict[str, Any]:
    values = {name: getattr(reading.input, name) for name in INPUT_FIELDS}
    return values | {"warnings": list(reading.input.warnings)}


def _gate(reading: Reading) -> dict[str, Any]:
    values = {name: getattr(reading.gate, name) for name in GATE_FIELDS}
    return values | {"warnings": list(reading.gate.warnings)}


def _heart(heart: HeartReading) -> dict[str, Any]:
    values = {name: getattr(heart, name) for name in HEART_FIELDS}
    for name in ("ctr", "low", "high", "confidence"):
        values[name] = round(values[name], DECIMALS)
    for name in ("heart_mm", "thorax_mm"):
        values[name] = None if values[name] is None else round(values[name], 2)
    ratio, sizes = heart.corrected_ctr, heart.corrected_mm or (None, None)
    corrected = (
        None if ratio is None else round(ratio, DECIMALS),
        *(None if size is None else round(size, 2) for size in sizes),
    )
    drawn = dict(zip(CORRECTED_FIELDS, corrected, strict=True))
    return values | {"notes": list(heart.notes)} | drawn


def _finding(found: FindingReading) -> dict[str, Any]:
    return {
        "score": round(found.score, DECIMALS),
        "probability": round(found.probability, DECIMALS),
        "prevalence": round(found.prevalence, DECIMALS),
        "likelihood_ratio": round(found.likelihood_ratio, DECIMALS),
        "threshold": round(found.threshold, DECIMALS),
        "positive": found.positive,
        "members": {
            member.network: round(member.probability, DECIMALS) for member in found.members
        },
        "weights": found.weights,
        "simulated": found.simulated,
        "novelty": _novelty(found.novelty),
    }


def _value(found: ValueReading) -> dict[str, Any]:
    return {
        "value": round(found.value, VALUE_DECIMALS),
        "low": round(found.low, VALUE_DECIMALS),
        "high": round(found.high, VALUE_DECIMALS),
        "level": found.level,
        "unit": found.unit,
        "members": {
            member.network: round(member.value, VALUE_DECIMALS) for member in found.members
        },
        "weights": found.weights,
        "simulated": found.simulated,
        "novelty": _novelty(found.novelty),
    }


def _novelty(novelty: NoveltyReading | None) -> dict[str, Any] | None:
    if novelty is None:
        return None
    return {"percentile": round(novelty.percentile, 2), "words": novelty.words}


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested JSON → one row of a table: keys joined by dots, lists joined by semicolons."""
    row: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            row |= flatten(value, f"{name}.")
        elif isinstance(value, list):
            row[name] = "; ".join(map(str, value))
        else:
            row[name] = value
    return row


def csv_columns(cards: Iterable[AnyCard]) -> list[str]:
    """The columns of the table, the same whatever the first file turns out to be."""
    columns = ["path", "status", "reason", "engine", "seconds"]
    columns += [f"input.{name}" for name in INPUT_FIELDS]
    columns += [f"gate.{name}" for name in GATE_FIELDS] + ["read_anyway"]
    columns += ["changes", *(f"heart.{name}" for name in (*HEART_FIELDS, *CORRECTED_FIELDS))]
    for card in cards:
        fields = FINDING_FIELDS if card.kind == "binary" else VALUE_FIELDS
        names = [*fields, *(f"members.{member.label}" for member in card.members)]
        columns += [f"findings.{card.finding}.{name}" for name in names]
    return columns


class CsvRows:
    """Writes outcomes as rows; text that a spreadsheet would run as a formula is disarmed."""

    def __init__(self, stream: IO[str] | None, cards: Iterable[AnyCard]) -> None:
        self._writer = None
        if stream is not None:
            self._writer = csv.DictWriter(stream, csv_columns(cards), extrasaction="ignore")
            self._writer.writeheader()

    def write(self, record: Mapping[str, Any]) -> None:
        """Add one file's row (nothing, where there is no stream)."""
        if self._writer is not None:
            self._writer.writerow({k: neutralised(v) for k, v in flatten(record).items()})

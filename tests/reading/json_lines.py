"""What ``read --json -`` prints, parsed."""

import json
from typing import Any

import pytest

from cxr_valve.__main__ import main

#: The keys of a record, in order, and their types.
NUMBER = (int, float)
INPUT = {
    "rows": int,
    "columns": int,
    "transfer_syntax": (str, type(None)),
    "photometric_interpretation": str,
    "inverted": bool,
    "view": (str, type(None)),
    "warnings": list,
}
FINDING = {
    "score": NUMBER,
    "probability": NUMBER,
    "prevalence": NUMBER,
    "likelihood_ratio": NUMBER,
    "threshold": NUMBER,
    "positive": bool,
    "members": dict,
    "weights": str,
    "simulated": bool,
    "novelty": (dict, type(None)),
}
GATE = {
    "accepted": bool,
    "reason": str,
    "score": NUMBER,
    "offer": (str, type(None)),
    "warnings": list,
}
HEART = {
    "ctr": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "heart_mm": (*NUMBER, type(None)),
    "thorax_mm": (*NUMBER, type(None)),
    "confidence": NUMBER,
    "notes": list,
    "weights": str,
    "corrected_ctr": (*NUMBER, type(None)),
    "corrected_heart_mm": (*NUMBER, type(None)),
    "corrected_thorax_mm": (*NUMBER, type(None)),
}
RECORD = {
    "path": str,
    "status": str,
    "reason": (str, type(None)),
    "input": (dict, type(None)),
    "gate": (dict, type(None)),
    "read_anyway": bool,
    "changes": list,
    "heart": (dict, type(None)),
    "findings": dict,
    "engine": str,
    "seconds": NUMBER,
}


def read_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    """One record a line."""
    main(["read", *map(str, arguments), "--json", "-"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

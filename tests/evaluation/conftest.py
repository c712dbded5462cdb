from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve.evaluation.cohort import Cohort

TABLES = Path(__file__).parents[2].parent / "shared" / "tables"


@pytest.fixture(scope="session")
def tables() -> Path:
    if not TABLES.is_dir():
        pytest.skip("the reference tables are not beside the checkout")
    return TABLES


@pytest.fixture(scope="session")
def asah(tables: Path) -> pd.DataFrame:
    frame = pd.read_csv(tables / "aSAH.csv")
    frame["poor"] = frame["outcome"] == "Poor"
    return frame


def simulated(n: int, prevalence: float = 0.3, seed: int = 0, per_patient: int = 2) -> Cohort:
    """Overlapping classes with tied scores, ``per_patient`` images each."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < prevalence
    s = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 1.2 * y - 0.6))), 2)
    return Cohort(y, s, patients=np.array([f"p{i // per_patient}" for i in range(n)]))


@pytest.fixture(scope="session")
def make_cohort() -> Callable[..., Cohort]:
    return simulated


@pytest.fixture(scope="session")
def cohort() -> Cohort:
    return simulated(300)

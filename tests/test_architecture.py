"""The folder tells the architecture: imports point down only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: What each part may import of the project, besides itself.
ALLOWED = {
    "cxr_valve": set(),
    "cxr_valve.findings": set(),
    "cxr_valve.evaluation": {"cxr_valve.findings"},
    "cxr_valve.imaging": {"cxr_valve.findings"},
    "cxr_valve.card_parts": set(),
    "cxr_valve.checked_files": set(),
    "cxr_valve.cards": {"cxr_valve.findings", "cxr_valve.card_parts", "cxr_valve.checked_files"},
    "cxr_valve.active": {"cxr_valve.findings", "cxr_valve.cards"},
    "cxr_valve.phantom": {"cxr_valve.findings", "cxr_valve.imaging"},
}
ALLOWED["cxr_valve.recalibration"] = {
    "cxr_valve.findings",
    "cxr_valve.cards",
    "cxr_valve.active",
    "cxr_valve.evaluation",
}
ALLOWED["cxr_valve.engines"] = {"cxr_valve.findings", "cxr_valve.cards", "cxr_valve.imaging"}
ALLOWED["cxr_valve.models"] = ALLOWED["cxr_valve.engines"] | {
    "cxr_valve.engines",
    "cxr_valve.evaluation",
}
ALLOWED["cxr_valve.anatomy"] = ALLOWED["cxr_valve.models"] | {"cxr_valve.models"}
ALLOWED["cxr_valve.reading"] = ALLOWED["cxr_valve.models"] | {
    "cxr_valve.anatomy",
    "cxr_valve.models",
    "cxr_valve.active",
}
ALLOWED["cxr_valve.ui"] = ALLOWED["cxr_valve.reading"] | {
    "cxr_valve.reading",
    "cxr_valve.phantom",
    "cxr_valve.recalibration",
}
ALLOWED["cxr_valve.__main__"] = {"cxr_valve", "cxr_valve.evaluation", "cxr_valve.reading"}
ALLOWED["train"] = ALLOWED["cxr_valve.models"] | {
    "cxr_valve",
    "cxr_valve.anatomy",
    "cxr_valve.models",
    "cxr_valve.phantom",
    "cxr_valve.reading",
    "cxr_valve.active",
}
ALLOWED["pages"] = ALLOWED["cxr_valve.ui"] | {"cxr_valve.ui"}
ALLOWED["app"] = {"cxr_valve.ui"}

#: Heavy libraries, and the only parts that may import them.
ONLY = {
    "torch": {"cxr_valve.engines", "cxr_valve.models", "train"},
    "timm": {"cxr_valve.models", "train"},
    "lightning": {"train"},
    "openvino": {"cxr_valve.engines"},
    "streamlit": {"cxr_valve.ui", "pages", "app"},
}


def sources() -> Iterator[Path]:
    for part in ("cxr_valve", "train", "pages"):
        yield from sorted((ROOT / part).rglob("*.py"))
    yield ROOT / "app.py"


def module_name(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The layer a module belongs to."""
    steps = module.split(".")
    return ".".join(steps[:2]) if steps[0] == "cxr_valve" else steps[0]


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the layer"
            base = node.module or ""
            names.add(base)
            if base in ("cxr_valve", "train"):
                names |= {f"{base}.{alias.name}" for alias in node.names if alias.name.islower()}
    return names


@pytest.mark.parametrize("file", list(sources()), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down_only(file: Path) -> None:
    here = part_of(module_name(file))
    for name in imported(file):
        top = name.split(".")[0]
        if top in ONLY:
            assert here in ONLY[top], f"{here} may not import {top}"
        if top in ("cxr_valve", "train", "pages", "app"):
            there = part_of(name)
            if there.startswith("cxr_valve.__") or there == "cxr_valve":
                continue
            if here == "pages" and there == "train":
                assert file.name == "training.py", "only the training page uses train"
                continue
            assert there == here or there in ALLOWED[here], f"{here} may not import {there}"


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_reading_a_radiograph_with_openvino_needs_no_torch() -> None:
    loaded = modules_after("import cxr_valve.reading.reader, cxr_valve.engines.openvino_engine")
    assert "openvino" in loaded
    assert not loaded & {"torch", "timm", "streamlit"}


def test_the_package_itself_loads_nothing_heavy() -> None:
    assert not modules_after("import cxr_valve") & {"numpy", "torch", "openvino", "streamlit"}

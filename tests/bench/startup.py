"""How long a fresh process takes: importing the package, and to the first reading."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from cxr_valve.phantom.render import simulate

ROOT = Path(__file__).resolve().parents[2]


def seconds(arguments: list[str], env: dict[str, str] | None = None) -> float:
    """Wall time of a fresh interpreter."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    return time.perf_counter() - started


def main() -> None:
    """Print the start-up table."""
    empty = seconds(["-c", "pass"])
    print(f"  import cxr_valve {seconds(['-c', 'import cxr_valve']) - empty:.2f} s")
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "case.png"
        Image.fromarray(simulate(5, 1, side=640).radiograph.shown()).save(file)
        read = ["-m", "cxr_valve", "read", str(file), "--json", "-"]
        cache = {"CXR_VALVE_CACHE": str(Path(name) / "cache")}
        print(f"  first reading, nothing cached {seconds(read, cache):.1f} s")
        print(f"  first reading, networks cached {seconds(read, cache):.1f} s")


if __name__ == "__main__":
    main()

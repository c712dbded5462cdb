"""Reading a folder of 640 px files to JSON: images a second and memory, for both engines."""

import io
import json
import os
import tempfile
import time
from pathlib import Path

import psutil
from PIL import Image

from cxr_valve.engines.engine import many_at_once
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.folder import read_files
from cxr_valve.reading.reader import open_reader
from cxr_valve.reading.serialise import outcome_as_dict

DISTINCT, FILES = 12, 150


def make_folder(folder: Path) -> list[Path]:
    """JPEG files of 640 px; a dozen radiographs, each many times."""
    encoded = []
    for index in range(DISTINCT):
        stream = io.BytesIO()
        shown = simulate(5, index, side=640).radiograph.shown()
        Image.fromarray(shown).save(stream, "JPEG", quality=92)
        encoded.append(stream.getvalue())
    paths = [folder / f"{number:04d}.jpg" for number in range(FILES)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded[number % DISTINCT])
    return paths


def main() -> None:
    """Print images a second and how memory grows along the folder."""
    process = psutil.Process(os.getpid())
    with tempfile.TemporaryDirectory() as name:
        paths = make_folder(Path(name))
        for engine in ("openvino", "openvino-fast"):
            reader = open_reader(engine, at_once=many_at_once())
            for _ in read_files(reader, paths[:10]):
                pass
            memory, started = [], time.perf_counter()
            with Path(os.devnull).open("w") as sink:
                for outcome in read_files(reader, paths):
                    json.dump(outcome_as_dict(outcome), sink)
                    memory.append(process.memory_info().rss / 1e6)
            rate = FILES / (time.perf_counter() - started)
            print(
                f"  {engine:<14} {rate:5.1f} images/s; memory {memory[9]:.0f} MB after 10 files, "
                f"{memory[FILES // 2]:.0f} after {FILES // 2}, {memory[-1]:.0f} after {FILES}"
            )


if __name__ == "__main__":
    main()

"""OpenVINO on the processor: float32 by default; fast, 8 bits and bfloat16.

The fast engine computes convolutions with 8-bit integers where the ranges of what goes into them
were measured; all else with bfloat16 where the processor has it, as many laptops' have not, and
with float32 elsewhere.
"""

import hashlib
import json
import queue
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import properties

from cxr_valve.engines.engine import Images, NetworkSource, Outputs, Runnable, cache_folder

# Conversion results depend on the release that made them.
VERSION = openvino.__version__.split("-")[0]
# The converted network holds the weights already; a second copy would be as large again.
_WITHOUT_WEIGHTS = {"CACHE_MODE": "OPTIMIZE_SIZE"}
# torch traces a network in one thread at a time only.
_CONVERTING = threading.Lock()
# OpenVINO looks number types up in a table that its first use fills, running Python meanwhile. Two
# threads that are both the first then wait for ever: one for the table, holding the interpreter,
# the other for the interpreter, filling the table. Importing a module is done by one thread alone.
openvino.Type.f32.to_dtype()


class OpenVinoEngine:
    """Runs networks on the processor. Converted networks are cached by weights checksum."""

    def __init__(self, *, fast: bool = False, at_once: int = 1) -> None:
        self._core = openvino.Core()
        self._fast, self._at_once = fast, at_once
        able = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._bf16 = fast and able

    @property
    def name(self) -> str:
        """``openvino`` or ``openvino-fast``."""
        return "openvino-fast" if self._fast else "openvino"

    @property
    def at_once(self) -> int:
        """Images a network takes at the same time."""
        return self._at_once

    def open(self, source: NetworkSource) -> Runnable:
        """Compile for ``at_once`` images; torch is needed only for the first conversion."""
        file = cache_folder() / f"{self._stem(source)}-{VERSION}.xml"
        with _CONVERTING:
            if not file.exists():
                self._convert(source, file)
        return _Compiled(self._compile(file), self._at_once)

    def _stem(self, source: NetworkSource) -> str:
        """The name of what conversion gives: of the weights, the input, and the ranges used."""
        stem = f"{source.checksum[:24]}-{source.input_size}"
        if not self._eight_bits(source):
            return stem
        ranges = json.dumps(sorted((source.ranges or {}).items()))
        return f"{stem}-i8-{hashlib.sha256(ranges.encode()).hexdigest()[:12]}"

    def _eight_bits(self, source: NetworkSource) -> bool:
        return self._fast and bool(source.ranges)

    def _compile(self, file: Path) -> openvino.CompiledModel:
        """Compile, or take what was compiled before: that halves the time it takes to open.

        OpenVINO keeps what it compiled by file, release and processor, holds it against a checksum
        and compiles anew where it is damaged. A network and precision has a folder of its own.
        """
        name = f"{file.stem}-{'bf16' if self._bf16 else 'f32'}"
        if self._at_once > 1:
            name += f"-{self._at_once}"
        kept = cache_folder() / "compiled" / name
        caching = {properties.cache_dir(): str(kept), **_WITHOUT_WEIGHTS}
        settings = self._settings()
        try:
            return self._core.compile_model(file, "CPU", settings | caching)
        except RuntimeError:
            # A cache that cannot be written costs time, not the reading.
            return self._core.compile_model(file, "CPU", settings)

    def _settings(self) -> dict[str, Any]:
        return {
            properties.hint.performance_mode(): (
                properties.hint.PerformanceMode.LATENCY
                if self._at_once == 1
                else properties.hint.PerformanceMode.THROUGHPUT
            ),
            properties.num_streams(): self._at_once,
            # A thread bound to a core waits there for whatever decodes the next image.
            properties.hint.enable_cpu_pinning(): False,
            properties.hint.inference_precision(): (
                openvino.Type.bf16 if self._bf16 else openvino.Type.f32
            ),
            properties.hint.execution_mode(): (
                properties.hint.ExecutionMode.PERFORMANCE
                if self._fast
                else properties.hint.ExecutionMode.ACCURACY
            ),
        }

    def _convert(self, source: NetworkSource, file: Path) -> None:
        import torch

        side = source.input_size
        with warnings.catch_warnings(), torch.inference_mode():
            # OpenVINO traces through a torch API that is announced to go; that is not the reader's.
            warnings.simplefilter("ignore", FutureWarning)
            network = source.build()
            if self._eight_bits(source):
                from cxr_valve.engines.eight_bits import in_eight_bits

                network = in_eight_bits(network, source.ranges or {})
            model = openvino.convert_model(
                network,
                example_input=torch.zeros(1, 1, side, side),
                input=[1, 1, side, side],
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed: two processes may convert at once, and either may be killed.
        partial = file.with_name(f"{file.stem}.{threading.get_native_id()}.xml")
        openvino.save_model(model, partial, compress_to_fp16=False)
        partial.with_suffix(".bin").replace(file.with_suffix(".bin"))
        partial.replace(file)


class _Compiled:
    """One compiled network; as many images as it takes at once, and the others wait."""

    def __init__(self, compiled: Any, at_once: int) -> None:
        self._outputs = range(len(compiled.outputs))
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(at_once):
            self._free.put(compiled.create_infer_request())

    def __call__(self, images: Images) -> Outputs:
        found: list[list[Any]] = [[] for _ in self._outputs]
        request = self._free.get()
        try:
            for image in images:
                request.infer([image[None]], share_inputs=True)
                for index, kept in zip(self._outputs, found, strict=True):
                    kept.append(request.get_output_tensor(index).data.copy())
        finally:
            self._free.put(request)
        return tuple(np.concatenate(kept) for kept in found)

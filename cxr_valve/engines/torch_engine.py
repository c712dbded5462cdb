"""torch: CUDA where there is one, and the float32 reference that other engines are held to."""

from typing import Any

import numpy as np
import torch

from cxr_valve.engines.engine import Images, NetworkSource, Outputs, Runnable


class TorchEngine:
    """Runs networks with torch in float32, on CUDA if available, else on the processor."""

    def __init__(self) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def name(self) -> str:
        """``torch``."""
        return "torch"

    @property
    def at_once(self) -> int:
        """One: torch spreads an image over all there is."""
        return 1

    def open(self, source: NetworkSource) -> Runnable:
        """Build the module on the device."""
        return _Module(source.build().to(self._device), self._device)


class _Module:
    def __init__(self, module: Any, device: torch.device) -> None:
        self._module, self._device = module.eval(), device

    def __call__(self, images: Images) -> Outputs:
        with torch.inference_mode():
            found = self._module(torch.from_numpy(np.ascontiguousarray(images)).to(self._device))
        # A network with one output gives it bare.
        outputs = found if isinstance(found, tuple) else (found,)
        return tuple(output.float().cpu().numpy() for output in outputs)

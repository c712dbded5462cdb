"""Run a network: OpenVINO on the processor, torch on the rest."""

import sys

# OpenVINO tells Google Analytics that it was imported and what it converts, unless the user opted
# out in a file of the home folder; and the process that it forks to do so may hang. Without that
# package it does the same work and tells nobody. Here, so that it comes before OpenVINO.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

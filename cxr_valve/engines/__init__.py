"""Run a network: OpenVINO on the processor, torch on the rest."""

"""OpenVINO tells nobody that it was imported, nor what it converts."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import cxr_valve.engines.openvino_engine
from openvino.tools.ovc import convert_impl, telemetry_stub, telemetry_utils, utils
assert {part.tm for part in (convert_impl, telemetry_utils, utils)} == {telemetry_stub}
assert sys.modules["openvino_telemetry"] is None
"""


def test_openvino_reports_nothing_and_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "CI": ""}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys{SCRIPT}"],
        env=os.environ | home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # With its package for reports it would keep a client's number and a count of imports there.
    assert not (tmp_path / "intel").exists()

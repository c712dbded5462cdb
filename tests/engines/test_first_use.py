"""The first images may come from several threads at once: nothing waits for ever."""

import subprocess
import sys

# OpenVINO fills a table of number types when it is first asked for one, and runs Python to do so.
# Slowed down there, two threads that are both the first always meet, as by chance they seldom do.
SCRIPT = """
import threading, time
import numpy as np
import openvino
from openvino import opset13
import cxr_valve.engines.openvino_engine
shape = [1, 1, 4, 4]
asked = opset13.parameter(shape, openvino.Type.f32)
network = openvino.Core().compile_model(openvino.Model([opset13.relu(asked)], [asked]), "CPU")
requests = [network.create_infer_request() for _ in range(2)]
together = threading.Barrier(2)
found = []

def run(request):
    together.wait()
    request.infer([np.ones(shape, np.float32)], share_inputs=True)
    found.append(float(request.get_output_tensor(0).data.sum()))

def slowly(*_):
    time.sleep(0.02)

threading.setprofile(slowly)
# As daemons, which end with the process even where they wait for each other.
threads = [threading.Thread(target=run, args=[request], daemon=True) for request in requests]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert found == [16.0, 16.0], found
"""


def test_two_threads_may_be_the_first_to_run_a_network() -> None:
    # In a process of its own, which is killed if it does not end.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr

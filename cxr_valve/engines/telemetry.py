"""OpenVINO's reports to its maker, switched off: nothing of a reading leaves the machine."""

from openvino.tools.ovc import convert_impl, telemetry_stub, telemetry_utils, utils


def switch_off() -> None:
    """Convert as OpenVINO does where its package for reports is missing.

    Otherwise its converter tells Google Analytics of every conversion, unless the user has opted
    out in a file of the home folder; and the process it forks to do so may hang for good.
    """
    for module in (convert_impl, telemetry_utils, utils):
        module.tm = telemetry_stub

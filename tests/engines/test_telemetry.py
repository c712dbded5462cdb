"""A conversion tells nobody of itself."""

import openvino_telemetry
import pytest
from openvino.tools.ovc import convert_impl, telemetry_stub, telemetry_utils, utils

from cxr_valve.engines import telemetry
from cxr_valve.engines.engine import CACHE_VARIABLE, open_engine

MODULES = (convert_impl, telemetry_utils, utils)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> list[str]:
    """What OpenVINO's package for reports is given; with an empty cache, so that it converts."""
    events: list[str] = []

    class Caught:
        def __getattr__(self, name: str):
            if name == "backend":
                raise AttributeError
            return lambda *said, **_: events.append(" ".join([name, *map(str, said)]))

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(openvino_telemetry, "Telemetry", lambda **_: Caught())
    return events


def test_the_engine_tells_nobody_of_a_conversion(make_source, told: list[str]) -> None:
    open_engine("openvino").open(make_source())
    assert told == []


def test_what_is_switched_off_would_have_told(
    make_source, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in MODULES:
        monkeypatch.setattr(module, "tm", openvino_telemetry)
    open_engine("openvino").open(make_source())
    assert "send_event ovc conversion_result success" in told
    telemetry.switch_off()
    assert [module.tm for module in MODULES] == [telemetry_stub] * 3

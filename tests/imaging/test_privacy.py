"""Nothing that names a patient leaves the file: not in the result, not in messages, not in logs."""

import logging
import traceback

import pytest

from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.refusal import Refusal

PLANTED = {
    "PatientName": "Zyxwv^Quentin",
    "PatientID": "PID-778899",
    "PatientBirthDate": "19320417",
    "StudyDate": "20170203",
    "AccessionNumber": "ACC4455",
    "InstitutionName": "Saint Elsewhere",
    "ReferringPhysicianName": "Doctorow^E",
    "StudyInstanceUID": "1.2.826.0.1.3680043.99.123456",
    "SeriesDescription": "Zyxwv chest",
    "ImageComments": "PID-778899 seen",
    "StationName": "ROOM-42",
    "ViewPosition": "ZYXWV",
}
WORDS = (
    *("Zyxwv", "Quentin", "778899", "19320417", "20170203", "ACC4455"),
    *("Elsewhere", "Doctorow", "99.123456", "ROOM-42"),
)


def assert_clean(text: str) -> None:
    assert [word for word in WORDS if word.lower() in text.lower()] == []


def test_radiograph_carries_no_identifier(make_dicom, chest, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    radiograph = load_radiograph(make_dicom(chest, **PLANTED))
    assert_clean(repr(radiograph) + str(radiograph) + str(vars(radiograph)))
    assert_clean(str(vars(radiograph.decoding)))
    assert_clean(caplog.text + "".join(capfd.readouterr()))


def test_odd_values_are_not_quoted(make_dicom, chest, caplog, capfd, recwarn):
    """pydicom quotes values that break their representation: the messages must not get out."""
    data = make_dicom(chest, **PLANTED)
    recwarn.clear()
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    # A date and a UID that break their rules, of the same length as before.
    data = data.replace(b"19320417", b"ZyxwvXYZ").replace(b"1.2.826.0.1", b"Zyxwv  q0.1")
    radiograph = load_radiograph(data)
    assert_clean(repr(radiograph) + caplog.text + "".join(capfd.readouterr()))
    assert recwarn.list == []


@pytest.mark.parametrize("share", [0.001, 0.004, 0.5, 0.9])
def test_refusals_quote_nothing(make_dicom, chest, caplog, capfd, share):
    caplog.set_level(logging.DEBUG)
    data = make_dicom(chest, **PLANTED)
    with pytest.raises(Refusal, match="Expected") as caught:
        load_radiograph(data[: max(300, int(len(data) * share))])
    shown = "".join(traceback.format_exception(caught.value))
    assert_clean(shown + caplog.text + "".join(capfd.readouterr()))


def test_private_transfer_syntax_is_not_kept(make_dicom, chest):
    data = make_dicom(chest)
    # Same length, so that the file stays whole.
    data = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.999.77889901.2\0\0", 1)
    try:
        radiograph = load_radiograph(data)
    except Refusal:
        return
    assert radiograph.decoding.transfer_syntax is None

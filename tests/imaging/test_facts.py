"""What a file says of its image: spacing, view, warnings."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cxr_valve.imaging.facts import normalise_view
from cxr_valve.imaging.load import load_radiograph


def test_imager_spacing_comes_first(make_dicom, chest):
    both = make_dicom(chest, ImagerPixelSpacing=[0.15, 0.16], PixelSpacing=[1, 1])
    radiograph = load_radiograph(both)
    assert radiograph.spacing_mm == (0.15, 0.16)
    assert radiograph.spacing_source == "ImagerPixelSpacing"
    other = load_radiograph(make_dicom(chest, PixelSpacing=[0.2, 0.2]))
    assert (other.spacing_mm, other.spacing_source) == ((0.2, 0.2), "PixelSpacing")


@pytest.mark.parametrize("spacing", [[0, 0], [-0.1, 0.1]])
def test_impossible_spacing_is_left_out(make_dicom, chest, spacing):
    radiograph = load_radiograph(make_dicom(chest, ImagerPixelSpacing=spacing))
    assert radiograph.spacing_mm is None
    assert radiograph.spacing_source is None


@pytest.mark.parametrize(
    ("found", "view"),
    [
        ("PA", "PA"),
        ("pa erect", "PA"),
        ("P-A", "PA"),
        ("AP", "AP"),
        ("AP SUPINE", "AP"),
        ("ANTERO-POSTERIOR", "AP"),
        ("LL", "LATERAL"),
        ("LATERAL", "LATERAL"),
        ("RAO", "OBLIQUE"),
        ("SMITH JOHN", None),
        ("", None),
    ],
)
def test_views_are_normalised(found, view):
    assert normalise_view(found) == view


def test_view_from_code_and_orientation(make_dicom, chest):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "272479007", "SCT"
    code.CodeMeaning = "postero-anterior"
    assert load_radiograph(make_dicom(chest, ViewCodeSequence=[code])).view == "PA"
    assert load_radiograph(make_dicom(chest, PatientOrientation=["P", "F"])).view == "LATERAL"
    assert load_radiograph(make_dicom(chest, PatientOrientation=["L", "F"])).view is None


MIRRORED = "The file says that columns run to the patient's right: the image is stored mirrored."


@pytest.mark.parametrize("orientation", [["R", "F"], ["RP", "F"], ["R", "FL"]])
@pytest.mark.parametrize("view", ["PA", "AP", ""])
def test_columns_that_run_to_the_right_are_a_mirror_image(make_dicom, chest, orientation, view):
    mirrored = make_dicom(chest, PatientOrientation=orientation, ViewPosition=view)
    assert MIRRORED in load_radiograph(mirrored).warnings


@pytest.mark.parametrize(
    "orientation",
    [["L", "F"], ["R", "H"], ["A", "F"], ["F", "R"], ["R"], ["", ""], ["ROE", "X"], []],
)
def test_other_orientations_are_not(make_dicom, chest, orientation):
    radiograph = load_radiograph(make_dicom(chest, PatientOrientation=orientation))
    assert not any("mirrored" in warning for warning in radiograph.warnings)


def test_of_other_views_than_a_frontal_nothing_is_said(make_dicom, chest):
    oblique = make_dicom(chest, PatientOrientation=["R", "F"], ViewPosition="MLO")
    assert MIRRORED not in load_radiograph(oblique).warnings


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned into"),
        ({"Modality": "CT"}, "a CT slice"),
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": "12"}, "about 12:1"),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({"BitsStored": 13, "HighBit": 12}, "13 bits"),
    ],
)
def test_warnings(make_dicom, chest, attributes, text):
    radiograph = load_radiograph(make_dicom(chest, **attributes))
    assert any(text in warning for warning in radiograph.warnings), radiograph.warnings


def test_low_resolution_and_blank_images_warn(make_dicom):
    warnings = " ".join(load_radiograph(make_dicom(np.full((64, 64), 7, np.uint16))).warnings)
    assert "only 64 × 64 pixels" in warnings
    assert "blank" in warnings

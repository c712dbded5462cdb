"""What the viewer sends, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.imaging.geometry import Box
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate
from cxr_valve.ui.viewer import EvidenceLayer, Outline, ViewerImage, trace_mask
from cxr_valve.ui.viewer.payload import KEPT, _sent, build_payload, pixel_blob
from cxr_valve.ui.viewer.viewer import _HERE, SCRIPTS

EXTENT = Box(-10.0, 0.0, 110.0, 120.0)


@pytest.fixture(scope="module")
def radiograph() -> Radiograph:
    return simulate(1, 0, side=128).radiograph


def resized(radiograph: Radiograph, rows: int, columns: int) -> Radiograph:
    ramp = np.linspace(0, 4095, columns)[None, :].repeat(rows, 0)
    return replace(radiograph, pixels=np.rint(ramp).astype(np.uint16))


def layer(finding: str = "mr", name: str = "ResNet50", **changes: object) -> EvidenceLayer:
    grid = np.array([[-1.0, 0.5], [2.0, 0.0]], np.float32)
    fields: dict[str, object] = {"grid": grid, "extent": EXTENT, "limit": 2.0, "epsilon": 0.1}
    return EvidenceLayer(finding, name, **{**fields, **changes})  # type: ignore[arg-type]


def payload(*images: ViewerImage, **options: object) -> tuple[dict, list[tuple[bytes, str]]]:
    sent: list[tuple[bytes, str]] = []

    def publish(content: bytes, digest: str) -> str:
        sent.append((content, digest))
        return f"/media/{digest}.bin"

    fields = {"key": "v", "height": 720, **options}
    return build_payload(images, publish, **fields), sent  # type: ignore[arg-type,return-value]


def test_pixels_travel_as_raw_bytes_beside_a_small_document(radiograph: Radiograph) -> None:
    document, sent = payload(ViewerImage(radiograph, (layer(),), title="Image 3"))
    [(content, digest)] = sent
    pixels = np.frombuffer(content, "<u2", count=128 * 128).reshape(128, 128)
    np.testing.assert_array_equal(pixels, radiograph.pixels)
    assert content[128 * 128 * 2 :] == digest.encode()
    assert len(json.dumps(document)) < 2000
    image = document["images"][0]
    assert image["pixels"] == {
        "url": f"/media/{digest}.bin", "digest": digest, "width": 128, "height": 128,
    }  # fmt: skip
    assert image["title"] == "Image 3"
    assert image["display"] == [0.0, 4095.0]


def test_every_number_survives_json_when_it_came_from_numpy(radiograph: Radiograph) -> None:
    odd = replace(radiograph, slope=np.float32(2), display=(np.float64(1), np.float64(9)))
    numbers = layer(limit=np.float32(2), epsilon=np.float32(0.1), outside_share=np.float32(0.2))
    document, _ = payload(ViewerImage(odd, (numbers,)))
    again = json.loads(json.dumps(document))
    assert again["images"][0]["slope"] == 2.0
    assert again["images"][0]["layers"][0]["outside"] == pytest.approx(0.2)


def test_the_same_radiograph_is_reduced_and_hashed_once(radiograph: Radiograph) -> None:
    _, first = payload(ViewerImage(radiograph))
    _, second = payload(ViewerImage(radiograph))
    assert first[0][0] is second[0][0]


def test_bytes_are_kept_for_the_latest_images_only(radiograph: Radiograph) -> None:
    many = [replace(radiograph) for _ in range(KEPT + 3)]
    for one in many:
        payload(ViewerImage(one))
    kept = [one for one in many if one in _sent]
    assert kept == many[-KEPT:]


def test_large_images_are_reduced_keeping_their_aspect_and_their_greys(
    radiograph: Radiograph,
) -> None:
    large = resized(radiograph, 1500, 3000)
    blob = pixel_blob(large)
    assert (blob.width, blob.height) == (2048, 1024)
    assert len(blob.content) == 2048 * 1024 * 2 + 32
    pixels = np.frombuffer(blob.content, "<u2", count=2048 * 1024).reshape(1024, 2048)
    # A pixel as sent covers 3000/2048 columns: its grey is that of their centre.
    centre = (np.arange(2048) + 0.5) * 3000 / 2048 - 0.5
    expected = np.interp(centre, np.arange(3000), large.pixels[0].astype(float))
    # Two roundings of half a grey each.
    np.testing.assert_allclose(pixels[500, 4:-4], expected[4:-4], atol=1.0)


def test_reduction_antialiases(radiograph: Radiograph) -> None:
    stripes = np.zeros((64, 4096), np.uint16)
    stripes[:, ::2] = 4000
    blob = pixel_blob(replace(radiograph, pixels=stripes))
    pixels = np.frombuffer(blob.content, "<u2", count=blob.width * blob.height)
    assert pixels.min() > 1500
    assert pixels.max() < 2500


def test_sixteen_bits_survive(radiograph: Radiograph) -> None:
    deep = replace(radiograph, pixels=np.array([[0, 65535], [40000, 1]], np.uint16))
    assert pixel_blob(deep).content[:8] == np.array([0, 65535, 40000, 1], "<u2").tobytes()


def test_layers_carry_what_must_be_said(radiograph: Radiograph) -> None:
    against = np.full((2, 2), -1, np.float32)
    images = ViewerImage(
        radiograph,
        (layer(outside_share=0.15), layer("as", "consensus", grid=against, outside_share=0.4)),
    )
    document, _ = payload(images, finding="as")
    first, second = document["images"][0]["layers"]
    assert first["positive"]
    assert first["outside"] is None
    assert first["cells"] == [-1.0, 0.5, 2.0, 0.0]
    assert first["extent"] == [0.0, -10.0, 120.0, 110.0]
    assert not second["positive"]
    assert second["outside"] == 0.4
    assert second["consensus"]
    assert [finding["short"] for finding in document["findings"]] == ["MR", "AS"]


def test_a_layer_of_a_value_names_its_unit_and_one_of_evidence_has_none(
    radiograph: Radiograph,
) -> None:
    images = ViewerImage(radiograph, (layer("lvef", unit="%"), layer("mr")))
    document, _ = payload(images)
    assert [one["unit"] for one in document["images"][0]["layers"]] == ["%", None]
    lvef = document["findings"][0]
    assert (lvef["short"], lvef["colour"]) == ("LVEF", "#F0E442")


def test_positive_evidence_begins_above_epsilon() -> None:
    assert not layer(grid=np.full((1, 1), 0.125, np.float32), epsilon=0.125).positive
    assert layer(grid=np.full((1, 1), 0.126, np.float32), epsilon=0.125).positive


def test_network_view_is_sent_in_bytes(radiograph: Radiograph) -> None:
    prepared = prepare(radiograph, 64)
    image = ViewerImage(
        radiograph,
        network_view=prepared.image,
        network_extent=prepared.geometry.input_extent(),
    )
    document, sent = payload(image)
    assert document["images"][0]["network"]["width"] == 64
    view = np.frombuffer(sent[1][0], np.uint8, count=64 * 64).reshape(64, 64) / 255
    np.testing.assert_allclose(view, prepared.image, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid": np.zeros(3, np.float32)}, r"\(h, w\); found \(3,\)"),
        ({"grid": np.full((1, 1), np.nan, np.float32)}, "finite evidence"),
        ({"epsilon": 2.0}, "epsilon < limit in evidence layer mr/ResNet50"),
        ({"outside_share": 1.2}, r"in \[0, 1\]; found 1.2"),
        ({"extent": Box(0, 0, 0, 5)}, "box of positive size"),
        ({"finding": ""}, "a finding and a name"),
    ],
)
def test_wrong_layers_are_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer(**changes)  # type: ignore[arg-type]


def test_wrong_images_are_refused_by_name(radiograph: Radiograph) -> None:
    with pytest.raises(ValueError, match="each evidence layer once; found twice mr/ResNet50"):
        ViewerImage(radiograph, (layer(), layer()))
    with pytest.raises(ValueError, match="together; found only network_view"):
        ViewerImage(radiograph, network_view=np.zeros((4, 4), np.float32))
    with pytest.raises(ValueError, match=r"square network_view; found \(4, 5\)"):
        ViewerImage(radiograph, network_view=np.zeros((4, 5), np.float32), network_extent=EXTENT)
    bright = np.array([[0, 7], [1, 1]], np.float32)
    with pytest.raises(ValueError, match=r"in \[0, 1\]; found 0 to 7"):
        ViewerImage(radiograph, network_view=bright, network_extent=EXTENT)
    with pytest.raises(ValueError, match="at least 3 points in outline 'heart'; found 2"):
        Outline("heart", [(0, 0), (1, 1)])


@pytest.mark.parametrize(
    ("count", "options", "message"),
    [
        (0, {}, "1 or 2 images; found 0"),
        (3, {}, "1 or 2 images; found 3"),
        (1, {"key": ""}, "a key that names this viewer"),
        (1, {"height": 100}, "at least 320 CSS pixels; found 100"),
        (1, {"finding": "as"}, r"finding with evidence \(mr\); found 'as'"),
    ],
)
def test_wrong_calls_are_refused(
    radiograph: Radiograph, count: int, options: dict[str, object], message: str
) -> None:
    images = [ViewerImage(radiograph, (layer(),)) for _ in range(count)]
    with pytest.raises(ValueError, match=message):
        payload(*images, **options)


def test_a_traced_mask_encloses_the_same_area() -> None:
    rows, columns = np.mgrid[:300, :400]
    mask = (rows - 150) ** 2 + (columns - 220) ** 2 < 80**2
    [outline] = trace_mask("disc", mask, rows=600, columns=800)
    x, y = np.asarray(outline.points).T
    area = abs(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1))) / 2
    # Traced at 192 pixels and smoothed: a few per cent.
    assert area == pytest.approx(np.pi * 160**2, rel=0.04)
    assert np.mean(x) == pytest.approx(440, abs=6)
    assert np.mean(y) == pytest.approx(300, abs=6)


def test_masks_with_holes_parts_and_nothing() -> None:
    mask = np.zeros((100, 100), bool)
    assert trace_mask("none", mask) == ()
    mask[10:40, 10:40] = mask[60:90, 60:90] = True
    mask[20:30, 20:30] = False
    assert len(trace_mask("parts", mask)) == 3
    with pytest.raises(ValueError, match=r"mask \(h, w\) for 'flat'; found shape \(5,\)"):
        trace_mask("flat", np.zeros(5, bool))


def test_the_module_lists_every_script_and_exports_once() -> None:
    assert sorted(SCRIPTS) == sorted(path.name for path in _HERE.glob("*.js"))
    joined = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    assert joined.count("export default") == 1
    assert SCRIPTS[-1] == "viewer.js"

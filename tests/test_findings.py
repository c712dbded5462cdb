"""What counts as positive, and the names everything else uses."""

import pytest

from cxr_valve.findings import AS, FINDINGS, LVEF, MR, is_positive


def test_findings_are_listed_in_the_order_screens_show_them() -> None:
    assert list(FINDINGS) == ["mr", "as", "lvef"]
    assert all(key == finding.key for key, finding in FINDINGS.items())


def test_the_networks_are_those_of_the_study() -> None:
    assert MR.networks == ("resnet50",)
    assert AS.networks == ("inception_v3", "resnet50", "densenet121")


@pytest.mark.parametrize(
    ("finding", "grade", "expected"),
    [
        (MR, "none", False),
        (MR, "trivial", False),
        (MR, "mild", True),
        (MR, "severe", True),
        (AS, "none", False),
        (AS, "mild", True),
        (AS, "moderate", True),
    ],
)
def test_mild_or_worse_is_positive(finding, grade: str, expected: bool) -> None:
    assert is_positive(finding, grade) is expected


@pytest.mark.parametrize("grade", ["trivial", "Mild", ""])
def test_a_grade_the_finding_does_not_have_is_refused_with_those_it_has(grade: str) -> None:
    with pytest.raises(ValueError, match="none, mild, moderate, severe; found"):
        is_positive(AS, grade)


def test_label_rules_are_sentences_for_cards() -> None:
    echo = "transthoracic echocardiography"
    assert MR.label_rule == f"mitral regurgitation mild or worse on {echo} is positive"
    assert LVEF.label_rule == f"value of {echo} (biplane Simpson)"


def test_prevalence_presets_are_those_of_the_population_study() -> None:
    values = {(f.key, p.key): p.value for f in (MR, AS) for p in f.presets}
    assert values == {
        ("mr", "adults"): 0.017,
        ("mr", "75"): 0.093,
        ("as", "adults"): 0.004,
        ("as", "75"): 0.028,
    }
    assert all("Lancet 2006" in p.source for f in (MR, AS) for p in f.presets)

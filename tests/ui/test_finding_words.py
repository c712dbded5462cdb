"""What a finding's card says, in words and in its strip."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve.cards import Card, EvidenceScale, OperatingPoint
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.models.novelty import NoveltyReading
from cxr_valve.reading.reading import FindingReading, MemberReading
from cxr_valve.ui.explanation import with_meanings
from cxr_valve.ui.finding_card import _strip, apart, percent, ratio, words
from cxr_valve.ui.strip import Strip

GRID = np.zeros((3, 3), np.float32)
GEOMETRY = Geometry(10, 10, 10, Box(0, 0, 10, 10), Box(0, 0, 10, 10))


def finding(**changes: object) -> FindingReading:
    found = FindingReading(
        finding="as", score=0.40, probability=0.5, prevalence=0.44, likelihood_ratio=1.2727,
        threshold=0.45, positive=False, members=(member("resnet50", 0.40),), consensus=GRID,
        scale=EvidenceScale(2.0, 0.1), weights="as-toy", simulated=True,
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def member(network: str, probability: float) -> MemberReading:
    return MemberReading(network, probability, GRID, GEOMETRY, 0.0)


@pytest.fixture
def card(toy_set, tmp_path: Path) -> Card:
    point = OperatingPoint(0.45, "tests", tp=88, fn=18, fp=294, tn=665)
    return replace(toy_set(tmp_path, "as").card, operating_point=point)


@pytest.fixture
def scores() -> pd.DataFrame:
    """40 with the finding in two grades, 60 without; 10 of the nearest 50 to .40 have it."""
    labels = [0] * 40 + [1] * 10 + [1] * 30 + [0] * 20
    values = [0.40] * 50 + [0.9] * 30 + [0.1] * 20
    grades = ["none"] * 40 + ["mild"] * 10 + ["severe"] * 30 + ["none"] * 20
    return pd.DataFrame({"label": labels, "score": values, "grade": grades})


def test_the_headline_is_the_probability_at_the_chosen_prevalence(
    card: Card, scores: pd.DataFrame
) -> None:
    said = words(finding(), card, 0.017, scores)
    # The published prior shift: p = .5 learnt at 44% is .021537 at 1.7%.
    assert said.headline == "2.2%"
    assert said.context == (
        "if 1.7% of people like this have it. Where 44% do, as in training: 50%. "
        "Likelihood ratio 1.3."
    )


def test_the_sentence_is_the_cards_own_test_table(card: Card, scores: pd.DataFrame) -> None:
    negative = words(finding(), card, 0.017, scores).meaning
    # The study's figures with their published intervals.
    assert negative == (
        "Negative: score 0.40, operating point 0.45. Of simulated radiographs without AS, "
        "69% (66–72%, n 959) were negative; so were 17% (10–26%, n 106) of those with it."
    )
    over = finding(score=0.45, positive=True)
    positive = words(over, replace(card, simulated=False), 0.017, scores).meaning
    assert positive == (
        "Positive: score 0.45, operating point 0.45. Of held-out radiographs with AS, "
        "83% (74–90%, n 106) were positive; so were 31% (28–34%, n 959) of those without."
    )


def test_a_score_is_never_said_to_be_its_operating_point_unless_it_is(
    card: Card, scores: pd.DataFrame
) -> None:
    near = replace(card, operating_point=replace(card.operating_point, threshold=0.4012))
    said = words(finding(score=0.4004, threshold=0.4012), near, 0.017, scores).meaning
    assert said.startswith("Negative: score 0.400, operating point 0.401.")
    assert apart(0.45, 0.45) == ("0.45", "0.45")


def test_every_number_of_a_card_says_what_it_is(card: Card, scores: pd.DataFrame) -> None:
    said = words(finding(members=(member("a", 0.2), member("b", 0.6))), card, 0.017, scores)
    html = " ".join(
        with_meanings(part) for part in (said.context, said.meaning, said.nearby, said.members)
    )
    for term in (
        "Prevalence", "Probability", "Likelihood ratio", "Score", "Interval and n",
        "Nearest scores", "Members",
    ):  # fmt: skip
        assert f'data-what="{term}: ' in html, term
    assert html.count('data-what="Interval and n') == 2
    assert re.sub("<[^>]*>", "", html) == " ".join(
        (said.context, said.meaning, said.nearby, said.members)
    )
    assert "<b>" not in with_meanings("score <b>")


def test_the_prevalence_moves_the_probability_and_nothing_else(
    card: Card, scores: pd.DataFrame
) -> None:
    low, high = (words(finding(), card, share, scores) for share in (0.004, 0.6))
    assert low.headline != high.headline
    assert (low.meaning, low.nearby) == (high.meaning, high.nearby)


def test_nearby_held_out_scores_are_counted(card: Card, scores: pd.DataFrame) -> None:
    said = words(finding(), card, 0.017, scores).nearby
    assert said == (
        "Of the 50 test radiographs that scored nearest (0.40 to 0.40), 20% (10–34%) had AS; of "
        "all, 40%."
    )


def test_a_probability_that_its_neighbours_do_not_bear_out_is_said_to_be_extrapolated(
    card: Card, scores: pd.DataFrame
) -> None:
    """Far up few scored, so the nearest are far away and fewer of them had the finding."""
    near = words(replace(finding(), probability=0.2), card, 0.017, scores)
    far = words(replace(finding(), probability=0.88), card, 0.017, scores)
    assert not near.extrapolated
    assert far.extrapolated


def test_members_agree_up_to_the_limit_and_disagree_past_it(
    card: Card, scores: pd.DataFrame
) -> None:
    near = (member("resnet50", 0.30), member("densenet121", 0.50))
    far = (member("resnet50", 0.20), member("inception_v3", 0.60))
    assert words(finding(), card, 0.1, scores).members == ""
    agreed = words(finding(members=near), card, 0.1, scores)
    assert agreed.members == (
        "Members agree: ResNet50 0.30, DenseNet121 0.50 (0.20 apart; said to disagree above 0.25)."
    )
    assert not agreed.disagree
    apart = words(finding(members=far), card, 0.1, scores)
    assert apart.disagree
    assert apart.members.startswith("Members disagree: ResNet50 0.20, InceptionV3 0.60")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "<0.1%"), (0.0009, "<0.1%"), (0.004, "0.4%"), (0.0999, "10.0%"), (0.42, "42%"),
     (0.955, "95.5%"), (0.9995, ">99.9%")],
)  # fmt: skip
def test_percentages_never_claim_certainty(value: float, said: str) -> None:
    assert percent(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.0312, "0.031"), (0.45, "0.45"), (1.0, "1.0"), (2.44, "2.4"), (18, "18")]
)
def test_likelihood_ratios_have_two_digits(value: float, said: str) -> None:
    assert ratio(value) == said


def test_the_strip_says_in_words_what_it_shows(scores: pd.DataFrame) -> None:
    strip = _strip(finding(score=0.5), scores)
    assert strip.alternative() == (
        "Score 0.50, operating point 0.45. 100% of 60 held-out cases without AS and 25% of 40 "
        "with it scored lower. Median score by grade: mild 0.40, severe 0.90."
    )
    html = strip.html()
    assert f'aria-label="{strip.alternative()}"' in html
    assert '<i class="cut" style="left:45.0%">' in html
    assert '<i class="here" style="left:50.0%">' in html
    assert 'class="dot"' not in html


def test_members_are_circles_and_names_are_escaped() -> None:
    none = np.array([], np.float64)
    members = [("<a>", 0.2), ("b", 0.7)]
    html = Strip(none, none, 0.5, 0.01, members, "#009e73", "AS").html()
    assert html.count('class="dot"') == 2
    assert "<a>" not in html
    # Labels stay inside, however low the score.
    assert '<b style="left:4%">0.01</b>' in html


def test_grades_are_left_out_where_they_are_not_known(scores: pd.DataFrame) -> None:
    assert _strip(finding(), scores.drop(columns="grade")).grades == {}
    assert _strip(finding(), scores.assign(grade="")).grades == {}


def test_what_is_unlike_the_cohort_is_said_as_the_reading_says_it(
    card: Card, scores: pd.DataFrame
) -> None:
    sentence = "Unlike the radiographs these weights learnt from: further out than 99% of them."
    found = finding(novelty=NoveltyReading(99.2, sentence))
    assert words(found, card, 0.017, scores).novelty == sentence
    assert words(finding(), card, 0.017, scores).novelty == ""
    assert 'data-what="Like or unlike the training radiographs: ' in with_meanings(sentence)

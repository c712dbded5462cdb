/* What every number of the tables means, for a junior doctor: under the table, and at each name. */

const MEANINGS = {
  "Sensitivity": "Of people with the finding, the share that the test flags.",
  "Specificity": "Of people without the finding, the share that the test leaves alone.",
  "LR+": "How much a positive result multiplies the odds of the finding. 1 changes nothing.",
  "LR−": "How much a negative result multiplies the odds of the finding; the smaller, the better it rules out.",
  "Diagnostic odds ratio": "LR+ divided by LR−: one number for how far the test separates the two groups.",
  "Balanced accuracy": "The mean of sensitivity and specificity; 50% is guessing.",
  "PPV": "Of people the test flags, the share that has the finding. It falls where the finding is rare.",
  "NPV": "Of people the test does not flag, the share that does not have it.",
  "Flagged": "The share of all people that the test flags: the work it makes.",
  "Flagged per true positive": "How many flagged people must be examined to find one with the finding.",
  "Accuracy": "The share of all people that the test calls rightly. Where the finding is rare, flagging nobody does well too.",
  "Net benefit per 1,000": "True positives per 1,000 people, less the false alarms at the price set by t.",
  "Standardised net benefit": "Net benefit as a share of what a perfect test would bring (1). Below 0, doing nothing is better.",
  "Interventions avoided per 1,000": "Examinations spared against examining everybody, no case missed for it. Below 0, examining everybody is better.",
  "F1": "The harmonic mean of PPV and sensitivity in these cases.",
  "MCC": "Correlation between result and truth in these cases: 0 is guessing, 1 is perfect.",
};
const MORE = {
  "Intervals": "After each value, the range that these cases are still compatible with (95%); n is how many cases it rests on.",
  "AUC": "The chance that somebody with the finding scores higher than somebody without; 50% is guessing.",
  "AP": "Average precision: the mean PPV as the threshold comes down, at the prevalence set above.",
  "Youden’s rule": "The threshold where sensitivity and specificity together are highest: a miss and a false alarm count alike, each as a share of its class.",
  "Fagan nomogram": "A line from the probability before the test through its likelihood ratio to the probability after it.",
  "DeLong, Clopper–Pearson, Mercaldo": "Whose method gave an interval or a test: of the AUC, of a proportion, of a predictive value at another prevalence.",
  "t": "Threshold probability: from which chance of the finding on one would act. 10% means a miss weighs as much as 9 false alarms.",
  "Calibration": "Whether of people given 30%, 30 in 100 have the finding. Slope 1 and intercept 0 are ideal; Brier and ECE are smaller the better.",
};

function glossary(parent) {
  const box = html("details", "glossary", parent);
  html("summary", "", box, "What do these numbers mean?");
  const list = html("dl", "", box);
  for (const [name, text] of Object.entries({ ...MORE, ...MEANINGS })) {
    html("dt", "", list, name);
    html("dd", "", list, text);
  }
  return { load() {}, update() {} };
}

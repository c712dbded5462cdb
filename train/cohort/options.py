"""What ``python -m train cohort`` understands: its options and its help."""

import argparse
from pathlib import Path

ABOUT = """\
Make a cohort for one finding: pair radiographs with echo exams within a window of days, label them
by a grade rule, leave out what cannot be used in a stated order, and share patients out into train,
validation and test so that neither a patient nor a copy of an image crosses. Patients get
pseudonyms; the hospital's ids are not written."""

EPILOG = """\
what the folder of the export holds (columns are found by their usual names):
  csv         radiographs.csv: patient, file, taken; optional view, sex, age, split
              echoes.csv: patient, date, a grade of mr and as and/or lvef in %; optional
              mitral_prosthesis, aortic_prosthesis, prosthesis (yes/no)
  dicom       any DICOM files, listed from their headers; and echoes.csv as above
  nervus      key.csv: uniqID (or id_XXX), imgpath (or filepath), label_XXX (or output_XXX), split;
              optional patient
  chexchonet  metadata.csv of CheXchoNet; findings slvh, dlv, composite_slvh_dlv
  mimic       mimic-cxr-2.0.0-metadata.csv.gz, optional mimic-cxr-2.0.0-split.csv.gz and
              patients.csv.gz, structured-measurement.csv.gz (or structured_measurement.csv) of
              MIMIC-IV-ECHO, and files/p1x/p<subject>/s<study>/<dicom_id>.jpg
Dates: 2018-03-04, 20180304, 4.3.2018, 4 Mar 2018, with or without a time; 3/4/2018 where the column
tells days from months (a few cells that contradict many others are left out). Grades: none, trivial
(trace), mild, moderate, severe or 1+ to 4+; of two grades ("mild to moderate") the milder counts; a
number counts where it is the whole cell. Words that do not tell a grade with certainty are no
grade at all, not the grade "none"; each such column is named with its first row. CSV in UTF-8,
UTF-16 or Windows-1252, also gzipped.

roles of columns, for --column (echoes.mr=MI_Grad, where the column is called MI_Grad):
  radiographs.  patient, file, taken, view, sex, age, split (csv)
  echoes.       patient, date, mr, as, lvef, prosthesis_mr, prosthesis_as, prosthesis (csv, dicom)
  key.          id, file, patient, view, sex, age, split, label (nervus)
  metadata.     patient, file, path, age, sex, slvh, dlv, composite_slvh_dlv (chexchonet)
  metadata.     dicom_id, subject_id, study_id, ViewPosition, StudyDate, StudyTime (mimic)

what is left out, in this order, each radiograph once under the first that applies:
  no patient id or readable date; no exam in the window; no grade; prosthetic or repaired valve;
  not frontal; unreadable or missing file; copy of an image already there; copies that disagree

written to OUT:
  cohort.csv   image, path, patient (pseudonym), split, target, grade, sex, age, view, days
               (exam minus radiograph), and the simulator's aux_ columns with --truth. The path is
               the export's own: where it holds an id, keep the file as you keep the export
  cohort.json  rules, flow with images and patients, splits, the proof that nothing crosses, what
               the numbers allow to be measured, expected time and disk of training, warnings
  flow.svg     the flow diagram (STARD)
A cell that cannot be read may name a patient: the terminal shows its text, files only its shape.
What an image was found to hold is remembered, so that it is decoded once, under a hash of its path
in $CXR_VALVE_CACHE/images (default: .cache/engines/images beside the program). No path is kept.

examples:
  python -m train cohort --export demo-hospital --finding mr --truth truth.csv --out mr-cohort
  python -m train cohort --export exports --finding as --positive-from moderate --days 90 --out as90
  python -m train cohort --export exports --finding lvef --pairing all --out lvef
  python -m train cohort --export exports --finding mr --column echoes.mr=MI_Grad --dry-run
  python -m train cohort --export mimic --adapter mimic --finding as --split given --out mimic-as

exit status: 0 done; 1 no cohort can be made (the message names file, row and column); 2 the command
was not understood."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``cohort`` understands to its parser."""
    data = parser.add_argument_group("data")
    data.add_argument("--export", type=Path, required=True, metavar="DIR", help="the export")
    data.add_argument("--out", type=Path, metavar="OUT", help="folder of the cohort")
    data.add_argument(
        "--adapter",
        default="",
        metavar="KIND",
        help="csv, dicom, nervus, chexchonet or mimic (default: what the folder's files and the "
        "tables named suggest; --radiographs suggests csv)",
    )
    for name, told in (
        ("images", "folder below DIR that paths start from (default: DIR)"),
        ("radiographs", "table of radiographs below DIR, if named otherwise (not with dicom)"),
        ("echoes", "table of exams below DIR, if named otherwise"),
        ("truth", "a simulator's truth.csv below DIR, to carry its aux_ columns along"),
    ):
        data.add_argument(f"--{name}", default="", metavar="PATH", help=told)
    data.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="TABLE.ROLE=NAME",
        help="a column that is not recognised, such as echoes.mr=MI_Grad; may be repeated; "
        "roles are listed below",
    )
    data.add_argument(
        "--timezone",
        default="",
        metavar="ZONE",
        help="the hospital's, such as Europe/Zurich: times with another offset become its days "
        "(default: days as written)",
    )
    _add_rules(parser)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    rules = parser.add_argument_group("rules")
    _add_labelling(rules)
    _add_splitting(rules)
    rules.add_argument(
        "--dry-run",
        action="store_true",
        help="show the flow from the tables alone: no image is looked at, nothing is written",
    )


def _add_labelling(rules: "argparse._ArgumentGroup") -> None:
    rules.add_argument(
        "--finding", required=True, metavar="KEY", help="mr, as, lvef, or a label of the data set"
    )
    rules.add_argument(
        "--positive-from",
        default="",
        metavar="GRADE",
        help="mildest positive grade, such as moderate (default: the finding's, mild)",
    )
    rules.add_argument(
        "--days", type=int, default=30, metavar="N", help="window around an exam (default: 30)"
    )
    rules.add_argument(
        "--pairing",
        choices=("nearest", "first", "all"),
        default="nearest",
        help="which graded exam in the window counts: the nearest (default; a tie goes to the "
        "earlier), the first, or all (worst grade, mean value)",
    )
    rules.add_argument(
        "--keep-prostheses", action="store_true", help="do not leave out prosthetic valves"
    )
    rules.add_argument(
        "--missing-as-negative",
        action="store_true",
        help="an empty grade counts as the best grade (default: left out); one that holds words "
        "which could not be read never does",
    )


def _add_splitting(rules: "argparse._ArgumentGroup") -> None:
    rules.add_argument(
        "--split",
        choices=("new", "given"),
        default="new",
        help="draw a split (default) or keep the table's own, refused where it leaks",
    )
    rules.add_argument(
        "--split-of",
        default="",
        metavar="COHORT",
        help="another cohort of the same export whose patients keep their split",
    )
    rules.add_argument(
        "--ratios",
        default="8:1:1",
        metavar="A:B:C",
        help="of patients in train, validation and test (default: 8:1:1)",
    )
    rules.add_argument(
        "--seed", type=int, default=2019, metavar="S", help="of split and pseudonyms (2019)"
    )

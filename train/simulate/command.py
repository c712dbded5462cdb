"""``python -m train simulate``: a hospital's export from the chest phantom."""

import argparse
import sys
from pathlib import Path

_ABOUT = """\
Simulate a hospital's export to practise on: patients over 2016-07 to 2019-05 with several echo
exams and radiographs each, drawn from the chest phantom, as untidy as real exports are. What is
learnt from it is evidence about no patient."""

_EPILOG = """\
written under OUT, all at once when everything is done:
  radiographs.csv   patient_id, accession, taken, view, sex, age, file
  echoes.csv        patient_id, exam_id, exam_date, mitral_regurgitation, aortic_stenosis, lvef,
                    mitral_prosthesis, aortic_prosthesis
  images/           12-bit DICOM (a quarter of them MONOCHROME1) and 8-bit PNG, with laterals
  truth.csv         file, true_mr, true_as and the true sizes: aux_la, aux_lvedd, aux_wall,
                    aux_aorta (mm), aux_carina (degrees), aux_lvef (%), and aux_ctr of
                    the radiograph; the hospital never sees it
  structures.npy    with --structures: float16 (rows of truth.csv, structures, 20, 20), the mean
                    thickness of each structure over the image in units of 40 mm
  export.json       the plan, and that all of it is simulated

the disorder, in rough shares: 15% of radiographs more than 30 days from an exam; 4% of grades and
8% of ejection fractions missing; 1.2% a prosthetic mitral, 1.2% an aortic valve; a lateral with
every eighth radiograph, a third of their files absent; dates with time zones (20%), without a day
(0.4%) or unreadable (0.4%); files missing (0.3%) or cut short (0.3%); rows repeated (0.5%);
radiographs filed twice (0.6%) or again under another patient (0.4%).

examples:
  python -m train simulate --patients 600 demo-hospital
  python -m train simulate --patients 5638 --seed 1 --side 512 --structures study-size
  python -m train cohort --export demo-hospital --finding mr --out mr-cohort

An interrupted export continues where it stopped when the same command is given again. Two cores
write about 20 radiographs of 320 px a second; 600 patients (1,300 radiographs) need 150 MB.

exit status: 0 done; 1 it could not be written; 2 the command was not understood."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``simulate`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "simulate",
        help="simulate a hospital's export of radiographs and exams",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to make")
    parser.add_argument(
        "--patients", type=int, default=600, metavar="N", help="how many (default: 600)"
    )
    parser.add_argument(
        "--seed", type=int, default=2019, metavar="S", help="same seed, same bytes (default: 2019)"
    )
    parser.add_argument(
        "--side", type=int, default=320, metavar="PX", help="of the square images (default: 320)"
    )
    parser.add_argument(
        "--dicom",
        type=float,
        default=0.4,
        metavar="SHARE",
        help="share of radiographs written as DICOM, the rest as PNG (default: 0.4)",
    )
    parser.add_argument(
        "--structures", action="store_true", help="also keep where each structure projects"
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", help="default: one for each processor"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the export; returns the exit code."""
    # Imported here so that --help answers at once.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from train.simulate.export import export_hospital
    from train.simulate.plan import ExportPlan

    columns = (TextColumn("Radiographs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        plan = ExportPlan(
            options.patients, options.seed, options.side, options.dicom, options.structures
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            export_hospital(
                plan,
                options.out,
                lambda done, total: bar.update(task, completed=done, total=total),
                options.processes,
            )
    except ValueError as error:
        print(f"train simulate: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"train simulate: expected a folder that can be written, found: {error.strerror}. Free "
            "space or choose another OUT; the same command then continues.",
            file=sys.stderr,
        )
        return 1
    print(f"{options.out}: {plan.patients} simulated patients. Evidence about no patient.")
    return 0

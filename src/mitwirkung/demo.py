"""The main job on the shipped example, step by step as a city would do it."""

from __future__ import annotations

from pathlib import Path

from mitwirkung.app import solve, verify_record
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.folders import draw_folder
from mitwirkung.lottery.facts_file import read_facts
from mitwirkung.lottery.problem_files import read_problem
from mitwirkung.lottery.progress import Progress
from mitwirkung.lottery.verification import Verification

SEATS = 75

FILES = {
    "lottery.json": "the lottery, public before the draw: classes, lots, vectors, weights",
    "lottery-private.json": "the city's: applications, tokens, the proof of the optimum",
    "receipts.csv": "one row for each applicant: token, answers, chance",
    "record-public.json": "the draw, public: the seed, and the lots that have a seat",
    "record.json": "the city's record of the draw, with the ids of the panel",
    "panel.csv": "the people who have a seat",
    "remaining.csv": "everyone else",
    "chances.csv": "everyone's chance",
    "report.html": "the report, in German and English: open it in a browser",
    "report.json": "the report as data",
}


def run_demo(
    folder: Path, *, force: bool = False, progress: Progress | None = None
) -> Verification:
    """Lottery, draw and verification of the Dortmund example; the files are left in `folder`.

    Raises:
        FolderOccupied: the folder holds other content and `force` is not given.
    """
    example = dortmund()
    problem = read_problem(
        example / "bewerbungen.csv",
        example / "quoten.csv",
        seats=SEATS,
        id="ID",
        household=["Straße", "PLZ"],
        population=example / "bevoelkerung.csv",
    )
    facts = read_facts(example / "tatsachen.toml")
    published = solve(problem, progress=progress).publish(folder, facts=facts, force=force)
    draw_folder(folder, DORTMUND_SEED, force=force)
    return verify_record(folder, commitment=published.commitment)

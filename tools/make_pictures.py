"""Makes the pictures of the documentation: `docs/pictures/*.svg`.

    python tools/make_pictures.py [FOLDER]

The same versions of altair and vl-convert make the same bytes.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import mitwirkung as mw
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.lottery.publication import publication

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


GOALS = ("leximin", "maximin", "nash", "goldilocks")


def pictures() -> dict[str, mw.Picture]:
    """File names and pictures."""
    return {**of_the_readme(), **of_the_method(), **of_replacement()}


def of_the_readme() -> dict[str, mw.Picture]:
    """The draw of `mitwirkung demo`, and everyone's chances in it."""
    example = dortmund()
    dortmund_problem = mw.read_problem(
        example / "bewerbungen.csv",
        example / "quoten.csv",
        seats=75,
        id="ID",
        household=["Straße", "PLZ"],
    )
    lottery = mw.solve(dortmund_problem)
    facts = mw.read_facts(example / "tatsachen.toml")
    record = publication(lottery, facts).draw(DORTMUND_SEED)
    return {"panel.svg": mw.plot_panel(record), "chances.svg": mw.plot_chances(lottery)}


def of_the_method() -> dict[str, mw.Picture]:
    """The two small examples of `docs/explanation/method.md`, which says what they are."""
    pool = {("f", "old"): 4, ("f", "young"): 2, ("m", "old"): 6, ("m", "young"): 3}
    answers = [each for each, people in pool.items() for _ in range(people)]
    fifteen = problem(
        [{"sex": sex, "age": age} for sex, age in answers],
        {
            "sex": {"f": (3, 3), "m": (3, 3)},
            "age": {"young": (3, 4), "old": (2, 4)},
        },
        seats=6,
    )
    five = [
        ("north", "nurse", "car"),
        ("south", "nurse", "bicycle"),
        ("north", "other", "bicycle"),
        ("south", "other", "car"),
        ("south", "other", "car"),
    ]
    trap = problem(
        [{"district": place, "job": job, "way": way} for place, job, way in five],
        {
            "district": {"north": (0, 1), "south": (0, 2)},
            "job": {"nurse": (0, 1), "other": (0, 2)},
            "way": {"bicycle": (0, 1), "car": (0, 2)},
        },
        seats=2,
    )
    lotteries = {goal: mw.solve(fifteen, goal) for goal in GOALS}
    return {
        "stages.svg": mw.plot_stages(lotteries["leximin"]),
        "whole-people.svg": mw.plot_stages(mw.solve(trap)),
        "goals.svg": mw.plot_comparison(lotteries),
    }


def of_replacement() -> dict[str, mw.Picture]:
    """The simulation of `docs/how-to/replace-a-seat.md`: a town in which young people drop out."""
    share = {"f": 50, "m": 50}, {"young": 20, "middle": 45, "old": 35}, {"no": 60, "yes": 40}
    people = [
        {
            "sex": sex,
            "age": age,
            "degree": degree,
        }
        for sex, many in share[0].items()
        for age, more in share[1].items()
        for degree, most in share[2].items()
        for _ in range(many * more * most // 2000)
    ]
    quotas = {
        "sex": {"f": (15, 15), "m": (15, 15)},
        "age": {"young": (9, 10), "middle": (11, 12), "old": (8, 9)},
        "degree": {"no": (17, 18), "yes": (12, 13)},
    }
    record = publication(mw.solve(problem(people, quotas, seats=30))).draw("a seed")
    third, tenth = Fraction(1, 3), Fraction(1, 10)
    dropout = mw.Dropout(tenth, {"age": {"young": third, "middle": tenth, "old": Fraction(1, 20)}})
    found = mw.compare_alternates(record, numbers=(0, 2, 4, 6, 8, 10), dropout=dropout)
    return {"alternates.svg": mw.plot_alternates(found)}


def problem(
    rows: list[dict[str, str]], quotas: dict[str, dict[str, tuple[int, int]]], seats: int
) -> mw.SelectionProblem:
    """A problem from answers and quotas (least and most seats)."""
    people = [{"id": str(number), **row} for number, row in enumerate(rows)]
    plan = [
        {"feature": feature, "value": value, "min": low, "max": high}
        for feature, values in quotas.items()
        for value, (low, high) in values.items()
    ]
    return mw.SelectionProblem(mw.read_applicants(people), mw.read_quotas(plan), seats=seats)


def main() -> None:
    """Write the pictures into the folder named on the command line, or into the documentation."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures().items():
        picture.save(folder / name)


if __name__ == "__main__":
    main()

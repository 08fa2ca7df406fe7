"""Makes the pictures of the README out of the shipped example: `docs/pictures/*.svg`.

    python tools/make_pictures.py [FOLDER]

The same versions of altair and vl-convert make the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mitwirkung as mw
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.lottery.publication import publication

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def pictures() -> dict[str, mw.Picture]:
    """File names and pictures: the draw of `mitwirkung demo`, and everyone's chances in it."""
    example = dortmund()
    problem = mw.read_problem(
        example / "bewerbungen.csv",
        example / "quoten.csv",
        seats=75,
        id="ID",
        household=["Straße", "PLZ"],
    )
    lottery = mw.solve(problem)
    facts = mw.read_facts(example / "tatsachen.toml")
    record = publication(lottery, facts).draw(DORTMUND_SEED)
    return {"panel.svg": mw.plot_panel(record), "chances.svg": mw.plot_chances(lottery)}


def main() -> None:
    """Write the pictures into the folder named on the command line, or into the documentation."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures().items():
        picture.save(folder / name)


if __name__ == "__main__":
    main()

"""What the page on doing it by hand tells people to type gives the answers that it shows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mitwirkung.lottery.verification import verify

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "verify-by-hand.md"
TINY = ROOT / "docs" / "examples" / "tiny"


def commands() -> list[tuple[str, str]]:
    """Every typed line of the page with the lines that answer it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, answer = part.partition("\n")
            found.append((typed, answer))
    return found


@pytest.mark.parametrize(("typed", "answer"), commands())
def test_typing_it_gives_the_answer(typed: str, answer: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-c", typed], cwd=TINY, capture_output=True, text=True, check=False
    )
    assert done.stdout == answer, done.stderr


def test_the_page_has_every_step() -> None:
    assert len(commands()) >= 10


def test_the_table_of_vectors_is_that_of_the_lottery() -> None:
    import json

    lottery = json.loads((TINY / "lottery.json").read_bytes())
    rows = re.findall(
        r"^\| (\d) \| (\d+) \| `(\w+)` \| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    start = 0
    for (number, weight, low, high), vector in zip(rows, lottery["vectors"], strict=True):
        assert int(weight) == vector["weight"], number
        assert (int(low, 16), int(high, 16)) == (start, start + vector["weight"] - 1)
        start += vector["weight"]


def test_the_example_verifies() -> None:
    result = verify(
        (TINY / "lottery.json").read_bytes(), (TINY / "record-public.json").read_bytes()
    )
    assert result
    assert result.committed

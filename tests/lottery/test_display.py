"""A lottery in a notebook."""

import re
from html.parser import HTMLParser

from builders import instance, town
from mitwirkung.app import solve
from mitwirkung.lottery.panels import PanelLottery


def rows(lottery: PanelLottery) -> list[tuple[str, int]]:
    html = lottery._repr_html_()
    HTMLParser().feed(html)
    assert "<script" not in html
    found = re.findall(r'<th scope="row">([^<]*)</th><td>(\d+)</td>', html)
    return [(chance, int(people)) for chance, people in found]


def test_every_chance_and_how_many_have_it() -> None:
    assert rows(solve(town(), "simple")) == [("16.67 %", 3), ("25.00 %", 4), ("50.00 %", 5)]


def test_many_chances_are_put_together_and_nobody_is_lost() -> None:
    lottery = solve(instance("city_300"))
    table = rows(lottery)
    assert 2 <= len(table) <= 20
    assert sum(people for _, people in table) == 300
    assert table[0][0].startswith(f"{100 * min(lottery.chances.values()):.2f} %")


def test_one_chance_for_all_is_one_row() -> None:
    assert rows(solve(instance("repl_example_small_20"))) == [("10.00 %", 200)]

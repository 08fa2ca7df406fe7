"""The list of numbered panels, to be printed for the ceremony: pseudonyms, no names."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from mitwirkung.lottery.encoding import panel_label
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.randomness import Template, draws_number, is_stated, parse_template
from mitwirkung.messages import Translate
from mitwirkung.texts import LANGUAGES, moment_text, number_text, translator

SHORTEST = 6
DEVIATION_DIGITS = 12
LINKED, LINK_STEP = 100, 50
"""From so many panels on there are links, to each of so many."""

_STYLE = """
body{font:10pt/1.35 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1em;margin:1em 0 .1em}p{overflow-wrap:anywhere}
nav{font-family:monospace;line-height:2}nav a{margin-right:.7em}
section.panel{break-inside:avoid}
section.panel p{margin:0;font-family:monospace;overflow-wrap:normal}
section.panel span{white-space:nowrap}section.panel:target h2{text-decoration:underline}
@page{size:A4;margin:15mm}
@media print{body{margin:0;max-width:none;padding:0}nav{display:none}
section.intro+section.intro{break-after:page}
section.panel p{font-size:8pt;line-height:1.25}section.panel h2{margin-top:.8em}}
"""


def short_handles(public: LotteryFile) -> dict[str, str]:
    """Each lot handle to its beginning: the same length for all, at least 6, and no two alike."""
    lots = [lot for each in public.classes for lot in each.lots]
    length = next(n for n in range(SHORTEST, 65) if len({lot[:n] for lot in lots}) == len(lots))
    return {lot: lot[:length] for lot in lots}


def panel_list(public: LotteryFile) -> bytes:
    """`panels.html`: an introduction in German and in English, then every panel by its number.

    It says no more than `lottery.json`.

    Raises:
        ValueError: the lottery has no numbered panels.
    """
    if public.panels is None:
        raise ValueError("there are no numbered panels")
    first, *_ = LANGUAGES
    title = escape(public.event)
    head = (
        f'<!doctype html>\n<html lang="{first}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n"
    )
    intros = "".join(_introduction(public, language) for language in LANGUAGES)
    panels = "\n".join(_panels(public))
    return f"{head}{intros}{_links(len(public.panels))}{panels}\n</body></html>\n".encode()


def _links(panels: int) -> str:
    """Links to every fiftieth number, for the screen; none where there are few."""
    if panels < LINKED:
        return ""
    labels = (panel_label(number, panels) for number in range(0, panels, LINK_STEP))
    links = " ".join(f'<a href="#p{label}">{label}</a>' for label in labels)
    return f"<nav>{links}</nav>\n"


def _introduction(public: LotteryFile, language: str) -> str:
    t = translator(language)
    panels = public.panels or ()
    last = panel_label(len(panels) - 1, len(panels))
    all_of_them = t(
        "Behind -all several people are seated, who come together: the lot counts for all of them."
    )
    deviation = number_text(public.deviation or "0", language, DEVIATION_DIGITS)
    lines = [
        t("{count} panels of {seats} people each, numbered {first} to {last}.").format(
            count=number_text(len(panels), language),
            seats=number_text(public.seats, language),
            first=panel_label(0, len(panels)),
            last=last,
        ),
        t(
            "The number that is drawn is the panel. Below each number stand the pseudonyms of the "
            "people on that panel, shortened: the beginning of the lot handle that follows from "
            "the token on the receipt. A number behind a dash says who of a household it is."
        ),
        *([all_of_them] if any(each.people > 1 for each in public.classes) else []),
        *_of_seed(public, t, language),
        f"{t('Largest deviation of a chance from the exact one')}: {deviation}",
        f"{t('Commitment (SHA-256 of lottery.json)')}: {public.digest}",
    ]
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    heading = t("Numbered panels")
    name = "" if not is_stated(public.event) else f": {escape(public.event)}"
    return f'<section class="intro" lang="{language}"><h1>{heading}{name}</h1>{text}</section>\n'


def _of_seed(public: LotteryFile, t: Translate, language: str) -> Iterator[str]:
    seed = public.seed
    if is_stated(seed.source):
        yield f"{t('Source of the number')}: {seed.source}"
    if is_stated(seed.template):
        yield f"{t('Wording of the seed')}: {seed.template}"
    if is_stated(seed.earliest, seed.latest):
        text = t("Not before {earliest}; if there is no draw until {latest}, this counts:")
        ends = {name: moment_text(getattr(seed, name), language) for name in ("earliest", "latest")}
        yield f"{text.format(**ends)} {seed.fallback}"


def _panels(public: LotteryFile) -> Iterator[str]:
    panels = public.panels or ()
    short = short_handles(public)
    names = [(short[lot], each.positions) for each in public.classes for lot in each.lots]
    template = _numbering(public)
    for number, panel in enumerate(panels):
        label = panel_label(number, len(panels))
        thrown = "" if template is None else ", ".join(template.parts(number))
        heading = label if thrown in ("", label) else f"{label} ({thrown})"
        seats = []
        for lot, position in panel:
            handle, positions = names[lot - 1]
            alone = positions == ("1",)  # a line may not end at the dash
            seats.append(handle if alone else f"<span>{handle}-{escape(position)}</span>")
        yield (
            f'<section class="panel" id="p{label}"><h2>{escape(heading)}</h2>'
            f"<p>{' '.join(seats)}</p></section>"
        )


def _numbering(public: LotteryFile) -> Template | None:
    """The template whose outcomes are the numbers, if it is one."""
    if not is_stated(public.seed.template):
        return None
    template = parse_template(public.seed.template)
    return template if draws_number(template, len(public.panels or ())) else None

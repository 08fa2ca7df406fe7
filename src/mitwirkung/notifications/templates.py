"""Templates: what a message says in each language, from the facts that it is about.

A template is one file for text and HTML alike, `de/seat_offered.j2`: Jinja2 in a sandbox, with the
signs of `markup`. Its head declares what it needs:

    {# needs: until, reply_code, reply_link? #}
    {% extends "_frame.j2" %}
    {% block subject %}Your seat{% endblock %}
    {% block body %}...{% endblock %}

A `?` marks what may be missing (None); the template then says something else. What every message is
given (`COMMON`) is not declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import UndefinedError
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mitwirkung.errors import Finding, MitwirkungError
from mitwirkung.messages import Translate
from mitwirkung.notifications.markup import (
    CLOSE,
    OPEN,
    RIGHT_TO_LEFT,
    blocks_of,
    html_body,
    one_line,
    plain_text,
)
from mitwirkung.notifications.wording import filters_of, locale_of

COMMON = frozenset(
    {
        "name",
        "event_title",
        "event_mode",
        "event_places",
        "event_begins",
        "event_ends",
        "sender",
        "reference",
        "today",
    }
)
"""What every template is given."""

_MAY_BE_EMPTY = frozenset({"event_places", "sender"})
_NOBODY = {**dict.fromkeys(("phone", "email", "website", "imprint")), "name": "", "address": ()}
_GIVEN = frozenset({"language", "unavailable"})
_NEEDS = re.compile(r"\{#-?\s*needs:(.*?)-?#\}", re.DOTALL)
_FILTERS = ("default", "first", "join", "last", "length", "lower", "replace", "trim", "upper")
_PAGE = "page.html.j2"
_AT_LAST = ("de", "en")


@dataclass(frozen=True)
class Written:
    """A message, written.

    Attributes:
        subject, text, html: what it says.
        language: the language it is written in.
        fallback: whether that is another than was asked for; the text says so itself.
    """

    subject: str
    text: str
    html: str
    language: str
    fallback: bool


class TemplateUnfit(MitwirkungError, ValueError):
    """A message cannot be written; `findings` says all that is wrong."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self.params["findings"])

    def describe(self, translate: Translate = str) -> str:
        """The sentence, and every finding on a line."""
        lines = [super().describe(translate)]
        return "\n".join([*lines, *(f"- {each.describe(translate)}" for each in self.findings)])


class Templates:
    """The wording of all messages: templates of one's own before those that ship.

    Args:
        folder: with templates of one's own, by language: `de/seat_offered.j2`.
        event: the name of the event: `<folder>/<event>/de/seat_offered.j2` goes before.

    A message that is not worded in the language that is asked for is written in one of `others`,
    the best one first, as the methods are given them, else in German or English.
    """

    def __init__(self, folder: str | Path | None = None, *, event: str | None = None) -> None:
        own = [] if folder is None else [Path(folder)]
        if folder is not None and event is not None:
            own.insert(0, Path(folder) / event)
        self._own = own
        self._environments: dict[str, _Environment] = {}
        self._read: dict[tuple[str, str], _Template] = {}

    # --- what can be had -----------------------------------------------------------------------

    def kinds(self) -> list[str]:
        """Every kind of message that there is a template for, sorted."""
        names = {
            path.name.removesuffix(".j2")
            for root in (*self._own, _SHIPPED)
            for language in _folders(root)
            for path in language.iterdir()
            if path.name.endswith(".j2")
        }
        return sorted(name for name in names if not name.startswith("_"))

    def language_for(self, kind: str, language: str, others: Sequence[str] = ()) -> str | None:
        """The language in which a message is written to somebody who reads `language`; None if
        there is no template of this kind at all."""
        choices = [language, *others, *_AT_LAST]
        return next((each for each in choices if self._path(each, f"{kind}.j2")), None)

    def needs(self, kind: str, language: str) -> frozenset[str]:
        """What the template declares that it needs, beside `COMMON`.

        Raises:
            TemplateUnfit: there is none, or it cannot be read.
        """
        found = self._template(kind, language)
        if found is None:
            raise _unfit(kind, language, [_missing(kind, language)])
        if found.flaws:
            raise _unfit(kind, language, found.flaws)
        return found.needs | found.optional

    # --- writing -------------------------------------------------------------------------------

    def flaws(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> list[Finding]:
        """Everything that keeps the message from being written: what is wrong in the template
        itself, and what it needs and is not given. Values are never repeated."""
        found = self._template(kind, language, others)
        if found is None:
            return [_missing(kind, language)]
        return found.flaws or found.lacking(facts) or self._trial(found, facts, language)

    def write(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> Written:
        """The message in a language, or, where it has no text, in another one: then a notice at
        its top says so.

        Args:
            facts: texts, numbers, dates, aware times, fractions, and tuples and mappings of them.

        Raises:
            TemplateUnfit: as `flaws` says.
        """
        found = self._template(kind, language, others)
        if found is None:
            raise _unfit(kind, language, [_missing(kind, language)])
        flaws = found.flaws or found.lacking(facts)
        if flaws:
            raise _unfit(kind, language, flaws)
        try:
            return self._written(found, facts, language)
        except Exception as error:
            raise _unfit(kind, language, [found.broken(error)]) from None  # it may hold values

    def _trial(self, found: _Template, facts: Mapping[str, Any], language: str) -> list[Finding]:
        try:
            self._written(found, facts, language)
        except Exception as error:  # a template is somebody's program: whatever it raises
            return [found.broken(error)]
        return []

    def _written(self, found: _Template, facts: Mapping[str, Any], asked: str) -> Written:
        values: list[str] = []
        given = {
            **dict.fromkeys(found.optional),
            **_cleaned(facts),
            "sender": {**_NOBODY, **_cleaned(facts["sender"])},
            "language": found.language,
            "unavailable": unavailable(asked, found.language),
        }
        _VALUES.set(values)
        compiled = found.compiled
        context = compiled.new_context(given)
        subject = one_line("".join(compiled.blocks["subject"](context)), values)
        blocks = blocks_of(compiled.render(given))
        html = self._page(found.language).render(
            subject=subject,
            body=html_body(blocks, values),
            language=found.language,
            direction="rtl" if found.language in RIGHT_TO_LEFT else "ltr",
            sender=given["sender"],
            event_title=given["event_title"],
        )
        return Written(
            subject=subject,
            text=plain_text(blocks, values),
            html=html,
            language=found.language,
            fallback=found.language != asked,
        )

    # --- where they come from ------------------------------------------------------------------

    def _path(self, language: str, name: str) -> Path | None:
        """Where a file is, one's own folders first."""
        roots = (*self._own, _SHIPPED)
        return next((p for root in roots if (p := root / language / name).is_file()), None)

    def _source(self, language: str, name: str) -> tuple[str, str] | None:
        """A file's text and its name for errors."""
        path = self._path(language, name)
        return None if path is None else (path.read_text("utf-8-sig"), f"{language}/{name}")

    def _environment(self, language: str) -> _Environment:
        if language not in self._environments:
            self._environments[language] = _Environment(language, self._source)
        return self._environments[language]

    def _template(self, kind: str, language: str, others: Sequence[str] = ()) -> _Template | None:
        chosen = self.language_for(kind, language, others)
        if chosen is None:
            return None
        if (chosen, kind) not in self._read:
            self._read[chosen, kind] = _Template(kind, chosen, self._environment(chosen))
        return self._read[chosen, kind]

    def _page(self, language: str) -> Template:
        return self._environment(language).page


_VALUES: ContextVar[list[str]] = ContextVar("values")
"""The values of the message that is being written."""


def _stand_in(value: object) -> object:
    """In the place of a value, the number that stands for it."""
    if isinstance(value, Markup | StrictUndefined):
        return value  # of a macro or a block: made of stand-ins already; or an error to come
    values = _VALUES.get()
    values.append("" if value is None else str(value))
    return Markup(f"{OPEN}{len(values) - 1}{CLOSE}")


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2 for one language: every value becomes a number that stands for it, see `markup`."""

    def __init__(self, language: str, source: Callable[[str, str], tuple[str, str] | None]) -> None:
        super().__init__(
            loader=FunctionLoader(self._load),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,  # else what is included runs into what follows
            finalize=_stand_in,
            auto_reload=False,
        )
        self.filters = {name: self.filters[name] for name in _FILTERS} | dict(filters_of(language))
        self.globals = {}
        self._source_of = source
        self._language = language

    def _load(self, name: str) -> str:
        return self.text_of(name)[0]

    def text_of(self, name: str) -> tuple[str, str]:
        """The text of a template and the name of its file."""
        found = self._source_of(self._language, name)
        if found is None or "/" in name or "\\" in name:
            raise TemplateNotFound(name)
        return found

    @cached_property
    def page(self) -> Template:
        """The HTML around the body; values are escaped here as usual."""
        found = self._source_of("", _PAGE) or self._source_of(self._language, _PAGE)
        assert found is not None  # one ships
        plain = ImmutableSandboxedEnvironment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        return plain.from_string(found[0])


class _Template:
    """One template in one language, read and looked through once."""

    def __init__(self, kind: str, language: str, environment: _Environment) -> None:
        self.kind, self.language, self._environment = kind, language, environment
        self.file = f"{kind}.j2"
        self.needs: frozenset[str] = frozenset()
        self.optional: frozenset[str] = frozenset()
        self.flaws = self._look_through()

    def _look_through(self) -> list[Finding]:
        """What is wrong in it, whatever it is given."""
        asked: set[str] = set()
        names = [self.file]
        wrong: list[Finding] = []
        for name in names:  # grows while it is gone through
            try:
                source, self.file = self._environment.text_of(name)
                parsed = self._environment.parse(source, name)
                asked |= find_undeclared_variables(parsed)
            except TemplateNotFound:
                wrong.append(self._finding("template-part-missing", part=name))
                continue
            except TemplateSyntaxError as error:
                params = {"reason": error.message or "", "line": error.lineno}
                wrong.append(self._finding("template-syntax", **params))
                continue
            except UnicodeDecodeError:
                wrong.append(self._finding("template-not-utf8"))
                continue
            declared = " ".join(_NEEDS.findall(source)).replace(",", " ").split()
            self.optional |= {each[:-1] for each in declared if each.endswith("?")}
            self.needs |= {each for each in declared if not each.endswith("?")}
            names += [
                each
                for each in find_referenced_templates(parsed)
                if each is not None and each not in names
            ]
        self.file = f"{self.language}/{self.kind}.j2"
        if wrong:
            return wrong
        undeclared = sorted(asked - COMMON - _GIVEN - self.needs - self.optional)
        if undeclared:
            return [self._finding("template-undeclared", names=undeclared)]
        try:
            if "subject" not in self.compiled.blocks:
                return [self._finding("template-without-subject")]
        except Exception as error:  # an unknown filter shows only when it is compiled
            return [self.broken(error)]
        return []

    @cached_property
    def compiled(self) -> Template:
        return self._environment.get_template(f"{self.kind}.j2")

    def lacking(self, facts: Mapping[str, Any]) -> list[Finding]:
        """What it needs and is not given."""
        empty = [
            name
            for name in sorted(self.needs | COMMON)
            if facts.get(name) in (None, "", ()) and not (name in _MAY_BE_EMPTY and name in facts)
        ]
        return [self._finding("template-placeholder", names=empty)] if empty else []

    def broken(self, error: Exception) -> Finding:
        """What happened while it was written; never the text of a foreign error, it may hold
        values."""
        if isinstance(error, TemplateSyntaxError):
            params = {"reason": error.message or "", "line": error.lineno}
            return self._finding("template-syntax", **params)
        if isinstance(error, UndefinedError):
            return self._finding("template-undefined")
        return self._finding("template-broken", error=type(error).__name__)

    def _finding(self, code: str, **params: Any) -> Finding:
        return Finding(code, params, self.file)


_SHIPPED = Path(str(resources.files("mitwirkung"))) / "notifications" / "texts"


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _cleaned(value: Any) -> Any:
    """Facts without the signs that stand for values."""
    if isinstance(value, str):
        return value.replace(OPEN, "").replace(CLOSE, "")
    if isinstance(value, Mapping):
        return {key: _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(map(_cleaned, value))
    return value


def unavailable(asked: str, taken: str) -> tuple[str, ...]:
    """What is said at the top of a message that could not be written in a person's language: in
    that language if we know it, else in the language of the message and in English."""
    if asked == taken:
        return ()
    known = [asked] if asked in UNAVAILABLE else dict.fromkeys([taken, "en"])
    return tuple(
        UNAVAILABLE[each].format(
            asked=locale_of(asked).get_display_name(each.split("-")[0]) or asked,
            taken=locale_of(taken).get_display_name(each.split("-")[0]) or taken,
        )
        for each in known
        if each in UNAVAILABLE
    )


UNAVAILABLE: Mapping[str, str] = {
    "de": (
        "Diese Nachricht gibt es noch nicht in Ihrer Sprache ({asked}). Sie ist auf {taken} "
        "geschrieben. Brauchen Sie Hilfe? Melden Sie sich bitte bei uns."
    ),
    "en": (
        "We do not have this message in your language yet ({asked}). It is written in {taken}. "
        "Do you need help? Please contact us."
    ),
}
"""By language; complete sentences, since they stand alone."""


def _missing(kind: str, language: str) -> Finding:
    return Finding("template-missing", {"kind": kind, "language": language})


def _unfit(kind: str, language: str, findings: Iterable[Finding]) -> TemplateUnfit:
    found = tuple(findings)
    return TemplateUnfit("template-unfit", kind=kind, language=language, findings=found)

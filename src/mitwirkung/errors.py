"""Errors that help: a code, parameters, and for input every finding with its place.

An error never holds personal data. It points at a place (file, row, column) instead of repeating
what stands there, so that it can be logged, mailed and pickled. The English text of each code
stands in `TEXTS`; other languages come from the catalogues in `translations/`, chosen at the edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from mitwirkung.names import nearest

Translate = Callable[[str], str]

PRINTED_FINDINGS = 100

TEXTS: dict[str, str] = {
    # whole inputs
    "input-refused": "{count} errors in the input, nothing was written:",
    # intake
    "file-missing": "There is no such file.",
    "file-unreadable": "The file cannot be read: {reason}.",
    "file-is-workbook": "This is a workbook (.xlsx, .ods) or an archive; save the sheet as CSV.",
    "source-is-text": "A path was expected, but this is a text of several lines.",
    "encoding-unknown": "There is no text encoding {encoding!r}. Usual: {usual}.",
    "encoding-wrong": (
        "Line {line} is not {encoding}. The file may be {proposed}: name the encoding."
    ),
    "table-empty": "There is nothing in it; expected are named columns and at least one row.",
    "table-no-rows": "There is a header, but no row below it.",
    "rows-blank": "{count} blank rows were skipped: {rows}.",
    "row-short": "The row has {found} cells; the header has {expected}.",
    "row-long": (
        "The row has {found} cells; the header has {expected}. "
        "A cell that holds the separator has to stand in quotation marks."
    ),
    "row-quotes": (
        "The quotation marks do not match. A cell that begins with one has to end with one; "
        "inside the cell they are doubled."
    ),
    "row-not-object": "The line is not one whole JSON object with distinct keys.",
    "row-not-mapping": "The row is not a mapping of column names to cells.",
    "header-blank": "Column {position} has no name in the header.",
    "header-twice": "Columns {first} and {second} have the same name.",
    "header-is-data": (
        "The first row has to name the columns; it looks like an entry "
        "(its cells {positions} hold numbers or an address)."
    ),
    "column-twice": "The column is given twice in this row.",
    "cell-not-text": (
        "Allowed are texts, numbers, truth values and dates: one to a cell, nothing nested."
    ),
    "cell-not-exact": (
        "The number is too large to have come through exactly; pass such numbers as text."
    ),
    "cell-character": "There is a character that is no text (NUL or half of a pair).",
    "id-column-unknown": "There is no id column {name!r}. There are: {available}.",
    "id-column-none": ("No column holds the ids. Say which one does, or call it one of: {common}."),
    "id-column-several": "Several columns may hold the ids: {found}. Say which one does.",
    "id-blank": "The id is missing. Every row needs one.",
    "id-line-break": "The id has to stand on one line.",
    "id-twice": "The same id stands in row {first}. Every id may occur once.",
    "missing-column-unknown": (
        "There is no column {name!r} to declare missing answers for. There are: {available}."
    ),
    "missing-column-twice": "The missing answers of this column are declared twice.",
    "missing-policy-unknown": (
        "There is no policy {policy!r} for missing answers. There are: {available}."
    ),
    "person-twice": (
        "{count} rows may be the same person, they have equal {columns}: rows {rows}."
    ),
    # quotas
    "quota-columns": "The columns {missing} are missing. A file of quotas has one of: {dialects}.",
    "quota-value-blank": "The feature {feature!r} is given without a value.",
    "quota-number": "{found!r} is not a whole number. Allowed are 0, 1, 2, ...",
    "quota-number-blank": "The number is missing. Allowed are 0, 1, 2, ...",
    "quota-negative": "{found} is negative. Allowed are 0, 1, 2, ...",
    "quota-order": "The minimum {min} is greater than the maximum {max}.",
    "quota-min-flex": "The flexible minimum {min_flex} may be at most the minimum {min}.",
    "quota-max-flex": "The flexible maximum {max_flex} has to be at least the maximum {max}.",
    "quota-twice": "The value {value!r} of {feature!r} stands in row {first} too.",
    "quota-rows-without-feature": "{count} rows without a feature were skipped: {rows}.",
    "quotas-none": "There is no quota in it.",
    "population-columns": "The columns {missing} are missing. Expected are: {expected}.",
    "population-number": "{found!r} is no count. Allowed are whole numbers without separators.",
    "population-count": "The count of {value!r} is no number that is 0 or more.",
    "population-value-blank": "There is a value without a name.",
    "population-value-twice": "The value {value!r} is given twice.",
    "population-feature-blank": "There is a feature without a name.",
    "population-feature-twice": "The feature {feature!r} is given twice.",
    "population-zero": "The counts of {feature!r} add up to 0; there is nothing to share by.",
    "population-none": "There are no counts in it.",
    "apportionment-seats": "The number of seats is {seats!r}; it has to be a whole number above 0.",
    "apportionment-tolerance": (
        "The tolerance is {tolerance!r}; it has to be a whole number, 0 or more."
    ),
    "apportionment-method": "There is no rounding method {method!r}. There are: {available}.",
    # problem
    "seats-not-positive": "The number of seats is a whole number of at least 1, not {seats}.",
    "quotas-empty": "There are no quotas: name at least one feature with its values.",
    "feature-column-missing": (
        "No column for the feature {column!r} of the quotas. There are: {available}."
    ),
    "household-column-unknown": "No column {column!r} for households. There are: {available}.",
    "missing-policy-no-feature": (
        "A policy for missing answers names {column!r}, which is no feature of the quotas. "
        "Features: {available}."
    ),
    "answer-not-allowed": "Not an answer that the quotas know. Allowed: {allowed}.",
    "answer-missing": (
        "The answer is missing. Allowed: {allowed}. Ask for it, or declare what a missing answer "
        "of {feature!r} means: 'own value' (it counts as an answer of its own) or "
        "'unconstrained' (it counts for no quota)."
    ),
    "household-incomplete": (
        "{count} applicants left a part of their address ({columns}) blank; "
        "they are treated as living alone."
    ),
    "population-no-feature": (
        "The population counts {found}; none of it is a feature of the quotas. There are: "
        "{available}."
    ),
    # facts, key, seed
    "toml-unreadable": "Not a readable TOML file: {reason}.",
    "toml-not-utf8": "The file is not UTF-8; save it as UTF-8.",
    "key-unknown": "There is no key {key!r}. There are: {available}.",
    "key-unknown-nearest": (
        "There is no key {key!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "key-missing": "{key} is missing.",
    "key-wrong": "{key}: {reason}.",
    "key-whole-number": "{key}: write a whole number.",
    "key-at-least": "{key}: write a number of at least {ge}.",
    "key-at-most": "{key}: write a number of at most {le}.",
    "key-text": "{key}: write a text in quotation marks.",
    "key-truth": "{key}: write true or false.",
    "key-list": "{key}: write a list in square brackets.",
    "key-table": "{key}: write keys and values below a heading of their own.",
    "key-choice": "{key}: write one of {expected}.",
    "key-not-secret": (
        "{key} comes from the environment, but it is no secret: write its value here. "
        "Secrets alone come from there."
    ),
    "key-in-the-open": (
        "{key} is a secret, so it does not stand in the settings: "
        'write {{ "$env" = "NAME" }} and set that variable of the environment.'
    ),
    "env-unset": "{key}: the environment variable {variable} is not set.",
    "env-form": '{key}: a secret is written {{ "$env" = "NAME" }}, and nothing beside it.',
    "section-unknown": "[{section}]: there is no {name!r}. There are: {available}.",
    "section-unknown-nearest": (
        "[{section}]: there is no {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "key-too-short": "The key file holds {found} bytes; it needs at least {needed}.",
    "counts-do-not-add-up": (
        "Received less refused, merged and late leaves {expected} people, but the pool has {pool}."
    ),
    "seed-blank": "A seed is a text without blanks at its ends.",
    "seed-control-character": "A seed is one line without control characters.",
    "template-no-placeholder": (
        "The template {template!r} has no placeholder: write {{numbers 6 of 1-49}} or {{digits 7}}."
    ),
    "template-brace": (
        "In the template {template!r} a brace is no placeholder: "
        "write {{numbers 6 of 1-49}} or {{digits 7}}."
    ),
    "template-adjacent": (
        "In the template {template!r} two placeholders follow each other: "
        "write something between them."
    ),
    "template-few-outcomes": (
        "The template {template!r} has {outcomes} outcomes; it needs {needed}, "
        "so that nobody can try them all beforehand."
    ),
    "text-line-break": "A line break is not allowed in a text that is hashed ({tag}).",
    "text-not-unicode": "A text holds half a character (a lone surrogate) and cannot be written.",
    # feasibility
    "applicants-too-few": (
        "{seats} seats cannot be filled: {people} people applied, of whom at most {lots} "
        "can be seated (one per household)."
    ),
    "quotas-infeasible": (
        "No panel of {seats} people can meet all quotas. These cannot be met together:"
    ),
    "clash-min": "{feature}: {value}: at least {limit} seats ({people} applied)",
    "clash-max": "{feature}: {value}: at most {limit} seats ({people} applied)",
    "clash-household": "at most one seat per household",
    "clash-whole": "Fractions of people would meet them; whole people cannot.",
    "clash-advice": "Change at least one of them (features: {features}), or find more applicants.",
    "optimum-not-proven": "No lottery was made, because its optimum is not proven: {reason}.",
    # files and folders
    "folder-occupied": (
        "{folder} already holds other content ({names}). Choose another folder, or say --force."
    ),
    "folder-is-file": "{folder} is a file, not a folder.",
    "folder-not-empty": "{folder} is not empty. Choose another folder.",
    "lottery-file-missing": "There is no {file} in {folder}.",
    "files-do-not-fit": "The files of the lottery do not belong together: {reason}.",
    "lottery-refused": "The lottery of strategy {name!r} cannot be published: {reason}.",
    "file-wrong": "{file} is not a file of this format: {reason}.",
    "file-not-canonical": "{file} is not canonical JSON: its bytes were changed after it was made.",
    # verification
    "check-lottery-form": "lottery.json is well-formed",
    "check-record-form": "record-public.json is well-formed",
    "check-private-form": "lottery-private.json is well-formed",
    "check-private-record-form": "record.json is well-formed",
    "check-commitment": "lottery.json is the file that was published before the draw",
    "check-pool": "the pool and its digest",
    "check-classes": "classes and lots",
    "check-vectors": "vectors and weights",
    "check-facts": "facts, quotas and strategy",
    "check-draw": "the draw: number, vector and every seat follow from the lottery and the seed",
    "check-token": "the token is in the pool",
    "check-token-class": "the token is in the pool: class {number}, which has {lots} lots",
    "check-leaf": "it is there with these answers",
    "check-positions": "the positions on the receipt",
    "check-chance": "its chance of a seat was {chance}",
    "check-chance-between": (
        "its chance of a seat was between {low} and {high}: that depends on the position, "
        "and the receipt names none"
    ),
    "check-chance-at-positions": (
        "its chance of a seat was {chance}, at the positions that the receipt names"
    ),
    "check-no-seat": "the lot has no seat",
    "check-my-seat": "it has a seat (position {position})",
    "check-lot-seat": "the lot has a seat (position {position}); a mate may hold it",
    "check-inputs": "applications and quotas are those of the lottery",
    "check-private-fields": "every field of lottery-private.json fits",
    "check-key": "the tokens are made with the key",
    "check-key-missing": "which id has which token is NOT checked: give the key file",
    "check-lottery-of-people": "lottery.json follows from the people: pseudonyms, classes, quotas",
    "check-quotas": "every vector meets all quotas",
    "check-certificate": "the certificate proves the optimum: {promise} (gap {gap})",
    "check-private-record": "record.json follows from the lottery and the seed",
    "check-quotas-not-promised": ("quotas are NOT checked: the strategy does not promise them"),
    "check-portfolio": "made again, the lottery is the same: nobody chose among its like",
    "check-portfolio-other": (
        "made again, the lottery is another one with the same chances: the work of another "
        "machine or version, or of somebody who chose. NOT decided"
    ),
    "check-portfolio-version": (
        "this version of the strategy makes other lotteries: whether somebody chose is NOT decided"
    ),
    "check-private-record-missing": "record.json is not there and NOT checked",
    "check-tables": "the tables are those of the draw ({names})",
    "verified-anchored": "Verified at the {level} level, anchored.",
    "verified-not-anchored": (
        "Verified at the {level} level: consistent, not anchored "
        "(give the commitment that was published before the draw)."
    ),
    "verified-not": "NOT verified ({level} level).",
    "verified-skipped": "What is marked [--] was left out.",
    "verified-committed": "The wording of the seed was fixed beforehand (committed).",
    "verified-uncommitted": "The wording of the seed was not fixed beforehand (uncommitted).",
    "check-portfolio-no-strategy": (
        "the strategy {name!r} cannot be used here, so the lottery is NOT made again"
    ),
    # plugins
    "plugin-not-module": (
        "The plugin {plugin} names {value!r}; an entry point has to name a module, "
        "without a colon behind it."
    ),
    "plugin-import": "The plugin {plugin} cannot be imported: {error}.",
    "plugin-hook-unknown": (
        "The plugin {plugin} implements {hook!r}, which is no hook. There are: {available}."
    ),
    "plugin-hook-unknown-nearest": (
        "The plugin {plugin} implements {hook!r}, which is no hook; "
        "did you mean {nearest!r}? There are: {available}."
    ),
    "plugin-hook-arguments": "The plugin {plugin} cannot be registered: {error}.",
    "plugin-without-hook": (
        "The plugin {plugin} implements no hook; mark its functions with @hookimpl. "
        "There are: {available}."
    ),
    "plugin-hook-raised": "The hook {hook} of the plugin {plugin} failed: {error}.",
    "plugin-hook-result": (
        "The hook {hook} of the plugin {plugin} has to return a list of classes: {reason}."
    ),
    "plugin-blocked": "The plugin {plugin} is blocked by {by}.",
    "plugin-name-taken": "{name!r} is registered by {owners}; it stays with {keeper}.",
    "plugin-name-twice": (
        "{name!r} is registered by {owners}. Block all of them but one, or remove them."
    ),
    # strategies
    "strategy-unknown": "There is no selection strategy {name!r}. There are: {available}.",
    "strategy-unknown-nearest": (
        "There is no selection strategy {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "strategy-unknown-plugins": (
        "These plugins may have it but are not active: {plugins}. "
        "The command 'mitwirkung plugins' says why."
    ),
    "strategy-settings": "The settings of strategy {name!r} are not right:",
    "strategy-settings-public": (
        "The settings of a strategy are published as whole numbers, texts, lists and tables: "
        "{reason}."
    ),
    "strategy-refused": "Strategy {name!r} refuses: {reason}.",
    "strategy-failed": (
        "Strategy {name!r} of {plugin} failed with {error}; that is a fault of the strategy. "
        "No lottery was made."
    ),
    "pots-features-missing": "Name the features of the pots in 'features'. There are: {available}.",
    "pots-feature-unknown": "features: {unknown} is no feature. There are: {available}.",
    "pots-feature-twice": "features: one is named twice.",
    "strategy-households": (
        "Strategy {name!r} cannot keep households apart; leave out the household columns "
        "or choose another strategy."
    ),
    # new plugins
    "new-plugin-name": (
        "{name!r} cannot be the name of a plugin. Use lowercase letters a to z, digits and single "
        "hyphens between them, and begin with a letter: 'seats-by-district'."
    ),
    "new-plugin-taken": "{name!r} is taken, as are {taken}. Choose another name.",
    "new-plugin-kind": "There is no kind of plugin {kind!r}. There are: {available}.",
    # pictures
    "extra-missing": (
        "This needs {packages}. The extra {extra!r} brings it: pip install 'mitwirkung[{extra}]'."
    ),
    "picture-suffix": "A picture cannot be saved as {suffix!r}. It can be: {available}.",
}


def _unchanged(text: str) -> str:
    return text


def _shown(value: object) -> object:
    """Lists read as `a, b, c` in a sentence; everything else stays as it is."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return value


def text_of(code: str, params: Mapping[str, Any], translate: Translate = _unchanged) -> str:
    """The sentence for a code in the language of `translate` (English without one).

    A code that is not ours stands for itself: a plugin may raise an error with a sentence.
    """
    if code not in TEXTS:
        return code
    shown = {name: _shown(value) for name, value in params.items()}
    return translate(TEXTS[code]).format(**shown)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or doubtful, at one place of an input.

    `row` counts as a spreadsheet does: the header is row 1. `params` hold what would be right
    (names of columns, allowed values), never what a person wrote.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    row: int | None = None
    column: str | None = None

    def describe(self, translate: Translate = _unchanged) -> str:
        """Place and sentence on one line."""
        place = [self.file] if self.file else []
        if self.row is not None:
            place.append(translate("row {row}").format(row=self.row))
        if self.column is not None:
            place.append(translate("column {column!r}").format(column=self.column))
        sentence = text_of(self.code, self.params, translate)
        return f"{', '.join(place)}: {sentence}" if place else sentence

    def as_json(self) -> dict[str, Any]:
        """The finding as plain data, with its English sentence."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "text": self.describe(),
        }


class MitwirkungError(Exception):
    """Base of all errors of the library: a `code` from `TEXTS` and its `params`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def describe(self, translate: Translate = _unchanged) -> str:
        """The sentence in the language of `translate`."""
        return text_of(self.code, self.params, translate)

    def __str__(self) -> str:
        return self.describe()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.code, self.params))


def _rebuild(kind: type[MitwirkungError], code: str, params: dict[str, Any]) -> MitwirkungError:
    return kind(code, **params)


class InputError(MitwirkungError, ValueError):
    """Everything that is wrong in an input, at once: `findings`, in the order of the input."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self.params["findings"])

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Self:
        return cls("input-refused", count=len(findings), findings=tuple(findings))

    def describe(self, translate: Translate = _unchanged) -> str:
        """The count and the first hundred findings, a line each."""
        found = self.findings
        lines = [translate(TEXTS[self.code]).format(count=len(found))]
        lines += [f"- {finding.describe(translate)}" for finding in found[:PRINTED_FINDINGS]]
        if len(found) > PRINTED_FINDINGS:
            rest = len(found) - PRINTED_FINDINGS
            lines.append(translate("... and {rest} more.").format(rest=rest))
        return "\n".join(lines)


class UnknownStrategy(MitwirkungError, LookupError):
    """A selection strategy was asked for that nobody registered."""

    @classmethod
    def named(cls, name: str, available: Sequence[str], inactive: Sequence[str] = ()) -> Self:
        """With all names there are, the nearest, and the plugins that could not be asked."""
        params = {"name": name, "available": sorted(available), "plugins": list(inactive)}
        meant = nearest(name, params["available"])
        if meant is None:
            return cls("strategy-unknown", **params)
        return cls("strategy-unknown-nearest", nearest=meant, **params)

    def describe(self, translate: Translate = _unchanged) -> str:
        """The sentence, and one about plugins that are not active."""
        sentence = super().describe(translate)
        if not self.params.get("plugins"):
            return sentence
        return f"{sentence} {text_of('strategy-unknown-plugins', self.params, translate)}"


class StrategyRefused(MitwirkungError, ValueError):
    """The strategy cannot serve this problem or these settings."""

    @classmethod
    def because(cls, name: str, reason: str) -> Self:
        """A refusal in the words of the strategy `name`; they hold no personal data."""
        return cls("strategy-refused", name=name, reason=reason.rstrip("."))

    @classmethod
    def of_settings(cls, name: str, findings: Sequence[Finding]) -> Self:
        """Everything that is wrong in the settings of the strategy `name`."""
        return cls("strategy-settings", name=name, findings=tuple(findings))

    def describe(self, translate: Translate = _unchanged) -> str:
        """The sentence; for settings every finding on a line of its own."""
        found: Sequence[Finding] = self.params.get("findings", ())
        lines = [f"- {finding.describe(translate)}" for finding in found]
        return "\n".join([super().describe(translate), *lines])


class StrategyFailed(MitwirkungError, RuntimeError):
    """A strategy broke: it raised what is no error of this library, or returned no lottery.

    The exception that it raised is the `__cause__`; its text may hold personal data and is
    therefore not repeated.
    """


class PluginFailed(MitwirkungError, RuntimeError):
    """A plugin that was asked for cannot be used; the `__cause__` is what it raised."""


class PluginBlocked(MitwirkungError, LookupError):
    """A plugin that was asked for is blocked, by the settings or the environment."""


class NameConflict(MitwirkungError, ValueError):
    """Several plugins claim one name; none of them is chosen silently."""

    @classmethod
    def between(cls, name: str, owners: Sequence[str], keeper: str | None = None) -> Self:
        """The claims of `owners`, given as "distribution version"; a built-in keeps its name."""
        if keeper is None:
            return cls("plugin-name-twice", name=name, owners=list(owners))
        return cls("plugin-name-taken", name=name, owners=list(owners), keeper=keeper)


class ExtraMissing(MitwirkungError, ImportError):
    """A function needs packages that an extra of this library would have brought."""

    @classmethod
    def of(cls, extra: str, packages: Sequence[str]) -> Self:
        return cls("extra-missing", extra=extra, packages=list(packages))

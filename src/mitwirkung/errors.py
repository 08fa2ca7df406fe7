"""Errors that help: a code, parameters, and for input every finding with its place.

An error never holds personal data. It points at a place (file, row, column) instead of repeating
what stands there, so that it can be logged, mailed and pickled. What each code says stands in
`messages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from mitwirkung.messages import TEXTS, Translate, text_of, unchanged
from mitwirkung.names import nearest

PRINTED_FINDINGS = 100


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

    def describe(self, translate: Translate = unchanged) -> str:
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

    def describe(self, translate: Translate = unchanged) -> str:
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

    def describe(self, translate: Translate = unchanged) -> str:
        """The count and the first hundred findings, a line each."""
        found = self.findings
        lines = [translate(TEXTS[self.code]).format(count=len(found))]
        lines += [f"- {finding.describe(translate)}" for finding in found[:PRINTED_FINDINGS]]
        if len(found) > PRINTED_FINDINGS:
            rest = len(found) - PRINTED_FINDINGS
            lines.append(translate("... and {rest} more.").format(rest=rest))
        return "\n".join(lines)


class _UnknownName(MitwirkungError, LookupError):
    """A name was asked for that nobody registered."""

    kind: ClassVar[str]

    @classmethod
    def named(cls, name: str, available: Sequence[str], inactive: Sequence[str] = ()) -> Self:
        """With all names there are, the nearest, and the plugins that could not be asked."""
        params = {"name": name, "available": sorted(available), "plugins": list(inactive)}
        meant = nearest(name, params["available"])
        if meant is None:
            return cls(f"{cls.kind}-unknown", **params)
        return cls(f"{cls.kind}-unknown-nearest", nearest=meant, **params)

    def describe(self, translate: Translate = unchanged) -> str:
        """The sentence, and one about plugins that are not active."""
        sentence = super().describe(translate)
        if not self.params.get("plugins"):
            return sentence
        return f"{sentence} {text_of('strategy-unknown-plugins', self.params, translate)}"


class UnknownStrategy(_UnknownName):
    """A selection strategy was asked for that nobody registered."""

    kind = "strategy"


class UnknownBackend(_UnknownName):
    """A storage backend was asked for that nobody registered."""

    kind = "backend"


class UnknownChannel(_UnknownName):
    """A notification channel was asked for that nobody registered."""

    kind = "channel"


class UnknownSource(_UnknownName):
    """A source of randomness was asked for that nobody registered."""

    kind = "source"


class RefusedSettings(MitwirkungError, ValueError):
    """What a strategy or a source cannot work with."""

    kind: ClassVar[str]

    @classmethod
    def of_settings(cls, name: str, findings: Sequence[Finding]) -> Self:
        """Everything that is wrong in the settings of `name`."""
        return cls(f"{cls.kind}-settings", name=name, findings=tuple(findings))

    def describe(self, translate: Translate = unchanged) -> str:
        """The sentence; for settings every finding on a line of its own."""
        found: Sequence[Finding] = self.params.get("findings", ())
        lines = [f"- {finding.describe(translate)}" for finding in found]
        return "\n".join([super().describe(translate), *lines])


class SourceRefused(RefusedSettings):
    """The source of randomness cannot work with these settings."""

    kind = "source"


class SourceFailed(MitwirkungError, RuntimeError):
    """A source of randomness broke; what it raised is the `__cause__`."""


class BackendRefused(RefusedSettings):
    """The storage backend cannot work with these settings."""

    kind = "backend"


class BackendFailed(MitwirkungError, RuntimeError):
    """A storage backend broke when it was made; what it raised is the `__cause__`."""


class ChannelRefused(RefusedSettings):
    """The notification channel cannot work with these settings."""

    kind = "channel"


class ChannelFailed(MitwirkungError, RuntimeError):
    """A notification channel broke when it was made; what it raised is the `__cause__`."""


class StrategyRefused(RefusedSettings):
    """The strategy cannot serve this problem or these settings."""

    kind = "strategy"

    @classmethod
    def because(cls, name: str, reason: str) -> Self:
        """A refusal in the words of the strategy `name`; they hold no personal data."""
        return cls("strategy-refused", name=name, reason=reason.rstrip("."))


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

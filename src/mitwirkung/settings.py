"""Settings of an installation: `mitwirkung.toml`, with secrets from the environment.

```toml
[selection]
use = "pots"                         # the strategy where none is named

[selection.pots]                     # its settings
features = ["Stadtbezirk"]

[storage]
use = "sqlite"                       # where events are kept
master_key = { "$env" = "MITWIRKUNG_MASTER_KEY" }

[storage.sqlite]
path = "dialog.db"

[notifications]
use = ["email", "call-list"]         # how messages go out, in the order in which ways are tried
templates = "vorlagen"               # templates of one's own

[notifications.sender]               # who writes
name = "Stadt Dortmund"

[notifications.email]
host = "mail.example.org"
from_address = "dialog@example.org"

[plugins]
block = ["mitwirkung-example"]       # distributions or entry points; "*" is all of them
```

Here the form of the file is read. What a plugin's own section may hold is said by its settings
model, and checked when a `Mitwirkung` is made, since only then the plugins are known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from mitwirkung.errors import Finding, InputError
from mitwirkung.messages import Reason
from mitwirkung.names import nearest
from mitwirkung.toml_files import model_findings, read_toml, unknown_key

DEFAULT_STRATEGY = "leximin"
DEFAULT_BACKEND = "sqlite"
DEFAULT_CHANNELS = ("folder",)
BLOCK_VARIABLE = "MITWIRKUNG_BLOCK_PLUGINS"
SETTINGS_FILE = "mitwirkung.toml"
ERASURES_FILE = "mitwirkung-erasures.jsonl"
ENVIRONMENT_KEY = "$env"

Section = Mapping[str, Any]


PLUGIN_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""How strategies, sources, backends and channels are called: their sections have that name too."""


class PluginSettings(BaseModel):
    """Base of the settings of every plugin class: frozen, unknown keys refused.

    Say what a setting means with `Field(description=...)` or in a docstring below it: it stands in
    the sample file. Secrets are `SecretStr`, and come from the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Selection:
    """`use` is the strategy where none is named; `sections` hold settings by strategy."""

    use: str = DEFAULT_STRATEGY
    sections: Mapping[str, Section] = field(default_factory=dict)


@dataclass(frozen=True)
class Storage:
    """`use` is the backend where events are kept; `sections` hold settings by backend.

    `master_key` protects the keys of personal data, see `mitwirkung.storage.keys.MasterKey`.
    `erasures` is the file in which erasures are noted, so that they can be repeated after a backup
    was restored: it is never restored itself.
    """

    use: str = DEFAULT_BACKEND
    master_key: SecretStr | None = None
    erasures: str = ERASURES_FILE
    sections: Mapping[str, Section] = field(default_factory=dict)


class Sender(PluginSettings):
    """Who writes the messages."""

    name: str = ""
    """The city or office, as people know it."""
    address: tuple[str, ...] = ()
    """Its postal address, line by line."""
    phone: str | None = None
    """Where questions are answered on the phone."""
    email: str | None = None
    """Where questions are answered by e-mail."""
    website: str | None = Field(default=None, pattern=r"^https://[^\s]+$")
    """Its page about the event; begins with https://."""
    imprint: str | None = None
    """Who is responsible, as the law asks for it, or where that stands."""


@dataclass(frozen=True)
class Notifications:
    """How messages go out.

    Attributes:
        use: the channels, in the order in which they are tried for somebody's contact.
        templates: a folder with templates of one's own.
        reply: the address at which people answer online, with `{event}` and `{token}` in it.
        sender: who writes.
        sections: settings by channel.
    """

    use: tuple[str, ...] = DEFAULT_CHANNELS
    templates: str | None = None
    reply: str | None = None
    sender: Sender = field(default_factory=Sender)
    sections: Mapping[str, Section] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What `mitwirkung.toml` says; without a file all is as it ships.

    Attributes:
        selection: the strategies' part.
        storage: the storage backends' part.
        notifications: the notification channels' part.
        blocked: distributions or entry points that are not loaded; `*` is all of them.
        file: where the settings come from.
    """

    selection: Selection = Selection()
    storage: Storage = Storage()
    notifications: Notifications = Notifications()
    blocked: tuple[str, ...] = ()
    file: str | None = None

    @classmethod
    def load(
        cls, path: str | Path = SETTINGS_FILE, *, environ: Mapping[str, str] | None = None
    ) -> Self:
        """The settings in a TOML file.

        Args:
            path: the file.
            environ: where secrets come from; the process's environment if not given.

        Raises:
            InputError: with everything that is wrong in it.
            FileNotFoundError: there is no such file.
        """
        return cls.from_data(read_toml(path), environ=environ, file=Path(path).name)

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        *,
        environ: Mapping[str, str] | None = None,
        file: str | None = None,
    ) -> Self:
        """The settings in a mapping of the form of the file.

        Raises:
            InputError: with everything that is wrong in it.
        """
        errors: list[Finding] = []
        known = {
            "selection": _SelectionKeys,
            "storage": _StorageKeys,
            "notifications": _NotificationKeys,
            "plugins": _PluginKeys,
        }
        errors += [
            unknown_key(key, list(known), file) for key in map(str, data) if key not in known
        ]
        resolved = _Secrets(os.environ if environ is None else environ, file, errors)
        parts: dict[str, dict[str, Any]] = {}
        for name in known:
            part = data.get(name, {})
            if isinstance(part, Mapping):
                parts[name] = {k: resolved.value(v, f"{name}.{k}") for k, v in part.items()}
            else:
                errors.append(Finding("key-table", {"key": name}, file))
        selection, strategies = _split(_SelectionKeys, parts, "selection", file, errors)
        storage, backends = _split(_StorageKeys, parts, "storage", file, errors)
        telling, channels = _split(_NotificationKeys, parts, "notifications", file, errors)
        plugins = _read(_PluginKeys, parts.get("plugins", {}), "plugins", file, errors)
        if errors or not (selection and storage and telling and plugins):
            raise InputError.of(errors)
        return cls(
            Selection(selection.use, strategies),
            Storage(storage.use, storage.master_key, storage.erasures, backends),
            Notifications(telling.use, telling.templates, telling.reply, telling.sender, channels),
            plugins.block,
            file,
        )


def blocked_plugins(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What is blocked, and by whom: distribution or entry point to the place that says so."""
    listed = environ.get(BLOCK_VARIABLE, "").split(",")
    by_environment = {name.strip(): BLOCK_VARIABLE for name in listed if name.strip()}
    place = settings.file or "the settings"
    return {**by_environment, **dict.fromkeys(settings.blocked, place)}


class _Keys(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


K = TypeVar("K", bound=_Keys)


class _SelectionKeys(_Keys):
    use: str = DEFAULT_STRATEGY


class _StorageKeys(_Keys):
    use: str = DEFAULT_BACKEND
    master_key: SecretStr | None = None
    erasures: str = ERASURES_FILE


class _NotificationKeys(_Keys):
    use: tuple[str, ...] = Field(default=DEFAULT_CHANNELS, min_length=1)
    templates: str | None = None
    reply: str | None = None
    sender: Sender = Sender()

    @field_validator("use")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError(Reason("a channel is named twice"))
        return names

    @field_validator("reply")
    @classmethod
    def _an_address(cls, address: str | None) -> str | None:
        if address is not None:
            fields = [name for _, name, _, _ in Formatter().parse(address) if name is not None]
            if not address.startswith("https://") or sorted(fields) not in _REPLY_FIELDS:
                raise ValueError(
                    Reason("it begins with https:// and holds {{token}}, and {{event}} if need be")
                )
        return address


_REPLY_FIELDS = (["token"], ["event", "token"])


class _PluginKeys(_Keys):
    block: tuple[str, ...] = ()


def _read(
    kind: type[K], data: Section, section: str, file: str | None, errors: list[Finding]
) -> K | None:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        errors += model_findings(error, kind, data=data, file=file, section=section)
        return None


def _split(
    kind: type[K],
    parts: Mapping[str, Section],
    heading: str,
    file: str | None,
    errors: list[Finding],
) -> tuple[K | None, dict[str, Section]]:
    """The keys of a heading itself, and the sections of plugins below it."""
    part, known = parts.get(heading, {}), list(kind.model_fields)
    sections = {k: v for k, v in part.items() if k not in known and isinstance(v, Mapping)}
    own = {k: v for k, v in part.items() if k not in sections}
    for key, value in list(own.items()):
        place = {"key": f"{heading}.{key}"}
        if key not in known and nearest(key, known) is None:
            errors.append(Finding("key-table", place, file))
            del own[key]
        elif key == "master_key" and isinstance(value, str):
            errors.append(Finding("key-in-the-open", place, file))
    return _read(kind, own, heading, file, errors), sections


@dataclass(frozen=True)
class _Secrets:
    """Puts secrets in the place of `{ "$env" = "NAME" }`, wherever that stands."""

    environ: Mapping[str, str]
    file: str | None
    errors: list[Finding]

    def value(self, value: Any, key: str) -> Any:
        if isinstance(value, list):
            return [self.value(item, key) for item in value]
        if not isinstance(value, Mapping):
            return value
        if ENVIRONMENT_KEY not in value:
            return {name: self.value(inner, f"{key}.{name}") for name, inner in value.items()}
        variable = value[ENVIRONMENT_KEY]
        if len(value) > 1 or not isinstance(variable, str) or not variable:
            self.errors.append(Finding("env-form", {"key": key}, self.file))
        elif variable not in self.environ:
            params = {"key": key, "variable": variable}
            self.errors.append(Finding("env-unset", params, self.file))
        else:
            return SecretStr(self.environ[variable])
        return None

"""Everything wired together: what a program or a notebook calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from mitwirkung.errors import (
    BackendFailed,
    BackendRefused,
    ChannelFailed,
    ChannelRefused,
    UnknownBackend,
    UnknownChannel,
)
from mitwirkung.intake import Applicants
from mitwirkung.lottery.attempts import GivenUpFile
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.facts_file import read_facts as read_facts_with
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.folder import (
    read_attempt,
    read_draw,
)
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.progress import Progress, Stop, Watch
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.sources import RandomnessSource
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.lottery.verification import CANNOT_BE_USED, Verification, verify
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.plugins.manager import PluginManager, unbroken
from mitwirkung.plugins.plugin import Plugin
from mitwirkung.plugins.sections import check_sections
from mitwirkung.settings import Settings, blocked_plugins
from mitwirkung.storage.backend import StorageBackend

if TYPE_CHECKING:  # the lottery needs none of them: loaded where an event is asked for
    from mitwirkung.dispatching import Dispatched
    from mitwirkung.erasure_log import ErasureLog
    from mitwirkung.events import Event
    from mitwirkung.forms.declaration import Form
    from mitwirkung.notifications.templates import Templates
    from mitwirkung.people import Actor
    from mitwirkung.procedure import Procedure
    from mitwirkung.storage.copying import Copied
    from mitwirkung.storage.vault import Vault
    from mitwirkung.writing import Post


class Mitwirkung:
    """An installation: its settings and its plugins, wired once.

    Args:
        settings: those of `mitwirkung.toml`, say; as it ships if not given.
        plugins: modules with hook implementations that a program adds itself.
        environ: the environment that may block plugins; the process's own if not given.

    Raises:
        InputError: the settings of a strategy are wrong; with everything that is wrong in them.
        UnknownStrategy, PluginFailed, PluginBlocked, NameConflict: the strategy that the settings
            name cannot be had.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        plugins: Iterable[ModuleType] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        blocked = blocked_plugins(self.settings, os.environ if environ is None else environ)
        self._storage: StorageBackend | None = None
        self._vault: Vault | None = None
        self._erasures: ErasureLog | None = None
        self._posts: dict[str, Post] = {}
        self._manager = PluginManager(blocked)
        for module in plugins:
            self._manager.register(module, name=module.__name__)
        check_sections(self.settings, self._manager)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the storage; it is opened again when it is needed."""
        if self._storage is not None:
            self._storage.close()
        self._storage = self._vault = None

    # --- events ------------------------------------------------------------------------------

    @property
    def storage(self) -> StorageBackend:
        """The storage of the settings, opened; made if there is none yet.

        Raises:
            StorageUnfit, StorageBusy: it cannot be opened.
            UnknownBackend, PluginFailed, PluginBlocked, NameConflict, BackendRefused: as for
                `backend`.
        """
        from mitwirkung.casefile import KINDS

        if self._storage is None:
            self._storage = self.backend().open(KINDS)
        return self._storage

    def procedure(self, name: str) -> Procedure:
        """The use cases of an event, by its name.

        Raises:
            MasterKeyRefused: there is no master key in the settings, or another one.
            StorageUnfit, StorageBusy: the storage cannot be opened.
        """
        from mitwirkung.erasure_log import ErasureLog
        from mitwirkung.procedure import Procedure

        storage, vault = self.storage, self.vault()
        if self._erasures is None:  # in memory there is nothing that a backup could bring back
            path = self.settings.storage.erasures if storage.durable else None
            self._erasures = ErasureLog(path)
        post = partial(self.post, name)
        return Procedure(name, storage, vault, self.solve, self._erasures, post=post)

    def post(self, event: str) -> Post:
        """How the messages of an event leave the house: channels, wording and sender of the
        settings; raises what `channel` does."""
        from mitwirkung.writing import Post

        if event not in self._posts:
            told = self.settings.notifications
            sender = told.sender.model_dump()
            channels = self.channels_in_use()
            self._posts[event] = Post(self.templates(event), channels, sender, told.reply)
        return self._posts[event]

    def dispatch(
        self,
        clock: Callable[[], datetime],
        *,
        dispatcher: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Dispatched]:
        """Send what is released and due in all events, as `mitwirkung messages send` does.

        Args:
            clock: the time.
            dispatcher: a name of its own for each that runs; made up if not given.
            limit: at most so many messages of each event.
        """
        name = dispatcher or f"dispatcher-{os.urandom(6).hex()}"
        rooms = {each: self.procedure(each).messages for each in self.events()}
        return {each: room.dispatch(name, clock, limit=limit) for each, room in rooms.items()}

    def vault(self) -> Vault:
        """What seals and opens what people told.

        Raises:
            MasterKeyRefused, StorageUnfit, StorageBusy: see `procedure`.
        """
        from mitwirkung.casefile import COMPARTMENTS
        from mitwirkung.storage.keys import MasterKey
        from mitwirkung.storage.vault import Vault

        if self._vault is None:
            secret = self.settings.storage.master_key
            master = MasterKey(None if secret is None else secret.get_secret_value())
            self._vault = Vault(self.storage.keys(), master, COMPARTMENTS)
        return self._vault

    def announce(
        self, event: Event, form: Form, quotas: QuotaPlan, *, now: datetime, actor: Actor
    ) -> Procedure:
        """Keep a new event and announce it; see `Procedure.announce`."""
        procedure = self.procedure(event.name)
        procedure.announce(event, form, quotas, now=now, actor=actor)
        return procedure

    def events(self) -> list[str]:
        """The names of the events in the storage, sorted."""
        return self.storage.events()

    def copy_storage(self, source: str, target: str) -> Copied:
        """Copy all events, with journals and keys, from one backend to another, each with its
        section in the settings; see `storage.copying.copy_storage`."""
        from mitwirkung.casefile import KINDS
        from mitwirkung.storage.copying import copy_storage

        with self.backend(source).open(KINDS) as old, self.backend(target).open(KINDS) as new:
            return copy_storage(old, new, KINDS)

    # --- plugins -----------------------------------------------------------------------------

    def plugins(self) -> tuple[Plugin, ...]:
        """All plugins with their state; those that are installed are loaded for it."""
        return self._manager.plugins()

    def strategies(self) -> Mapping[str, type[SelectionStrategy]]:
        """All strategies that can be asked for, by name; installed plugins are loaded for it."""
        return self._manager.strategies()

    def strategy(
        self,
        name: str | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        watch: Watch | None = None,
    ) -> SelectionStrategy:
        """A strategy with its settings, ready to solve.

        Args:
            name: the strategy; that of the settings if not given. None is replaced by another.
            settings: these go before those of the strategy's section.
            watch: told how far a lottery is, and asked whether to stop.

        Raises:
            UnknownStrategy: lists what there is.
            PluginFailed, PluginBlocked, NameConflict: the plugin cannot be used.
            StrategyRefused: the settings are wrong.
        """
        name = name or self.settings.selection.use
        section = self.settings.selection.sections.get(name, {})
        return self._manager.make(name, {**section, **(settings or {})}, watch)

    def sources(self) -> Mapping[str, type[RandomnessSource]]:
        """All sources of randomness, by name; installed plugins are loaded for it."""
        return self._manager.sources()

    def source(self, name: str, settings: Mapping[str, Any] | None = None) -> RandomnessSource:
        """A source of randomness: what words the seed beforehand and reads what was drawn.

        Raises:
            UnknownSource: lists what there is.
            PluginFailed, PluginBlocked, NameConflict: the plugin cannot be used.
            SourceRefused: the settings are wrong.
        """
        return self._manager.source(name, settings or {})

    def backends(self) -> Mapping[str, type[StorageBackend]]:
        """All storage backends, by name; installed plugins are loaded for it."""
        return self._manager.backends()

    def backend(
        self, name: str | None = None, *, settings: Mapping[str, Any] | None = None
    ) -> StorageBackend:
        """A storage backend with its settings; open it to use it.

        Args:
            name: the backend; that of the settings if not given. None is replaced by another.
            settings: these go before those of the backend's section.

        Raises:
            UnknownBackend: lists what there is.
            PluginFailed, PluginBlocked, NameConflict: the plugin cannot be used.
            BackendRefused: the settings are wrong.
            BackendFailed: the backend broke when it was made.
        """
        name = name or self.settings.storage.use
        section = self.settings.storage.sections.get(name, {})
        return self._manager.backend(name, {**section, **(settings or {})})

    def channels(self) -> Mapping[str, type[NotificationChannel]]:
        """All notification channels, by name; installed plugins are loaded for it."""
        return self._manager.channels()

    def channel(
        self, name: str | None = None, *, settings: Mapping[str, Any] | None = None
    ) -> NotificationChannel:
        """A notification channel with its settings; it is used inside `opened()`.

        Args:
            name: the channel; the first of those in use if not given.
            settings: these go before those of the channel's section.

        Raises:
            UnknownChannel: lists what there is.
            PluginFailed, PluginBlocked, NameConflict: the plugin cannot be used.
            ChannelRefused: the settings are wrong.
            ChannelFailed: the channel broke when it was made.
        """
        name = name or self.settings.notifications.use[0]
        section = self.settings.notifications.sections.get(name, {})
        return self._manager.channel(name, {**section, **(settings or {})})

    def channels_in_use(self) -> dict[str, NotificationChannel]:
        """Those that the settings name, in their order; raises what `channel` does."""
        return {name: self.channel(name) for name in self.settings.notifications.use}

    def templates(self, event: str | None = None) -> Templates:
        """The wording of messages: your own before what ships.

        Args:
            event: then also what is worded for this event alone.
        """
        from mitwirkung.notifications.templates import Templates

        return Templates(self.settings.notifications.templates, event=event)

    def read_facts(self, path: str | Path) -> Facts:
        """The organiser's facts in a TOML file; see `mitwirkung.lottery.facts_file.read_facts`."""
        return read_facts_with(path, self.source)

    def settings_in_force(self) -> dict[str, Any]:
        """The settings as plain data in the form of the file, with defaults; secrets are hidden."""
        selection = self.settings.selection
        sections = {}
        for name in sorted({selection.use, *selection.sections}):
            try:
                sections[name] = self.strategy(name).settings.model_dump(mode="json")
            except CANNOT_BE_USED:
                continue  # not in use, and `plugins` says why
        storage = self.settings.storage
        places: dict[str, Any] = {}
        for name in sorted({storage.use, *storage.sections}):
            try:
                places[name] = self.backend(name).settings.model_dump(mode="json")
            except (*CANNOT_BE_USED, UnknownBackend, BackendRefused, BackendFailed):
                continue
        if storage.master_key is not None:
            places["master_key"] = str(storage.master_key)
        places["erasures"] = storage.erasures
        telling = self.settings.notifications
        ways: dict[str, Any] = {}
        for name in sorted({*telling.use, *telling.sections}):
            try:
                ways[name] = self.channel(name).settings.model_dump(mode="json")
            except (*CANNOT_BE_USED, UnknownChannel, ChannelRefused, ChannelFailed):
                continue
        return {
            "file": self.settings.file,
            "selection": {"use": selection.use, **sections},
            "storage": {"use": storage.use, **places},
            "notifications": {
                "use": list(telling.use),
                "templates": telling.templates,
                "reply": telling.reply,
                "sender": telling.sender.model_dump(mode="json"),
                **ways,
            },
            "plugins": {"block": list(self.settings.blocked)},
        }

    def solve(
        self,
        problem: SelectionProblem,
        strategy: str | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> PanelLottery:
        """The lottery of a strategy for a problem.

        Args:
            problem: what the lottery is for.
            strategy, settings: see `strategy`.
            progress: told each `Step`: stage, share, bound and gap. What it raises is ignored.
            stop: asked many times a second; True ends the work, and so does what it raises.

        Raises:
            LotteryStopped: `stop` said so or broke; the error says what is proven so far.
            KeyboardInterrupt: Ctrl-C; its cause is a `LotteryStopped`.
            UnknownStrategy, PluginFailed, PluginBlocked, NameConflict: see `strategy`.
            StrategyRefused: the strategy cannot serve this problem.
            InfeasibleQuotas, TooFewApplicants: no panel can be had.
            StrategyFailed: the strategy broke; what it raised is the cause.
        """
        watch = Watch(progress, stop)
        chosen = self.strategy(strategy, settings=settings, watch=watch)
        try:
            with unbroken(chosen.name, self._manager.owner(chosen.name)):
                return chosen.solve(problem)
        except KeyboardInterrupt:
            raise KeyboardInterrupt from watch.stopped()

    def verify_record(
        self,
        record: str | Path,
        *,
        commitment: str | None = None,
        receipt: Receipt | None = None,
        applicants: Applicants | None = None,
        quotas: QuotaPlan | None = None,
        key: bytes | None = None,
        previous: Sequence[str | Path] = (),
        before: Sequence[str | Path] = (),
    ) -> Verification:
        """Check a draw with the files that lie beside its record, as far as they allow.

        Args:
            record: `record.json`, `record-public.json` (public files only), or their folder.
            commitment, receipt, applicants, quotas, key: see `lottery.verification.verify`.
            previous: folders of earlier attempts at this draw, all of them, in any order.
            before: of a draw that filled free seats, the folders of those before it, in order.

        Raises:
            FileMissing: a public file, or the named one, is not there.
        """
        found = read_draw(Path(record))

        def again(problem: SelectionProblem) -> PanelLottery:
            strategy = LotteryFile.from_bytes(found["lottery.json"]).strategy
            return self.solve(problem, strategy.name, settings=strategy.settings)

        return verify(
            found["lottery.json"],
            found["record-public.json"],
            commitment=commitment,
            receipt=receipt,
            private=found.get("lottery-private.json"),
            private_record=found.get("record.json"),
            applicants=applicants,
            quotas=quotas,
            key=key,
            tables={n: data for n, data in found.items() if n.endswith((".csv", ".html"))},
            solve=again,
            given_up=found.get(GivenUpFile.file_name),
            previous=[read_attempt(Path(place)) for place in previous],
            before=[read_draw(Path(folder)) for folder in before],
        )


def solve(
    problem: SelectionProblem,
    strategy: str | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> PanelLottery:
    """`Mitwirkung().solve`: without settings of an installation, `leximin` where none is named."""
    return Mitwirkung().solve(problem, strategy, settings=settings, progress=progress, stop=stop)


def read_facts(path: str | Path) -> Facts:
    """The organiser's facts in a TOML file, the seed's template also from a source of randomness.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    return Mitwirkung().read_facts(path)


def verify_record(
    record: str | Path,
    *,
    commitment: str | None = None,
    receipt: Receipt | None = None,
    applicants: Applicants | None = None,
    quotas: QuotaPlan | None = None,
    key: bytes | None = None,
    previous: Sequence[str | Path] = (),
    before: Sequence[str | Path] = (),
) -> Verification:
    """`Mitwirkung().verify_record`: without settings of an installation."""
    return Mitwirkung().verify_record(
        record,
        commitment=commitment,
        receipt=receipt,
        applicants=applicants,
        quotas=quotas,
        key=key,
        previous=previous,
        before=before,
    )

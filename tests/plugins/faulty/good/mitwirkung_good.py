"""It is all right."""

from datetime import datetime

from mitwirkung import (
    DeliveryReceipt,
    MemoryBackend,
    Message,
    NotificationChannel,
    Outcome,
    PanelLottery,
    RandomnessSource,
    SelectionProblem,
    SelectionStrategy,
    StorageBackend,
    hookimpl,
)


class FirstComeStrategy(SelectionStrategy):
    """Seats for anybody; promises nothing."""

    name = "good"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [FirstComeStrategy]


class SuperSixSource(RandomnessSource):
    """Six digits that a lottery draws every week; two weeks, so that there are enough."""

    name = "super-six"

    def template(self) -> str:
        return "Super 6: {digits 6}, {digits 6}"


@hookimpl
def register_randomness_sources() -> list[type[RandomnessSource]]:
    return [SuperSixSource]


class ShortLivedBackend(MemoryBackend):
    """Records in memory, under another name."""

    name = "short-lived"


@hookimpl
def register_storage_backends() -> list[type[StorageBackend]]:
    return [ShortLivedBackend]


class TownCrierChannel(NotificationChannel):
    """Nobody hears it, and nothing is kept."""

    name = "town-crier"
    reaches = frozenset({"phone"})

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        return self.receipt(Outcome.PERMANENT, now, "gone-hoarse")


@hookimpl
def register_notification_channels() -> list[type[NotificationChannel]]:
    return [TownCrierChannel]

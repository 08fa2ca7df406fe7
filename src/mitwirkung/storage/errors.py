"""What storage refuses. No error names the key of a record: that belongs to a person."""

from __future__ import annotations

from mitwirkung.errors import MitwirkungError


class StaleRecord(MitwirkungError, RuntimeError):
    """The record was changed or removed since it was read: read it again, and decide again."""


class RecordExists(MitwirkungError, ValueError):
    """A record of this kind and key is there already."""


class RecordUnfit(MitwirkungError, ValueError):
    """A record that no backend can keep: its names, index values, version or body are wrong."""


class UnknownKind(MitwirkungError, LookupError):
    """No such kind of record was declared when the backend was opened, or no such index field."""


class StorageClosed(MitwirkungError, RuntimeError):
    """The backend is not open, or the transaction is over, or another one runs in this thread."""


class StorageBusy(MitwirkungError, TimeoutError):
    """Others hold the storage for too long. Nothing was changed: try again."""


class StorageUnfit(MitwirkungError, RuntimeError):
    """What lies at the place of the storage cannot be used: no database, or that of a newer one."""


class JournalBroken(MitwirkungError, ValueError):
    """The journal is not what it was. `number` is the first entry that does not hold."""

    @property
    def number(self) -> int:
        return int(self.params["number"])


class PurposeRefused(MitwirkungError, PermissionError):
    """A compartment does not open for this purpose; the error names those that it opens for."""


class BodyErased(MitwirkungError, LookupError):
    """The key of a body was destroyed: nobody can read it any more."""


class BodyAltered(MitwirkungError, ValueError):
    """A body is not what was sealed, or not that of this event, kind and key."""


class MasterKeyRefused(MitwirkungError, ValueError):
    """There is no master key, or it is none, or not the one of these keys."""

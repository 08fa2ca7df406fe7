"""The conformance kit for storage backends: subclass it, and pytest checks the contract."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st

from mitwirkung.errors import BackendRefused
from mitwirkung.storage.backend import PAGE, StorageBackend, Transaction, backend_flaws
from mitwirkung.storage.errors import (
    RecordExists,
    RecordUnfit,
    StaleRecord,
    StorageClosed,
    UnknownKind,
)
from mitwirkung.storage.journal import JournalEntry, prove_journal
from mitwirkung.storage.keys import KeyName
from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.records import LARGEST, Record, RecordKind
from mitwirkung.testing.examples import for_each
from mitwirkung.testing.kit import demand, hold_to_kit

APPLICATION = RecordKind("application", ("state", "seat_until"))
NOTE = RecordKind("note")
KINDS = (APPLICATION, NOTE)
EVENT = "buergerdialog-2020"
NOON = datetime(2020, 11, 27, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))


class State(StrEnum):
    """Texts, as programs like to name them."""

    RECEIVED = "received"


class Boom(Exception):
    """What a program may raise in the middle of a transaction."""


class StorageBackendKit:
    """What every storage backend has to keep, as tests. Subclass it in a test module::

        class TestPostgres(StorageBackendKit):
            def make(self, folder):
                return PostgresBackend({"url": URL, "schema": folder.name.lower()})

    pytest then runs all tests of the kit. A test can be overridden only as a declared expected
    failure, as in `SelectionStrategyKit`.

    Class attributes:
        durable: a backend that is made later for the same folder, or in another process, reads
            what one kept before. Tests of that are left out if it is False.
        examples: how many random sequences of steps are compared with the reference.

    Raises:
        TypeError: a subclass replaces a test of the kit without declaring it.
    """

    durable: ClassVar[bool] = True
    examples: ClassVar[int] = 30

    __test__ = False  # pytest runs the subclasses, not the kit where it is imported

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hold_to_kit(cls, StorageBackendKit)

    def make(self, folder: Path) -> StorageBackend:
        """A backend that is not open yet and keeps all its files in this folder. It is empty at
        first; made again for the same folder, it is on the same place."""
        raise NotImplementedError(f"{type(self).__qualname__} needs a method make(self, folder)")

    # --- what it is -------------------------------------------------------------------------------

    def test_it_declares_what_it_is(self) -> None:
        """Name, settings and docstring are there; making it touches nothing."""
        with _folder() as folder:
            backend = type(self.make(folder))
            demand(not list(folder.iterdir()), "it makes files before it is opened")
        flaws = [*backend_flaws(backend)]
        if not (backend.__doc__ or "").strip():
            flaws.append(f"{backend.__qualname__} needs a docstring on where things are kept")
        demand(not flaws, "; ".join(flaws))

    def test_its_settings_refuse_unknown_keys(self) -> None:
        """A misspelt setting is noticed."""
        with _folder() as folder:
            backend = self.make(folder)
        settings = {**backend.settings.model_dump(), "no_such_key": 1}
        try:
            type(backend)(settings)
        except BackendRefused as refusal:
            demand("no_such_key" in str(refusal), f"refused for another reason: {refusal}")
        else:
            raise AssertionError("an unknown key in the settings is accepted: keep extra='forbid'")

    def test_it_is_used_between_open_and_close(self) -> None:
        """Not before, not after; closing twice is no error."""
        with _folder() as folder:
            backend = self.make(folder)
            uses: tuple[Callable[[], object], ...] = (
                backend.events,
                backend.compact,
                lambda: backend.transaction(EVENT).__enter__(),
            )
            for use in uses:
                with pytest.raises(StorageClosed):
                    use()
            backend.open(KINDS)
            demand(backend.events() == [], "it is not empty")
            backend.close()
            backend.close()
            for use in uses:
                with pytest.raises(StorageClosed):
                    use()

    # --- records ----------------------------------------------------------------------------------

    def test_a_record_comes_back_as_it_was(self) -> None:
        """Whatever text, number or bytes it holds."""
        texts = ["received", "ä", "a\u0308", "😀", "'\"\\;--", "", " x ", "null", "1", "a\nb"]
        numbers = [0, 1, -1, LARGEST, -LARGEST, None]
        bodies = [b"", b"\0\xff", secrets.token_bytes(70_000)]
        kept = [
            _application(f"k{i}", state, number, bodies[i % len(bodies)])
            for i, (state, number) in enumerate(
                [(text, i) for i, text in enumerate(texts)] + [("x", n) for n in numbers]
            )
        ]
        kept.append(_application("enum", State.RECEIVED))
        kept += [_application(key) for key in ("Ä", "😀", "a b", "x" * 200, "'")]
        kept.append(replace(_application("seventh"), version=7))
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add_all(kept)
            with storage.transaction(EVENT) as transaction:
                for record in kept:
                    found = transaction.get("application", record.key)
                    demand(found == record, f"{record} with {record.index} is {found} afterwards")
                    state = record.index["state"]
                    among = [each.key for each in transaction.find("application", state=state)]
                    demand(record.key in among, f"it is not found by its state {state!r}")
                demand(transaction.get("application", "none") is None, "it makes records up")

    def test_kinds_and_events_are_apart(self) -> None:
        """The same key stands for something else in another kind or event."""
        with self._open() as storage:
            for event in ("a", "b"):
                with storage.transaction(event) as transaction:
                    for kind in ("application", "note"):
                        body = f"{event} {kind}".encode()
                        index = {"state": event, "seat_until": None} if kind != "note" else {}
                        transaction.add(Record(event, kind, "same", body, index))
            demand(storage.events() == ["a", "b"], f"the events are {storage.events()}")
            with storage.transaction("b") as transaction:
                found = transaction.get("note", "same")
                demand(found is not None and found.body == b"b note", f"it is {found}")
                demand(transaction.count("application") == 1, "it counts those of other events")
                demand(transaction.count("application", state="a") == 0, "it finds other events")
                transaction.remove("note", "same")
            with storage.transaction("a") as transaction:
                demand(transaction.get("note", "same") is not None, "it removes in other events")

    def test_a_second_record_of_one_key_is_refused(self) -> None:
        """Nothing of what was to be added with it is kept, and the transaction goes on."""
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add(_application("k1", "first"))
                twice = [_application("k0"), _application("k1", "second"), _application("k2")]
                with pytest.raises(RecordExists):
                    transaction.add_all(twice)
                with pytest.raises(RecordExists):
                    transaction.add_all([_application("k3"), _application("k3")])
                transaction.add(_application("k4"))
            with storage.transaction(EVENT) as transaction:
                found = [
                    (each.key, each.index["state"]) for each in transaction.find("application")
                ]
                demand(found == [("k1", "first"), ("k4", "received")], f"there are {found}")

    def test_records_are_found_by_their_index_in_the_order_of_keys(self) -> None:
        """Pages do not show; a text is no number; None is found too."""
        number = 2 * PAGE + 7
        keys = [f"k{i * 7919 % number:05}" for i in range(number)]
        odd = [("Z", "1", 1), ("a", "1", 1), ("ä", "1", 1), ("z", None, 2), ("\U0001f600", "2", 1)]
        with self._open() as storage, storage.transaction(EVENT) as transaction:
            transaction.add_all(_application(key, "1", 1) for key in keys)
            transaction.add_all(_application(*each) for each in odd)
            everyone = sorted([*keys, *(key for key, *_ in odd)])
            for match in ({}, {"state": "1"}, {"seat_until": 1}, {"state": "2", "seat_until": 1}):
                expected = [
                    key
                    for key in everyone
                    if all(value == (_as_kept(odd, key)[name]) for name, value in match.items())
                ]
                found = [each.key for each in transaction.find("application", **match)]
                demand(found == expected, f"by {match} it finds {len(found)} in another order")
                counted = transaction.count("application", **match)
                demand(counted == len(expected), f"by {match} it counts {counted}")
            found = [each.key for each in transaction.find("application", state=None)]
            demand(found == ["z"], f"by None it finds {found}")
            demand(transaction.count("application", seat_until="1") == 0, "a text is no number")
            demand(transaction.count("note") == 0, "it finds another kind")

    def test_records_may_be_changed_while_they_are_found(self) -> None:
        """Each comes once, although it moves out of what is looked for."""
        number = 2 * PAGE + 7
        with self._open() as storage, storage.transaction(EVENT) as transaction:
            transaction.add_all(_application(f"k{i:05}") for i in range(number))
            for i, record in enumerate(transaction.find("application", state="received")):
                if i % 3:
                    index = {**record.index, "state": "drawn"}
                    transaction.replace(replace(record, index=index))
                else:
                    transaction.remove("application", record.key)
            demand(i + 1 == number, f"it found {i + 1} of {number}")
            demand(transaction.count("application", state="received") == 0, "some are left")
            drawn = transaction.count("application", state="drawn")
            demand(drawn == number - (number + 2) // 3, f"{drawn} were changed")

    def test_replacing_asks_for_the_stored_version(self) -> None:
        """Who read it before somebody else changed or removed it is told."""
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add(_application("k"))
                first = transaction.get("application", "k")
                assert first is not None
                second = transaction.replace(replace(first, body=b"second"))
                demand(second.version == 2, f"its version is {second.version}")
                demand(transaction.get("application", "k") == second, "it is another one now")
            with storage.transaction(EVENT) as transaction, pytest.raises(StaleRecord):
                transaction.replace(replace(first, body=b"third"))
            with storage.transaction(EVENT) as transaction:
                demand(
                    transaction.get("application", "k") == second, "it was replaced all the same"
                )
                demand(transaction.remove("application", "k"), "it says it was not there")
                demand(not transaction.remove("application", "k"), "it says it was there")
                with pytest.raises(StaleRecord):
                    transaction.replace(second)

    def test_many_are_read_and_replaced_at_once(self) -> None:
        """As if one by one: of those that are there, and only if each has its version."""
        with self._open() as storage, storage.transaction(EVENT) as transaction:
            transaction.add_all(_application(f"k{number}") for number in range(5))
            wanted = [("application", key) for key in ("k3", "k0", "none", "k3")]
            found = {each.key: each for each in transaction.get_all(wanted)}
            demand(found.keys() == {"k0", "k3"}, f"asked for k0, k3 and none it gives {found}")
            demand(not transaction.get_all([]), "asked for nothing it gives something")
            newer = transaction.replace_all(replace(e, body=b"2") for e in found.values())
            demand(
                all(transaction.get("application", each.key) == each for each in newer),
                "what was replaced with others is not there",
            )
            demand(transaction.replace_all([]) == [], "to replace nothing is something")
            one = transaction.get("application", "k1")
            assert one is not None
            with pytest.raises(StaleRecord):
                transaction.replace_all([one, found["k0"]])

    def test_what_no_backend_could_keep_is_refused(self) -> None:
        """Before anything is written, and alike everywhere."""
        good = _application("k")
        unfit = (
            replace(good, key=""),
            replace(good, key="a\0b"),
            replace(good, key="\ud800"),
            replace(good, event="another"),
            replace(good, version=0),
            replace(good, body="text"),  # type: ignore[arg-type]
            replace(good, index={"state": "received"}),
            replace(good, index={**good.index, "more": 1}),
            replace(good, index={"state": True, "seat_until": 1}),
            replace(good, index={"state": "a\0b", "seat_until": 1}),
            replace(good, index={"state": "\udfff", "seat_until": 1}),
            replace(good, index={"state": "x", "seat_until": LARGEST + 1}),
            replace(good, index={"state": "x", "seat_until": 0.5}),  # type: ignore[dict-item]
        )
        with self._open() as storage, storage.transaction(EVENT) as transaction:
            for record in unfit:
                with pytest.raises(RecordUnfit):
                    transaction.add_all([_application("before"), record])
            unknown: tuple[Callable[[], object], ...] = (
                lambda: transaction.add(replace(good, kind="letter")),
                lambda: transaction.get("letter", "k"),
                lambda: transaction.find("letter"),
                lambda: transaction.find("application", stat="x"),
                lambda: transaction.count("note", state="x"),
                lambda: transaction.remove("letter", "k"),
            )
            for use in unknown:
                with pytest.raises(UnknownKind):
                    use()
            demand(transaction.count("application") == 0, "something was kept")

    # --- transactions -----------------------------------------------------------------------------

    def test_an_exception_takes_everything_back(self) -> None:
        """What was added, replaced, removed and written into the journal."""
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add_all([_application("a"), _application("b")])
                transaction.append(_entry("opened"))
            with storage.transaction(EVENT) as transaction:
                before = _content(transaction)

            def spoil(event: str, exclusive: bool) -> None:
                with storage.transaction(event, exclusive=exclusive) as transaction:
                    transaction.add(Record(event, "note", "n", b""))
                    if event == EVENT:
                        transaction.replace(replace(_application("a"), body=b"changed"))
                        transaction.remove("application", "b")
                        transaction.add(_application("b", "again"))
                    transaction.append(_entry("closed"))
                    demand(_content(transaction) != before, "it does not see its own changes")
                    raise Boom

            for exclusive in (False, True):
                with pytest.raises(Boom):
                    spoil(EVENT, exclusive)
                with storage.transaction(EVENT) as transaction:
                    demand(_content(transaction) == before, "something was left")
            with pytest.raises(Boom):
                spoil("other", exclusive=False)
            demand(storage.events() == [EVENT], f"there are the events {storage.events()}")

    def test_a_transaction_ends_with_its_block_and_holds_no_other(self) -> None:
        """Neither it nor what it was finding goes on afterwards."""
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add_all(_application(f"k{i}") for i in range(3))
                transaction.append(_entry("opened"))
                found, journal = transaction.find("application"), transaction.journal()
                next(found)
                with pytest.raises(StorageClosed), storage.transaction(EVENT):
                    pass
                with pytest.raises(StorageClosed), storage.transaction("other"):
                    pass
            after: tuple[Callable[[], object], ...] = (
                lambda: next(found),
                lambda: next(journal),
                lambda: transaction.add(_application("k9")),
                lambda: transaction.get("application", "k1"),
                lambda: transaction.append(_entry("closed")),
            )
            for use in after:
                with pytest.raises(StorageClosed):
                    use()

    def test_nothing_is_lost_when_many_work_at_once(self) -> None:
        """Threads, half of them exclusive: each sees the whole work of those before."""
        threads, rounds = 4, 6
        with self._open() as storage:
            with storage.transaction(EVENT) as transaction:
                transaction.add(_application("counter", "x", 0))
            failures: list[BaseException] = []

            def work(exclusive: bool) -> None:
                try:
                    for _ in range(rounds):
                        self._count_up(storage, exclusive)
                except BaseException as failure:
                    failures.append(failure)

            workers = [threading.Thread(target=work, args=(bool(i % 2),)) for i in range(threads)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            demand(not failures, f"a thread failed: {failures}")
            with storage.transaction(EVENT) as transaction:
                counter = transaction.get("application", "counter")
                entries = list(transaction.journal())
                head = prove_journal(EVENT, entries)
            told = [entry.entry.params["count"] for entry in entries]
            demand(told == [*range(1, threads * rounds + 1)], f"the journal tells {told}")
            demand(counter is not None and counter.index["seat_until"] == told[-1], "one was lost")
            demand(head is not None and head.number == threads * rounds, "the journal is not whole")

    @staticmethod
    def _count_up(storage: StorageBackend, exclusive: bool) -> None:
        while True:
            try:
                with storage.transaction(EVENT, exclusive=exclusive) as transaction:
                    counter = transaction.get("application", "counter")
                    assert counter is not None
                    so_far = counter.index["seat_until"]
                    assert isinstance(so_far, int)
                    index = {**counter.index, "seat_until": so_far + 1}
                    transaction.replace(replace(counter, index=index))
                    transaction.append(replace(_entry("counted"), params={"count": so_far + 1}))
                    return
            except StaleRecord:
                demand(not exclusive, "somebody changed the event beside an exclusive transaction")

    # --- the journal ------------------------------------------------------------------------------

    def test_the_journal_is_chained_and_comes_back(self) -> None:
        """Times in UTC to the microsecond, all else as it was written; one for each event."""
        params = {
            "n": 1,
            "text": "ä\"'",
            "none": None,
            "list": [1, [True]],
            "map": {"b": 1, "a": 2},
        }
        entries = [
            JournalEntry(NOON, "clerk-1", "applications-opened", None, params),
            JournalEntry(NOON, "clerk-2", "application-moved", "3f9a", {}),
            *(_entry("told") for _ in range(PAGE + 3)),
        ]
        with self._open() as storage:
            with storage.transaction("b") as transaction:
                transaction.append(_entry("first"))
            with storage.transaction(EVENT) as transaction:
                written = [transaction.append(entry) for entry in entries]
            with storage.transaction(EVENT) as transaction:
                kept = list(transaction.journal())
            demand(kept == written, "the journal comes back as another one")
            demand(prove_journal(EVENT, kept) == written[-1], "its head is another one")
            demand([link.entry for link in kept] == entries, "the entries are others")
            demand(kept[0].entry.time.utcoffset() == timedelta(0), "times are not in UTC")
            demand(storage.events() == ["b", EVENT], "an event that has only a journal is missing")

    # --- what lasts, and what does not ------------------------------------------------------------

    def test_what_was_kept_is_there_when_it_is_opened_again(self) -> None:
        """With kinds that have gained and lost index fields since."""
        if not self.durable:
            return
        with _folder() as folder:
            with (
                self.make(folder).open(KINDS) as storage,
                storage.transaction(EVENT) as transaction,
            ):
                transaction.add_all([_application("a", "x", 1), _application("b", "y", 2)])
                transaction.append(_entry("opened"))
            later = RecordKind("application", ("state", "channel"))
            with (
                self.make(folder).open([later, RecordKind("letter")]) as storage,
                storage.transaction(EVENT) as transaction,
            ):
                found = {each.key: each.index for each in transaction.find("application")}
                expected = {key: {"state": state, "channel": None} for key, state in ("ax", "by")}
                demand(found == expected, f"there is {found}")
                demand(transaction.count("application", channel=None) == 2, "not found by None")
                demand(len(list(transaction.journal())) == 1, "the journal was lost")

    def test_two_that_are_open_see_what_the_other_has_done(self) -> None:
        """As two processes do, that read before either writes."""
        if not self.durable:
            return
        with (
            _folder() as folder,
            self.make(folder).open(KINDS) as one,
            self.make(folder).open(KINDS) as two,
        ):
            with one.transaction(EVENT) as transaction:
                transaction.add(_application("k"))
            with two.transaction(EVENT) as transaction:
                read = transaction.get("application", "k")
                assert read is not None
            with one.transaction(EVENT) as transaction:
                transaction.replace(replace(read, body=b"one"))
            with two.transaction(EVENT) as transaction, pytest.raises(StaleRecord):
                transaction.replace(replace(read, body=b"two"))

    def test_nothing_that_was_removed_is_left_in_any_file(self) -> None:
        """After `compact`: neither bodies, keys and index values of records, nor keys of bodies."""
        if not self.durable:
            return
        marks = {name: secrets.token_hex(16) for name in ("body", "state", "key", "old", "wrapped")}
        stays = secrets.token_hex(16)
        with _folder() as folder, self.make(folder).open(KINDS) as storage:
            with storage.transaction(EVENT) as transaction:
                body = (marks["body"] + "x" * 9000 + marks["body"]).encode()
                transaction.add(_application(marks["key"], marks["state"], 1, body))
                transaction.add(_application("stays", "x", 1, marks["old"].encode()))
            name = KeyName(EVENT, "person", "identity")
            storage.keys().add({name: bytes.fromhex(marks["wrapped"])})
            for text in ("body", "key", "state", "old"):
                demand(_left(folder, marks[text].encode()) != [], f"where is the {text} kept?")
            where = _left(folder, bytes.fromhex(marks["wrapped"]))
            demand(where != [], "where are the keys kept?")
            both = {*where} & {*_left(folder, marks["old"].encode())}
            demand(not both, f"keys and bodies lie in one file: {sorted(both)}")
            with storage.transaction(EVENT) as transaction:
                transaction.remove("application", marks["key"])
                kept = transaction.get("application", "stays")
                assert kept is not None
                transaction.replace(replace(kept, body=stays.encode()))
            storage.keys().destroy([name])
            storage.compact()
            for text, mark in marks.items():
                wanted = bytes.fromhex(mark) if text == "wrapped" else mark.encode()
                left = _left(folder, wanted)
                demand(not left, f"the {text} that was erased still lies in {left}")
            demand(_left(folder, stays.encode()) != [], "what stays was lost")

    def test_its_keys_are_kept_until_they_are_destroyed(self) -> None:
        """The first key of a name stays; many are asked for at once."""
        with self._open() as storage:
            store = storage.keys()
            many = {
                KeyName(event, f"p{i}", compartment): f"{event} {i} {compartment}".encode()
                for event in ("a", "b")
                for i in range(300)
                for compartment in ("identity", "profile")
            }
            demand(store.add(many) == {}, "it says they were there")
            demand(store.get(many) == many, "keys come back as others")
            one, other, new = KeyName("a", "p1", "profile"), *_names("a", "p2", "new")
            demand(store.add({one: b"x", new: b"new"}) == {one: many[one]}, "not the first key")
            demand(store.get([one, new]) == {one: many[one], new: b"new"}, "the first did not stay")
            demand(store.get([other._replace(compartment="none")]) == {}, "it makes keys up")
            store.destroy([one, other, KeyName("a", "none", "profile")])
            demand(store.get([one, other]) == {}, "a destroyed key is there")
            left = sorted({*many, new} - {one, other})
            demand(store.names("a") == [each for each in left if each.event == "a"], "names differ")
            demand(store.get(many) == {each: many[each] for each in left if each != new}, "others")

    # --- as the reference does --------------------------------------------------------------------

    def test_it_does_what_the_reference_does(self) -> None:
        """Random steps, in transactions that end well or badly: the same answers and content."""

        tried = count(1)

        with self._open() as storage, MemoryBackend().open(KINDS) as reference:

            def check(steps: list[Any]) -> None:
                number = next(tried)  # the events of each example are its own
                for batch in steps:
                    said = _played(storage, number, batch)
                    expected = _played(reference, number, batch)
                    demand(said == expected, f"it said {said}, the reference {expected}")
                demand(storage.events() == reference.events(), "its events are others")

            for_each(_sequences(), check, examples=self.examples, described=str)

    # --- how the tests are made -------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[StorageBackend]:
        with _folder() as folder, self.make(folder).open(KINDS) as storage:
            yield storage


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mitwirkung-kit-") as folder:
        yield Path(folder)


def _names(event: str, person: str, other: str) -> tuple[KeyName, KeyName]:
    return KeyName(event, person, "profile"), KeyName(event, other, "profile")


def _application(
    key: str, state: str | None = "received", seat_until: int | None = None, body: bytes = b"body"
) -> Record:
    return Record(EVENT, "application", key, body, {"state": state, "seat_until": seat_until})


def _as_kept(odd: list[Any], key: str) -> dict[str, Any]:
    state, number = next(((state, n) for other, state, n in odd if other == key), ("1", 1))
    return {"state": state, "seat_until": number}


def _entry(what: str) -> JournalEntry:
    return JournalEntry(NOON, "clerk", what)


def _content(transaction: Transaction) -> list[Any]:
    return [*transaction.find("application"), *transaction.find("note"), *transaction.journal()]


def _left(folder: Path, wanted: bytes) -> list[str]:
    """The files below a folder in which these bytes stand, as they are or in hexadecimal digits."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    forms = (wanted, wanted.hex().encode())
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


_KEYS = st.sampled_from(["a", "B", "ä"])
_STATES = st.sampled_from(["received", "x", "", None, "1"])
_NUMBERS = st.sampled_from([None, 0, 1, -5, LARGEST])


def _sequences() -> st.SearchStrategy[list[Any]]:
    """Transactions, each an event, whether it fails at its end, and its steps."""
    step = st.one_of(
        st.tuples(st.just("add"), _KEYS, _STATES, _NUMBERS, st.binary(max_size=3)),
        st.tuples(st.just("replace"), _KEYS, st.integers(1, 2), _STATES, _NUMBERS),
        st.tuples(st.just("remove"), _KEYS),
        st.tuples(st.just("find"), _STATES),
        st.tuples(st.just("count"), _NUMBERS),
        st.tuples(st.just("append"), st.sampled_from(["opened", "closed"])),
    )
    batch = st.tuples(st.sampled_from("ab"), st.booleans(), st.lists(step, max_size=8))
    return st.lists(batch, min_size=1, max_size=5)


def _played(storage: StorageBackend, number: int, batch: Any) -> list[Any]:
    """What a backend answers to the steps of one transaction, and what it holds afterwards."""
    name, fails, steps = batch
    event = f"{name} {number}"
    said: list[Any] = []
    try:
        with storage.transaction(event, exclusive=fails) as transaction:
            for step in steps:
                said.append(_answer(transaction, *step))
            if fails:
                raise Boom
    except Boom:
        said.append("taken back")
    with storage.transaction(event) as transaction:
        said += _content(transaction)
    return said


def _answer(transaction: Transaction, what: str, *given: Any) -> Any:
    event = transaction.event
    try:
        if what == "add":
            key, state, number, body = given
            index = {"state": state, "seat_until": number}
            return transaction.add(Record(event, "application", key, body, index))
        if what == "replace":
            key, version, state, number = given
            index = {"state": state, "seat_until": number}
            changed = Record(event, "application", key, b"changed", index, version)
            return transaction.replace(changed)
        if what == "remove":
            return transaction.remove("application", given[0])
        if what == "find":
            return list(transaction.find("application", state=given[0]))
        if what == "count":
            return transaction.count("application", seat_until=given[0])
        return transaction.append(_entry(given[0]))
    except (RecordExists, StaleRecord) as refusal:
        return type(refusal)

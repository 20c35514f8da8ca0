"""Any sequence of batches, passing time, purges and restarts, against a plain list of documents."""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.ports import Conflict, Container, Document, Write
from tests.contracts.stores import OVER_THE_WIRE, STORES, Store

CONTAINER = Container.CONVERSATIONS
PARTITIONS, IDS, TYPES = ("p", "q"), ("a", "b", "c", "d"), ("note", "memo")
Basis = Literal["new", "current", "old"]


@dataclass
class Kept:
    """A document of the model."""

    document: Document
    expires: datetime | None


@dataclass(frozen=True)
class Op:
    """One operation of a batch: on which version it is based, and what it writes."""

    id: str
    basis: Basis
    type: str
    sequence: int | None
    lives_hours: int | None
    value: int


OPS = st.builds(
    Op,
    st.sampled_from(IDS),
    st.sampled_from(["new", "new", "current", "current", "current", "old"]),
    st.sampled_from(TYPES),
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.none(), st.integers(1, 3)),
    st.integers(0, 3),
)
BATCHES = st.lists(OPS, min_size=1, max_size=4, unique_by=lambda op: op.id)


class DocumentsMachine(RuleBasedStateMachine):
    """`kept` is in the order of writing."""

    adapter: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = contextlib.AsyncExitStack()
        opening = STORES[self.adapter](Path(self.folder.name))
        self.store: Store = self.run(self.stack.enter_async_context(opening))
        self.kept: list[Kept] = []
        self.seen_etags: list[str] = []
        self.since: dict[str, str | None] = dict.fromkeys(PARTITIONS)
        self.followed: dict[tuple[str, str], Document] = {}

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def alive(self, partition: str | None = None) -> list[Document]:
        now = self.store.clock.now
        kept = [kept.document for kept in self.kept if kept.expires is None or kept.expires > now]
        return [document for document in kept if partition in (None, document.partition)]

    @rule(partition=st.sampled_from(PARTITIONS), batch=BATCHES)
    def commit(self, partition: str, batch: list[Op]) -> None:
        current = {document.id: document for document in self.alive(partition)}
        writes, expected = [], None
        for index, op in enumerate(batch):
            etag = self._etag(op, current.get(op.id))
            lives = timedelta(hours=op.lives_hours) if op.lives_hours else None
            writes.append(Write(op.id, op.type, {"v": op.value}, etag, op.sequence, lives))
            there = current.get(op.id)
            is_right = there is None if etag is None else there is not None and there.etag == etag
            if expected is None and not is_right:
                expected = (index, etag is None)
        try:
            etags = self.run(self.store.documents.commit(CONTAINER, partition, writes))
        except Conflict as conflict:
            assert (conflict.index, conflict.exists) == expected
            return
        assert expected is None
        assert not set(etags) & set(self.seen_etags)
        self.seen_etags += etags
        self._keep(partition, writes, etags)

    def _etag(self, op: Op, current: Document | None) -> str | None:
        if op.basis == "new" or not self.seen_etags:
            return None
        return current.etag if op.basis == "current" and current else self.seen_etags[op.value % len(self.seen_etags)]

    def _keep(self, partition: str, writes: list[Write], etags: tuple[str, ...]) -> None:
        now, written = self.store.clock.now, {write.id for write in writes}
        others = [k for k in self.kept if k.document.partition != partition or k.document.id not in written]
        self.kept = others + [
            Kept(Document(w.id, partition, w.type, w.body, etag, w.sequence), now + w.lives if w.lives else None)
            for w, etag in zip(writes, etags, strict=True)
        ]

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.store.clock.forward(timedelta(minutes=minutes))

    @rule()
    def purge(self) -> None:
        dead = len(self.kept) - len(self.alive())
        assert self.run(self.store.purge()) == dead
        alive = self.alive()
        self.kept = [kept for kept in self.kept if kept.document in alive]

    @rule()
    def restart(self) -> None:
        self.run(self.store.reopen())

    @rule(partition=st.sampled_from(PARTITIONS), limit=st.integers(1, 3))
    def follow(self, partition: str, limit: int) -> None:
        """Who follows the changes ends up with what is there."""
        while True:
            changes = self.store.documents.changes(CONTAINER, partition, self.since[partition], limit)
            found, self.since[partition] = self.run(changes)
            if not found:
                break
            self.followed |= {(partition, document.id): document for document in found}
        for document in self.alive(partition):
            assert self.followed[partition, document.id] == document

    @invariant()
    def reads_agree(self) -> None:
        for partition in PARTITIONS:
            alive = self.alive(partition)
            for id_ in IDS:
                expected = next((document for document in alive if document.id == id_), None)
                assert self.run(self.store.documents.read(CONTAINER, partition, id_)) == expected
            found, _ = self.run(self.store.documents.changes(CONTAINER, partition, None))
            assert found == alive
            for type_ in TYPES:
                page = self.run(self.store.documents.page(CONTAINER, partition, type_, after=1, limit=3))
                numbered = [d for d in alive if d.type == type_ and d.sequence is not None and d.sequence > 1]
                assert sorted(d.id for d in page) == sorted(d.id for d in page if d in numbered)
                assert [d.sequence for d in page] == sorted(d.sequence or 0 for d in numbered)[:3]

    @invariant()
    def searches_agree(self) -> None:
        found = self.run(self.store.documents.search(CONTAINER, "note", {}))
        expected = [document for document in self.alive() if document.type == "note"]
        assert [document.id for document in found] == sorted((d.id for d in expected), reverse=True)
        assert all(document in expected for document in found)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()


@pytest.mark.parametrize(
    "adapter", [pytest.param(name, marks=[pytest.mark.slow] if name in OVER_THE_WIRE else []) for name in STORES]
)
def test_it_behaves_like_a_list_of_documents(adapter: str) -> None:
    machine = type("Machine", (DocumentsMachine,), {"adapter": adapter})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

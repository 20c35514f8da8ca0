"""Traffic without the ids of conversations; orders by id, which decide ties, stay as they were."""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.backtest.recording import Entry, Record
from shared.domain.presence import AgentState
from shared.domain.routing import WorkItem


def anonymised(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries with numbers for conversations and offers. Agents keep their ids, as policies name them."""
    names = _Names(entries)
    return [replace(entry, record=names.of(entry.record)) for entry in entries]


class _Names:
    """Numbers in the order of the ids, all of one length."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        conversations: set[str] = set()
        offers: set[str] = set()
        for entry in entries:
            record = entry.record
            if isinstance(record, AgentState):
                conversations |= {held.conversation_id for held in record.held.values()}
            else:
                conversations.add(record.conversation_id)
                offers |= {record.offer_id or ""} if isinstance(record, WorkItem) else {record.id}
        self._conversations = {id_: f"c{number:09}" for number, id_ in enumerate(sorted(conversations))}
        self._offers = {id_: f"o{number:09}" for number, id_ in enumerate(sorted(offers))}

    def of(self, record: Record) -> Record:
        """The record under its new names."""
        if isinstance(record, AgentState):
            held = {
                self._work(id_, each.conversation_id): replace(
                    each, conversation_id=self._conversations[each.conversation_id]
                )
                for id_, each in record.held.items()
            }
            return replace(record, held=held)
        conversation = self._conversations[record.conversation_id]
        if isinstance(record, WorkItem):
            offer = self._offers[record.offer_id] if record.offer_id else None
            work = self._work(record.id, record.conversation_id)
            return replace(record, id=work, conversation_id=conversation, offer_id=offer)
        work = self._work(record.work_id, record.conversation_id)
        return replace(record, id=self._offers[record.id], work_id=work, conversation_id=conversation)

    def _work(self, work_id: str, conversation_id: str) -> str:
        """Work is called after its conversation."""
        return self._conversations[conversation_id] + work_id.removeprefix(conversation_id)

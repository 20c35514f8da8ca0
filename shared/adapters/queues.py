"""What the queue adapters have in common."""

import hashlib
from collections import OrderedDict

from shared.ports import InboundEvent

CHANNEL_EVENTS = "channel-events"
WORK = "work"
REMEMBERED_MAX = 2_000


def message_id(event: InboundEvent, again: str) -> str:
    """The same for the same source, so that the queue can drop repetitions."""
    source = "\0".join((event.channel, event.address, event.source_id, again))
    return hashlib.sha256(source.encode()).hexdigest()


class RecentKeys:
    """Keys of late, in this process."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def is_new(self, key: str) -> bool:
        """Whether it was not remembered."""
        return key not in self._keys

    def remember(self, key: str | None) -> None:
        """Keep a key; the oldest is forgotten."""
        if key is None:
            return
        self._keys[key] = None
        if len(self._keys) > REMEMBERED_MAX:
            self._keys.popitem(last=False)

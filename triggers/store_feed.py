"""The change feed where there is no Cosmos DB: a timer that reads what the SQLite store has written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import azure.durable_functions as df
import azure.functions as func

from shared.adapters.durable import DurableBells
from shared.app import current
from shared.ports import Bells, Container, Document
from shared.usecases import follow
from shared.usecases.services import Services

ITEMS_MAX = 500
ROUNDS_MAX = 20

Sink = Callable[[Services, Sequence[Document], Bells], Awaitable[None]]

SINKS: Mapping[str, tuple[Container, Sink]] = {
    "bells": (Container.CONVERSATIONS, follow.ring),
    "screens": (Container.CONVERSATIONS, follow.tell_screens),
    "routing": (Container.ROUTING, follow.tell_routing),
    "insights": (Container.CONVERSATIONS, follow.count),
    "closures": (Container.CONFIG, follow.tell_closures),
}

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="*/1 * * * * *", use_monitor=False)
@bp.durable_client_input(client_name="client")
async def pump_store(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Hand each sink what is new to it."""
    bells = DurableBells(client)
    for name, (container, sink) in SINKS.items():
        await _pump(name, container, sink, bells)


async def _pump(name: str, container: Container, sink: Sink, bells: Bells) -> None:
    """A position is kept only after its documents were handled."""
    app = current()
    position = await app.sqlite.position(name)
    for _ in range(ROUNDS_MAX):
        documents, following = app.sqlite.feed(container, position, ITEMS_MAX)
        if not documents:
            return
        await sink(app.services, documents, bells)
        await app.sqlite.keep_position(name, following)
        position = following

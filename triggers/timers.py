"""What is done from time to time."""

import azure.durable_functions as df
import azure.functions as func

from shared.adapters.durable import DurableBells
from shared.app import current, fresh
from shared.usecases import agents, sweep

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="*/5 * * * * *", use_monitor=False)
@bp.durable_client_input(client_name="client")
async def presence_sweep(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Act on agents of whom nothing is heard any more."""
    services = (await fresh()).services
    await agents.sweep(services, DurableBells(client))
    await sweep.ring_pools(services)


@bp.timer_trigger(arg_name="timer", schedule="30 * * * * *", use_monitor=False)
@bp.durable_client_input(client_name="client")
async def conversation_sweep(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Wake what should have acted long ago, and free capacity that nothing holds any more."""
    services, bells = (await fresh()).services, DurableBells(client)
    await sweep.overdue(services, bells)
    await sweep.orphans(services)
    await sweep.stranded(services, bells)


@bp.timer_trigger(arg_name="timer", schedule="15 */10 * * * *", use_monitor=False)
async def purge_expired(timer: func.TimerRequest) -> None:
    """Remove documents that have outlived their time, where the store does not do it by itself."""
    await current().store.purge()

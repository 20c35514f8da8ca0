"""The bot's turn: greet, answer what the customer has written, hand over to people, or give up.

The bot is asked outside of any commit. When its answer comes, the conversation may have moved on (a person owns it, or
the same message was answered by a repeated turn): then the answer is dropped.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from shared.domain.bot import BotReply, HandOffRequest
from shared.domain.conversation import Change, Conversation, Draft, Kind, Message, Owner, Sender, Status, Step
from shared.domain.life import end_work, enter, stage_of, system_says
from shared.ports import BotFailed, BotTurn
from shared.usecases.publish import publish
from shared.usecases.queueing import find_way
from shared.usecases.services import Services
from shared.usecases.stages import Turn, is_elsewhere, prepare_wait, turn_of

UNHANDLED_MAX = 50
BOT_FAILED = "bot-failed"
"""The topic of conversations that people take over because the bot has failed."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The bot's reply to a message (None: its greeting); no reply if it failed."""

    to: Message | None
    reply: BotReply | None


async def bot_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """One turn. Without a bot on the channel the conversation goes straight to the queue."""
    read = await services.conversations.get(conversation_id)
    if read is None:
        raise LookupError(f"conversation {conversation_id} is not in the store")
    if is_elsewhere(read, "bot", token):
        return turn_of(read, "bot", token)
    bot = services.centre.channels[read.channel].bot
    answers, is_all = await _answers(services, read, bot) if bot else ([], True)
    request = _request(bot, answers)
    way = await find_way(services, read, request, _learnt(read, answers)) if request else None

    def decide(current: Conversation) -> Change | None:
        is_as_read = (current.status, current.epoch, current.bot_handled) == (read.status, read.epoch, read.bot_handled)
        if not is_as_read or is_elsewhere(current, "bot", token):
            return None
        draft = Draft(current, services.clock())
        _carry_out(draft, services, bot, answers)
        if way:
            enter(draft, way.centre, way.route, way.entry, way.topic)
        if stage_of(draft.conversation) == "bot":
            _wait_or_give_up(draft, services, token, read.wait.signals if is_all else read.wait.seen)
        return draft.done()

    change = await services.conversations.update(conversation_id, decide)
    if change is None:
        return Turn("bot", read.wait.token)
    await publish(services, change, None)
    return turn_of(change.after, "bot", token)


async def _answers(services: Services, read: Conversation, bot: str) -> tuple[list[_Answer], bool]:
    """What the bot says to what it has not answered yet, and whether that was all; a failure or hand-off ends it."""
    unheard: list[Message | None] = [None] if read.status is Status.NEW else []
    messages = await services.conversations.messages(read.id, after=read.bot_handled, limit=UNHANDLED_MAX)
    unheard += [m for m in messages if m.sender.kind is Kind.CUSTOMER and m.sequence <= read.sequence]
    memory = read.bot
    answers: list[_Answer] = []
    for message in unheard:
        key = f"{read.id}/{message.sequence if message else 0}"
        turn = BotTurn(key, read.id, bot, read.locale, message.text if message else None, memory)
        try:
            reply = await _ask(services, turn)
        except BotFailed:
            return [*answers, _Answer(message, None)], True
        answers.append(_Answer(message, reply))
        memory = reply.memory
        if reply.hand_off or reply.is_end:
            return answers, True
    return answers, len(messages) < UNHANDLED_MAX


async def _ask(services: Services, turn: BotTurn) -> BotReply:
    """Ask within the limits: the customer is told when it takes long; BotFailed when it takes too long."""
    limits = services.centre.limits
    asked = asyncio.ensure_future(services.bot.reply(turn))
    done, _ = await asyncio.wait({asked}, timeout=limits.bot_notice.total_seconds())
    if not done:
        await _apologise(services, turn)
        left = limits.bot_failure - limits.bot_notice
        done, _ = await asyncio.wait({asked}, timeout=max(left.total_seconds(), 0))
    if not done:
        asked.cancel()
        raise BotFailed("it did not answer in time")
    try:
        return asked.result()
    except BotFailed:
        raise
    except Exception as error:  # whatever goes wrong in a bot, the customer gets a person
        raise BotFailed(repr(error)) from error


async def _apologise(services: Services, turn: BotTurn) -> None:
    def decide(current: Conversation) -> Change:
        draft = Draft(current, services.clock())
        system_says(draft, services.centre, "bot_slow")
        return draft.done()

    change = await services.conversations.update(turn.conversation_id, decide)
    if change:
        await publish(services, change, None)


def _request(bot: str | None, answers: list[_Answer]) -> HandOffRequest | None:
    """Whether people are to take over: at once without a bot, else if it says so or has failed."""
    if bot is None:
        return HandOffRequest(None, (), None)
    last = answers[-1] if answers else None
    if last and last.reply is None:
        return HandOffRequest(None, (), BOT_FAILED)
    return last.reply.hand_off if last and last.reply else None


def _learnt(read: Conversation, answers: list[_Answer]) -> dict[str, Any]:
    """The context, with what the bot has learnt."""
    context = dict(read.context)
    for answer in answers:
        if answer.reply:
            context |= answer.reply.memory.learnt
    return context


def _carry_out(draft: Draft, services: Services, bot: str | None, answers: list[_Answer]) -> None:
    """Say what the bot says; a hand-off is the caller's."""
    if bot is None:
        return
    centre = services.centre
    name = centre.bots[bot].name
    if draft.conversation.status is Status.NEW:
        draft.step(Step.BOT_TOOK_OVER, bot=bot)
        draft.own(Owner(Kind.BOT, bot, name))
    for answer in answers:
        if answer.to:
            draft.set(bot_handled=answer.to.sequence)
        if answer.reply is None:
            system_says(draft, centre, "bot_failed")
            return
        at = answer.to.sequence if answer.to else 0
        for number, text in enumerate(answer.reply.texts):
            draft.say(f"bot-{at}-{number}", Sender(Kind.BOT, name), text)
        draft.set(bot=answer.reply.memory, context=_learnt(draft.conversation, [answer]))
        if answer.reply.is_end and not answer.reply.hand_off:
            draft.step(Step.ENDED, by="bot")
            end_work(draft, Kind.BOT)
            return


def _wait_or_give_up(draft: Draft, services: Services, token: int, seen: int) -> None:
    until = draft.conversation.active_at + services.centre.limits.bot_idle
    if draft.now >= until:
        system_says(draft, services.centre, "idle_ended")
        draft.step(Step.TIMED_OUT, limit="botIdle")
        end_work(draft, Kind.SYSTEM)
        return
    prepare_wait(draft, token, until, seen)

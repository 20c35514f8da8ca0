import type { TFunction } from 'i18next';
import type { Message } from '../api/types';
import type { OutboxItem } from '../lib/outbox';
import type { Bubble } from './MessageBubble';

type CommonTexts = TFunction;

/** Which side of a conversation a page shows; its own messages stand on the right. */
export type Side = 'customer' | 'centre';

/** A message of the transcript. */
export function bubbleOf(message: Message, side: Side, t: CommonTexts): Bubble {
  const kind = kindOf(message, side);
  return {
    key: keyOf(message.sender.kind, message.id),
    senderName: senderName(message, side, t),
    kind,
    text: message.text,
    at: message.at,
    remark: remarkOf(message, t),
    isTrouble: message.delivery === 'failed',
  };
}

function senderName(message: Message, side: Side, t: CommonTexts): string {
  if (side === 'customer' && message.sender.kind === 'customer') {
    return t('sender.you');
  }
  return message.sender.name || t(`sender.${message.sender.kind}`);
}

function remarkOf(message: Message, t: CommonTexts): string | null {
  if (message.delivery === 'failed') {
    return t('delivery.failed');
  }
  return message.visibility === 'internal' ? t('note') : null;
}

function kindOf(message: Message, side: Side): Bubble['kind'] {
  if (message.visibility === 'internal') {
    return 'note';
  }
  if (message.sender.kind === 'system') {
    return 'system';
  }
  return (message.sender.kind === 'customer') === (side === 'customer') ? 'own' : 'other';
}

/** A message that was written here and is not in the transcript yet. */
export function pendingBubbleOf(item: OutboxItem, side: Side, t: CommonTexts): Bubble {
  return {
    key: keyOf(side === 'customer' ? 'customer' : 'agent', item.clientMessageId),
    senderName: t('sender.you'),
    kind: item.visibility === 'internal' ? 'note' : 'own',
    text: item.text,
    at: item.at,
    remark: t(`delivery.${item.state}`),
    isTrouble: item.state === 'retrying' || item.state === 'refused',
  };
}

/** Ids are unique among the messages of one kind of sender. */
function keyOf(kind: Message['sender']['kind'], id: string): string {
  return `${kind}:${id}`;
}

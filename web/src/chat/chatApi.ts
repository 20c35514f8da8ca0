import { createApiClient } from '../api/client';
import { answerOf } from '../api/errors';
import type { ChatMessages, ChatStarted, ChatToken, StartChat } from '../api/types';

/** Repeating the call with the same key starts no second chat. */
export function startChat(body: StartChat, idempotencyKey: string): Promise<ChatStarted> {
  const header = { 'Idempotency-Key': idempotencyKey };
  return answerOf(createApiClient(null).POST('/api/chat/conversations', { params: { header }, body }));
}

/** What a customer may do in one chat. */
export interface ChatApi {
  conversationId: string;
  read: (after: number, wait: number, signal: AbortSignal) => Promise<ChatMessages>;
  send: (text: string, clientMessageId: string) => Promise<unknown>;
  sayTyping: () => Promise<unknown>;
  end: () => Promise<unknown>;
  rate: (score: number, comment: string | null) => Promise<unknown>;
  renewToken: () => Promise<ChatToken>;
}

export function createChatApi(conversationId: string, token: string): ChatApi {
  const client = createApiClient(token);
  const path = { id: conversationId };
  return {
    conversationId,
    read: (after, wait, signal) =>
      answerOf(
        client.GET('/api/chat/conversations/{id}/messages', { params: { path, query: { after, wait } }, signal }),
      ),
    send: (text, clientMessageId) =>
      answerOf(
        client.POST('/api/chat/conversations/{id}/messages', { params: { path }, body: { text, clientMessageId } }),
      ),
    sayTyping: () =>
      answerOf(client.POST('/api/chat/conversations/{id}/typing', { params: { path }, body: { typing: true } })),
    end: () => answerOf(client.POST('/api/chat/conversations/{id}/end', { params: { path } })),
    rate: (score, comment) =>
      answerOf(client.POST('/api/chat/conversations/{id}/survey', { params: { path }, body: { score, comment } })),
    renewToken: () => answerOf(client.POST('/api/chat/conversations/{id}/token', { params: { path } })),
  };
}

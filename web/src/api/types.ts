/** Short names for the shapes of the generated description. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Agent = Schemas['Agent'];
export type Candidate = Schemas['Candidate'];
export type ChatMessages = Schemas['ChatMessages'];
export type ChatStarted = Schemas['ChatStarted'];
export type ChatToken = Schemas['ChatToken'];
export type Conversation = Schemas['Conversation'];
export type ConversationView = Schemas['ConversationView'];
export type Customer = Schemas['Customer'];
export type Decision = Schemas['Decision'];
export type DirectoryEntry = Schemas['DirectoryEntry'];
export type Explanation = Schemas['Explanation'];
export type Inbox = Schemas['Inbox'];
export type InboxEvent = Schemas['InboxEvent'];
export type Message = Schemas['Message'];
export type Offer = Schemas['Offer'];
export type QueuePlace = Schemas['QueuePlace'];
export type Overview = Schemas['Overview'];
export type StartChat = Schemas['StartChat'];
export type SupervisedAgent = Schemas['SupervisedAgent'];
export type SupervisedConversation = Schemas['SupervisedConversation'];
export type SupervisedQueue = Schemas['SupervisedQueue'];
export type Transfer = Schemas['Transfer'];
export type Waiting = Schemas['Waiting'];
export type WrapUp = Schemas['WrapUp'];

export type Presence = Agent['presence']['effective'];
export type ChosenPresence = NonNullable<Schemas['SetPresence']['presence']>;
export type NextPresence = NonNullable<Schemas['SetPresence']['next']>;
export type Status = Conversation['status'];
export type Visibility = Message['visibility'];

import { useEffect, useRef } from 'react';
import { isString } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';
import { Composer } from '../ui/Composer';
import type { ChatApi } from './chatApi';
import { useTypingSignal } from './useTypingSignal';

interface ChatComposerProps {
  api: ChatApi;
  onSend: (text: string) => void;
}

export function ChatComposer({ api, onSend }: ChatComposerProps) {
  const [draft, setDraft] = useSessionState('atende.chat.draft', '', isString);
  const sayTyping = useTypingSignal(api);
  const text = useRef<HTMLTextAreaElement>(null);

  useEffect(() => text.current?.focus(), []);

  const change = (value: string) => {
    setDraft(value);
    if (value !== '') {
      sayTyping();
    }
  };

  return <Composer draft={draft} onDraft={change} onSend={onSend} textRef={text} />;
}

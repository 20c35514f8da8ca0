import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { show } from '../test/show';
import { Composer } from './Composer';

function Harness({ onSend }: { onSend: (text: string) => void }) {
  const [draft, setDraft] = useState('');
  return <Composer draft={draft} onDraft={setDraft} onSend={onSend} />;
}

describe('Composer', () => {
  it('sends with Enter, breaks the line with Shift+Enter, and is empty afterwards', async () => {
    const onSend = vi.fn();
    show(<Harness onSend={onSend} />);
    await userEvent.type(screen.getByTestId('composer'), 'one{Shift>}{Enter}{/Shift}two{Enter}');
    expect(onSend).toHaveBeenCalledExactlyOnceWith('one\ntwo');
    expect(screen.getByTestId('composer')).toHaveProperty('value', '');
  });

  it('does not send nothing', async () => {
    const onSend = vi.fn();
    show(<Harness onSend={onSend} />);
    await userEvent.type(screen.getByTestId('composer'), '   {Enter}');
    await userEvent.click(screen.getByTestId('send'));
    expect(onSend).not.toHaveBeenCalled();
  });
});

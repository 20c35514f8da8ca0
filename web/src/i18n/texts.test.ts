import { describe, expect, it } from 'vitest';
import { agentEn } from '../agent/texts.en';
import { agentPtBR } from '../agent/texts.pt-BR';
import { chatEn } from '../chat/texts.en';
import { chatPtBR } from '../chat/texts.pt-BR';
import { homeTexts } from '../home/texts';
import { supervisorEn } from '../supervisor/texts.en';
import { supervisorPtBR } from '../supervisor/texts.pt-BR';
import { common } from './common';

/** All wordings by their path. That both languages have the same paths is the compiler's business. */
function flatten(texts: object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]): [string, string][] =>
    typeof value === 'object' && value !== null ? flatten(value, `${path}${key}.`) : [[path + key, String(value)]],
  );
}

function placeholders(text: string): string[] {
  return (text.match(/{{\w+}}/g) ?? []).sort();
}

const PAIRS: [string, object, object][] = [
  ['common', common.en, common['pt-BR']],
  ['home', homeTexts.en, homeTexts['pt-BR']],
  ['chat', chatEn, chatPtBR],
  ['agent', agentEn, agentPtBR],
  ['supervisor', supervisorEn, supervisorPtBR],
];

describe.each(PAIRS)('the wordings of %s', (_, english, portuguese) => {
  it('fill in the same values in both languages', () => {
    const translated = new Map(flatten(portuguese));
    for (const [path, text] of flatten(english)) {
      expect([path, placeholders(translated.get(path) ?? '')]).toEqual([path, placeholders(text)]);
    }
  });

  it('are never empty', () => {
    expect([...flatten(english), ...flatten(portuguese)].filter(([, text]) => text.trim() === '')).toEqual([]);
  });
});

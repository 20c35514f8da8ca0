import type { agentEn } from '../agent/texts.en';
import type { chatEn } from '../chat/texts.en';
import type { homeEn } from '../home/texts';
import type { supervisorEn } from '../supervisor/texts.en';
import type { commonEn } from './common';

/** Lets the compiler refuse a key that has no wording. */
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      common: typeof commonEn;
      home: typeof homeEn;
      chat: typeof chatEn;
      agent: typeof agentEn;
      supervisor: typeof supervisorEn;
    };
  }
}

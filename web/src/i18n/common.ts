import type { Shape } from './shape';

export const commonEn = {
  product: 'Atende',
  language: 'Language',
  home: 'Atende, to the start page',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  connectionLost: 'No connection to the contact centre. Trying again…',
  transcript: 'Conversation',
  composer: { label: 'Message', send: 'Send', hint: 'Enter sends, Shift+Enter starts a new line' },
  delivery: {
    sending: 'Sending…',
    retrying: 'Not sent, retrying…',
    refused: 'Could not be sent',
    accepted: 'Sent',
    failed: 'Not delivered',
  },
  sender: { customer: 'Customer', bot: 'Assistant', agent: 'Agent', system: 'Contact centre', you: 'You' },
  note: 'Note to colleagues, not shown to the customer',
  typing: '{{name}} is typing…',
};

const ptBR: Shape<typeof commonEn> = {
  product: 'Atende',
  language: 'Idioma',
  home: 'Atende, ir para a página inicial',
  cancel: 'Cancelar',
  dismiss: 'Dispensar',
  connectionLost: 'Sem conexão com a central de atendimento. Tentando de novo…',
  transcript: 'Conversa',
  composer: { label: 'Mensagem', send: 'Enviar', hint: 'Enter envia, Shift+Enter inicia uma nova linha' },
  delivery: {
    sending: 'Enviando…',
    retrying: 'Não enviada, tentando de novo…',
    refused: 'Não foi possível enviar',
    accepted: 'Enviada',
    failed: 'Não entregue',
  },
  sender: { customer: 'Cliente', bot: 'Assistente', agent: 'Atendente', system: 'Central de atendimento', you: 'Você' },
  note: 'Nota para colegas, não mostrada ao cliente',
  typing: '{{name}} está digitando…',
};

export const common = { en: commonEn, 'pt-BR': ptBR };

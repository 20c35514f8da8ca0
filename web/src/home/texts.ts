import type { Shape } from '../i18n/shape';

export const homeEn = {
  title: 'Atende – open contact centre',
  heading: 'An open omnichannel contact centre',
  lead: 'Customers write on the channel they like, a bot serves them first, people take over with full context. This is the sample contact centre: start a chat in one window, answer it in another.',
  places: 'What is here',
  chat: {
    title: 'Customer chat',
    text: 'Write as a customer. The bot greets you; say “talk to a person” to reach an agent.',
    open: 'Open the chat',
  },
  agent: {
    title: 'Agent workspace',
    text: 'Take offers, talk to customers, hand over, file what is done.',
    open: 'Open the workspace',
  },
  supervisor: {
    title: 'Supervision',
    text: 'See who waits and who works, assign and close conversations, close a queue.',
    open: 'Open supervision',
  },
  api: {
    title: 'API description',
    text: 'The OpenAPI document of everything that these pages call.',
    open: 'Open the description',
  },
  health: { title: 'Health', text: 'Whether the app runs and can do its work.', open: 'Open the check' },
  healthState: { unknown: 'Checking…', ready: 'Ready', unavailable: 'Not ready' },
  users: 'Sample users',
  usersText:
    'On a development machine a name alone signs in: alice and bob to the agent workspace, sam and ada to supervision.',
  columns: { user: 'User', role: 'Role', about: 'About' },
  signInAs: 'Sign in as {{user}}',
  roles: { agent: 'Agent', supervisor: 'Supervisor', admin: 'Admin' },
  about: {
    alice: 'Answers chats in English and Portuguese, up to three at a time',
    bob: 'Answers chats too: somebody to transfer to',
    sam: 'Sees and steers the work of the agents',
    ada: 'Looks after the contact centre’s configuration',
  },
};

const ptBR: Shape<typeof homeEn> = {
  title: 'Atende – central de atendimento aberta',
  heading: 'Uma central de atendimento omnichannel e aberta',
  lead: 'Clientes escrevem no canal que preferem, um robô atende primeiro e pessoas assumem com todo o contexto. Esta é a central de exemplo: inicie um chat em uma janela e responda em outra.',
  places: 'O que há aqui',
  chat: {
    title: 'Chat do cliente',
    text: 'Escreva como cliente. O robô cumprimenta você; diga “falar com uma pessoa” para chegar a um atendente.',
    open: 'Abrir o chat',
  },
  agent: {
    title: 'Área do atendente',
    text: 'Aceite ofertas, converse com clientes, transfira, registre o resultado.',
    open: 'Abrir a área',
  },
  supervisor: {
    title: 'Supervisão',
    text: 'Veja quem espera e quem trabalha, atribua e encerre conversas, feche uma fila.',
    open: 'Abrir a supervisão',
  },
  api: {
    title: 'Descrição da API',
    text: 'O documento OpenAPI de tudo o que estas páginas chamam.',
    open: 'Abrir a descrição',
  },
  health: { title: 'Saúde', text: 'Se o aplicativo está no ar e consegue trabalhar.', open: 'Abrir a verificação' },
  healthState: { unknown: 'Verificando…', ready: 'Pronto', unavailable: 'Indisponível' },
  users: 'Usuários de exemplo',
  usersText:
    'Em uma máquina de desenvolvimento, um nome basta para entrar: alice e bob na área do atendente, sam e ada na supervisão.',
  columns: { user: 'Usuário', role: 'Papel', about: 'Sobre' },
  signInAs: 'Entrar como {{user}}',
  roles: { agent: 'Atendente', supervisor: 'Supervisor', admin: 'Administradora' },
  about: {
    alice: 'Atende chats em inglês e português, até três de cada vez',
    bob: 'Também atende chats: alguém para quem transferir',
    sam: 'Acompanha e orienta o trabalho dos atendentes',
    ada: 'Cuida da configuração da central',
  },
};

export const homeTexts = { en: homeEn, 'pt-BR': ptBR };

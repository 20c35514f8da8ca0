import { mount } from '../ui/mount';
import { AgentPage } from './AgentPage';
import { agentEn } from './texts.en';
import { agentPtBR } from './texts.pt-BR';

mount('agent', { en: agentEn, 'pt-BR': agentPtBR }, <AgentPage />);

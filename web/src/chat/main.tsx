import { mount } from '../ui/mount';
import { ChatPage } from './ChatPage';
import { chatEn } from './texts.en';
import { chatPtBR } from './texts.pt-BR';

mount('chat', { en: chatEn, 'pt-BR': chatPtBR }, <ChatPage />);

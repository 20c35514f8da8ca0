import { mount } from '../ui/mount';
import { SupervisorPage } from './SupervisorPage';
import { supervisorEn } from './texts.en';
import { supervisorPtBR } from './texts.pt-BR';

mount('supervisor', { en: supervisorEn, 'pt-BR': supervisorPtBR }, <SupervisorPage />);

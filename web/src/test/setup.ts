import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// Machines that run many things at once are slow; waiting ends as soon as there is what is waited for.
configure({ asyncUtilTimeout: 10_000 });

// What pages need of a browser and jsdom lacks.
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe() {}
    disconnect() {}
  },
);
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
};

afterEach(() => {
  cleanup();
  sessionStorage.clear();
  localStorage.clear();
});

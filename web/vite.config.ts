import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const page = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react()],
  build: {
    rolldownOptions: {
      input: {
        home: page('index.html'),
        chat: page('chat/index.html'),
        agent: page('agent/index.html'),
        supervisor: page('supervisor/index.html'),
      },
      // What all pages share of the libraries stays in the browser's cache when the pages themselves change.
      output: { codeSplitting: { groups: [{ name: 'vendor', test: /node_modules/, minShareCount: 3 }] } },
    },
    // Served under a content security policy without inline scripts; browsers that run this site preload by themselves.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7071', '/dev/token': 'http://127.0.0.1:7071' } },
  test: { environment: 'jsdom', setupFiles: 'src/test/setup.ts', restoreMocks: true, testTimeout: 30_000 },
});

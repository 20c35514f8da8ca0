import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(globalIgnores(['dist', 'src/api/schema.ts']), js.configs.recommended, {
  files: ['**/*.{ts,tsx}'],
  extends: [tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    'max-lines': ['error', { max: 200, skipBlankLines: true }],
    // Event handlers may be async; they report their own failures.
    '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    // `onClick={() => close()}` reads well although close() returns nothing.
    '@typescript-eslint/no-confusing-void-expression': 'off',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  },
});

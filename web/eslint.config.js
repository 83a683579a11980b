import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

import { layers } from "./eslint/layers.js";

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["src/**/*.tsx"],
    extends: [jsxA11y.flatConfigs.strict],
    // In some browsers a table laid out as a grid loses its roles; such tables state them explicitly.
    rules: {
      "jsx-a11y/no-redundant-roles": "off",
      "jsx-a11y/no-interactive-element-to-noninteractive-role": ["error", { td: ["cell"], tr: ["row"] }],
    },
  },
  { files: ["src/**/*.{ts,tsx}"], ...reactHooks.configs.flat.recommended },
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { orylo: { rules: { layers } } },
    rules: { "orylo/layers": "error" },
  },
  { files: ["public/theme.js"], languageOptions: { globals: { document: "readonly", localStorage: "readonly" } } },
  { files: ["docs/start.js"], languageOptions: { globals: { SwaggerUIBundle: "readonly", document: "readonly" } } },
);

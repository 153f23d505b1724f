import js from "@eslint/js";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["node_modules/", "support/gate/", "support/tracer/"] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "max-lines": ["error", 600],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true }],
      "max-depth": ["error", 3],
      "max-params": ["error", 5],
    },
  },
  {
    files: ["**/*.test.ts"],
    rules: {
      "max-lines-per-function": "off",
      // A test waits for a fact, never for time.
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name='waitForTimeout']",
          message: "Wait for a fact, never for time.",
        },
      ],
    },
  },
  { files: ["**/*.js", "**/*.mjs"], ...ts.configs.disableTypeChecked },
  {
    // What the commands of this repository run by Node itself.
    files: ["**/*.mjs"],
    languageOptions: {
      globals: Object.fromEntries(
        ["AbortSignal", "Buffer", "URL", "console", "fetch", "process", "setTimeout"].map(
          (name) => [name, "readonly"],
        ),
      ),
    },
  },
);

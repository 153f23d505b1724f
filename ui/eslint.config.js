import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

// What plain-HTTP host names lack, what Trusted Types refuse, and what takes the page away from a person.
const refusedProperties = [
  {
    object: "crypto",
    property: "randomUUID",
    message: "Missing over plain HTTP: getRandomValues.",
  },
  { object: "navigator", property: "clipboard", message: "Missing over plain HTTP: ui/copy." },
  { object: "navigator", property: "locks", message: "Missing over plain HTTP." },
];
const refusedSyntax = [
  {
    selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
    message: "Text nodes only.",
  },
  {
    selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
    message: "Text nodes only.",
  },
  {
    selector: "JSXAttribute[name.name='style']",
    message: "Values live in ui/tokens.css.",
  },
];

export default ts.config(
  { ignores: ["dist/", "src/**/*.gen.ts"] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  a11y.flatConfigs.strict,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { allowDefaultCaseForExhaustiveSwitch: false, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // Our own fields decide themselves where the focus belongs.
      "jsx-a11y/no-autofocus": ["error", { ignoreNonDOM: true }],
      "no-alert": "error",
      "no-restricted-globals": ["error", "EventSource"],
      "no-restricted-properties": ["error", ...refusedProperties],
      "no-restricted-syntax": ["error", ...refusedSyntax],
      "max-lines": ["error", 600],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true }],
      "max-depth": ["error", 3],
      "max-params": ["error", 5],
    },
  },
  { files: ["*.js"], ...ts.configs.disableTypeChecked },
  {
    files: ["**/*.test.ts"],
    rules: { "max-lines-per-function": "off" },
  },
);

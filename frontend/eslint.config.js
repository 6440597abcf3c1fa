import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/dot-notation": "off", // the compiler wants brackets for what an index signature holds
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  { files: ["test/**"], rules: { "@typescript-eslint/no-floating-promises": "off" } }, // node's runner waits for its tests
  { files: ["*.mjs"], languageOptions: { globals: { URL: "readonly", process: "readonly", console: "readonly" } } },
);

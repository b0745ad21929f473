import importX from "eslint-plugin-import-x";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Which folder may import which: api and kit import nothing of ours, app is on top. */
const layers = [
  { target: "./src/api", from: ["./src/tree", "./src/live", "./src/kit", "./src/features", "./src/app"] },
  { target: "./src/kit", from: ["./src/api", "./src/tree", "./src/live", "./src/features", "./src/app"] },
  { target: "./src/tree", from: ["./src/live", "./src/kit", "./src/features", "./src/app"] },
  { target: "./src/live", from: ["./src/kit", "./src/features", "./src/app"] },
  { target: "./src/features", from: ["./src/app"] },
];

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.ts", "e2e", "public", "eslint.config.js"] },
  ...tseslint.configs.strictTypeChecked,
  reactHooks.configs.flat["recommended-latest"],
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "import-x": importX },
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "off",
      "import-x/no-restricted-paths": ["error", { zones: layers }],
      "max-lines": ["error", { max: 300, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 150 }],
      "no-console": "error",
    },
  },
  { files: ["vite.config.ts"], rules: { "import-x/no-default-export": "off" } },
);

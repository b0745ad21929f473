import { readFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("schema.ts is generated from openapi.json", async () => {
  const document = new URL("./openapi.json", import.meta.url);
  const fresh = astToString(await openapiTS(document));
  const kept = readFileSync(new URL("./schema.ts", import.meta.url), "utf8");
  // Run `npm run generate` when this fails. The command adds a header comment.
  expect(kept).toContain(fresh.trim());
});

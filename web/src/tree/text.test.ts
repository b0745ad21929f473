import { expect, it } from "vitest";

import { shortenHashes } from "./text";

it("cuts whole hashes and nothing else", () => {
  const sha1 = "9f2c4d81b7e05a36c1d2f8e94b7a6053d8c1e2f4";
  expect(shortenHashes(`Applied revision: main@sha1:${sha1}`)).toBe("Applied revision: main@sha1:9f2c4d8");
  expect(shortenHashes(`sha256:${sha1}${sha1.slice(0, 24)}.`)).toBe("sha256:9f2c4d8.");
  expect(shortenHashes(`${sha1}0 and deadbeef`)).toBe(`${sha1}0 and deadbeef`);
});

import { describe, expect, it } from "vitest";

import { colourLines } from "./yamlLines";

describe("colourLines", () => {
  it("finds keys, and no key inside block scalars", () => {
    const text = "data:\n  a.b: x\n  script: |\n    if: then\n\n    else: fi\n  pass: '*****'\nlist:\n- name: y\n- plain: text\n";
    const lines = colourLines(text);
    expect(lines.map((line) => line.key)).toEqual(["data:", "a.b:", "script:", "", "", "", "pass:", "list:", "name:", "plain:"]);
    expect(lines.map((line) => line.masked).indexOf(true)).toBe(6);
  });

  it("loses nothing", () => {
    const text = 'a: "b: c"\n"quoted: key": 1\n- - x\n# comment: no\nurl: http://x:80/\n';
    expect(colourLines(text).map((line) => line.indent + line.key + line.rest).join("\n") + "\n").toBe(text);
  });
});

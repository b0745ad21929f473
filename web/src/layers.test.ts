/** The folders of `src` are layers, and modules do not import each other in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL(".", import.meta.url));
/** What each folder may import, besides itself. */
const MAY_IMPORT: Record<string, string[]> = {
  api: [],
  kit: [],
  tree: ["api"],
  live: ["api", "tree"],
  features: ["api", "kit", "tree", "live"],
  app: ["api", "kit", "tree", "live", "features"],
};

function modules(): Map<string, string[]> {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const names = new Set(files.map((file) => file.replace(/\.tsx?$/, "")));
  const imports = (file: string): string[] =>
    [...readFileSync(join(SRC, file), "utf8").matchAll(/from "(\.[^"]+)"/g)]
      .map((match) => relative(SRC, join(SRC, dirname(file), match[1] ?? "")))
      .filter((name) => names.has(name));
  return new Map(files.map((file) => [file.replace(/\.tsx?$/, ""), imports(file)]));
}

/** The first circle that is found, as a path that ends where it begins. */
function circle(graph: Map<string, string[]>): string[] | null {
  const done = new Set<string>();
  const walk = (name: string, path: string[]): string[] | null => {
    if (path.includes(name)) return [...path, name];
    if (done.has(name)) return null;
    for (const next of graph.get(name) ?? []) {
      const found = walk(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return null;
  };
  for (const name of graph.keys()) {
    const found = walk(name, []);
    if (found) return found;
  }
  return null;
}

describe("modules", () => {
  it("import downwards only", () => {
    const layer = (name: string): string => name.split("/")[0] ?? "";
    const upwards = [...modules()]
      .filter(([name]) => layer(name) in MAY_IMPORT && !name.endsWith(".test"))
      .flatMap(([name, imports]) => imports.map((imported) => [name, imported] as const))
      .filter(([name, imported]) => layer(name) !== layer(imported))
      .filter(([name, imported]) => !MAY_IMPORT[layer(name)]?.includes(layer(imported)));
    expect(upwards).toEqual([]);
  });

  it("do not import each other in a circle", () => {
    expect(modules().size).toBeGreaterThan(30);
    expect(circle(modules())).toBeNull();
    expect(circle(new Map([["a", ["b"]], ["b", ["a"]]]))).toEqual(["a", "b", "a"]);
  });
});

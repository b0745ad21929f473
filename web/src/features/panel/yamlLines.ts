/** Splits block YAML, as the hub writes it, into indent, key and rest of each line: pure. */

export interface YamlLine {
  indent: string;
  /** The key with its colon; empty when the line has none. */
  key: string;
  rest: string;
  /** Whether the value is the hub's mask. */
  masked: boolean;
}

const MASK = "'*****'";
const KEY = /^(\s*(?:- )*)((?:"[^"]*"|'[^']*'|[^\s"'#:][^:]*?):)(?= |$)(.*)$/;
const BLOCK_SCALAR = /(?:: |- )[|>][+-]?\d*$/;

/** Lines with their keys found; text inside block scalars has none. */
export function colourLines(text: string): YamlLine[] {
  const lines = text.replace(/\n$/, "").split("\n");
  let blockIndent: number | null = null;
  return lines.map((line) => {
    const indent = line.length - line.trimStart().length;
    if (blockIndent !== null && (line.trim() === "" || indent > blockIndent)) {
      return { indent: "", key: "", rest: line, masked: false };
    }
    blockIndent = BLOCK_SCALAR.test(line) ? indent : null;
    const match = KEY.exec(line);
    if (!match) return { indent: "", key: "", rest: line, masked: false };
    const [, before = "", key = "", rest = ""] = match;
    return { indent: before, key, rest, masked: rest.trim() === MASK };
  });
}

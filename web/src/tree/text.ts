/** Texts shortened for rows: pure. */

/** Hashes of SHA-1 and SHA-256 in hexadecimal. */
const HASH = /\b([0-9a-f]{7})[0-9a-f]{33}(?:[0-9a-f]{24})?\b/g;

/** Every whole hash cut to seven characters, as revisions are shown. */
export function shortenHashes(text: string): string {
  return text.replace(HASH, "$1");
}

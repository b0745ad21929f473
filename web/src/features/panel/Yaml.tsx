/** The object as YAML, lightly coloured, to read and to copy. */
import { useMemo, useState } from "react";
import type { ReactElement } from "react";

import { Icon } from "../../kit/Icon";
import { colourLines } from "./yamlLines";

/** Lines that are coloured and shown; what is beyond can still be copied. */
const MAX_LINES = 4_000;

export function Yaml({ text }: { text: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  const lines = useMemo(() => colourLines(text), [text]);
  if (text === "") return <p className="panel-quiet">The hub has not seen this object.</p>;
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div className="yaml">
      <div className="yaml-bar">
        <span>Secret values are masked by the hub; managedFields are left out.</span>
        <button className="button" onClick={copy}>
          <Icon name="copy" />
          {copied ? "Copied" : "Copy"}
        </button>
      </div>
      <pre>
        {lines.slice(0, MAX_LINES).map((line, index) => (
          <span key={index} className="yaml-line">
            {line.indent}
            {line.key && <span className="yaml-key">{line.key}</span>}
            <span className={line.masked ? "yaml-masked" : "yaml-value"}>{line.rest}</span>
            {"\n"}
          </span>
        ))}
      </pre>
      {lines.length > MAX_LINES && <p className="panel-quiet">{lines.length - MAX_LINES} more lines; copy to see all.</p>}
    </div>
  );
}

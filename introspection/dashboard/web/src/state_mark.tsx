// A state by shape, colour and word, so that none of the three is needed alone.
import { words } from "./format";
import type { Life, Severity } from "./types";

const shapes: Record<Life, string> = {
  starting: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Zm0 2a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  serving: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z",
  "catching-up": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Zm0 2v7a3.5 3.5 0 0 0 0-7Z",
  mute: "M2.5 6.5h11v3h-11Z",
  draining: "M8 13 2.5 4h11Z",
  "backing-off": "M8 2.5 13.5 12h-11Z",
  suspect: "M8 2.5 13.5 12h-11Z",
  frozen: "M3.5 3h3.4v10H3.5Zm5.6 0h3.4v10H9.1Z",
  dead: "m4.4 2.8 3.6 3.5 3.6-3.5 1.6 1.6L9.7 8l3.5 3.6-1.6 1.6L8 9.7l-3.6 3.5-1.6-1.6L6.3 8 2.8 4.4Z",
};

const tones: Record<Life, string> = {
  starting: "calm",
  serving: "good",
  "catching-up": "warn",
  mute: "warn",
  draining: "calm",
  "backing-off": "warn",
  suspect: "warn",
  frozen: "bad",
  dead: "bad",
};

export const toneOf = (state: Life): string => tones[state];

export function StateMark({ state }: { state: Life }) {
  return (
    <span class={`state tone-${tones[state]}`}>
      <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
        <path d={shapes[state]} fill="currentColor" />
      </svg>
      {words(state)}
    </span>
  );
}

export function SeverityMark({ severity }: { severity: Severity }) {
  const state: Life = severity === "error" ? "dead" : severity === "warning" ? "suspect" : "serving";
  return (
    <span class={`severity tone-${tones[state]}`}>
      <svg viewBox="0 0 16 16" width="12" height="12" role="img" aria-label={severity}>
        <path d={shapes[state]} fill="currentColor" />
      </svg>
    </span>
  );
}

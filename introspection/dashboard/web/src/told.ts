// Events told once: what several nodes notice of one and the same happening is one line, with all who noticed it.
import type { Happening } from "./types";

export type Told = Happening & { nodes: string[] };

/** Nodes notice the same thing within moments of each other; later it has happened again. */
const sameWithin_ms = 10_000;

/** `all` is in order, the newest first. What one node says twice has happened twice. */
export function toldOnce(all: readonly Happening[]): Told[] {
  const told: Told[] = [];
  for (const e of all) {
    const same = told.find(
      (t) =>
        t.kind === e.kind &&
        t.subject === e.subject &&
        t.sentence === e.sentence &&
        t.time_ms - e.time_ms < sameWithin_ms &&
        !t.nodes.includes(e.node),
    );
    if (same) same.nodes.push(e.node);
    else told.push({ ...e, nodes: [e.node] });
  }
  return told;
}

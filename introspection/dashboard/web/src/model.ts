// What the pages know, as signals, and how the event stream changes it.
import { batch, signal } from "@preact/signals";
import type { Actor, Delta, Happening, History, Overview, Sample, Snapshot } from "./types";

const eventsMax = 512;
const samplesMax = 300;

export type Connection = "connecting" | "live" | "lost" | "signed-out";

export const connection = signal<Connection>("connecting");
export const overview = signal<Overview | null>(null);
export const actors = signal<ReadonlyMap<string, Actor>>(new Map());
export const events = signal<readonly Happening[]>([]);
export const samples = signal<History>({ time_ms: [], handled_per_s: [], batches_per_s: [], stored_bytes: [] });

/** The cluster's time: the observer's clock at its last word, carried on by this browser's. */
export const now = signal(Date.now());
let clockOffset = 0;

export function tick(): void {
  now.value = Date.now() + clockOffset;
}

function heard(time_ms: number): void {
  clockOffset = time_ms - Date.now();
  tick();
}

export function takeSnapshot(s: Snapshot): void {
  batch(() => {
    overview.value = s;
    actors.value = new Map(s.actors.map((a) => [a.key, a]));
    events.value = s.events;
    samples.value = s.history;
    connection.value = "live";
    heard(s.time_ms);
  });
}

export function takeDelta(d: Delta): void {
  batch(() => {
    overview.value = d.overview;
    if (d.actors.changed.length > 0 || d.actors.removed.length > 0) {
      const next = new Map(actors.value);
      for (const key of d.actors.removed) next.delete(key);
      for (const actor of d.actors.changed) next.set(actor.key, actor);
      actors.value = next;
    }
    if (d.events.length > 0) {
      const known = new Set(events.value.map((e) => e.key));
      const fresh = d.events.filter((e) => !known.has(e.key));
      events.value = [...fresh, ...events.value].sort((a, b) => b.time_ms - a.time_ms).slice(0, eventsMax);
    }
    if (d.sample) samples.value = extended(samples.value, d.sample);
    heard(d.overview.time_ms);
  });
}

function extended(history: History, sample: Sample): History {
  const add = (name: keyof Sample) => [...history[name], sample[name]].slice(-samplesMax);
  return {
    time_ms: add("time_ms"),
    handled_per_s: add("handled_per_s"),
    batches_per_s: add("batches_per_s"),
    stored_bytes: add("stored_bytes"),
  };
}

// The shapes of the dashboard's JSON, as introspection/status/status_json.cpp writes them.

export type Life = "starting" | "serving" | "catching-up" | "mute" | "draining" | "backing-off" | "suspect" | "frozen" | "dead";
export type Severity = "info" | "warning" | "error";

export interface Ring {
  id: string;
  label: string;
  epoch: number;
  seat: number;
  seats: number;
  state: Life;
  view: number;
  primary: string;
  executed: number;
  certified: number;
  extents: number;
  extents_short: number;
  slots_missing: number;
}

export interface Archive {
  extents: number;
  bytes: number;
  capacity_bytes: number;
  rebuilding: number;
  damaged: number;
}

export interface Secondary {
  held_bytes: number;
  budget_bytes: number;
  blocks: number;
  records: number;
  heads: number;
  announced: number;
  hits: number;
  misses: number;
  refusals: number;
}

export interface Node {
  id: string;
  name: string;
  address: string;
  dashboard: string;
  version: string;
  started_ms: number;
  state: Life;
  since_ms: number;
  answers: boolean;
  observer: boolean;
  doing: string;
  roles: string[];
  rings: Ring[];
  archive: Archive | null;
  secondary: Secondary | null;
  memory_rss_bytes: number;
}

export interface Trouble {
  severity: Severity;
  subject: string;
  sentence: string;
}

export interface Overview {
  cluster: string;
  observer: string;
  time_ms: number;
  health: Severity;
  sentence: string;
  troubles: Trouble[];
  nodes: Node[];
}

export interface Actor {
  key: string;
  node: string;
  id: string;
  role: string;
  parent: string;
  state: Life;
  doing: string;
  mailbox_depth: number;
  mailbox_high_water: number;
  handled_total: number;
  handled_per_s: number;
  latency_p50_us: number;
  latency_p99_us: number;
  restarts: number;
  last_death: string;
  started_ms: number;
}

export interface Happening {
  key: string;
  time_ms: number;
  node: string;
  severity: Severity;
  kind: string;
  subject: string;
  sentence: string;
}

export interface Sample {
  time_ms: number;
  handled_per_s: number;
  batches_per_s: number;
  stored_bytes: number;
}

export type History = { [K in keyof Sample]: number[] };

export type Snapshot = Overview & { actors: Actor[]; events: Happening[]; history: History };

export interface Delta {
  overview: Overview;
  actors: { changed: Actor[]; removed: string[] };
  events: Happening[];
  sample?: Sample;
}

// The actors' table as data: its columns, what a filter means, and order.
import { count, lasting, micros, rate } from "./format";
import type { Actor } from "./types";

export interface Column {
  name: string;
  title: string;
  hint: string;
  number: boolean;
  value: (a: Actor) => string | number;
  text: (a: Actor, now_ms: number) => string;
}

const text = (name: "role" | "id" | "node" | "state", title: string, hint: string): Column => ({
  name, title, hint, number: false, value: (a) => a[name], text: (a) => a[name],
});

const figure = (name: string, title: string, hint: string, value: (a: Actor) => number, print: (n: number) => string): Column => ({
  name, title, hint, number: true, value, text: (a) => print(value(a)),
});

export const columns: Column[] = [
  text("role", "Role", "What kind of actor it is"),
  text("id", "Actor", "Its name within its node"),
  text("node", "Node", "Where it lives"),
  text("state", "State", "How it lives"),
  {
    name: "mailbox", title: "Mailbox", hint: "Messages waiting now, and the most that ever waited", number: true,
    value: (a) => a.mailbox_depth, text: (a) => `${count(a.mailbox_depth)} / ${count(a.mailbox_high_water)}`,
  },
  figure("rate", "Rate", "Messages handled a second", (a) => a.handled_per_s, (n) => `${rate(n)}/s`),
  figure("p50", "p50", "Median time to handle a message", (a) => a.latency_p50_us, micros),
  figure("p99", "p99", "99 of 100 messages were handled within", (a) => a.latency_p99_us, micros),
  figure("restarts", "Restarts", "Since the node started", (a) => a.restarts, count),
  {
    name: "age", title: "Age", hint: "Of its present life", number: true,
    value: (a) => -a.started_ms, text: (a, now_ms) => (a.started_ms ? lasting(now_ms - a.started_ms) : "–"),
  },
];

/** Every word must occur in the actor; `node:x`, `role:x` and `state:x` look at that field alone. */
export function matches(a: Actor, filter: string): boolean {
  return filter.toLowerCase().split(/\s+/).filter(Boolean).every((word) => {
    const [field, value] = word.includes(":") ? word.split(/:(.*)/, 2) : ["", word];
    if (field === "node" || field === "role" || field === "state") return a[field].toLowerCase().includes(value ?? "");
    return `${a.role} ${a.id} ${a.node} ${a.state} ${a.doing} ${a.last_death}`.toLowerCase().includes(word);
  });
}

/** `sort` is a column's name, with a leading `-` for descending. Equal ones stand by node and id, so that rows hold still. */
export function sorted(list: Actor[], sort: string): Actor[] {
  const descending = sort.startsWith("-");
  const column = columns.find((c) => c.name === sort.replace(/^-/, "")) ?? columns[0]!;
  const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return [...list].sort((a, b) => {
    const by = compare(column.value(a), column.value(b));
    return (descending ? -by : by) || compare(a.node, b.node) || compare(a.id, b.id);
  });
}

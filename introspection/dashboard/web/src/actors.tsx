// Every actor of every node: filter, sort, move with the arrow keys, open a row for more.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { columns, matches, sorted, type Column } from "./actor_table";
import { count } from "./format";
import { actors, now } from "./model";
import { query, remember } from "./route";
import { StateMark } from "./state_mark";
import type { Actor } from "./types";

const rowsMax = 500; // a page stays quick; a filter reaches the others
const sortFirst = "role";

export function ActorsPage() {
  const filter = query.value.get("q") ?? "";
  const sort = query.value.get("sort") ?? sortFirst;
  const open = useSignal<string>("");
  const all = [...actors.value.values()];
  const found = sorted(all.filter((a) => matches(a, filter)), sort);
  const body = useRef<HTMLTableSectionElement>(null);

  const toggle = (key: string) => (open.value = open.value === key ? "" : key);

  const onKey = (e: KeyboardEvent) => {
    const row = (e.target as HTMLElement).closest<HTMLTableRowElement>("tr[data-actor]");
    if (!row) return;
    const rows = [...(body.current?.querySelectorAll<HTMLTableRowElement>("tr[data-actor]") ?? [])];
    const at = rows.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      rows[to]?.focus();
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      toggle(row.dataset.actor ?? "");
    }
  };

  return (
    <section aria-labelledby="actors-title">
      <div class="actors-head">
        <h1 id="actors-title">Actors</h1>
        <label class="filter">
          <span class="visually-hidden">Filter</span>
          <input
            id="filter"
            type="search"
            placeholder="Filter: words, node:…, role:…, state:…"
            autocomplete="off"
            spellcheck={false}
            value={filter}
            onInput={(e) => remember("q", e.currentTarget.value)}
            onKeyDown={(e) => e.key === "Escape" && remember("q", "")}
          />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <p class="found" role="status">
          {found.length === all.length ? `${count(all.length)} actors` : `${count(found.length)} of ${count(all.length)} actors`}
        </p>
      </div>
      <div class="table-box">
        <table class="actors">
          <thead>
            <tr>
              {columns.map((c) => (
                <HeadCell key={c.name} column={c} sort={sort} />
              ))}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={onKey}>
            {found.slice(0, rowsMax).map((a, i) => (
              <ActorRows key={a.key} actor={a} first={i === 0} open={open.value === a.key} toggle={() => toggle(a.key)} />
            ))}
          </tbody>
        </table>
      </div>
      {found.length === 0 && <p class="quiet">No actor matches.</p>}
      {found.length > rowsMax && <p class="quiet">The first {count(rowsMax)} are shown; a filter reaches the others.</p>}
    </section>
  );
}

function HeadCell({ column, sort }: { column: Column; sort: string }) {
  const up = sort === column.name;
  const down = sort === `-${column.name}`;
  // Numbers are asked for largest first, words from A.
  const next = column.number ? (down ? column.name : `-${column.name}`) : up ? `-${column.name}` : column.name;
  return (
    <th scope="col" class={column.number ? "number" : ""} aria-sort={up ? "ascending" : down ? "descending" : "none"}>
      <button type="button" title={column.hint} onClick={() => remember("sort", next === sortFirst ? "" : next)}>
        {column.title}
        <span class="arrow" aria-hidden="true">{up ? "↑" : down ? "↓" : ""}</span>
      </button>
    </th>
  );
}

function ActorRows({ actor, first, open, toggle }: { actor: Actor; first: boolean; open: boolean; toggle: () => void }) {
  return (
    <>
      <tr data-actor={actor.key} data-state={actor.state} tabIndex={first || open ? 0 : -1} aria-expanded={open} onClick={toggle}>
        {columns.map((c) => (
          <td key={c.name} class={`${c.number ? "number " : ""}col-${c.name}${c.name === "restarts" && actor.restarts > 0 ? " marked" : ""}`}>
            {c.name === "state" ? <StateMark state={actor.state} /> : c.text(actor, now.value)}
          </td>
        ))}
      </tr>
      {open && (
        <tr class="more">
          <td colSpan={columns.length}>
            <dl>
              <div><dt>Does</dt><dd>{actor.doing || "–"}</dd></div>
              <div><dt>Supervisor</dt><dd>{actor.parent || "the node"}</dd></div>
              <div><dt>Handled in all</dt><dd>{count(actor.handled_total)}</dd></div>
              <div><dt>Last death</dt><dd>{actor.last_death || "never died"}</dd></div>
            </dl>
          </td>
        </tr>
      )}
    </>
  );
}

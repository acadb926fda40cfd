// The first page: one sentence, what is wrong, the nodes, three curves, what happened.
import { Curve } from "./curve";
import { bytes, clock, count, date, lasting, rate } from "./format";
import { events, now, overview } from "./model";
import { go, pathOf } from "./route";
import { SeverityMark, StateMark, toneOf } from "./state_mark";
import { toldOnce } from "./told";
import type { Archive, Node, Overview, Ring, Secondary } from "./types";

const eventsShown = 30;
const sentenceTells = 2; // so many troubles the sentence holds itself; more are listed

export function OverviewPage() {
  const view = overview.value;
  if (!view) return <p class="waiting">Waiting for the node’s first word …</p>;
  return (
    <>
      <Health view={view} />
      <section aria-labelledby="nodes-title">
        <h2 id="nodes-title">
          Nodes <span class="tally">{view.nodes.length}</span>
        </h2>
        <ul class="nodes">
          {view.nodes.map((node) => (
            <NodeCard key={node.id} node={node} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="activity-title">
        <h2 id="activity-title">Activity</h2>
        <div class="curves">
          <Curve title="Messages handled" series="handled_per_s" unit="/s" format={rate} />
          <Curve title="Batches ordered" series="batches_per_s" unit="/s" format={rate} />
          <Curve title="Fragments stored" series="stored_bytes" unit="" format={bytes} />
        </div>
      </section>
      <Events />
    </>
  );
}

function Health({ view }: { view: Overview }) {
  const tone = view.health === "error" ? "bad" : view.health === "warning" ? "warn" : "good";
  return (
    <section class={`health tone-${tone}`} aria-labelledby="health-sentence">
      <h1 id="health-sentence" role="status" data-health={view.health}>
        {view.sentence}
      </h1>
      {view.troubles.length > sentenceTells && (
        <ul class="troubles" aria-label="What is wrong">
          {view.troubles.map((t) => (
            <li key={t.subject + t.severity + t.sentence.replace(/\d+/g, "")}>
              <SeverityMark severity={t.severity} />
              <span>{t.sentence}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function NodeCard({ node }: { node: Node }) {
  const open = (e: Event) => {
    e.preventDefault();
    go("actors", { q: `node:${node.name}` });
  };
  return (
    <li class={`node tone-${toneOf(node.state)}`} data-node={node.name} data-state={node.state}>
      <header>
        <h3>
          <a href={`${pathOf("actors")}?q=node:${encodeURIComponent(node.name)}`} onClick={open}>
            {node.name}
          </a>
          {node.observer && <span class="badge" title="This page is served by this node">here</span>}
        </h3>
        <StateMark state={node.state} />
      </header>
      <p class="doing">{node.answers ? node.doing || " " : lastHeard(node)}</p>
      <dl>
        {node.rings.map((ring) => (
          <RingLine key={ring.id} ring={ring} node={node} />
        ))}
        {node.archive && <ArchiveLine archive={node.archive} />}
        {node.secondary && <SecondaryLine secondary={node.secondary} />}
        <div>
          <dt>Memory</dt>
          <dd>{node.memory_rss_bytes ? bytes(node.memory_rss_bytes) : "–"}</dd>
        </div>
        <div>
          <dt>Up</dt>
          <dd>{node.answers && node.started_ms ? lasting(now.value - node.started_ms) : "–"}</dd>
        </div>
      </dl>
      <footer title={node.roles.join(", ")}>{node.address || "no address yet"}</footer>
    </li>
  );
}

function lastHeard(node: Node): string {
  const silent = now.value - node.since_ms;
  return silent < 1_000 ? "last heard just now" : `last heard ${lasting(silent)} ago`;
}

function RingLine({ ring, node }: { ring: Ring; node: Node }) {
  const leads = ring.primary === node.name;
  return (
    <div title={`ring ${ring.id.slice(0, 8)}, epoch ${ring.epoch}, seat ${ring.seat} of ${ring.seats}, ${ring.state}`}>
      <dt>{ring.label} ring</dt>
      <dd>
        {leads && <span class="leads">primary, </span>}view {ring.view}, batch {count(ring.executed)}
      </dd>
    </div>
  );
}

function ArchiveLine({ archive }: { archive: Archive }) {
  const share = archive.capacity_bytes > 0 ? Math.min(1, archive.bytes / archive.capacity_bytes) : 0;
  return (
    <div>
      <dt>Archive</dt>
      <dd>
        {count(archive.extents)} {archive.extents === 1 ? "extent" : "extents"}, {bytes(archive.bytes)}
        {archive.capacity_bytes > 0 && (
          <meter min={0} max={1} high={0.9} value={share} title={`${(share * 100).toFixed(1)} % of ${bytes(archive.capacity_bytes)}`} />
        )}
      </dd>
    </div>
  );
}

function SecondaryLine({ secondary }: { secondary: Secondary }) {
  const share = secondary.budget_bytes > 0 ? Math.min(1, secondary.held_bytes / secondary.budget_bytes) : 0;
  const reads = secondary.hits + secondary.misses;
  return (
    <div title={`${count(secondary.hits)} reads from memory, ${count(secondary.misses)} through it; announces ${count(secondary.announced)} objects`}>
      <dt>Cache</dt>
      <dd>
        {bytes(secondary.held_bytes)}
        {reads > 0 && <>, {((100 * secondary.hits) / reads).toFixed(0)} % hits</>}
        <meter min={0} max={1} value={share} title={`${(share * 100).toFixed(1)} % of ${bytes(secondary.budget_bytes)}`} />
      </dd>
    </div>
  );
}

function Events() {
  const list = toldOnce(events.value).slice(0, eventsShown);
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {list.length === 0 && <p class="quiet">Nothing has happened yet.</p>}
      <ol class="events">
        {list.map((e) => (
          <li key={e.key}>
            <time dateTime={date(e.time_ms)} title={date(e.time_ms)}>
              {clock(e.time_ms)}
            </time>
            <SeverityMark severity={e.severity} />
            <span class="event-node" title={e.nodes.join(", ")}>
              {e.nodes.length === 1 ? e.node : `${e.nodes.length} nodes`}
            </span>
            <span>{e.sentence}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

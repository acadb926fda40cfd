// The frame around the pages: name, navigation, the connection's state, the theme, keys.
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./app.css";
import { ActorsPage } from "./actors";
import { connection, overview, tick, type Connection } from "./model";
import { OverviewPage } from "./overview";
import { go, page, pathOf, type Page } from "./route";
import { openStream } from "./stream";
import { nextTheme, theme } from "./theme";

const pages: { page: Page; title: string }[] = [
  { page: "overview", title: "Overview" },
  { page: "actors", title: "Actors" },
];

const connectionWords: Record<Connection, string> = {
  connecting: "connecting …",
  live: "live",
  lost: "no answer, trying again …",
  "signed-out": "signed out",
};

const themeWords = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
const themeIcons = { auto: "◐", light: "☀", dark: "☾" };

function Frame() {
  const view = overview.value;
  const lost = connection.value === "lost" || connection.value === "signed-out";
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <header class="top">
        <a class="name" href="/" onClick={(e) => follow(e, "overview")}>
          <img src="/favicon.svg" alt="" width="22" height="22" /> Holdfast
        </a>
        <nav aria-label="Pages">
          {pages.map((p) => (
            <a key={p.page} href={pathOf(p.page)} aria-current={page.value === p.page ? "page" : undefined} onClick={(e) => follow(e, p.page)}>
              {p.title}
            </a>
          ))}
        </nav>
        <span class={`connection is-${connection.value}`} role="status">
          {connectionWords[connection.value]}
        </span>
        <button type="button" class="theme" onClick={nextTheme} title={themeWords[theme.value]} aria-label={themeWords[theme.value]}>
          {themeIcons[theme.value]}
        </button>
      </header>
      <main id="main" tabIndex={-1} class={lost ? "stale" : ""}>
        {connection.value === "signed-out" && (
          <p class="notice">This browser is no longer signed in. Run <code>holdfast dashboard</code> and open the address that it prints.</p>
        )}
        {page.value === "actors" ? <ActorsPage /> : <OverviewPage />}
      </main>
      <footer class="bottom">
        {view && (
          <span title={view.cluster}>
            cluster {view.cluster.slice(0, 8)}, seen by {view.observer}
          </span>
        )}
        <span class="keys">
          <kbd>1</kbd> Overview <kbd>2</kbd> Actors <kbd>/</kbd> Filter <kbd>t</kbd> Theme
        </span>
      </footer>
    </>
  );
}

function follow(e: MouseEvent, to: Page): void {
  if (e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  e.preventDefault();
  go(to);
}

function onKey(e: KeyboardEvent): void {
  if (e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest("input, textarea, select")) return;
  if (e.key === "1") go("overview");
  else if (e.key === "2") go("actors");
  else if (e.key === "t") nextTheme();
  else if (e.key === "/") {
    e.preventDefault();
    const focus = () => document.getElementById("filter")?.focus();
    if (page.value === "actors") return focus();
    go("actors");
    window.setTimeout(focus); // once the page is drawn
  }
}

window.addEventListener("keydown", onKey);
window.setInterval(tick, 1_000);
const root = document.getElementById("app");
if (root) render(<Frame />, root);
openStream();

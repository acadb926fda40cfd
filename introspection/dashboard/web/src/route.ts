// Two pages and what the address says of them.
import { signal } from "@preact/signals";

export type Page = "overview" | "actors";
const read = (): Page => (location.pathname === "/actors" ? "actors" : "overview");

export const page = signal<Page>(read());
export const query = signal(new URLSearchParams(location.search));

window.addEventListener("popstate", () => {
  page.value = read();
  query.value = new URLSearchParams(location.search);
});

export const pathOf = (p: Page): string => (p === "actors" ? "/actors" : "/");

export function go(p: Page, parameters: Record<string, string> = {}): void {
  query.value = new URLSearchParams(parameters);
  page.value = p;
  history.pushState(null, "", pathOf(p) + (query.value.size > 0 ? `?${query.value}` : ""));
  window.scrollTo(0, 0);
}

/** Keeps a page's setting in its address without a new entry in the browser's history. */
export function remember(name: string, value: string): void {
  const next = new URLSearchParams(query.value);
  if (value) next.set(name, value);
  else next.delete(name);
  query.value = next;
  const text = next.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

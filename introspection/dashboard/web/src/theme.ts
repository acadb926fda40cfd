// Light or dark: as the system has it, or as the person chose here.
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
const order: Theme[] = ["auto", "light", "dark"];
const stored = (() => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is closed to this page
  }
})();

export const theme = signal<Theme>(order.includes(stored as Theme) ? (stored as Theme) : "auto");
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const system = signal(systemDark.matches);
systemDark.addEventListener("change", (e) => (system.value = e.matches));

/** What is shown now; curves are drawn anew when it changes. */
export const dark = () => (theme.value === "auto" ? system.value : theme.value === "dark");

export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? "auto";
}

effect(() => {
  document.documentElement.dataset.theme = dark() ? "dark" : "light";
  try {
    localStorage.setItem("theme", theme.value);
  } catch {
    // the choice lasts as long as the page
  }
});

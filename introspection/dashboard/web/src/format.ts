// Numbers and times for people. Digits are tabular in the style sheet, so columns hold still.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);
export const rate = (n: number): string => (n < 10 ? fine : whole).format(n);

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? whole.format(n) : fine.format(n)} ${units[unit]}`;
}

export function micros(us: number): string {
  if (us === 0) return "–";
  if (us < 1_000) return `${whole.format(us)} µs`;
  if (us < 1_000_000) return `${(us < 10_000 ? fine : whole).format(us / 1_000)} ms`;
  return `${fine.format(us / 1_000_000)} s`;
}

export function lasting(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${Math.floor(s / 86_400)} days`;
}

export const clock = (ms: number): string => new Date(ms).toLocaleTimeString([], { hour12: false });
export const date = (ms: number): string => new Date(ms).toISOString();

/** "catching-up" as people write it. */
export const words = (state: string): string => state.replace("-", " ");

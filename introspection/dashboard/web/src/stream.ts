// The event stream, held open for as long as the page is: it starts whole each time, so nothing can be missed.
import { connection, takeDelta, takeSnapshot } from "./model";

const silenceMax_ms = 15_000; // the server speaks at least every 10 s
const retry_ms = 1_500;

export function openStream(): void {
  let source: EventSource | null = null;
  let lastWord = Date.now();
  let retry = 0;

  const listen = () => {
    source?.close();
    source = new EventSource("/api/v1/stream");
    lastWord = Date.now();
    const on = <T>(name: string, take: (data: T) => void) =>
      source?.addEventListener(name, (e) => {
        lastWord = Date.now();
        take(JSON.parse((e as MessageEvent<string>).data) as T);
      });
    on("snapshot", takeSnapshot);
    on("delta", takeDelta);
    on("alive", () => undefined);
    source.onerror = lost;
  };

  const lost = () => {
    source?.close();
    source = null;
    if (connection.value !== "signed-out") connection.value = "lost";
    window.clearTimeout(retry);
    retry = window.setTimeout(reconnect, retry_ms);
  };

  // A plain request first: it tells a node that is gone from a cookie that is no longer good, and fails quietly.
  const reconnect = async () => {
    try {
      const answer = await fetch("/api/v1/overview", { cache: "no-store" });
      if (answer.status === 401) connection.value = "signed-out";
      else if (answer.ok) return listen();
    } catch {
      // still gone
    }
    lost();
  };

  window.setInterval(() => {
    if (source && Date.now() - lastWord > silenceMax_ms) lost();
  }, 1_000);
  listen();
}

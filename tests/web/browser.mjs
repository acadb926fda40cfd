// Debian's chromium under playwright-core, with every complaint of the page kept.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const flags = [
  "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--disable-quic", "--disable-default-apps", "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings",
  "--metrics-recording-only", "--password-store=basic", "--disable-dev-shm-usage",
];

/** @returns {Promise<{page: import("playwright-core").Page, complaints: string[], close: () => Promise<void>}>} */
export async function openBrowser({ colorScheme = "light", viewport = { width: 1360, height: 940 } } = {}) {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
  if (!executablePath) throw new Error("chromium is not installed; deploy/install-packages --tests installs it");
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  const context = await browser.newContext({ colorScheme, viewport });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => complaints.push(`page error: ${e.message}`));
  page.on("dialog", (d) => {
    complaints.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  return { page, complaints, close: () => browser.close() };
}

// What must hold of the dashboard, whoever serves it: given its sign-in link, and how to kill and start a node.
import assert from "node:assert/strict";
import { request } from "node:http";

const patience_ms = 30_000;

/** One plain request; `fetch` would not let the Host be set. */
export function plainRequest(base, path, { method = "GET", headers = {} } = {}) {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const r = request({ hostname: hostname.replace(/[[\]]/g, ""), port, path, method, headers }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (part) => (body += part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    });
    r.on("error", reject).end();
  });
}

export async function refusals({ link }) {
  const base = new URL(link).origin;
  const status = async (path, options) => (await plainRequest(base, path, options)).status;
  assert.equal(await status("/", { headers: { Host: "evil.example" } }), 421);
  assert.equal(await status("/api/v1/overview", { headers: { Host: "evil.example" } }), 421);
  assert.equal(await status("/health", { headers: { Host: `${new URL(base).hostname}.evil.example` } }), 421);
  assert.equal(await status("/"), 401);
  assert.equal(await status("/api/v1/overview"), 401);
  assert.equal(await status("/api/v1/stream"), 401);
  assert.equal(await status("/?key=wrong"), 403);
  assert.equal(await status("/api/v1/overview", { method: "POST" }), 405);
  assert.equal(await status("/health/live"), 200);
  const metrics = await plainRequest(base, "/metrics");
  assert.equal(metrics.status, 200);
  assert.match(metrics.body, /^holdfast_[a-z_]+(\{.*\})? \d/m);
}

export async function signIn({ page, link }) {
  const base = new URL(link).origin;
  await page.goto(base);
  assert.match(await page.textContent("main"), /holdfast dashboard/);
  await page.goto(link);
  assert.equal(new URL(page.url()).search, "", "the key must not stay in the address");
  await page.waitForSelector("[data-node]", { timeout: patience_ms });
  assert.equal(await page.evaluate(() => document.cookie), "", "scripts must not see the cookie");
}

const stateOf = (page, node) => page.getAttribute(`[data-node="${node}"]`, "data-state");

async function awaitState(page, node, wanted) {
  await page.waitForFunction(([n, w]) => w.includes(document.querySelector(`[data-node="${n}"]`)?.dataset.state), [node, wanted], { timeout: patience_ms });
}

export async function overviewPage({ page, nodes }) {
  await page.waitForFunction((n) => document.querySelectorAll("[data-node]").length === n, nodes, { timeout: patience_ms });
  assert.match(await page.textContent("h1"), /serve|catching|starting|answer/);
  assert.match(await page.textContent(".connection"), /live/);
  assert.equal(await page.locator(".curve canvas").count(), 3);
}

/** A node is killed and the page, untouched, tells; it returns, and the page tells that too. */
export async function killAndReturn({ page, victim, kill, start, shot }) {
  await awaitState(page, victim, ["serving"]);
  await kill(victim);
  await awaitState(page, victim, ["dead", "frozen"]);
  await page.waitForFunction((n) => document.querySelector("h1")?.textContent?.includes(n) || document.querySelector(".troubles")?.textContent?.includes(n), victim);
  assert.notEqual(await page.getAttribute("h1", "data-health"), "info");
  await shot("overview-killed");
  await start(victim);
  await awaitState(page, victim, ["serving", "catching-up"]);
  assert.notEqual(await stateOf(page, victim), "dead");
}

export async function actorsPage({ page, nodes, shot }) {
  await page.keyboard.press("2");
  await page.waitForSelector("tr[data-actor]", { timeout: patience_ms });
  assert.equal(new URL(page.url()).pathname, "/actors");
  const rows = page.locator("tr[data-actor]");
  const all = await rows.count();
  assert.ok(all >= nodes, `${all} actors on ${nodes} nodes`);
  await shot("actors");

  await page.keyboard.press("/");
  await page.keyboard.type("role:archive");
  await page.waitForFunction((n) => document.querySelectorAll("tr[data-actor]").length < n, all);
  for (const role of await page.locator("td.col-role").allTextContents()) assert.match(role, /archive/);
  await page.reload();
  await page.waitForSelector("tr[data-actor]");
  assert.equal(await page.inputValue("#filter"), "role:archive", "a filter is part of the address");
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await page.waitForFunction((n) => document.querySelectorAll("tr[data-actor]").length >= n, all);

  const column = async (name) => page.locator(`td.col-${name}`).allTextContents();
  await page.click("th:has-text('Node') button");
  const up = await column("node");
  assert.deepEqual(up, [...up].sort());
  assert.equal(await page.getAttribute("th:has-text('Node')", "aria-sort"), "ascending");
  await page.click("th:has-text('Node') button");
  const down = await column("node");
  assert.deepEqual(down, [...down].sort().reverse());

  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector("tr.more");
  assert.match(await page.textContent("tr.more"), /Supervisor/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("tr.more", { state: "detached" });
}

export async function lightAndDark({ page, shot }) {
  await page.keyboard.press("1");
  await page.waitForSelector("[data-node]");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await paper();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction((was) => getComputedStyle(document.body).backgroundColor !== was, light);
  await page.waitForFunction(() => document.querySelectorAll(".curve canvas").length === 3);
  await shot("overview-dark");
  await page.keyboard.press("t"); // from "as the system" to light
  assert.equal(await paper(), light);
  await page.reload();
  await page.waitForSelector("[data-node]");
  assert.equal(await paper(), light, "the choice is kept");
  await page.emulateMedia({ colorScheme: "light" });
}

/** Names, roles and headings that assistive technology needs. */
export async function accessible({ page }) {
  const missing = await page.evaluate(() => {
    const named = (e) => e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("title") || e.labels?.length;
    const silent = [...document.querySelectorAll("a, button, input, [role=img]")].filter((e) => !named(e)).map((e) => e.outerHTML);
    if (!document.documentElement.lang) silent.push("no language");
    if (document.querySelectorAll("h1").length !== 1) silent.push("not one h1");
    if (!document.querySelector("main")) silent.push("no main");
    return silent;
  });
  assert.deepEqual(missing, []);
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement !== document.body), "the tab key moves the focus");
  await page.evaluate(() => document.activeElement.blur());
}

// Runs the checks against the scripted fixture, or against any cluster's dashboard:
//   node run.mjs --fixture PROGRAM [--shots DIR]
//   node run.mjs --program HOLDFAST [--nodes N] [--victim NODE] [--shots DIR]    a local cluster of its own, taken down after
//   node run.mjs --link URL --nodes N --victim NODE --kill "COMMAND {}" --start "COMMAND {}" [--shots DIR]
// `{}` stands for the node's name. Exits 0 if every check held.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import * as checks from "./checks.mjs";

const { values: options } = parseArgs({
  options: {
    fixture: { type: "string" }, program: { type: "string" }, link: { type: "string" }, nodes: { type: "string", default: "7" },
    victim: { type: "string", default: "node-7" },
    kill: { type: "string" }, start: { type: "string" }, shots: { type: "string", default: "build/web-shots" },
  },
});

async function startFixture(program) {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (command) => {
    child.stdin.write(`${command}\n`);
    const answer = (await lines.next()).value;
    if (answer !== "ok") throw new Error(`fixture, ${command}: ${answer}`);
  };
  const link = (await lines.next()).value;
  return { link, kill: (n) => say(`kill ${n}`), start: (n) => say(`start ${n}`), end: () => child.stdin.end("quit\n") };
}

// Real processes, started here, with a file kept in them.
function startCluster(program) {
  const home = mkdtempSync(join(tmpdir(), "holdfast-web-"));
  const dir = join(home, "cluster");
  const profile = join(dir, "client.toml");
  const run = (...words) => {
    const done = spawnSync(program, words, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${words.join(" ")}: ${done.stderr}`);
    return done.stdout;
  };
  const end = () => {
    spawnSync(program, ["local", "down", "--purge", "--dir", dir]);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    run("local", "up", "--nodes", options.nodes, "--dir", dir);
    run("put", program, "web/file", "--profile", profile);
    const link = run("dashboard", "--profile", profile).trim();
    // Whoever answers first gives the link: the node that shows the page must outlive what is done to another.
    const { nodes } = JSON.parse(run("local", "status", "--json", "--dir", dir));
    const others = nodes.filter((node) => !link.includes(`${node.dashboard}/`)).map((node) => node.name);
    const victim = others.includes(options.victim) ? options.victim : others.at(-1);
    return { link, victim, kill: async (n) => run("local", "kill", n, "--dir", dir), start: async (n) => run("local", "start", n, "--dir", dir), end };
  } catch (error) {
    end();
    throw error;
  }
}

function givenCluster() {
  const run = (template) => async (node) => {
    const [program, ...words] = template.split(/\s+/).map((word) => (word === "{}" ? node : word));
    const done = spawnSync(program, words, { stdio: "inherit" });
    if (done.status !== 0) throw new Error(`${template} failed for ${node}`);
  };
  return { link: options.link, kill: run(options.kill), start: run(options.start), end: () => undefined };
}

const subject = options.fixture ? await startFixture(options.fixture) : options.program ? startCluster(options.program) : givenCluster();
mkdirSync(options.shots, { recursive: true });
const browser = await openBrowser();
const { page, complaints } = browser;
const shot = (name) => page.screenshot({ path: `${options.shots}/${name}.png`, fullPage: true });
const given = { page, shot, nodes: Number(options.nodes), victim: options.victim, ...subject };

let failed = 0;
for (const name of ["refusals", "signIn", "overviewPage", "accessible", "killAndReturn", "actorsPage", "accessible", "lightAndDark"]) {
  try {
    await checks[name](given);
    if (name === "signIn") complaints.splice(0); // the browser notes the 401 of the visit before
    if (complaints.length > 0) throw new Error(complaints.splice(0).join("\n"));
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stack}`);
    await shot(`failed-${name}`).catch(() => undefined);
  }
}
await shot("overview");
await page.setViewportSize({ width: 420, height: 900 });
await shot("overview-narrow");
await browser.close();
subject.end();
console.log(failed === 0 ? "the dashboard holds" : `${failed} of the checks failed; pictures are in ${options.shots}`);
process.exitCode = failed === 0 ? 0 : 1;

// Runs the checks against the scripted fixture, or against any cluster's dashboard:
//   node run.mjs --fixture PROGRAM [--shots DIR]
//   node run.mjs --link URL --nodes N --victim NODE --kill "COMMAND {}" --start "COMMAND {}" [--shots DIR]
// `{}` stands for the node's name. Exits 0 if every check held.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import * as checks from "./checks.mjs";

const { values: options } = parseArgs({
  options: {
    fixture: { type: "string" }, link: { type: "string" }, nodes: { type: "string", default: "7" }, victim: { type: "string", default: "node-7" },
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

function realCluster() {
  const run = (template) => async (node) => {
    const [program, ...words] = template.split(/\s+/).map((word) => (word === "{}" ? node : word));
    const done = spawnSync(program, words, { stdio: "inherit" });
    if (done.status !== 0) throw new Error(`${template} failed for ${node}`);
  };
  return { link: options.link, kill: run(options.kill), start: run(options.start), end: () => undefined };
}

const subject = options.fixture ? await startFixture(options.fixture) : realCluster();
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
console.log(failed === 0 ? "the dashboard holds" : `${failed} checks failed; pictures are in ${options.shots}`);
process.exitCode = failed === 0 ? 0 : 1;

/** Starts a hub with made-up clusters, and Debian's Chromium. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Keeps the browser from talking to anybody but the hub. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A hub with made-up clusters. `SKEIN_DEMO` names a built demo; otherwise cargo builds and runs it. */
export async function startDemo(...options) {
  const built = process.env.SKEIN_DEMO;
  const [command, ...first] = built
    ? [built]
    : ["cargo", "run", "--quiet", "-p", "skein-hub", "--example", "demo", "--"];
  const child = spawn(command, [...first, "--listen", "127.0.0.1:0", ...options], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [url] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the demo hub ended with ${code}`))),
  ]);
  return {
    url,
    stop: () => child.kill("SIGKILL"),
    /** Stops answering without closing connections, as a hung hub does. */
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
  };
}

/** `skein up` on the example fleet, in a folder of its own; answers the address that it prints. */
export async function startUp(folder, ...options) {
  const built = process.env.SKEIN_PROGRAM;
  const [command, ...first] = built ? [built] : ["cargo", "run", "--quiet", "-p", "skein", "--"];
  const words = ["up", "examples/fleet", "--ephemeral", "--state-dir", folder, ...options];
  const child = spawn(command, [...first, ...words], { cwd: REPOSITORY, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const found = /^web page: (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`skein up ended with ${code}`)));
  });
  return { url, stop: () => child.kill("SIGTERM") };
}

export function canRun() {
  return existsSync(CHROMIUM);
}

export async function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

/** A page of a size and theme that fails the test on any script error or forbidden content. */
export async function openPage(browser, url, { colorScheme = "light", width = 1480, height = 900 } = {}) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, deviceScaleFactor: 1.5 });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource|net::ERR/.test(message.text())) problems.push(message.text());
  });
  await page.goto(url);
  await page.getByRole("treegrid").waitFor();
  return { page, problems };
}

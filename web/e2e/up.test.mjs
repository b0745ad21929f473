/** The page of `skein up examples/fleet`: one that runs (SKEIN_URL holds its printed address), or one that is started here. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { canRun, openPage, startBrowser, startUp } from "./browser.mjs";

const SKIP = canRun() ? false : "Chromium is not installed";
/** From start to all ready, in milliseconds, on a busy machine. */
const PATIENCE = 120_000;

test("the example fleet becomes ready and shows what it applied", { skip: SKIP }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-up-"));
  const up = process.env.SKEIN_URL ? undefined : await startUp(folder);
  const browser = await startBrowser();
  try {
    const { page, problems } = await openPage(browser, process.env.SKEIN_URL ?? up.url);
    for (const cluster of ["staging", "production"]) {
      await page.getByRole("button", { name: new RegExp(`^${cluster}`) }).click();
      for (const namespace of ["storefront", "insights"]) {
        const workloads = page.getByRole("row").filter({ hasText: "workloads" }).filter({ hasText: namespace });
        await workloads.filter({ hasText: "Ready" }).first().waitFor({ timeout: PATIENCE });
      }
      await page.keyboard.press("/");
      await page.keyboard.type("deployment gateway");
      await page.getByRole("row").filter({ hasText: "Deployment" }).first().click();
      await page.getByText("From source to here").waitFor();
      await page.getByRole("searchbox").fill("");
    }
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
    up?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what a hub applies to a spoke hangs under the hub and is marked", { skip: SKIP || process.env.SKEIN_URL !== undefined }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-up-hub-"));
  const up = await startUp(folder, "--hub");
  const browser = await startBrowser();
  try {
    const { page, problems } = await openPage(browser, up.url);
    const infrastructure = page.getByRole("row").filter({ hasText: "infrastructure" }).filter({ has: page.locator(".tree-namespace", { hasText: "staging" }) });
    await infrastructure.filter({ hasText: "Ready" }).first().waitFor({ timeout: PATIENCE });
    await page.getByRole("button", { name: /^staging/ }).click();
    await page.keyboard.press("/");
    await page.keyboard.type("deployment gateway");
    const gateway = page.getByRole("row").filter({ hasText: "Deployment" }).first();
    await gateway.getByText("on staging").waitFor();
    await gateway.click();
    const panel = page.getByRole("complementary");
    await panel.getByText("From source to here").waitFor();
    await panel.getByRole("button", { name: "Kustomization staging/infrastructure" }).first().waitFor();
    await panel.getByText("on production").first().waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
    up.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

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

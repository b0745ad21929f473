/** The page of a running `skein up examples/fleet`, whose printed address SKEIN_URL holds. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { canRun, openPage, startBrowser } from "./browser.mjs";

const URL_WITH_TOKEN = process.env.SKEIN_URL;
const SKIP = !canRun() ? "Chromium is not installed" : URL_WITH_TOKEN ? false : "SKEIN_URL names no running Skein";
/** From start to all ready, in milliseconds, on a busy machine. */
const PATIENCE = 120_000;

test("the example fleet becomes ready and shows what it applied", { skip: SKIP }, async () => {
  const browser = await startBrowser();
  try {
    const { page, problems } = await openPage(browser, URL_WITH_TOKEN);
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
  }
});

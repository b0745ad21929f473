/** The page in a real browser against the hub's demo fleet. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { canRun, openPage, startBrowser, startDemo } from "./browser.mjs";

/** UPDATE_SCREENSHOT=1 renews the README's pictures; otherwise they are made beside the build and thrown away with it. */
const SCREENSHOT = fileURLToPath(
  new URL(process.env.UPDATE_SCREENSHOT ? "../../docs/screenshot.png" : "../node_modules/.cache/screenshot.png", import.meta.url),
);
const SKIP = canRun() ? false : "Chromium is not installed (CHROMIUM names another path)";

let hub;
let browser;

before(async () => {
  if (SKIP) return;
  hub = await startDemo();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  hub?.stop();
});

/** Every test signs in with its own address: addresses work once. */
let signedIn;
async function open(options) {
  if (!signedIn) {
    const first = await openPage(browser, hub.url, options);
    signedIn = await first.page.context().cookies();
    return first;
  }
  const context = await browser.newContext({ viewport: { width: 1480, height: 900 }, deviceScaleFactor: 1.5, ...options });
  await context.addCookies(signedIn);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(new URL("/", hub.url).href);
  await page.getByRole("treegrid").waitFor();
  return { page, problems };
}

const rowOf = (page, text) => page.getByRole("row").filter({ hasText: text });

test("the tree shows the fleet and says what is stale", { skip: SKIP }, async () => {
  const { page, problems } = await open();
  await rowOf(page, "eu-production").first().waitFor();
  assert.match(page.url(), /\/$/, "the token is not left in the address bar");
  assert.ok(await rowOf(page, "checkout").first().isVisible());
  const stale = rowOf(page, "us-edge").filter({ hasText: "Stale" });
  assert.match(await stale.innerText(), /seen \d+m ago/);
  assert.match(await stale.innerText(), /connection refused/);
  assert.deepEqual(problems, []);
  await page.context().close();
});

test("search and filters keep what leads to a match", { skip: SKIP }, async () => {
  const { page } = await open();
  await page.keyboard.press("/");
  await page.keyboard.type("deployment checkout");
  await page.getByText("found").waitFor();
  assert.ok(await rowOf(page, "eu-production").first().isVisible());
  assert.equal(await rowOf(page, "storefront").filter({ hasText: "Namespace" }).count(), 0);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Failed/ }).click();
  assert.ok(await rowOf(page, "checkout").first().isVisible());
  assert.equal(await rowOf(page, "eu-staging").count(), 0);
  await page.context().close();
});

test("the panel names the first broken link and leads to it", { skip: SKIP }, async () => {
  const { page, problems } = await open();
  await rowOf(page, "storefront").filter({ hasText: "Kustomization" }).first().click();
  const panel = page.getByRole("complementary");
  await panel.getByText("First broken link").waitFor();
  await panel.getByText(/waits because Pod checkout\/web-\S+ is not healthy: CrashLoopBackOff/).waitFor();
  await panel.locator("code", { hasText: "kubectl logs --previous" }).waitFor();
  assert.match(await panel.locator(".cause-facts").innerText(), /Since\s+\d+/);
  await panel.getByRole("button", { name: "Deployment checkout/web" }).click();
  await panel.getByRole("heading", { name: "web" }).waitFor();
  await panel.getByRole("button", { name: /Pod checkout\/web/ }).click();
  await panel.getByRole("heading", { name: /web-6f7d8c9b5/ }).waitFor();
  await page.goBack();
  await page.goBack();
  await panel.getByRole("heading", { name: "storefront" }).waitFor();
  await panel.getByRole("tab", { name: "YAML" }).click();
  await panel.getByText("kustomize.toolkit.fluxcd.io/v1").waitFor();
  assert.deepEqual(problems, []);
  await page.context().close();
});

test("a Helm release hangs under its chart and repository", { skip: SKIP }, async () => {
  const { page, problems } = await open();
  await rowOf(page, "charts").filter({ hasText: "HelmRepository" }).first().waitFor();
  await rowOf(page, "gateway").filter({ hasText: "HelmRelease" }).first().click();
  const panel = page.getByRole("complementary");
  await panel.getByText("From source to here").waitFor();
  assert.deepEqual(
    (await panel.locator(".step-head .link").allInnerTexts()).map((text) => text.trim()),
    ["HelmRepository flux-system/charts", "HelmChart flux-system/flux-system-gateway", "HelmRelease flux-system/gateway"],
  );
  assert.deepEqual(problems, []);
  await page.context().close();
});

test("secret values never reach the page", { skip: SKIP }, async () => {
  const { page } = await open();
  await page.keyboard.press("/");
  await page.keyboard.type("web-credentials catalogue");
  await rowOf(page, "web-credentials").first().click();
  await page.getByRole("tab", { name: "YAML" }).click();
  await page.getByText("*****").waitFor();
  assert.ok(!(await page.content()).includes("bm90LXJlYWw"));
  await page.context().close();
});

test("suspend and resume are seen at once", { skip: SKIP }, async () => {
  const { page } = await open();
  await rowOf(page, "mailer").filter({ hasText: "Kustomization" }).first().click();
  const panel = page.getByRole("complementary");
  await panel.getByRole("button", { name: "Suspend" }).click();
  await panel.getByText("Suspended.", { exact: true }).waitFor();
  await rowOf(page, "mailer").filter({ hasText: "Suspended" }).first().waitFor();
  assert.ok(await panel.getByRole("button", { name: "Reconcile" }).isDisabled());
  await panel.getByRole("button", { name: "Resume" }).click();
  await panel.getByRole("button", { name: "Suspend" }).waitFor();
  await panel.getByRole("button", { name: "Reconcile" }).click();
  await panel.getByText("Reconciliation requested.").waitFor();
  await page.context().close();
});

test("the keyboard alone is enough", { skip: SKIP }, async () => {
  const { page } = await open();
  await page.getByRole("treegrid").focus();
  for (const key of ["Home", "ArrowLeft", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("complementary").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await page.context().close();
});

test("a hub that falls silent is told, and what is shown is marked as past", { skip: SKIP }, async () => {
  const { page } = await open();
  hub.freeze();
  try {
    await page.getByRole("alert").filter({ hasText: "No contact with the hub" }).waitFor({ timeout: 30_000 });
    assert.ok(await rowOf(page, "checkout").first().isVisible());
  } finally {
    hub.thaw();
  }
  await page.getByRole("alert").waitFor({ state: "detached", timeout: 30_000 });
  await page.context().close();
});

test("ten thousand nodes and more stay usable", { skip: SKIP }, async () => {
  const large = await startDemo("--apps", "700", "--still", "1");
  try {
    const { page, problems } = await openPage(browser, large.url);
    await rowOf(page, "eu-production").first().waitFor();
    // A large snapshot comes in parts.
    const rows = 1 + 3 * (1 + 2 + 702 + 3);
    await page.locator(`[role=treegrid][aria-rowcount="${rows}"]`).waitFor();
    assert.ok((await page.locator(".tree-row").count()) < 120, "only what is near is drawn");
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("End");
    await page.locator(".tree-row.is-focused").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("service-0699 pod");
    await rowOf(page, "web-6f7d8c9b5-00x7k").first().waitFor();
    assert.deepEqual(problems, []);
  } finally {
    large.stop();
  }
});

test("the screenshot of the README", { skip: SKIP }, async () => {
  for (const [colorScheme, path] of [
    ["light", SCREENSHOT],
    ["dark", SCREENSHOT.replace(".png", "-dark.png")],
  ]) {
    const { page } = await open({ colorScheme });
    await rowOf(page, "storefront").filter({ hasText: "Kustomization" }).first().click();
    await page.getByText("First broken link").waitFor();
    await page.screenshot({ path });
    await page.context().close();
  }
});

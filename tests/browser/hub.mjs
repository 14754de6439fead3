// Drives a real browser through JupyterHub, which signs people in with OpenID Connect; see tests/browser/hub.rs.
import assert from "node:assert/strict";
import { join } from "node:path";
import { heading } from "./look.mjs";
import { code } from "./totp.mjs";
import { PASSWORD, fillAndSend, given, inABrowser, visitor } from "./visit.mjs";

await inABrowser([whoRunsIt, whoMayUseIt, whoMayNot]);

async function signIn(name) {
  const page = await visitor();
  await page.goto(`${given.app}/hub/home`);
  await page.click("text=Sign in with Twolatch");
  await page.waitForURL(`${given.issuer}/login?**`);
  await page.fill("#username", name);
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await code(given.secret, 0));
  await page.click("[type=submit]");
  await page.waitForURL(`${given.app}/**`);
  return page;
}

async function whoRunsIt() {
  const page = await signIn("alice");
  assert.equal(page.url(), `${given.app}/hub/home`);
  assert.match(await page.textContent("nav"), /alice/);
  await page.screenshot({ path: join(given.screenshots, "jupyterhub.png") });
  await page.click("nav >> text=Admin");
  await page.waitForURL(`${given.app}/hub/admin**`);

  // Signed out there, and asked about it here.
  await page.goto(`${given.app}/hub/logout`);
  await page.waitForURL(`${given.issuer}/logout**`);
  assert.equal(await heading(page), "Sign out?");
  await Promise.all([page.waitForNavigation(), page.click("[type=submit]")]);
  await page.goto(`${given.app}/hub/home`);
  await page.click("text=Sign in with Twolatch");
  assert.equal(await heading(page), "Sign in");
}

async function whoMayUseIt() {
  const page = await signIn("bob");
  const nav = await page.textContent("nav");
  assert.match(nav, /bob/);
  assert.doesNotMatch(nav, /Admin/);
}

async function whoMayNot() {
  const page = await signIn("carol");
  assert.match(page.url(), /oauth_callback/);
  assert.match(await page.textContent("body"), /403/);
}

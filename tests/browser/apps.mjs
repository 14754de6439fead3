// Drives a real browser through a web app that gets its answers in forms, refreshes what it was given, and signs people out;
// see tests/browser/apps.rs.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { code } from "./totp.mjs";
import { PASSWORD, fillAndSend, given, inABrowser, look, nextCode, visitor } from "./visit.mjs";

const callback = `${given.app}callback`;

await inABrowser(given.high ? [aPersonWhoHasToShowMore] : [aPersonWithoutScript, aPersonWhoComesAndGoes]);

// Where our script does not run there is a button.
async function aPersonWithoutScript() {
  const page = await visitor();
  await page.route("**/comfort.js*", (route) => route.abort());
  await page.goto(given.app);
  await page.fill("#username", "alice");
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await code(given.secret, 0));
  await look(page, "form-post", "Back to the app");
  await Promise.all([page.waitForNavigation(), page.click("text=Continue")]);
  assert.equal(await page.textContent("body"), "The app knows alice");
}

async function aPersonWhoComesAndGoes() {
  const page = await visitor();
  await page.goto(given.app);
  await page.fill("#username", "bob");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await code(given.secret, 0));
  await page.click("[type=submit]");
  await page.waitForURL(given.app);
  assert.equal(await page.textContent("body"), "The app knows bob");

  // The app goes on without the person: each time with other tokens.
  const seen = new Set();
  for (let turn = 0; turn < 3; turn += 1) {
    await page.goto(`${callback}?info=json&access_token_refresh_interval=0`);
    const info = JSON.parse(await page.textContent("body"));
    assert.equal(info.userinfo.preferred_username, "bob");
    seen.add(info.access_token).add(info.refresh_token);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the app counts whole seconds
  }
  assert.equal(seen.size, 6, "access and refresh tokens are others each time");

  // The app signs out: at once, and the browser is back.
  await page.goto(`${callback}?logout=${encodeURIComponent(given.after)}`);
  assert.equal(page.url(), given.after);
  await page.goto(`${given.issuer}/account`);
  assert.equal(await heading(page), "Sign in", "here too");

  // Signed in again, and out of here: the app hears of it.
  await page.goto(given.app);
  await page.fill("#username", "bob");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await nextCode(given.secret));
  await page.click("[type=submit]");
  await page.waitForURL(given.app);
  await page.goto(`${given.issuer}/logout`);
  await look(page, "logout", "Sign out?");
  await page.click("text=Stay signed in");
  assert.equal(await heading(page), "Your account");
  await page.goto(`${given.issuer}/logout`);
  await Promise.all([page.waitForNavigation(), page.click("[type=submit]")]);
  assert.match(await page.textContent(".said"), /You are signed out/);
  let said = "";
  for (const end = Date.now() + 10_000; said !== "Sign in" && Date.now() < end;) {
    await page.goto(given.app);
    said = await page.textContent("h1", { timeout: 500 }).catch(() => "");
  }
  assert.equal(said, "Sign in", "the app knows nobody any more");
}

// Policy asks for a password only; a page of the app asks for more.
async function aPersonWhoHasToShowMore() {
  const page = await visitor();
  await page.goto(given.app);
  await page.fill("#username", "bob");
  await fillAndSend(page, "#current-password", PASSWORD);
  assert.equal(await page.textContent("body"), "The app knows bob");
  await page.goto(given.high);
  assert.equal(await heading(page), "Sign in", "whoever has to show more shows all of it");
  await page.fill("#username", "bob");
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await page.textContent("body"), "For the sure");
  await page.goto(given.app);
  assert.equal(await page.textContent("body"), "The app knows bob");
}

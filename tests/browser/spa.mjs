// An app that runs in the browser on the library `oidc-client-ts`, on an origin of its own; see tests/browser/relying.rs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { code } from "./totp.mjs";
import { PASSWORD, fillAndSend, given, inABrowser, nextCode, visitor } from "./visit.mjs";

const library = readFileSync(new URL("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js", import.meta.url));
const html = readFileSync(new URL("spa.html", import.meta.url));

await inABrowser([aPersonInAnAppInTheBrowser]);

async function aPersonInAnAppInTheBrowser() {
  const app = createServer((request, response) => {
    const isScript = request.url === "/oidc-client-ts.min.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? library : html);
  });
  await new Promise((ready) => app.listen(Number(new URL(given.app).port), "127.0.0.1", ready));
  try {
    for (const [turn, client] of given.clients.entries()) await aVisit(client, turn);
  } finally {
    app.close();
  }
}

async function aVisit(client, turn) {
  const page = await visitor();
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  await page.goto(given.app);
  const known = { issuer: given.issuer, client: client.id, dpop: client.dpop };
  await page.evaluate((known) => sessionStorage.setItem("given", JSON.stringify(known)), known);
  await page.goto(given.app);
  const who = (name) => page.waitForFunction((name) => document.querySelector("#who")?.textContent === name, name);
  const offline = { scope: "openid profile email offline_access" };

  await Promise.all([page.waitForURL(/\/login/), page.evaluate((more) => void manager(more).signinRedirect(), offline)]);
  await page.fill("#username", "alice");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await (turn ? nextCode(given.secret) : code(given.secret, 0)));
  await page.click("[type=submit]");
  await page.waitForURL(`${given.app}back**`);
  await who("alice").catch(async () => assert.fail(await page.textContent("#who")));
  const user = () => page.evaluate(() => manager().getUser());
  const first = await user();
  assert.equal(first.profile.email, "alice@example.org", "told at the userinfo endpoint, or in the token");
  assert.equal(first.token_type, client.dpop ? "DPoP" : "Bearer");

  // On with the refresh token, without any page.
  await page.evaluate((more) => manager(more).signinSilent(), offline);
  const second = await user();
  assert.notEqual(second.access_token, first.access_token);
  assert.notEqual(second.refresh_token, first.refresh_token);

  // Without one: a frame that asks with prompt=none.
  await page.evaluate(async () => {
    const one = manager();
    await one.storeUser({ ...(await one.getUser()), toStorageString() { return JSON.stringify({ ...this, refresh_token: undefined }); } });
    await one.signinSilent();
  });
  const third = await user();
  assert.notEqual(third.access_token, second.access_token);
  assert.equal(third.refresh_token, undefined);
  assert.equal(third.profile.sub, first.profile.sub);

  // What is given back is worth nothing, and the browser is signed out here and there.
  if (!client.dpop) {
    await page.evaluate(() => manager().revokeTokens(["access_token"]));
    const told = await page.evaluate(
      ([issuer, token]) => fetch(`${issuer}/userinfo`, { headers: { Authorization: `Bearer ${token}` } }).then((answer) => answer.status),
      [given.issuer, third.access_token],
    );
    assert.equal(told, 401);
  }
  await Promise.all([page.waitForURL(given.app), page.evaluate(() => void manager().signoutRedirect())]);
  await who("Nobody");
  const silent = await page.evaluate(() => manager().signinSilent().then(() => "", (error) => error.error ?? String(error)));
  assert.equal(silent, "login_required");

  // Another origin reads nothing of it.
  const other = await page.evaluate(
    ([issuer]) => fetch(`${issuer}/introspect`, { method: "POST" }).then(() => "read", () => "kept away"),
    [given.issuer],
  );
  assert.equal(other, "kept away");
  assert.deepEqual(faults, []);
}

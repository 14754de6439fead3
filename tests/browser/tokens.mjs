// An administrator in the console: making a token for a program, using it as the program does, and deleting it.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { fillAndSend, given, look, nextCode, press } from "./visit.mjs";

// With the page of somebody who is signed in, and the key of their app.
export async function tokens(page, key) {
  const open = async (path) => {
    await page.goto(`${given.issuer}${path}`);
    if (await heading(page) === "Confirm that it is you") await fillAndSend(page, "#code", await nextCode(key));
  };
  const ask = (path, token) =>
    fetch(`${given.issuer}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });

  await open("/admin/tokens");
  await look(page, "console-tokens-none", "API tokens");
  await open("/admin/tokens/new");
  await look(page, "console-token-new", "New token");
  await page.fill("#note", "Nightly import");
  await page.fill("#user", "root-admin");
  await page.fill("#days", "366");
  await page.check("[id='users:read']");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-token-wrong", "New token");
  assert.equal(await page.getAttribute("#days", "aria-invalid"), "true");
  await page.fill("#days", "30");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-token-made", "The token for Nightly import");
  const token = await page.textContent("#token");
  assert.match(token, /^twolatch_api_/);

  const people = await ask("/users", token);
  assert.equal(people.status, 200);
  assert.match(await people.text(), /"root-admin"/);
  assert.equal((await ask("/audit", token)).status, 403, "it is for nothing else");

  await open("/admin/tokens");
  await look(page, "console-tokens", "API tokens");
  assert.ok(!(await page.content()).includes(token), "a token is shown once");
  await press(page, "main table button[type=submit]");
  await page.waitForSelector("text=The token is deleted.");
  assert.equal((await ask("/users", token)).status, 401, "no program acts with it any more");
}

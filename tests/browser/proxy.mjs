// Drives a real browser through a proxy that asks Twolatch whom to let in to an application; see tests/browser/proxy.rs.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { code } from "./totp.mjs";
import { PASSWORD, fillAndSend, given, inABrowser, look, nextCode, press, twolatch, visitor } from "./visit.mjs";

const strict = { ignoreHTTPSErrors: true };
const wanted = `${given.app}/wiki/Main%20Page?action=edit&x={a|b}`;

await inABrowser([aPersonWhoComesAndGoes, aStrangerWhoPretends, aPersonOfNoGroup]);

async function aPersonWhoComesAndGoes() {
  const page = await visitor(strict);
  const stopped = await page.goto(wanted);
  assert.equal(await heading(page), "Sign in", await page.content());
  assert.ok(page.url().startsWith(`${given.issuer}/login?continue=`), page.url());
  assert.equal(stopped.status(), 200);
  await look(page, `forward-${given.proxy}-login`, "Sign in");
  await page.fill("#username", "alice");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await code(given.secret, 0));
  await page.click("main form button[type=submit]");
  await page.waitForURL((url) => url.href === wanted);
  const told = await headers(page);
  assert.equal(told.first, "GET /wiki/Main%20Page?action=edit&x={a|b} HTTP/1.1".replace("1.1", told.version));
  assert.deepEqual(told.remote, { "remote-user": "alice", "remote-groups": "staff", "remote-name": "alice" });
  assert.ok(!told.all.includes("twolatch_session"), "the application never sees the session");
  await page.screenshot({ path: `${given.screenshots}/forward-${given.proxy}-app.png` });
  const cookies = await page.context().cookies(given.app);
  const app = cookies.find(({ name }) => name === "__Host-twolatch_app");
  assert.ok(app.secure && app.httpOnly && app.sameSite === "Lax" && app.path === "/", JSON.stringify(app));

  // Signed in: scripts and forms pass, and come to the application as they are.
  assert.deepEqual(await fetched(page, "/api", {}), [200, false]);
  assert.deepEqual(await fetched(page, "/api", { method: "POST", body: "a=b" }), [200, false]);
  await page.goto(`${given.app}/?next=https://evil.example/%2e%2e`);
  assert.equal(await heading(page), "The app");

  // What a browser cannot send, and whoever does is not let through for it.
  await page.setExtraHTTPHeaders({ "X-Forwarded-Host": "other.example", "X-Forwarded-Uri": "/x", "X-Forwarded-Method": "GET" });
  assert.deepEqual(await fetched(page, "/api", { method: "POST", body: "a=b" }), [200, false]);
  await page.setExtraHTTPHeaders({});

  // Another tab of the same browser is signed in already, here and there.
  await page.goto(given.app);
  assert.equal(await heading(page), "The app");

  // Signed out at Twolatch: the application is closed at once.
  const tab = await page.context().newPage();
  await tab.goto(`${given.issuer}/logout`);
  await press(tab, "main form button[type=submit]");
  const out = Date.now();
  assert.deepEqual(await fetched(page, "/api", {}), [401, false]);
  assert.deepEqual(await fetched(page, "/api", { method: "POST", body: "a=b" }), [401, false]);
  assert.ok(Date.now() - out < 1000, "within a second");
  await page.goto(given.app);
  assert.equal(await heading(page), "Sign in");

  // And in again, by whoever has been disabled meanwhile: no.
  await page.fill("#username", "bob");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await nextCode(given.secret));
  await page.click("main form button[type=submit]");
  await page.waitForURL(`${given.app}/`);
  assert.equal((await headers(page)).remote["remote-user"], "bob");
  twolatch("user", "disable", "bob");
  assert.deepEqual(await fetched(page, "/api", {}), [401, false]);
}

async function aStrangerWhoPretends() {
  const page = await visitor(strict);
  const lies = { "Remote-User": "root", "Remote-Groups": "wheel", Remote_User: "root", "Remote-Email": "root@example.org" };
  await page.setExtraHTTPHeaders(lies);
  await page.goto(given.app);
  assert.equal(await heading(page), "Sign in");
  await page.fill("#username", "alice");
  await fillAndSend(page, "#current-password", PASSWORD);
  await page.fill("#code", await nextCode(given.secret));
  await page.click("main form button[type=submit]");
  await page.waitForURL(`${given.app}/`);
  const { remote } = await headers(page);
  assert.deepEqual(remote, { "remote-user": "alice", "remote-groups": "staff", "remote-name": "alice" });

  // What cannot be read is refused, and what is not for people is not reached.
  assert.deepEqual(await fetched(page, "/.twolatch/check", {}), given.proxy === "nginx" ? [404, false] : [403, false]);
  assert.deepEqual(await fetched(page, "/a%00b", {}), given.proxy === "nginx" ? [400, false] : [403, false]);
  assert.deepEqual(await fetched(page, "/a%0Ab", {}), [403, false]);

  // A ticket that was made up leads back to a page of ours.
  await page.goto(`${given.app}/.twolatch/callback?ticket=aaaa`);
  await look(page, `forward-${given.proxy}-over`, "This sign-in cannot go on");
}

async function aPersonOfNoGroup() {
  const page = await visitor(strict);
  await page.goto(given.app);
  await page.fill("#username", "carol");
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await nextCode(given.secret));
  await look(page, `forward-${given.proxy}-group`, "This sign-in cannot go on");
  assert.match(await page.textContent("main"), /The Wiki is only for people in certain groups/);
}

// What the application was sent.
async function headers(page) {
  const all = await page.textContent("pre");
  const [first, ...lines] = all.split("\n");
  const pairs = lines.map((line) => [line.split(":")[0].toLowerCase(), line.split(": ").slice(1).join(": ")]);
  const told = pairs.filter(([name, value]) => /^remote/.test(name) && value !== "");
  assert.equal(new Set(told.map(([name]) => name)).size, told.length, all);
  return { all, first, version: first.split("/").at(-1), remote: Object.fromEntries(told) };
}

// The status of what a script asks for, and whether it was sent elsewhere.
function fetched(page, path, how) {
  const ask = ([to, options]) => fetch(to, { redirect: "manual", ...options }).then((got) => [got.status, got.type === "opaqueredirect"]);
  return page.evaluate(ask, [path, how]);
}

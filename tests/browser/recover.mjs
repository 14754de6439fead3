// Drives a real browser through what happens when something is lost or changed: asking for help, an administrator's own
// link, a letter about what was not one's own doing, codes by mail and addresses in the account, set-up put off, a recovery
// key and its successor. Looks at every page on the way, as drive.mjs does; see tests/browser.rs.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { code } from "./totp.mjs";
import {
  chooseApp, fillAndSend, given, inABrowser, keepRecovery, look, mailed, mailedCode, press, rule, setUpAuthenticator,
  signIn, twolatch, visitor,
} from "./visit.mjs";

const HELP = "text=Ask an administrator for help";

await inABrowser([
  aPersonWhoseRequestIsDismissed, aPersonWhoseRequestIsApproved, anAdministratorWhoIsStuck, anAdministratorWhoIsStopped,
  aPersonWhoHasMailTurnedOn, aPersonWhoPutsItOff, aPersonWithARecoveryKey,
]);

async function aPersonWhoseRequestIsDismissed() {
  const page = await visitor();
  await signIn(page, "jane");
  await press(page, HELP);
  await look(page, "need-recovery", "Ask for recovery");
  await press(page, "button:has-text('Ask for recovery')");
  await look(page, "need-recovery-waiting", "Ask for recovery");
  assert.match(await page.textContent("main"), /waits for an administrator/);
  assert.match(twolatch("recovery", "list"), /jane/);
  twolatch("recovery", "dismiss", "jane", "--note", "Call <b>3141</b> first");
  await page.reload();
  await look(page, "need-recovery-dismissed", "Ask for recovery");
  assert.match(await page.textContent("main"), /was dismissed on .*Call <b>3141<\/b> first/s);
  await press(page, "text=Go on signing in");
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await heading(page), "Your account", "nothing else has changed");
}

async function aPersonWhoseRequestIsApproved() {
  const page = await visitor();
  await signIn(page, "kate");
  await press(page, HELP);
  await press(page, "button:has-text('Ask for recovery')");
  twolatch("recovery", "approve", "kate");
  await signIn(page, "kate");
  assert.equal(await heading(page), "Choose a second factor", "what was lost opens nothing any more");
  await page.goto(`${given.issuer}/login/need-recovery`);
  await look(page, "need-recovery-approved", "Ask for recovery");
  await press(page, "text=Go on signing in");
  await chooseApp(page);
  await setUpAuthenticator(page);
  await keepRecovery(page);
  assert.equal(await heading(page), "Your account");
}

async function anAdministratorWhoIsStuck() {
  const page = await visitor();
  await signIn(page, "lena");
  await press(page, HELP);
  await look(page, "need-recovery-admin", "Ask for recovery");
  await press(page, "text=Have a link mailed");
  assert.match(await page.textContent(".said"), /The link is on its way/);
  await look(page, "admin-link-mailed", await heading(page));
  const link = (await mailed(/(http:\S+\/recovery\/(?!stop)[a-z2-7]+)/, 1)).at(-1);
  const elsewhere = await visitor();
  await elsewhere.goto(link);
  await look(elsewhere, "admin-link-elsewhere", "This link belongs to another browser");
  await page.goto(link);
  await look(page, "admin-link", "Remove your second factors");
  await press(page, "main form button");
  await chooseApp(page);
  await setUpAuthenticator(page);
  await keepRecovery(page);
  assert.equal(await heading(page), "Your account");

  // A letter told her; she says that it was somebody else.
  const [letter] = (await mailed(/(http:\S+\/not-me\/[a-z2-7]+)/, 2)).slice(-1);
  const reader = await visitor();
  await reader.goto(letter);
  await look(reader, "not-me", "Was this not you?");
  await press(reader, "main form button");
  await look(reader, "not-me-done", "Sign in");
  assert.match(await reader.textContent(".said"), /signed out everywhere/);
  await page.goto(`${given.issuer}/account`);
  assert.equal(await heading(page), "Sign in");
}

async function anAdministratorWhoIsStopped() {
  const toStop = /(http:\S+\/recovery\/stop\/[a-z2-7]+)/;
  const before = (await mailed(toStop, 0)).length; // letters about the one before
  const page = await visitor();
  await signIn(page, "mona");
  await press(page, HELP);
  await press(page, "text=Have a link mailed");
  const link = (await mailed(/(http:\S+\/recovery\/(?!stop)[a-z2-7]+)/, 2)).at(-1);
  const stop = (await mailed(toStop, before + 1)).at(-1);
  const other = await visitor();
  await other.goto(stop);
  await look(other, "stop", "Stop this recovery");
  await press(other, "main form button");
  await look(other, "stop-done", await heading(other));
  assert.match(await other.textContent(".said"), /does not work any more/);
  await page.goto(link);
  assert.equal(await heading(page), "This link can no longer be used");
}

// Turns codes by mail on in the account, signs in elsewhere with them, ends that, takes another address, turns them off.
async function aPersonWhoHasMailTurnedOn() {
  const page = await visitor();
  await signIn(page, "nora");
  await fillAndSend(page, "#code", await code(given.secret, -1));
  await page.goto(`${given.issuer}/account/security`);
  await press(page, "text=Enable Two-Factor Authentication");
  await fillAndSend(page, "#code", await code(given.secret, 0));
  await look(page, "account-email", "Codes by email");
  const before = (await mailed(/^ {4}(\d{6})\r?$/m, 0)).length;
  await press(page, "text=Send verification code");
  await look(page, "account-email-sent", "Codes by email");
  assert.match(await page.textContent("[data-left]"), /^The code is good for [45]:\d\d more\.$/);
  await fillAndSend(page, "#code", await mailedCode(before + 1));
  await look(page, "account-recovery", "Recovery codes");
  await press(page, "button:has-text('New recovery codes')");
  await keepRecovery(page);
  await look(page, "account-email-done", "Multi-factor authentication is on");

  const other = await visitor();
  await signIn(other, "nora");
  if (await other.locator("text=Use another method").count() && !(await other.locator(".resend").count())) {
    await press(other, "text=Use another method");
    await press(other, "button[value=email]");
  }
  assert.equal(await other.locator("#remember").count(), 0, "an administrator's browser is not remembered");
  await fillAndSend(other, "#code", await mailedCode(before + 2));
  assert.equal(await heading(other), "Your account");
  await page.goto(`${given.issuer}/account/sessions`);
  await look(page, "account-sessions-two", "Devices and sessions");
  await press(page, "button:has-text('End all others')");
  assert.match(await page.textContent(".said"), /signed out everywhere but here/);
  await other.goto(`${given.issuer}/account`);
  assert.equal(await heading(other), "Sign in");

  await page.goto(`${given.issuer}/account/address`);
  await look(page, "account-address", "Change your email address");
  await fillAndSend(page, "#email", "nora@example.net");
  await look(page, "account-address-sent", "Change your email address");
  await fillAndSend(page, "#code", await mailedCode(before + 3));
  assert.match(await page.textContent(".said"), /Your address is changed/);
  await page.goto(`${given.issuer}/account/email`);
  await look(page, "account-email-on", "Codes by email");
  await press(page, "text=Turn codes by email off");
  assert.match(await page.textContent(".said"), /Codes by email are off/);
}

async function aPersonWhoPutsItOff() {
  await rule("--skips", "2", "--skip-days", "7");
  const page = await visitor();
  await signIn(page, "olga");
  await look(page, "login-later-mailbox", "Show that it is you");
  await press(page, "button:has-text('Later')");
  assert.equal(await heading(page), "Your account");
  const other = await visitor();
  await signIn(other, "pia");
  await look(other, "login-later", "Choose a second factor");
  assert.match(await other.textContent("#later-hint"), /2 more times.*until/s);
}

async function aPersonWithARecoveryKey() {
  await rule("--recovery", "both");
  const page = await visitor({ permissions: true });
  await signIn(page, "pia");
  await chooseApp(page);
  await setUpAuthenticator(page);
  const kept = await keepRecovery(page, "recovery-both", { key: true });
  assert.equal(await heading(page), "Your account");
  const other = await visitor({ permissions: true });
  await signIn(other, "pia");
  await press(other, "text=Use another method");
  await press(other, "button[value=recovery]");
  await fillAndSend(other, "#recovery-code", kept.at(-1));
  const next = await keepRecovery(other, "recovery-successor", { key: true });
  assert.notEqual(next.at(-1), kept.at(-1), "a key is spent by its use");
  assert.equal(await heading(other), "Your account");
}

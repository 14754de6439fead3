// Drives a real browser through a real server and a web app behind Apache, and looks at every page on the way: that
// nothing sticks out at 320 px, that axe finds nothing, and what it looks like. Ends with a status other than 0 on any
// miss. What it needs comes as one JSON object in its first argument; see tests/browser.rs.
import assert from "node:assert/strict";
import { join } from "node:path";
import { applications } from "./applications.mjs";
import { usersAndWhatIsDoneToMany, whatIsAskedOfWhom } from "./console.mjs";
import { onePersonAndMore } from "./desk.mjs";
import { heading } from "./look.mjs";
import { whatThereIsToSee } from "./sight.mjs";
import { tokens } from "./tokens.mjs";
import { code, wrongCode } from "./totp.mjs";
import {
  OTHER, PASSWORD, chooseApp, fillAndSend, given, inABrowser, keepRecovery, look, mailedCode, nextCode, press,
  setUpAuthenticator, signIn, visitor,
} from "./visit.mjs";

await inABrowser(given.branded ? [anOrganisationOfItsOwn] : [
  theFirstAdministrator, anInvitedPerson, aPersonWithAnAuthenticator, aPersonWhoChangesTheirAccount,
  aPersonWithoutAnAuthenticator, aPersonWithoutScript, aPersonWithMail, anIndonesian, whatIsNotThere, nobodyFramesUs,
]);

async function theFirstAdministrator() {
  const page = await visitor({ permissions: true });
  await page.goto(given.firstLink);
  await look(page, "setup-first", "Set up your account");
  await page.fill("#username", "not a name");
  await fillAndSend(page, "#new-password", OTHER);
  await look(page, "setup-first-refused", "Set up your account");
  assert.match(await page.title(), /^Error: This name cannot be used/);
  await page.fill("#username", "root-admin");
  await fillAndSend(page, "#new-password", OTHER);
  await chooseApp(page, "setup");
  const key = await setUpAuthenticator(page, "setup");
  await keepRecovery(page);
  await look(page, "account-admin", "Your account");
  await usersAndWhatIsDoneToMany(page, key);
  await whatThereIsToSee(page);
  await applications(page, key);
  await tokens(page, key);
  await whatIsAskedOfWhom(page, key);
  await onePersonAndMore(page, key);
}

async function anInvitedPerson() {
  const page = await visitor();
  await page.goto(given.inviteLink);
  await look(page, "setup-invited", "Set up your account");
  await page.click("[data-reveal=new-password]");
  assert.equal(await page.getAttribute("#new-password", "type"), "text", "the password is shown on demand");
  await fillAndSend(page, "#new-password", "alice1");
  await look(page, "setup-invited-weak", "Set up your account");
  await fillAndSend(page, "#new-password", PASSWORD);
  await chooseApp(page);
  const key = await setUpAuthenticator(page);
  await keepRecovery(page);
  assert.equal(await heading(page), "Your account");

  // Signed in once, let into the app without being asked again.
  await page.goto(given.app);
  assert.equal(await page.textContent("body"), `The app knows ${given.invited}`);

  await page.goto(`${given.issuer}/account/password`);
  assert.equal(await heading(page), "Confirm that it is you", "the codes of before are spent");
  await fillAndSend(page, "#code", await nextCode(key));
  await look(page, "password", "Change your password");
  await page.fill("#current-password", "wrong");
  await fillAndSend(page, "#new-password", OTHER);
  await look(page, "password-refused", "Change your password");
  await page.fill("#current-password", PASSWORD);
  await fillAndSend(page, "#new-password", OTHER);
  await look(page, "account-said", "Your account");
  await page.click("text=Sign out");
  assert.match(await page.textContent(".said"), /You are signed out/);
  await page.goBack();
  assert.notEqual(await heading(page).catch(() => ""), "Your account", "back after signing out shows nothing");
  await page.goto(`${given.issuer}/account`);
  assert.equal(await heading(page), "Sign in");
}

// From the app and back.
async function aPersonWithAnAuthenticator() {
  const page = await visitor();
  await page.goto(given.app);
  await look(page, "login-app", "Sign in");
  await page.fill("#username", given.enrolled);
  await fillAndSend(page, "#current-password", "wrong");
  await look(page, "login-refused", "Sign in");
  assert.equal(await page.inputValue("#username"), given.enrolled, "the name need not be typed again");
  await fillAndSend(page, "#current-password", PASSWORD);
  await look(page, "code", "Enter your code");
  await fillAndSend(page, "#code", await wrongCode(given.secret));
  await look(page, "code-refused", "Enter your code");
  const first = await code(given.secret, -1);
  await fillAndSend(page, "#code", first);
  assert.equal(await page.textContent("body"), `The app knows ${given.enrolled}`);
  assert.ok(page.url().startsWith(given.app), page.url());

  await page.goto(`${given.issuer}/account`);
  await look(page, "account", "Your account");
  await page.click("text=Sign out");
  await page.goto(`${given.issuer}/`);
  await look(page, "login", "Sign in");
  await page.fill("#username", given.enrolled);
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", first);
  assert.match(await page.textContent("[role=alert]"), /used before/, "a code opens once");
  await look(page, "code-used", "Enter your code");
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await heading(page), "Your account");
}

// Another authenticator, recovery codes, and what else there is to be changed.
async function aPersonWhoChangesTheirAccount() {
  const page = await visitor({ permissions: true });
  await page.goto(`${given.issuer}/login`);
  await page.fill("#username", given.changing);
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await code(given.secret, -1));
  await page.click("text=Multi-factor authentication settings (MFA)");
  await look(page, "security", "Security and credentials");
  await page.click("text=Add another authenticator");
  await look(page, "confirm", "Confirm that it is you");
  await fillAndSend(page, "#code", await wrongCode(given.secret));
  await look(page, "confirm-refused", "Confirm that it is you");
  await fillAndSend(page, "#code", await code(given.secret, 0));
  await look(page, "app", "Set up an authenticator app");
  await fillAndSend(page, "#name", "Work phone");
  await setUpAuthenticator(page);
  await look(page, "recovery", "Recovery codes");
  await send(page, "New recovery codes");
  await keepRecovery(page, "recovery-new");
  await look(page, "done", "Multi-factor authentication is on");
  await page.click("text=Back to security and credentials");
  await look(page, "security-full", "Security and credentials");
  await page.click("[aria-label='Manage Work phone']");
  await look(page, "manage", "Work phone");
  await page.goto(`${given.issuer}/account/sessions`);
  await look(page, "sessions", "Devices and sessions");
}

function send(page, button) {
  return Promise.all([page.waitForNavigation(), page.click(`button:has-text('${button}')`)]);
}

// The same without script, where the page cannot be asked for more than its text.
async function aPersonWithoutScript() {
  const page = await visitor({ javaScriptEnabled: false });
  await page.goto(given.app);
  assert.equal(await page.isVisible("[data-reveal]"), false, "nothing is offered that cannot work");
  await page.fill("#username", given.scriptless);
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await page.textContent("body"), `The app knows ${given.scriptless}`);
  await page.goto(`${given.issuer}/account`);
  await page.click("text=Sign out");
  assert.equal(await heading(page), "Sign in");

  await signIn(page, given.addedScriptless);
  await chooseApp(page);
  await setUpAuthenticator(page);
  assert.equal(await heading(page), "Keep your recovery codes");
  await page.screenshot({ path: join(given.screenshots, "login-recovery-scriptless.png"), fullPage: true });
  await page.click("[data-confirm] button");
  assert.equal(await heading(page), "Keep your recovery codes", "not without the tick");
  await page.check("#saved");
  await press(page, "[data-confirm] button");
  assert.equal(await heading(page), "Your account");
}

async function aPersonWithoutAnAuthenticator() {
  const page = await visitor();
  await page.goto(`${given.issuer}/login`);
  await page.fill("#username", given.added);
  await fillAndSend(page, "#current-password", PASSWORD);
  await chooseApp(page, "login");
  await setUpAuthenticator(page);
  await look(page, "login-password", "Choose a password");
  await fillAndSend(page, "#new-password", OTHER);
  await keepRecovery(page);
  assert.equal(await heading(page), "Your account");
}

// Chooses codes by mail, keeps recovery codes, is remembered, and uses one of those codes elsewhere.
async function aPersonWithMail() {
  const page = await visitor({ permissions: true });
  await signIn(page, given.mailed);
  await look(page, "login-setup-email", "Show that it is you");
  await press(page, "text=Send verification code");
  await look(page, "login-setup-email-sent", "Show that it is you");
  assert.equal(await page.locator("#remember").count(), 0);
  await fillAndSend(page, "#code", await mailedCode(1));
  await look(page, "login-choice", "Choose a second factor");
  await press(page, "button[value=email]");
  const codes = await keepRecovery(page, "login-recovery");
  assert.equal(await heading(page), "Your account");
  await press(page, "text=Sign out");

  await signIn(page, given.mailed);
  const again = page.locator(".resend button");
  assert.ok(await again.isDisabled(), "it was mailed just now");
  assert.match(await again.textContent(), /^Send the code again in (1:00|0:5\d)$/);
  await page.waitForFunction(() => / in 0:5[0-8]$/.test(document.querySelector(".resend button").textContent));
  assert.match(await page.textContent("[data-left]"), /^The code is good for 4:5\d more\.$/);
  await look(page, "login-email", "Enter your code");
  const right = await mailedCode(2);
  await fillAndSend(page, "#code", right === "000000" ? "000001" : "000000");
  await look(page, "login-email-refused", "Enter your code");
  await page.check("#remember");
  await fillAndSend(page, "#code", right);
  assert.equal(await heading(page), "Your account");
  await press(page, "text=Sign out");
  await signIn(page, given.mailed);
  assert.equal(await heading(page), "Your account", "a remembered browser is asked for the password only");
  await page.goto(`${given.issuer}/account/sessions`);
  await look(page, "sessions-remembered", "Devices and sessions");
  await press(page, "button:has-text('Forget all')");
  assert.match(await page.textContent(".said"), /All devices are forgotten/);
  await page.goto(`${given.issuer}/account/authenticator`);
  await press(page, "text=Send verification code");
  // It is the third in five minutes.
  assert.match(await page.textContent(".resend button"), /^Send the code again in (5:00|[34]:\d\d)$/);
  assert.match(await page.textContent("[data-left]"), /^The code is good for (4:5\d|5:00) more\.$/);
  await look(page, "confirm-mailed", "Confirm that it is you");
  await fillAndSend(page, "#code", await mailedCode(3));
  assert.equal(await heading(page), "Set up an authenticator app");

  const other = await visitor();
  await signIn(other, given.mailed);
  await press(other, "text=Use another method");
  await look(other, "login-method", "Choose a method");
  await press(other, "button[value=recovery]");
  await look(other, "login-recover", "Use a recovery code");
  await fillAndSend(other, "#recovery-code", codes[2].slice(0, -1));
  await look(other, "login-recover-refused", "Use a recovery code");
  await fillAndSend(other, "#recovery-code", codes[2].toLowerCase());
  assert.equal(await other.textContent(".said"), "You have used a recovery code. 9 are left.");
}

async function anIndonesian() {
  const page = await visitor({ locale: "id-ID" });
  await page.goto(given.app);
  await page.fill("#username", given.indonesian);
  await fillAndSend(page, "#current-password", "a long but wrong password that reaches the button");
  await look(page, "id-login-refused", "Masuk");
  assert.equal(await page.textContent("[data-reveal]"), "Tampilkan");
  await page.fill("#current-password", "a long but wrong password that reaches the button");
  await page.click("[data-reveal]");
  assert.equal(await page.textContent("[data-reveal]"), "Sembunyikan");
  await look(page, "id-login-shown", "Masuk");
  await fillAndSend(page, "#current-password", PASSWORD);
  await look(page, "id-code", "Masukkan kode Anda");
  await fillAndSend(page, "#code", await code(given.secret, -1));
  assert.equal(await page.textContent("body"), `The app knows ${given.indonesian}`);
  await page.goto(`${given.issuer}/account`);
  await look(page, "id-account", "Akun Anda");

  // Another language by keyboard alone; it stays, whatever the browser prefers.
  const link = page.locator("footer a[lang=en]");
  await link.focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.equal(await heading(page), "Your account");
  await page.goto(`${given.issuer}/account/password`);
  assert.equal(await heading(page), "Confirm that it is you");
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await heading(page), "Change your password");
  await page.click("footer a[lang=id]");
  await look(page, "id-password", "Ubah kata sandi Anda");

  const invited = await visitor({ locale: "id-ID" });
  await invited.goto(given.inviteLinkIndonesian);
  await look(invited, "id-setup", "Siapkan akun Anda");
  await fillAndSend(invited, "#new-password", PASSWORD);
  await look(invited, "id-choice", "Pilih faktor kedua");
  await press(invited, "button[value=app]");
  await invited.click("summary >> nth=0");
  await invited.click("summary >> nth=1");
  await look(invited, "id-authenticator-shown", "Siapkan autentikator Anda");
}

// With a logo, a colour and a language of its own; the browser's language is one that we have not.
async function anOrganisationOfItsOwn() {
  const page = await visitor({ locale: "de-DE" });
  await page.goto(`${given.issuer}/login`);
  await look(page, "own-login", "Masuk");
  const logo = page.locator("img.logo");
  assert.equal(await logo.getAttribute("alt"), "Twolatch");
  assert.ok(await logo.evaluate((image) => image.complete && image.naturalWidth > 0), "the logo is shown");
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("main button[type=submit]")).backgroundColor), "rgb(255, 204, 0)");
  await page.goto(`${given.issuer}/nothing?lang=en`);
  await look(page, "own-not-there", "There is no such page");
  await page.goto(new URL(await logo.getAttribute("src"), given.issuer).href);
  assert.equal(await page.evaluate(() => document.documentElement.localName), "svg");
}

async function whatIsNotThere() {
  const page = await visitor();
  await page.goto(`${given.issuer}/nothing`);
  await look(page, "not-there", "There is no such page");
  await page.goto(given.firstLink);
  await look(page, "link-over", "This link can no longer be used");
}

// W-03: no page shows in a frame of somebody else's, signed in or not.
async function nobodyFramesUs() {
  const page = await visitor();
  await page.goto(`${given.issuer}/login`);
  await page.fill("#username", given.framed);
  await fillAndSend(page, "#current-password", PASSWORD);
  await fillAndSend(page, "#code", await code(given.secret, 0));
  assert.equal(await heading(page), "Your account");
  for (const path of ["/account", "/nothing", "/authorize", "/login"]) {
    if (path === "/login") await page.context().clearCookies();
    await page.goto("about:blank");
    await page.goto(`${given.frame}#${given.issuer}${path}`);
    await page.waitForTimeout(500);
    const inside = page.frames().filter((frame) => frame !== page.mainFrame());
    assert.equal(inside.length, 1);
    assert.equal(await inside[0].locator("main").count(), 0, `${path} shows in a frame`);
  }
}

// What people do with a browser on our pages, for the scripts that drive one: visiting, filling in, setting up, keeping
// recovery codes, reading mail.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { heading, looker } from "./look.mjs";
import { codeOf, currentStep, wrongCode } from "./totp.mjs";

export const PASSWORD = "copper lantern drifts";
export const OTHER = "seven violet harbours";

// Everything that the script was given; see tests/browser.rs.
export const given = JSON.parse(process.argv[2]);

export const { look, misses, seen } = looker(given.screenshots);
mkdirSync(given.screenshots, { recursive: true });

let browser;

// Runs the visits one after the other; ends with a status other than 0 on any miss.
export async function inABrowser(visits) {
  browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
  try {
    for (const visit of visits) await visit();
  } finally {
    await browser.close();
  }
  for (const miss of misses) console.error(miss);
  console.log(`${seen.length} pages looked at: ${seen.join(", ")}`);
  process.exitCode = misses.length === 0 ? 0 : 1;
}

export async function visitor({ permissions, ...options } = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  if (permissions) await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: given.issuer });
  const page = await context.newPage();
  // A page that breaks its own policy says so here.
  page.on("console", (message) => {
    const said = message.text();
    const framed = given.frame && page.url().startsWith(given.frame);
    if (said.includes("Content Security Policy") && !framed) misses.push(`${page.url()}: ${said}`);
  });
  page.on("pageerror", (error) => misses.push(`${page.url()}: ${error}`));
  return page;
}

export async function signIn(page, name, password = PASSWORD) {
  await page.goto(`${given.issuer}/login`);
  await page.fill("#username", name);
  await fillAndSend(page, "#current-password", password);
}

export async function press(page, what) {
  await Promise.all([page.waitForNavigation(), page.click(what)]);
}

export async function fillAndSend(page, field, value) {
  await page.fill(field, value);
  await press(page, "main form button[type=submit]");
}

// From the choice of a second factor to the page with the QR code.
export async function chooseApp(page, name) {
  if (name) await look(page, `${name}-choice`, "Choose a second factor");
  assert.equal(await heading(page), "Choose a second factor");
  await press(page, "button[value=app]");
  assert.equal(await heading(page), "Set up your authenticator");
}

// From the page with the QR code to the one after it; answers the key. With a name, the page is looked at in all its
// states.
export async function setUpAuthenticator(page, name) {
  if (name) await look(page, `${name}-authenticator`, "Set up your authenticator");
  await page.click("summary:has-text('Show the key')");
  const key = (await page.textContent("#key")).replaceAll(" ", "");
  if (name) {
    await page.click("text=Copy the key");
    await page.waitForSelector("text=Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
    await page.click("text=Click to reveal the QR code");
    await look(page, `${name}-authenticator-shown`, "Set up your authenticator");
  }
  await fillAndSend(page, "#code", await wrongCode(key));
  if (name) await look(page, `${name}-authenticator-refused`, "Set up your authenticator");
  const step = await currentStep(); // looking takes a while, and the codes have to follow one another
  await fillAndSend(page, "#code", codeOf(key, step - 1));
  if (name) await look(page, `${name}-authenticator-next`, "Set up your authenticator");
  assert.match(await page.textContent("label[for=code]"), /Next code/);
  await fillAndSend(page, "#code", codeOf(key, step));
  return key;
}

// A code that was not shown yet, where the present one and those before may have been.
export async function nextCode(key) {
  const step = await currentStep();
  while (await currentStep() === step) await new Promise((done) => setTimeout(done, 500));
  return codeOf(key, step + 1);
}

// From the page with recovery codes to the one after it; answers the codes, and the key where there is one.
export async function keepRecovery(page, name, { codes = 10, key = false } = {}) {
  assert.equal(await heading(page), "Keep your recovery codes");
  const confirm = page.locator("[data-confirm] button");
  assert.ok(await confirm.isDisabled(), "not before they are copied or downloaded");
  if (name) await look(page, name, "Keep your recovery codes");
  await page.click("summary");
  if (name) await look(page, `${name}-shown`, "Keep your recovery codes");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download")]);
  assert.equal(download.suggestedFilename(), "twolatch-recovery-codes.txt");
  const text = readFileSync(await download.path(), "utf8");
  const inFile = text.match(/(?<![0-9A-Z-])\d[0-9A-Z]{5}(?:-[0-9A-Z]{6}){2}(?![0-9A-Z-])/g) ?? [];
  const keyInFile = text.match(/\b[0-9A-Z]{6}(?:-[0-9A-Z]{3,6}){5}\b/)?.[0];
  assert.equal(inFile.length, codes, text);
  assert.equal(Boolean(keyInFile), key, text);
  assert.match(text, /Treat them like your password/);
  assert.ok(await confirm.isEnabled());
  if (name) {
    await page.click(".pair >> text=Copy");
    await page.waitForSelector("text=Copied");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, [...inFile, ...(key ? [keyInFile] : [])].join("\n"));
    await look(page, `${name}-kept`, "Keep your recovery codes");
  }
  await press(page, "[data-confirm] button");
  return key ? [...inFile, keyInFile] : inFile;
}

// Runs a command of the server's administrator.
export function twolatch(...words) {
  const [program, ...always] = given.twolatch;
  return execFileSync(program, [...words, ...always], { encoding: "utf8" });
}

// Changes the rules, and waits for the next second: servers read them once a second.
export async function rule(...words) {
  twolatch("policy", "set", ...words);
  const second = () => Math.floor(Date.now() / 1000);
  const changed = second();
  while (second() === changed) await new Promise((done) => setTimeout(done, 50));
}

// The code in the last mail that has one, once so many such mails are there.
export async function mailedCode(count) {
  return (await mailed(/^ {4}(\d{6})\r?$/m, count)).at(-1);
}

// What this finds in the mails, in the order in which they came, once so many have it.
export async function mailed(what, count) {
  for (let tries = 0; tries < 100; tries += 1) {
    const names = existsSync(given.post) ? readdirSync(given.post).sort((one, other) => one - other) : [];
    const mails = names.map((name) => readFileSync(join(given.post, name), "utf8").replaceAll(/=\r?\n/g, ""));
    const found = mails.map((mail) => mail.match(what)?.[1]).filter(Boolean);
    if (found.length >= count) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail with ${what}: ${count}`);
}

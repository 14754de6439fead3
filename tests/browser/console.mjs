// An administrator in the console: finding and choosing users, and doing something to many.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { fillAndSend, given, look, nextCode, press } from "./visit.mjs";

// With the page of somebody who is signed in, and the key of their app.
export async function usersAndWhatIsDoneToMany(page, key) {
  await page.goto(`${given.issuer}/admin/users`);
  if (await heading(page) === "Confirm that it is you") await fillAndSend(page, "#code", await nextCode(key));
  await look(page, "console-users", "Users");
  await page.fill("#q", "nobody-at-all");
  await press(page, "form.filter button[type=submit]");
  await look(page, "console-users-none", "Users");
  await page.goto(`${given.issuer}/admin/users`);

  const ticks = page.locator("input[name^='pick-']");
  const ticked = () => ticks.evaluateAll((all) => all.filter((tick) => tick.checked).length);
  await ticks.nth(1).click();
  await ticks.nth(3).click({ modifiers: ["Shift"] });
  assert.equal(await ticked(), 3, "a range with Shift");
  await page.locator("tbody tr").nth(0).locator("td").nth(4).click({ modifiers: ["Control"] });
  assert.equal(await ticked(), 4, "a row with Ctrl");
  await page.check("#pick-page");
  assert.equal(await ticked(), await ticks.count(), "the whole page");
  await page.uncheck("#pick-page");
  assert.equal(await ticked(), 0);

  await page.locator("tr", { hasText: given.mailed }).locator("input").focus();
  await page.keyboard.press("Space");
  await page.selectOption("#action", "request-registration");
  await press(page, "form[data-picks] button[type=submit]");
  if (await heading(page) === "Confirm that it is you") {
    await fillAndSend(page, "#code", await nextCode(key));
    assert.equal(await heading(page), "Users");
    assert.equal(await ticked(), 1, "ticked as before");
    await page.selectOption("#action", "request-registration");
    await press(page, "form[data-picks] button[type=submit]");
  }
  await look(page, "console-bulk", "Request registration");
  assert.match(await page.textContent("main"), /Will be asked to set up: 1/);
  await press(page, "form.settings button[type=submit]");
  await page.waitForSelector("text=Done for 1 user.");
  await look(page, "console-bulk-done", "Request registration");
}

// What is asked of whom: looked at, changed, and taken back.
export async function whatIsAskedOfWhom(page, key) {
  const open = async (path) => {
    await page.goto(`${given.issuer}${path}`);
    if (await heading(page) === "Confirm that it is you") await fillAndSend(page, "#code", await nextCode(key));
  };
  await open("/admin/settings/security");
  await look(page, "console-security-empty", "Security");
  await open("/admin/settings/rule");
  await page.selectOption("#scope", "role");
  await page.fill("#of", "boss");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-rule-wrong", "A rule");
  await page.fill("#of", "supervisor");
  await page.selectOption("#level", "required");
  await page.check("#app");
  await page.fill("#device_days", "3");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-rule-look", "Rule: Role supervisor");
  await press(page, "form.settings button[type=submit]");
  await page.waitForSelector("text=The rule is in force.");
  await open("/admin/settings/exemption");
  await look(page, "console-exemption", "Add an exemption");
  await page.fill("#of", given.enrolled);
  await page.selectOption("#door", "sudo");
  await page.fill("#days", "3");
  await page.fill("#reason", "A device that cannot type codes");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-security", "Security");
  await page.click("text=Edit what holds for everybody");
  await look(page, "console-rule-all", "Rule: Everybody");
  await open("/admin/settings/switch?to=off");
  await look(page, "console-switch-off", "Turn it off");
  await page.waitForSelector("dialog[open] h1");
  await page.keyboard.press("Escape");
  await page.waitForURL(/settings\/security/);
  await open("/admin/settings/version/1");
  await look(page, "console-version", "Go back to version 1");
  await press(page, "form.settings button[type=submit]");
  await page.waitForSelector("text=The earlier rules are in force again.");
  await open("/admin/settings/why");
  await page.fill("#person", given.enrolled);
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-why", "Why?");
}

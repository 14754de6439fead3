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

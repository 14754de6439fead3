// An administrator in the console: how things stand, what has happened, and how the server is set up.
import assert from "node:assert/strict";
import { given, look, press } from "./visit.mjs";

// With the page of somebody who has just shown a second factor.
export async function whatThereIsToSee(page) {
  await page.goto(`${given.issuer}/admin`);
  await look(page, "console-overview", "Overview");
  await page.goto(`${given.issuer}/admin/audit`);
  await look(page, "console-audit", "Audit");
  const moment = page.locator("tbody time").first();
  assert.match(await moment.getAttribute("title"), /UTC$/, "the exact time stays");

  await page.selectOption("#event", "user_added");
  await page.fill("#person", given.invited);
  await press(page, "form.filter button[type=submit]");
  assert.equal(await page.locator("tbody tr").count(), 1);
  assert.match(await page.textContent("caption"), new RegExp(given.invited));
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Take away as CSV")]);
  assert.equal(file.suggestedFilename(), "audit.csv");

  await page.goto(`${given.issuer}/admin/audit/verify`);
  await look(page, "console-verify", "Is the audit whole?");
  assert.match(await page.textContent("main"), /every record is as it was written/);
  await page.goto(`${given.issuer}/admin/settings/configuration`);
  await look(page, "console-configuration", "Configuration");
}

// An administrator in the console: registering an application, what to type into it, and what there is to know of it.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { fillAndSend, given, look, nextCode, press } from "./visit.mjs";

// With the page of somebody who is signed in, and the key of their app.
export async function applications(page, key) {
  const open = async (path) => {
    await page.goto(`${given.issuer}${path}`);
    if (await heading(page) === "Confirm that it is you") await fillAndSend(page, "#code", await nextCode(key));
  };
  await open("/admin/clients");
  await look(page, "console-clients", "Applications");
  await open("/admin/clients/new");
  await look(page, "console-client-kinds", "Add an application");
  await page.click("text=Web application on a server");
  await page.fill("#name", "Shop");
  await page.fill("#uris", "http://shop.example.org/callback");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-client-wrong", "Web application on a server");

  await open("/admin/clients/new?preset=grafana");
  await look(page, "console-client-new", "Grafana");
  await page.fill("#address", "https://grafana.example.org");
  await page.fill("#id", "grafana");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-client-made", "Grafana is registered");
  const secret = await page.textContent("#secret");
  assert.ok((await page.textContent("#lines")).includes(`client_secret = ${secret}`), "what to type has the secret in it");

  await page.click("text=Back to Grafana");
  await look(page, "console-client", "Grafana");
  assert.ok(!(await page.content()).includes(secret), "a secret is shown once");
  await page.click("text=Choose who may sign in");
  await page.fill("#value", "staff");
  await look(page, "console-client-groups", "Who may sign in to Grafana");
  await press(page, "form.settings button[type=submit]");
  await page.waitForSelector("text=Who may sign in is changed.");
  await page.click("text=Test a sign-in");
  await page.fill("#person", given.enrolled);
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-client-test-groups", "Test a sign-in to Grafana");
  await open("/admin/client/grafana/groups");
  await page.fill("#value", "");
  await press(page, "form.settings button[type=submit]");
  await open(`/admin/client/grafana/test?person=${given.enrolled}&profile=yes`);
  await look(page, "console-client-test", "Test a sign-in to Grafana");

  // Something goes wrong with it, and its page says so a few seconds later.
  await page.request.get(`${given.issuer}/authorize?client_id=grafana&redirect_uri=https://evil.example/`);
  await page.waitForTimeout(7000);
  await open("/admin/client/grafana");
  await page.waitForSelector("text=an address that is not registered");
  await look(page, "console-client-troubled", "Grafana");
  await page.click("text=Renew the secret");
  await press(page, "form.settings button[type=submit]");
  await look(page, "console-client-secret", "A new secret for Grafana");
  await open("/admin/client/grafana/delete");
  await look(page, "console-client-delete", "Remove Grafana?");
  await press(page, "form.settings button[type=submit]");
  await page.waitForSelector("text=Grafana is removed.");
}

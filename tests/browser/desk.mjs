// An administrator in the console: one person's page, what is done there, adding people one by one and many at once.
import assert from "node:assert/strict";
import { heading } from "./look.mjs";
import { fillAndSend, given, look, nextCode, press } from "./visit.mjs";

// With the page of somebody who is signed in, and the key of their app.
export async function onePersonAndMore(page, key) {
  const to = async (path) => {
    await page.goto(`${given.issuer}${path}`);
    if (await heading(page) === "Confirm that it is you") await fillAndSend(page, "#code", await nextCode(key));
  };
  await to(`/admin/user/${given.enrolled}`);
  await look(page, "console-person", given.enrolled);
  await to(`/admin/user/${given.enrolled}/reset`);
  await look(page, "console-reset", `Reset the second factor of ${given.enrolled}`);
  await to(`/admin/user/${given.mailed}/address`);
  await look(page, "console-address", `Change the address of ${given.mailed}`);
  await fillAndSend(page, "#value", "new@example.net");
  assert.match(await page.textContent("main"), /gives the address new@example\.net/);
  await look(page, "console-person-offered", given.mailed);
  await to("/admin/requests");
  await look(page, "console-requests-none", "Requested");

  await to("/admin/add");
  await look(page, "console-add", "Add a person");
  await page.uncheck("#invite");
  await page.fill("#groups", "no!group");
  await fillAndSend(page, "#name", "desk");
  assert.equal(await page.getAttribute("#groups", "aria-invalid"), "true");
  await look(page, "console-add-wrong", "Add a person");
  await page.fill("#groups", "staff");
  await press(page, "main form button[type=submit]");
  assert.equal(await heading(page), "desk");
  await to("/admin/user/desk/role");
  await page.selectOption("#value", "supervisor");
  await press(page, "main form button[type=submit]");
  assert.match(await page.textContent(".said"), /The role is changed/);

  await to("/admin/import");
  await look(page, "console-import", "Import people");
  await fillAndSend(page, "#table", "name,role\ndesk,\nother,owner\n");
  await look(page, "console-import-wrong", "Import people");
  await fillAndSend(page, "#table", "name,groups\nimported,staff;ops\n");
  await look(page, "console-import-checked", "Import people");
  await press(page, "main form button[type=submit]");
  assert.match(await page.textContent(".said"), /1 person was added/);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Download all people")]);
  assert.equal(file.suggestedFilename(), "people.csv");

  for (const name of ["desk", "imported"]) {
    await to(`/admin/user/${name}/remove`);
    await press(page, "main form button[type=submit]");
    assert.equal(await heading(page), "Users");
  }
}

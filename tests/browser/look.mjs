// Looks at pages: that nothing sticks out at 320 px, that axe finds nothing, and what they look like.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 320, height: 640 } };

export function heading(page) {
  return page.textContent("h1", { timeout: 5000 });
}

// What has been looked at, and what was amiss.
export function looker(screenshots) {
  const misses = [];
  const seen = [];
  return { look, misses, seen };

  // Looks at a page in both sizes and both schemes.
  async function look(page, name, title) {
    assert.equal(await heading(page), title, name);
    seen.push(name);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewportSize(viewport);
        const where = `${name}-${size}-${colorScheme}`;
        await page.screenshot({ path: join(screenshots, `${where}.png`), fullPage: true });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) misses.push(`${where}: ${over} px stick out`);
        const small = await page.$$eval("input:not([type=hidden])", (inputs) =>
          inputs.filter((input) => parseFloat(getComputedStyle(input).fontSize) < 16).length);
        if (small > 0) misses.push(`${where}: an input below 16 px`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
        for (const { id, help, nodes } of violations) {
          misses.push(`${where}: ${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
        }
      }
    }
    await page.setViewportSize(SIZES.wide);
  }
}

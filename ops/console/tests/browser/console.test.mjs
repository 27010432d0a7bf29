// Drives the console in Chromium against a running node: HAILSTORM_URL says where, HAILSTORM_PID which process to end
// at the last test. States and pixels are asserted, never frame rates.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const url = process.env.HAILSTORM_URL;
const pid = Number(process.env.HAILSTORM_PID ?? 0);
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const WAIT_MS = 60_000;

let browser;
let page;
const problems = [];

before(async () => {
  assert.ok(url, "HAILSTORM_URL must say where the node's HTTP listener is, such as http://127.0.0.1:8100/");
  assert.ok(executablePath, "no Chromium found: install Debian's chromium, or name one in CHROMIUM");
  browser = await chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") {
      problems.push(message.text());
    }
  });
  await page.goto(url);
});

after(async () => {
  await browser?.close();
});

const until = (condition, arg) => page.waitForFunction(condition, arg, { timeout: WAIT_MS });

/** How many pixels of a canvas differ from its first one. */
const paintedPixels = (index) =>
  page.evaluate((i) => {
    const canvas = document.querySelectorAll("canvas.map-canvas")[i];
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let at = 4; at < data.length; at += 4) {
      painted += data[at] !== data[0] || data[at + 1] !== data[1] || data[at + 2] !== data[2] ? 1 : 0;
    }
    return painted;
  }, index);

test("loads, draws with Canvas 2D where there is no GPU, and says it is live", async () => {
  await until(() => window.__hailstorm?.frames > 2);
  assert.equal(await page.title(), "Hailstorm");
  assert.equal(await page.evaluate(() => window.__hailstorm.renderer), "canvas");
  await until(() => document.getElementById("feed-text").textContent === "Live");
  assert.equal(await page.locator("#stale").isVisible(), false);
});

test("shows vehicles that move", async () => {
  await until(() => window.__hailstorm.vehicles.length >= 20);
  const before = await page.evaluate(() => window.__hailstorm.vehicles.map((v) => [v.driver, v.lat, v.lon]));
  await until((old) => {
    const places = new Map(old.map(([driver, lat, lon]) => [driver, `${lat},${lon}`]));
    const moved = window.__hailstorm.vehicles.filter(
      (v) => places.has(v.driver) && places.get(v.driver) !== `${v.lat},${v.lon}`,
    );
    return moved.length >= 5;
  }, before);
  assert.ok((await paintedPixels(1)) > 100, "vehicles are painted");
  const total = await page.locator("#fleet-total").textContent();
  assert.ok(Number(total.replace(/\D/g, "")) >= 20, `the fleet is counted: ${total}`);
});

test("shows prices on the map, and layers can be switched", async () => {
  await until(() => window.__hailstorm.prices.length > 0);
  const measures = await page.evaluate(() => window.__hailstorm.prices.map((c) => c.multiplier));
  assert.ok(measures.every((m) => m >= 1 && m <= 10), "multipliers are plausible");
  await page.getByRole("radio", { name: "Supply" }).check();
  await page.waitForTimeout(300);
  const withCells = await groundSignature();
  await page.getByRole("radio", { name: "Off" }).check();
  await page.waitForTimeout(300);
  assert.notEqual(await groundSignature(), withCells, "cells are painted when their layer is on");
  await page.getByRole("radio", { name: "Price" }).check();
});

/** A sum over the ground's pixels: another picture, another number. */
async function groundSignature() {
  return page.evaluate(() => {
    const canvas = document.querySelectorAll("canvas.map-canvas")[0];
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at < data.length; at++) {
      sum = (sum * 31 + data[at]) >>> 0;
    }
    return sum;
  });
}

test("opens a trip's timeline, by mouse and closes it by keyboard", async () => {
  await until(() => document.querySelector("#trips button[data-trip]") !== null);
  await page.locator("#trips button[data-trip]").first().click();
  await page.locator("#drawer li").first().waitFor({ timeout: WAIT_MS });
  const moments = await page.locator("#drawer li").allTextContents();
  assert.match(moments[0], /\+0 s\s*Requested/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#drawer").isVisible(), false);
});

test("pans and zooms by keyboard", async () => {
  const before = await groundSignature();
  await page.locator("#map").focus();
  await page.keyboard.press("+");
  const end = Date.now() + WAIT_MS;
  while ((await groundSignature()) === before) {
    assert.ok(Date.now() < end, "the map was not drawn anew after zooming in");
    await page.waitForTimeout(100);
  }
  await page.keyboard.press("0");
});

test("switches between dark and light, and remembers", async () => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "dark");
  await page.locator("#theme").click();
  assert.equal(await theme(), "light");
  await page.reload();
  assert.equal(await theme(), "light");
  await page.locator("#theme").click();
  await until(() => window.__hailstorm?.frames > 0);
});

test("keeps figures in their places as they change", async () => {
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll(".panel > *, #headline > *")].map((e) => {
        const { x, y, width, height } = e.getBoundingClientRect();
        return [x, y, width, height].map(Math.round).join();
      }),
    );
  await until(() => document.querySelectorAll("#lags li").length > 0 && document.querySelector("#trips button") !== null);
  const before = await places();
  await page.waitForTimeout(2500);
  assert.deepEqual(await places(), before);
});

test("reported no error until now", () => {
  assert.deepEqual(problems, []);
});

test("says so when the feed stops", { skip: pid === 0 && "HAILSTORM_PID is not set" }, async () => {
  process.kill(pid, "SIGKILL");
  await until(() => window.__hailstorm.stale);
  const banner = page.locator("#stale");
  await banner.waitFor({ state: "visible", timeout: WAIT_MS });
  assert.match(await banner.textContent(), /^Feed stopped \d+ s ago — reconnecting$/);
  assert.equal(await page.locator("#map").evaluate((map) => map.classList.contains("is-stale")), true);
  assert.equal(await page.locator("#feed-text").textContent(), "Stopped");
});

// What the page can do with scripts: local time, live figures that can be paused, the chart, and
// ids that can be copied. Without scripts all of it can be read: times are in UTC then.
"use strict";

(() => {
  const $ = (selector) => document.querySelector(selector);
  const kept = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* for this page only */ } },
  };
  const SLOW_MS = 800;
  const SENT_MS = 30000;

  // What time it is by the relay's clock: that of whoever looks may be hours off.
  let aheadMs = 0;

  function now() {
    return new Date(Date.now() + aheadMs);
  }

  function setClock(told) {
    aheadMs = (Date.parse(told) || Date.now()) - Date.now();
  }

  // What a screen reader says, once for as long as it is so.
  function speak(words) {
    if ($("#announce").textContent !== words) $("#announce").textContent = words;
  }

  // Times: local ones unless UTC is chosen; the exact one in UTC is always in the title.
  let utc = kept.get("zone") === "utc";

  // To make a format takes longer than to use it a hundred times.
  const formats = new Map();

  function formatted(date, options) {
    const key = JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", options));
    return formats.get(key).format(date);
  }

  // Paper knows no today, and nobody can point at a time on it.
  let printing = false;

  // "14:02" today, "25 Nov, 14:02" this year; seconds where they matter, the zone where it is news.
  function written(date, { clock = false, exact = false } = {}) {
    const zone = utc ? { timeZone: "UTC" } : {};
    const day = (moment) => formatted(moment, { ...zone, day: "numeric", month: "short", year: "numeric" });
    const today = day(date) === day(now());
    const text = formatted(date, {
      ...zone,
      ...(today && !exact && !printing ? {} : { day: "numeric", month: "short" }),
      ...(date.getUTCFullYear() === now().getUTCFullYear() && !printing ? {} : { year: "numeric" }),
      hour: "2-digit",
      minute: "2-digit",
      ...(clock || exact ? { second: "2-digit" } : {}),
      ...(clock && !utc ? { timeZoneName: "short" } : {}),
    });
    return utc ? `${text} UTC` : text;
  }

  function writeTimes() {
    document.querySelectorAll("time[datetime]:not([data-ago])").forEach(writeTime);
  }

  function writeTime(element) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) return;
    element.title = date.toISOString();
    element.textContent = written(date, {
      clock: element.hasAttribute("data-clock"), exact: element.hasAttribute("data-exact"),
    });
  }

  function setUpZone() {
    const button = $("#zone");
    const label = () => { button.textContent = utc ? "Show local time" : "Show UTC"; };
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      utc = !utc;
      kept.set("zone", utc ? "utc" : "local");
      label();
      writeTimes();
      drawChart();
    });
  }

  // Freshness: when the figures came, that they are on their way, or that they could not be had.
  let paused = kept.get("paused") === "yes";
  let slow;
  let failed = false;

  function say(words, state) {
    const line = $("#freshness");
    line.classList.toggle("failed", state === "failed");
    line.classList.toggle("stale", state === "stale");
    line.querySelector("[data-words]").textContent = words;
    $("#again").hidden = state !== "failed";
  }

  function sayFresh() {
    say(paused ? "Updates are paused; figures of" : "Updated", paused ? "stale" : "");
  }

  function fresh(answer) {
    setClock(answer.headers.get("Date"));
    $("#freshness time").dateTime = now().toISOString();
    sayFresh();
    writeTimes();
  }

  function setUpLive() {
    const live = $("#live[hx-get]");
    if (!live) return;
    const button = $("#pause");
    const label = () => { button.textContent = paused ? "Resume updates" : "Pause updates"; };
    button.hidden = false;
    label();
    sayFresh();
    button.addEventListener("click", () => {
      paused = !paused;
      kept.set("paused", paused ? "yes" : "no");
      label();
      sayFresh();
    });
    document.addEventListener("htmx:before:request", (event) => {
      writeTime($("#freshness time")); // what is of yesterday by now says so
      if (paused || document.hidden || selecting()) { event.preventDefault(); return; }
      failed = false;
      withoutPassword(event.detail.ctx.request);
      clearTimeout(slow);
      slow = setTimeout(() => say("Loading… Figures of", "stale"), SLOW_MS);
    });
    for (const name of ["htmx:error", "htmx:response:error"]) {
      document.addEventListener(name, (event) => {
        failed = true;
        clearTimeout(slow);
        const words = missing(event.detail.ctx?.response?.status);
        say(`${words} The last figures are of`, "failed");
        speak(words);
      });
    }
    document.addEventListener("htmx:after:swap", (event) => {
      if (failed) return; // it follows an error as well, with nothing swapped
      clearTimeout(slow);
      if ($("#freshness").classList.contains("failed")) speak("Updated");
      fresh(event.detail.ctx.response);
      decorate();
      announce();
    });
  }

  // An address with a password in it may open a page, but no script may ask for it: the browser
  // sends the password by itself.
  function withoutPassword(request) {
    request.action = new URL(request.action, location.href).href;
  }

  // That sending goes on is known only from the relay's own word that a page could not be made.
  function missing(status) {
    if (status === 401) return "The password is needed again.";
    if (!status || status === 502 || status === 504) return "The relay does not answer.";
    return `Could not load figures.${status >= 500 ? " Sending goes on." : ""}`;
  }

  // Nobody's selection or open question is pulled away.
  function selecting() {
    const selection = getSelection();
    const inside = $("#live").contains(selection.anchorNode);
    return inside && !selection.isCollapsed;
  }

  // Screen readers hear of a change of the sentence, not of every figure.
  let spoken = $("[data-announce]")?.textContent.trim();

  function announce() {
    const words = $("[data-announce]")?.textContent.trim();
    if (words && words !== spoken) speak(words);
    spoken = words;
  }

  // The chart draws the table that is there without it.
  let chart;

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function figures(table) {
    const rows = [...table.querySelectorAll("tbody tr")];
    const column = (index) => rows.map((row) => Number(row.cells[index].dataset.count));
    return [rows.map((row) => Number(row.dataset.at)), column(1), column(2), column(3)];
  }

  // What was delivered is an area; what was not stands before it as bars, so that none hides.
  function area(label, name) {
    return { label, stroke: colour(name), width: 2, points: { show: false }, fill: `${colour(name)}26` };
  }

  function bars(label, name) {
    const paths = uPlot.paths.bars({ size: [0.5, 24] });
    return { label, stroke: colour(name), width: 0, points: { show: false }, fill: colour(name), paths };
  }

  function short(at, step) {
    const zone = utc ? { timeZone: "UTC" } : {};
    const parts = step < 86400 ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
    return formatted(new Date(at * 1e3), { ...zone, ...parts });
  }

  function drawChart() {
    const place = $("#chart");
    const table = $("#trend-figures");
    if (!place || !table || !window.uPlot) return;
    place.hidden = false;
    chart?.destroy();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    chart = new uPlot({
      width: place.clientWidth - 16,
      height: 260,
      tzDate: (at) => utc ? uPlot.tzDate(new Date(at * 1e3), "Etc/UTC") : new Date(at * 1e3),
      scales: { y: { range: (_, low, high) => [0, Math.max(high, 1)] } },
      axes: [{ ...axis, values: (_, ats) => ats.map((at) => short(at, ats[1] - ats[0])) }, { ...axis, size: 60, values: (_, values) => values.map((value) => value.toLocaleString("en")) }],
      series: [{ value: (_, at) => at === null ? "" : written(new Date(at * 1e3)) },
        area("Delivered", "--good"), bars("Waiting", "--wait"), bars("Not delivered", "--bad")],
    }, figures(table), place);
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", "Chart of the figures in the table below");
  }

  function refreshChart() {
    if (!chart?.root.isConnected) chart = undefined; // it went with a time in which nothing came
    const table = $("#trend-figures");
    if (chart && table) chart.setData(figures(table)); else drawChart();
  }

  // Request ids can be copied. The buttons are there before, so that no refresh takes the focus.
  function setUpCopies() {
    if (!navigator.clipboard) return;
    document.documentElement.classList.add("copies");
    document.addEventListener("click", async ({ target }) => {
      if (!target.matches(".copy")) return;
      await navigator.clipboard.writeText(target.previousElementSibling.textContent);
      target.textContent = "Copied";
    });
  }

  // A form is sent once, however often somebody clicks until the answer is there.
  function setUpForms() {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.method !== "post") return;
      if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
      form.setAttribute("data-sent", "");
      speak("Under way");
      setTimeout(() => form.removeAttribute("data-sent"), SENT_MS);
    });
  }

  function decorate() {
    writeTimes();
    refreshChart();
  }

  for (const [name, begun] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(name, () => { printing = begun; writeTimes(); });
  }

  // Whoever comes back to a page sees what is so now, not what was when they left.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  setClock($("#freshness time")?.dateTime);
  setUpZone();
  setUpLive();
  setUpCopies();
  setUpForms();
  decorate();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawChart);
  addEventListener("resize", () => {
    if (chart?.root.isConnected) chart.setSize({ width: $("#chart").clientWidth - 16, height: 260 });
  });
})();

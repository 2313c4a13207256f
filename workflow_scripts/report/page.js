"use strict";
const data = JSON.parse(document.getElementById("page-data").textContent);

// Tabs. Without this script all sections follow each other.
const tabs = [...document.querySelectorAll("nav a")];
const sections = [...document.querySelectorAll("main > section")];
document.querySelector("nav").setAttribute("role", "tablist");
tabs.forEach((tab, number) => {
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", sections[number].id);
  sections[number].setAttribute("role", "tabpanel");
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", tab.hash);
    showSection(sections[number].id);
    scrollTo(0, 0);
  });
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(number + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
});

function showSection(id) {
  tabs.forEach((tab, number) => {
    const chosen = sections[number].id === id;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    sections[number].hidden = !chosen;
  });
  // A chart takes the width of its place, which a hidden section does not have.
  if (id === "explore") draw();
}

// Figures.
const large = document.getElementById("large");
for (const button of document.querySelectorAll(".enlarge")) {
  button.addEventListener("click", () => {
    const image = button.querySelector("img");
    large.querySelector("img").src = image.src;
    large.querySelector("img").alt = image.alt;
    large.showModal();
  });
}
large.addEventListener("click", () => large.close());

// Tables: each is in the page as a compressed file.
async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

function parse(text) {
  const rows = [];
  let row = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === "" && !row.length && !quoted && !plain) break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

function shown(value) {
  if (/^-?\d+$/.test(value)) return value.replace("-", "−");
  const size = Math.abs(Number(value));
  const text = Number(value).toPrecision(3);
  return (size >= 1000 && size < 1e6 ? String(Math.round(Number(value))) : text).replace("-", "−");
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const STEP = 200;

async function fill(details) {
  const about = data.tables[details.dataset.table];
  const [names, ...rows] = parse(await (await unpack(details.dataset.table)).text());
  const numeric = names.map(
    (name, column) =>
      !data.names.includes(name) &&
      rows.some((row) => row[column] !== "") &&
      rows.every((row) => row[column] === "" || Number.isFinite(Number(row[column]))),
  );
  const texts = rows.map((row) => row.join("\n").toLowerCase());
  let found = rows;
  let sorted = { column: -1, sign: 1 };
  let most = STEP;

  const filter = element("input", { type: "search", className: "filter", placeholder: "Filter rows" });
  filter.setAttribute("aria-label", `Filter rows of ${about.name}`);
  const count = element("p");
  count.setAttribute("aria-live", "polite");
  const more = element("button", { textContent: `Show ${STEP} more` });
  const heads = names.map((name, column) => {
    const button = element("button", { textContent: name });
    const head = element("th", { title: about.columns[name] ?? "", scope: "col" }, button);
    if (numeric[column]) head.className = "number";
    button.addEventListener("click", () => {
      sorted = { column, sign: sorted.column === column ? -sorted.sign : 1 };
      update();
    });
    return head;
  });
  const body = element("tbody");

  function update() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = rows.filter((_, number) => words.every((word) => texts[number].includes(word)));
    const { column, sign } = sorted;
    if (column >= 0) {
      const compare = numeric[column]
        ? (a, b) => Number(a) - Number(b)
        : (a, b) => a.localeCompare(b, "en", { numeric: true });
      // A missing value is last in both directions.
      found.sort(({ [column]: a }, { [column]: b }) =>
        a === "" || b === "" ? (a === "") - (b === "") : sign * compare(a, b),
      );
    }
    heads.forEach((head, number) => {
      const order = sign > 0 ? "ascending" : "descending";
      head.setAttribute("aria-sort", number === column ? order : "none");
      const arrow = number === column ? (sign > 0 ? " ▲" : " ▼") : "";
      head.firstChild.textContent = names[number] + arrow;
    });
    body.replaceChildren(
      ...found.slice(0, most).map((row) =>
        element(
          "tr",
          {},
          ...row.map((value, number) =>
            numeric[number] && value !== ""
              ? element("td", { className: "number", title: value, textContent: shown(value) })
              : element("td", { textContent: value }),
          ),
        ),
      ),
    );
    const visible = Math.min(most, found.length);
    count.textContent = `${visible} of ${found.length} rows${words.length ? ` that match, of ${rows.length}` : ""}`;
    more.hidden = visible === found.length;
  }

  filter.addEventListener("input", () => {
    most = STEP;
    update();
  });
  more.addEventListener("click", () => {
    most += STEP;
    update();
  });
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const scroll = element("div", { className: "scroll", tabIndex: 0 }, table);
  details.append(filter, count, scroll, more);
  update();
}

for (const details of document.querySelectorAll("details[data-table]")) {
  details.addEventListener("toggle", () => fill(details), { once: true });
}

for (const link of document.querySelectorAll("a[data-table]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const file = new Blob([await unpack(link.dataset.table)], { type: "text/csv" });
    const address = URL.createObjectURL(file);
    element("a", { href: address, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  });
}

// Charts, on white, as the figures are: the colours of methods are made for it.
function draw() {
  const text = { labelFontSize: 12, titleFontSize: 12 };
  const config = { axis: { ...text, gridColor: "#e4e7eb", labelLimit: 130 }, legend: text };
  for (const place of document.querySelectorAll(".chart:empty")) {
    const spec = data.charts[place.dataset.chart];
    vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", config, actions: false });
  }
}

const wanted = sections.find((section) => `#${section.id}` === location.hash);
showSection((wanted ?? sections[0]).id);

// Elements are made of text only: nothing from a run is parsed as HTML.
export const $ = (id) => document.getElementById(id);

export function make(name, text = "", attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Sets the text of a live region only if it differs, so that screen readers announce it once.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function table(element, heads, rows) {
  const line = (cells, kind) => {
    const row = make("tr");
    const attributes = kind === "th" ? { scope: "col" } : {};
    row.append(...cells.map((each) => (each instanceof Node ? wrap(each) : make(kind, String(each), attributes))));
    return row;
  };
  element.replaceChildren(line(heads, "th"), ...rows.map((each) => line(each, "td")));
}

function wrap(node) {
  const cell = make("td");
  cell.append(node);
  return cell;
}

export const number = (value) =>
  value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: 4 });
export const fitness = (value) => (value === null || value === undefined ? "–" : value.toFixed(4));
export const round = (value) => number(Math.round(value));

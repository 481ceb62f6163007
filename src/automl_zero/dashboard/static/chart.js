// Curves of the best fitness so far, as steps in an SVG.
import { round } from "./dom.js";

const NS = "http://www.w3.org/2000/svg";
const LEFT = 48, RIGHT = 12, TOP = 10, BOTTOM = 28;

export function draw(svg, name, attributes, text = "") {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  svg.append(element);
}

export const short = (value) => Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value);

export const large = (value) => (value < 1e7 ? round(value) : short(value)); // compact if it is long

export function bestSoFar(curve) {
  let best = -Infinity;
  return curve.map(([seconds, programs, fitness]) => [seconds, programs, (best = Math.max(best, fitness))]);
}

export function chart(svg, runs, axis, now) {
  svg.replaceChildren();
  const width = svg.clientWidth || 600, height = svg.clientHeight || 260;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const at = (point) => (axis === "seconds" ? point[0] : axis === "log" ? Math.log10(Math.max(point[1], 1)) : point[1]);
  const all = runs.flatMap((each) => bestSoFar(each.curve));
  if (!all.length) return;
  const xs = all.map(at), ys = all.map((each) => each[2]);
  const x0 = axis === "log" ? Math.min(...xs) : 0, x1 = Math.max(...xs, x0 + 1e-9);
  const y0 = Math.min(...ys), y1 = Math.max(...ys, y0 + 1e-3);
  const digits = y1 - y0 < 0.01 ? 5 : 3;
  const x = (value) => LEFT + ((value - x0) / (x1 - x0)) * (width - LEFT - RIGHT);
  const y = (value) => height - BOTTOM - ((value - y0) / (y1 - y0)) * (height - TOP - BOTTOM);
  for (let i = 0; i <= 4; i++) {
    const value = y0 + ((y1 - y0) * i) / 4;
    draw(svg, "line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) });
    draw(svg, "text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(digits));
    const mark = x0 + ((x1 - x0) * i) / 4, anchor = i === 0 ? "start" : i === 4 ? "end" : "middle";
    draw(svg, "text", { x: x(mark), y: height - 8, "text-anchor": anchor }, short(axis === "log" ? 10 ** mark : mark));
  }
  runs.forEach((run, number) => {
    const steps = bestSoFar(run.curve).map((each, i) => {
      const [px, py] = [x(at(each)).toFixed(1), y(each[2]).toFixed(1)];
      return i ? `H${px}V${py}` : `M${px} ${py}h0`; // a single point is a dot
    });
    draw(svg, "path", { class: number ? "b" : "a", d: steps.join("") });
  });
  if (now !== null) {
    const point = runs[0].curve.find((each) => each[0] >= now) ?? runs[0].curve.at(-1);
    if (point) draw(svg, "line", { class: "now", x1: x(at(point)), x2: x(at(point)), y1: TOP, y2: height - BOTTOM });
  }
}

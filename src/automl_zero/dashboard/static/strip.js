// The history of islands: a row for each island, a column for each epoch, and the colour by the best fitness.
import { draw } from "./chart.js";
import { number, round } from "./dom.js";

const LEFT = 48, RIGHT = 12, ROW = 14, BOTTOM = 22, FAINT = 0.06;

export function strip(svg, range, { islands, seconds, fitness }, count) {
  svg.replaceChildren();
  const all = fitness.flat(), low = Math.min(...all), high = Math.max(...all, low + 1e-9);
  const width = svg.clientWidth || 600, height = islands.length * ROW + BOTTOM;
  svg.style.height = `${height}px`;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const cell = (width - LEFT - RIGHT) / seconds.length;
  islands.forEach((island, row) => {
    draw(svg, "text", { x: LEFT - 6, y: row * ROW + 11, "text-anchor": "end" }, island);
    fitness.forEach((column, index) => draw(svg, "rect", {
      x: (LEFT + index * cell).toFixed(2), y: row * ROW + 1, width: (cell + 0.3).toFixed(2), height: ROW - 2,
      "fill-opacity": (FAINT + (1 - FAINT) * (column[row] - low) / (high - low)).toFixed(3),
    }));
  });
  draw(svg, "text", { x: LEFT, y: height - 6 }, `${round(seconds[0] ?? 0)} s`);
  draw(svg, "text", { x: width - RIGHT, y: height - 6, "text-anchor": "end" }, `${round(seconds.at(-1) ?? 0)} s`);
  const which = islands.length < count ? `, of ${islands.length} of ${count} islands` : "";
  range.textContent = `Best fitness of each island at each epoch, from ${number(low)} (faint) to ${number(high)} (strong)${which}.`;
  svg.setAttribute("aria-label", `History of the islands. ${range.textContent} The latest is in the table below.`);
}

// The list of waiting runs, the next one first.
import { $, make } from "./dom.js";

function newItem(name, remove) {
  const item = make("li"), button = make("button", "Remove", { type: "button", "aria-label": `Remove ${name}` });
  button.addEventListener("click", () => { button.disabled = true; remove(name); });
  item.dataset.name = name;
  item.append(make("span", name), button);
  return item;
}

// Elements are kept, since a click must end on the element on which it began.
export function queue(names, remove) {
  $("queue").hidden = !names.length;
  const before = [...$("waiting").children], known = new Map(before.map((each) => [each.dataset.name, each]));
  const list = names.map((name) => known.get(name) ?? newItem(name, remove));
  if (list.length === before.length && list.every((each, i) => each === before[i])) return;
  const focused = document.activeElement;
  $("waiting").replaceChildren(...list);
  if (focused?.closest("#waiting")) focused.focus();
}

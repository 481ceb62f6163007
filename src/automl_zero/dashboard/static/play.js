// Plays the slider on to its end, or again from its beginning. With reduced motion, each press moves it one step.
import { $ } from "./dom.js";

const LONGEST = 700, SHORTEST = 150, WHOLE = 30_000; // milliseconds of a step, and about those of all
const still = matchMedia("(prefers-reduced-motion: reduce)");
let timer = 0;

const isAtEnd = () => Number($("slider").value) >= Number($("slider").max);

function label() {
  $("play").textContent = timer ? "Pause" : still.matches ? "Next" : "Play";
}

export function pause() {
  clearInterval(timer);
  timer = 0;
  label();
}

function move(place) {
  $("slider").value = place;
  $("slider").dispatchEvent(new Event("input"));
  if (isAtEnd()) pause();
}

const step = () => move(Number($("slider").value) + 1);

$("play").addEventListener("click", () => {
  if (timer) return pause();
  const pace = Math.min(LONGEST, Math.max(SHORTEST, WHOLE / Number($("slider").max)));
  if (!still.matches && Number($("slider").max)) timer = setInterval(step, pace);
  label();
  if (isAtEnd()) move(0);
  else step();
});
$("slider").addEventListener("input", (event) => event.isTrusted && pause());
still.addEventListener("change", pause);
label();

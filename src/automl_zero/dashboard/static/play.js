// Plays the slider to its end, or again from its start. With reduced motion, each click moves it by one step.
import { $ } from "./dom.js";

const LONGEST = 700, SHORTEST = 150, WHOLE = 30_000; // milliseconds of a step, and of the whole replay
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
let timer = 0;

const isAtEnd = () => Number($("slider").value) >= Number($("slider").max);

function label() {
  $("play").textContent = timer ? "Pause" : reducedMotion.matches ? "Next" : "Play";
}

export function pause() {
  clearInterval(timer);
  timer = 0;
  label();
}

function move(position) {
  $("slider").value = position;
  $("slider").dispatchEvent(new Event("input"));
  if (isAtEnd()) pause();
}

const step = () => move(Number($("slider").value) + 1);

$("play").addEventListener("click", () => {
  if (timer) return pause();
  const pace = Math.min(LONGEST, Math.max(SHORTEST, WHOLE / Number($("slider").max)));
  if (!reducedMotion.matches && Number($("slider").max)) timer = setInterval(step, pace);
  label();
  if (isAtEnd()) move(0);
  else step();
});
$("slider").addEventListener("input", (event) => event.isTrusted && pause());
reducedMotion.addEventListener("change", pause);
label();

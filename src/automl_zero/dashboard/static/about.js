// The metadata of the selected run, and its differences to the run that it is compared with.
import { $, fitness, number, round, table } from "./dom.js";

const STAGES = ["search", "select", "final"];

// A score with its standard error over the tasks, where there is one.
export function score({ fitness: value, standard_error: error }) {
  return fitness(value) + (error === null ? "" : ` ± ${fitness(error)}`);
}

function figures(run) {
  return [["best fitness", fitness(run.fitness)], ["programs", round(run.programs)],
    ["programs per second", round(run.speed)], ["seconds of search", round(run.epoch?.seconds ?? 0)],
    ["improvements", number(run.improvements.length)], ["train steps", round(run.epoch?.train_steps ?? 0)],
    ...STAGES.map((stage) => [`score on the ${stage} tasks`, run.final ? score(run.final.scores[stage]) : "–"])];
}

export function compared(names, run, against) {
  $("compared").hidden = !against;
  if (!against) return;
  const others = figures(against);
  table($("both"), ["figure", ...names], figures(run).map(([name, value], row) => [name, value, others[row][1]]));
}

export function about(names, found) {
  const { facts = [], again = "", config = "", differing = [] } = found ?? {};
  table($("facts"), ["fact", "value"], facts);
  $("repeat").hidden = !again;
  $("again").textContent = again;
  $("config").textContent = config;
  const none = [["none", "", ""]];
  table($("differing"), ["setting", ...names], differing.length ? differing : none);
}

// Polls the server for new data and shows it. The state that must survive a reload is in the address.
import { about, compared, score } from "./about.js";
import { $, fitness, make, number, round, say, table } from "./dom.js";
import { chart, large, short } from "./chart.js";
import { pause } from "./play.js";
import { queue } from "./queue.js";
import { strip } from "./strip.js";

const address = new URLSearchParams(location.hash.slice(1));
const shown = { id: address.get("run"), other: address.get("with"), run: null, against: null, position: null, program: "", about: "" };
let rows = [];

// URLs are relative to that of the page, so that it works below any path of a proxy.
async function request(path, options) {
  const answer = await fetch(`api/${path}`, options);
  if (answer.status === 204) return null;
  const text = await answer.text(), isJson = answer.headers.get("Content-Type") === "application/json";
  if (!answer.ok || !isJson) throw new Error(isJson ? JSON.parse(text).error : text.slice(0, 300));
  return JSON.parse(text);
}

const ask = (path, query = {}) => request(`${path}?${new URLSearchParams(query)}`);

async function change(path, body) {
  const { change: key } = await ask("session"); // a restarted server has another key
  const headers = { "Content-Type": "application/json", "X-Change": key };
  return request(path, { method: "POST", headers, body: JSON.stringify(body) });
}

function remember() {
  const kept = Object.entries({ run: shown.id, with: shown.other }).filter(([, value]) => value);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function choose(id) {
  const other = shown.other === id ? null : shown.other; // a run is not compared with itself
  Object.assign(shown, { id, other, run: null, against: null, position: null, program: "" });
  $("refused").textContent = "";
  pause();
  remember();
  refresh();
}

const nameOf = (id) => id.slice(id.indexOf("/") + 1);

function stateOf(row) {
  if (!row.running) return row.reason ? `ended: ${row.reason}` : "not running";
  return row.status + (row.stopping ? ", stopping" : "");
}

function newItem(id) {
  const item = make("li"), button = make("button", "", { type: "button" });
  button.append(make("span", nameOf(id)), make("small"));
  button.addEventListener("click", () => choose(id));
  item.dataset.id = id;
  item.append(button);
  return item;
}

// Elements are kept while their texts change, since a click must end on the element on which it began.
function showRuns(failures) {
  const before = [...$("runs").children], known = new Map(before.map((each) => [each.dataset.id, each]));
  const list = rows.map((row) => {
    const item = known.get(row.id) ?? newItem(row.id), button = item.firstChild;
    button.setAttribute("aria-current", String(row.id === shown.id));
    button.lastChild.textContent = `${stateOf(row)} · ${fitness(row.fitness)}`;
    return item;
  });
  const focused = document.activeElement;
  if (list.length !== before.length || list.some((each, i) => each !== before[i])) $("runs").replaceChildren(...list);
  if (focused?.closest("#runs")) focused.focus();
  say($("note"), failures.length ? `${failures.at(-1).name} did not start: ${failures.at(-1).error}` : "");
  const others = [["", "no other run"], ...rows.filter((each) => each.id !== shown.id).map((each) => [each.id, nameOf(each.id)])];
  if (document.activeElement !== $("other")) options($("other"), others, shown.other ?? "");
}

function options(element, pairs, value) {
  element.replaceChildren(...pairs.map(([key, text]) => make("option", text, { value: key })));
  element.value = value;
}

function showRun() {
  const run = shown.run;
  $("run").hidden = !run;
  $("empty").hidden = Boolean(run);
  if (!run) return;
  $("title").textContent = nameOf(shown.id);
  const reading = run.read < 1 ? ` · read so far: ${Math.floor(100 * run.read)}%` : "";
  const faulty = run.faulty ? ` · ${run.faulty} lines are not events` : "";
  say($("state"), `${run.name[0]}: ${stateOf(run)}${reading}${faulty}`);
  $("stop").hidden = !run.running;
  $("stop").disabled = run.stopping;
  figures(run);
  slider(run);
  curves(); // they show the position of the slider
  const epoch = run.epoch ?? { island_fitness: [], behaviours: [], takeover: [] };
  table($("islands"), ["island", "best fitness", "behaviours", "members with the most common"],
    epoch.island_fitness.map((each, i) => [i, fitness(each), number(epoch.behaviours[i]), number(epoch.takeover[i])]));
  strip($("history"), $("range"), run.history, epoch.island_fitness.length);
  const outcomes = Object.entries({ ...run.outcomes, "instructions without effect, removed": run.pruned });
  table($("outcomes"), ["outcome", "share", "bar"], outcomes.map(([name, share]) =>
    [name, `${(100 * share).toFixed(1)}%`, make("meter", "", { value: share, "aria-label": name })]));
  mutations(run.effects);
  compared(names(), run, shown.against);
  result(run.final);
  $("description").textContent = run.name[1];
  showAbout(run);
}

const names = () => [shown.id, shown.other].filter(Boolean).map(nameOf);

async function showAbout(run) {
  const other = shown.against ? shown.other : "", key = [shown.id, other, run.reason, run.start?.time].join(" ");
  if (key === shown.about) return;
  shown.about = key;
  const found = await ask("about", { id: shown.id, with: other }).catch(() => null);
  if (key === shown.about) about(names(), found);
}

function figures(run) {
  const limit = (key) => (run.limits[key] ? ` of ${short(run.limits[key])}` : "");
  const facts = [["best fitness", fitness(run.fitness)], ["programs", large(run.programs) + limit("max_programs")],
    ["programs per second", round(run.speed)], ["seconds of search", round(run.epoch?.seconds ?? 0) + limit("max_seconds")],
    ["improvements", run.improvements.length], ["train steps", large(run.epoch?.train_steps ?? 0)],
    ["threads or processes", number(run.start?.workers)]];
  const cluster = run.epoch?.cluster;
  if (cluster) facts.push(["machines", number(cluster.nodes)], ["islands recovered", number(cluster.replays)]);
  $("figures").replaceChildren(...facts.map(([name, value]) => {
    const pair = make("div");
    pair.append(make("dt", name), make("dd", String(value)));
    return pair;
  }));
}

function mutations(effects) {
  $("mutations").hidden = !effects.length;
  const share = (count, made) => `${((100 * count) / made).toFixed(1)}%`;
  table($("effects"), ["mutation", "children", "less fit", "as fit", "fitter"], effects.map(([name, ...counts]) => {
    const made = counts.reduce((sum, each) => sum + each, 0);
    return [name, number(made), ...counts.map((each) => share(each, made))];
  }));
}

function curves() {
  const runs = [shown.run, shown.against].filter(Boolean);
  const list = entriesOf(shown.run), now = $("kind").value === "improvement" ? list[$("slider").value]?.[0] ?? null : null;
  chart($("curve"), runs, $("axis").value, now);
  $("legend").textContent = shown.against ? `blue: ${nameOf(shown.id)} · orange: ${nameOf(shown.other)}` : "";
  $("curve").setAttribute("aria-label", `Best fitness so far: ${fitness(shown.run.fitness)}`);
}

function result(final) {
  $("result").hidden = !final;
  if (!final) return;
  const row = (name, scores) => [name, ...["search", "select", "final"].map((each) => score(scores[each]))];
  table($("scores"), ["fitness", "search", "select", "final"],
    [row("the algorithm", final.scores), ...final.baselines.map((each) => row(each.name, each.scores))]);
}

const entriesOf = (run) => ($("kind").value === "improvement" ? run.improvements : run.ancestors);

function slider(run) {
  const list = entriesOf(run);
  $("slider").max = Math.max(list.length - 1, 0);
  $("play").disabled = list.length < 2;
  $("slider").value = Math.min(shown.position ?? list.length - 1, list.length - 1); // if not moved by the user, it stays at the latest
  showProgram(list);
}

async function showProgram(list) {
  const at = Number($("slider").value), entry = list[at], kind = $("kind").value;
  const text = !entry ? "none yet" : kind === "improvement"
    ? `${at + 1} of ${list.length}: fitness ${fitness(entry[3])} after ${number(Math.round(10 * entry[0]) / 10)} s, experiment ${entry[1] + 1}`
    : `${at + 1} of ${list.length}: fitness ${fitness(entry[3])}, island ${entry[0]}, by ${entry[2]}`;
  $("position").textContent = text;
  $("slider").setAttribute("aria-valuetext", text);
  const key = `${shown.id} ${kind} ${at} ${entry}`;
  if (key === shown.program) return;
  shown.program = key;
  const details = entry ? await ask("program", { id: shown.id, kind, number: at }).catch((error) => error) : null;
  if (key !== shown.program) return; // the slider has moved on
  if (details instanceof TypeError || details?.busy) shown.program = ""; // is requested again
  say($("remark"), details?.remark ?? details?.message ?? "");
  if (details?.busy) return; // the former program is shown until then
  lines($("program"), details?.lines ?? []);
  $("techniques").replaceChildren(...(details?.techniques ?? []).map((each) => {
    const item = make("li");
    item.append(make("strong", each.name), `: ${each.sentence} Here: ${each.note}.`);
    return item;
  }));
}

function lines(element, found) {
  const marks = { "+": "plus", "-": "minus", " ": "" };
  element.replaceChildren(...found.map(([mark, text]) => make("span", `${mark} ${text}`, { class: marks[mark] })));
}

async function compare() {
  const id = rows.some((each) => each.id === shown.other) ? shown.other : null;
  const run = id ? await ask("run", { id }).catch(() => null) : null;
  const details = run ? await ask("program", { id, number: -1 }).catch(() => null) : null;
  if (id && id !== shown.other) return; // the user has chosen another run meanwhile
  shown.against = run;
  $("comparison").hidden = !id;
  $("comparison-name").textContent = id ? nameOf(id) : "";
  lines($("otherprogram"), (details?.lines ?? []).filter(([mark]) => mark !== "-").map(([, text]) => [" ", text]));
}

async function refresh() {
  try {
    const found = await ask("runs");
    rows = found.runs;
    showRuns(found.failures);
    queue(found.waiting, remove);
    if (!rows.some((each) => each.id === shown.id)) return;
    const id = shown.id, run = await ask("run", { id, since: shown.run?.version ?? "" });
    if (id !== shown.id) return;
    shown.run = run ?? shown.run;
    await compare();
    if (run || shown.other || !shown.program) showRun();
  } catch (error) {
    say($("note"), error instanceof TypeError ? "the server does not answer; trying again" : error.message);
  }
}

function remove(name) {
  $("queue-error").textContent = "";
  change("remove", { name }).catch((error) => { $("queue-error").textContent = error.message; }).finally(refresh);
}

async function poll() {
  await refresh();
  setTimeout(poll, 1000);
}

$("slider").addEventListener("input", () => {
  const at = Number($("slider").value);
  shown.position = at === Number($("slider").max) ? null : at;
  showProgram(entriesOf(shown.run));
  curves();
});
$("kind").addEventListener("change", () => { pause(); shown.position = null; showRun(); });
$("axis").addEventListener("change", curves);
$("other").addEventListener("change", async () => {
  Object.assign(shown, { other: $("other").value || null, against: null });
  remember();
  await compare();
  showRun();
});
$("stop").addEventListener("click", () => {
  $("stop").disabled = true; // a second request would end the run at once, without its result
  change("stop", { id: shown.id }).catch((error) => { $("refused").textContent = error.message; }).finally(refresh);
});
$("start").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("refusal").textContent = "";
  try {
    const { id, waiting } = await change("start", Object.fromEntries(new FormData(event.target)));
    if (waiting) refresh(); // the current run remains selected
    else choose(id);
  } catch (error) {
    $("refusal").textContent = error.message;
  }
});
addEventListener("resize", () => showRun());
ask("session").then(({ presets, budgets }) => {
  for (const [name, list] of [["preset", presets], ["budget", budgets]]) {
    $("start").elements[name].append(...list.map((each) => make("option", each, { value: each })));
  }
}).catch(() => {});
poll();

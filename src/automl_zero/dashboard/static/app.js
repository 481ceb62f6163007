// Asks the server again and again for what is new, and shows it. All that must survive a reload is in the address.
import { about, compared, score } from "./about.js";
import { $, fitness, make, number, round, say, table } from "./dom.js";
import { chart, large, short } from "./chart.js";
import { pause } from "./play.js";
import { queue } from "./queue.js";
import { strip } from "./strip.js";

const address = new URLSearchParams(location.hash.slice(1));
const shown = { id: address.get("run"), other: address.get("with"), run: null, against: null, moment: null, story: "", about: "" };
let rows = [];

// Addresses are relative to that of the page, so that it may be shown below any path of a proxy.
async function answered(path, options) {
  const answer = await fetch(`api/${path}`, options);
  if (answer.status === 204) return null;
  const text = await answer.text(), isJson = answer.headers.get("Content-Type") === "application/json";
  if (!answer.ok || !isJson) throw new Error(isJson ? JSON.parse(text).error : text.slice(0, 300));
  return JSON.parse(text);
}

const ask = (path, query = {}) => answered(`${path}?${new URLSearchParams(query)}`);

async function change(path, body) {
  const { change: key } = await ask("session"); // after a restart of the server it is another one
  const headers = { "Content-Type": "application/json", "X-Change": key };
  return answered(path, { method: "POST", headers, body: JSON.stringify(body) });
}

function remember() {
  const kept = Object.entries({ run: shown.id, with: shown.other }).filter(([, value]) => value);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function choose(id) {
  const other = shown.other === id ? null : shown.other; // nothing is compared with itself
  Object.assign(shown, { id, other, run: null, against: null, moment: null, story: "" });
  $("refused").textContent = "";
  pause();
  remember();
  refresh();
}

const nameOf = (id) => id.slice(id.indexOf("/") + 1);

function stateOf(row) {
  if (!row.running) return row.reason ? `ended: ${row.reason}` : "not running";
  return row.doing + (row.asked ? ", asked to end" : "");
}

function newItem(id) {
  const item = make("li"), button = make("button", "", { type: "button" });
  button.append(make("span", nameOf(id)), make("small"));
  button.addEventListener("click", () => choose(id));
  item.dataset.id = id;
  item.append(button);
  return item;
}

// Items stay where they are while their texts change: a press must not end on another element than it began on.
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
  say($("note"), failures.length ? `${failures.at(-1).name} did not begin: ${failures.at(-1).error}` : "");
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
  $("stop").disabled = run.asked;
  figures(run);
  slider(run);
  curves(); // where the slider is, too
  const epoch = run.epoch ?? { island_fitness: [], behaviours: [], takeover: [] };
  table($("islands"), ["island", "best fitness", "behaviours", "members with the commonest"],
    epoch.island_fitness.map((each, i) => [i, fitness(each), number(epoch.behaviours[i]), number(epoch.takeover[i])]));
  strip($("history"), $("range"), run.history, epoch.island_fitness.length);
  const fates = Object.entries({ ...run.fates, "instructions without effect, not run": run.pruned });
  table($("fates"), ["fate", "share", "bar"], fates.map(([name, share]) =>
    [name, `${(100 * share).toFixed(1)}%`, make("meter", "", { value: share, "aria-label": name })]));
  mutations(run.effects);
  compared(names(), run, shown.against);
  result(run.final);
  $("description").textContent = run.name[1];
  tellAbout(run);
}

const names = () => [shown.id, shown.other].filter(Boolean).map(nameOf);

async function tellAbout(run) {
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
    ["improvements", run.moments.length], ["train steps", large(run.epoch?.train_steps ?? 0)],
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
  const list = momentsOf(shown.run), now = $("kind").value === "improvement" ? list[$("slider").value]?.[0] ?? null : null;
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

const momentsOf = (run) => ($("kind").value === "improvement" ? run.moments : run.ancestors);

function slider(run) {
  const list = momentsOf(run);
  $("slider").max = Math.max(list.length - 1, 0);
  $("play").disabled = list.length < 2;
  $("slider").value = Math.min(shown.moment ?? list.length - 1, list.length - 1); // untouched, it follows the newest
  tell(list);
}

async function tell(list) {
  const at = Number($("slider").value), moment = list[at], kind = $("kind").value;
  const text = !moment ? "none yet" : kind === "improvement"
    ? `${at + 1} of ${list.length}: fitness ${fitness(moment[3])} after ${number(Math.round(10 * moment[0]) / 10)} s, experiment ${moment[1] + 1}`
    : `${at + 1} of ${list.length}: fitness ${fitness(moment[3])}, island ${moment[0]}, by ${moment[2]}`;
  $("moment").textContent = text;
  $("slider").setAttribute("aria-valuetext", text);
  const key = `${shown.id} ${kind} ${at} ${moment}`;
  if (key === shown.story) return;
  shown.story = key;
  const story = moment ? await ask("story", { id: shown.id, kind, number: at }).catch((error) => error) : null;
  if (key !== shown.story) return; // the slider has moved on
  if (story instanceof TypeError || story?.busy) shown.story = ""; // asked again
  say($("remark"), story?.remark ?? story?.message ?? "");
  if (story?.busy) return; // what is shown stays until it is told
  lines($("program"), story?.lines ?? []);
  $("techniques").replaceChildren(...(story?.techniques ?? []).map((each) => {
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
  const story = run ? await ask("story", { id, number: -1 }).catch(() => null) : null;
  if (id && id !== shown.other) return; // meanwhile, another one was chosen, or none
  shown.against = run;
  $("beside").hidden = !id;
  $("besidename").textContent = id ? nameOf(id) : "";
  lines($("otherprogram"), (story?.lines ?? []).filter(([mark]) => mark !== "-").map(([, text]) => [" ", text]));
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
    if (run || shown.other || !shown.story) showRun();
  } catch (error) {
    say($("note"), error instanceof TypeError ? "the server does not answer; trying again" : error.message);
  }
}

function remove(name) {
  $("kept").textContent = "";
  change("remove", { name }).catch((error) => { $("kept").textContent = error.message; }).finally(refresh);
}

async function repeat() {
  await refresh();
  setTimeout(repeat, 1000);
}

$("slider").addEventListener("input", () => {
  const at = Number($("slider").value);
  shown.moment = at === Number($("slider").max) ? null : at;
  tell(momentsOf(shown.run));
  curves();
});
$("kind").addEventListener("change", () => { pause(); shown.moment = null; showRun(); });
$("axis").addEventListener("change", curves);
$("other").addEventListener("change", async () => {
  Object.assign(shown, { other: $("other").value || null, against: null });
  remember();
  await compare();
  showRun();
});
$("stop").addEventListener("click", () => {
  $("stop").disabled = true; // asked twice, a run ends at once and without its result
  change("stop", { id: shown.id }).catch((error) => { $("refused").textContent = error.message; }).finally(refresh);
});
$("start").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("refusal").textContent = "";
  try {
    const { id, waiting } = await change("start", Object.fromEntries(new FormData(event.target)));
    if (waiting) refresh(); // the run that is shown stays
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
repeat();

import { isPlain, keyOf, mayAct } from "./keys.js";

export const ROW = "tr[data-row]";
const ARROWS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
const LETTERS = { j: 1, k: -1 };
let current = "";

/** One row of each table is reached with Tab, the others from there: it goes on where one was. */
export function reachRows(root) {
  const tables = root.matches?.("table") ? [root] : root.querySelectorAll("table");
  for (const table of tables) {
    const rows = [...table.querySelectorAll(ROW)];
    for (const row of rows) {
      row.tabIndex = -1;
      row.setAttribute("aria-keyshortcuts", "Enter");
    }
    const first = rows.find((row) => row.dataset.row === current) ?? rows[0];
    if (first) first.tabIndex = 0;
  }
}

/** Arrows move between rows that have the focus, J and K from anywhere; E opens the page, X ticks. */
export function moveThroughRows(root) {
  root.addEventListener("focusin", ({ target }) => {
    const row = target.closest?.(ROW);
    if (row) choose(row);
  });
  root.addEventListener("keydown", (event) => {
    const isLetter = mayAct(event);
    const step = isLetter ? LETTERS[keyOf(event)] : 0;
    if (step) move(event, step);
    else if (event.target.matches?.(ROW) && isPlain(event) && event.key in ARROWS) move(event, ARROWS[event.key]);
    else if (isLetter && !event.repeat) act(event, currentRow());
  });
}

/** The row that keys are about: the one with the focus, or that had it last. */
export function currentRow() {
  return document.activeElement.closest?.(ROW) ?? rowOf(current);
}

/** Its row; of several of one record, as entries are, the one that was chosen. */
export function rowOf(key) {
  const rows = key ? [...document.querySelectorAll(`main tr[data-row="${CSS.escape(key)}"]`)] : [];
  return rows.find((row) => row.tabIndex === 0) ?? rows[0] ?? null;
}

/** The row so many steps on in the same table, or null beyond its ends. */
export function rowBeside(row, step) {
  const rows = [...row.closest("table").querySelectorAll(ROW)];
  return rows[rows.indexOf(row) + step] ?? null;
}

/** Make it the row that Tab comes back to. */
export function choose(row) {
  current = row.dataset.row;
  for (const other of row.closest("table").querySelectorAll(`${ROW}[tabindex="0"]`)) other.tabIndex = -1;
  row.tabIndex = 0;
}

function move(event, step) {
  const row = currentRow();
  const rows = [...document.querySelectorAll(`main ${ROW}`)];
  const next = !row ? rows[0] : Math.abs(step) === 1 ? rowBeside(row, step) : rows.at(step < 0 ? 0 : -1);
  if (!rows.length) return;
  event.preventDefault();
  (next ?? row).focus();
}

function act(event, row) {
  const key = keyOf(event);
  if (!row || (key !== "e" && key !== "x")) return;
  event.preventDefault();
  if (key === "x") row.querySelector("input[name=key]")?.click();
  else location.assign(row.dataset.page);
}

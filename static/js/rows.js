import { suggestWhileTyping } from "./combobox.js";

/**
 * Add and remove the rows of a [data-rows] without asking the server. One with a <template> makes
 * new rows of it, and the names of their fields count them; else a row is copied, and one stays.
 */
export function editRows(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row], [data-remove-row]");
    if (!button) return;
    event.preventDefault();
    const rows = button.closest("[data-rows]");
    const row = button.closest("[data-row]");
    const next = row ? remove(rows, row) : rows.querySelector("template") ? make(rows) : copyLast(rows);
    (next?.querySelector("input") ?? rows.querySelector("[data-add-row]")).focus();
    rows.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function make(rows) {
  const total = rows.querySelector("[name$='-TOTAL_FORMS']");
  const index = Number(total.value);
  const pattern = rows.querySelector("template").innerHTML;
  const list = rows.querySelector("[data-list]");
  list.insertAdjacentHTML("beforeend", pattern.replaceAll("__prefix__", index).replaceAll("__number__", index + 1));
  total.value = index + 1;
  suggestWhileTyping(list.lastElementChild);
  return list.lastElementChild;
}

function copyLast(rows) {
  const last = [...rows.querySelectorAll("[data-row]")].at(-1);
  last.after(clear(last.cloneNode(true)));
  return last.nextElementSibling;
}

/** The row to go on with, if there is one left. */
function remove(rows, row) {
  const beside = [row.nextElementSibling, row.previousElementSibling].find((each) => each?.matches("[data-row]"));
  if (!beside && !rows.querySelector("template")) return clear(row);
  row.remove();
  return beside;
}

function clear(row) {
  for (const input of row.querySelectorAll("input")) input.value = "";
  return row;
}

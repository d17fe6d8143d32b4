import { suggestWhileTyping } from "./combobox.js";

/**
 * Add and remove the rows of a [data-rows] without asking the server. New ones are made of its
 * <template>; where TOTAL_FORMS counts them, the names of their fields do so, too.
 */
export function editRows(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row], [data-remove-row]");
    if (!button) return;
    event.preventDefault();
    const rows = button.closest("[data-rows]");
    const row = button.closest("[data-row]");
    const next = row ? remove(row) : add(rows);
    (next?.querySelector("input") ?? rows.querySelector("[data-add-row]")).focus();
    rows.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function add(rows) {
  const total = rows.querySelector("[name$='-TOTAL_FORMS']");
  const index = Number(total?.value);
  const pattern = rows.querySelector("template").innerHTML;
  const list = rows.querySelector("[data-list]");
  list.insertAdjacentHTML("beforeend", pattern.replaceAll("__prefix__", index).replaceAll("__number__", index + 1));
  if (total) total.value = index + 1;
  suggestWhileTyping(list.lastElementChild);
  return list.lastElementChild;
}

/** The row to go on with, if there is one left. */
function remove(row) {
  const beside = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  return beside;
}

import { suggestWhileTyping } from "./combobox.js";

/** Add and remove the rows of every [data-form-rows] inside `root`; each field's name counts them. */
export function editFormRows(root) {
  for (const rows of root.querySelectorAll("[data-form-rows]")) {
    rows.addEventListener("click", (event) => {
      const button = event.target.closest("[data-add-form-row], [data-remove-form-row]");
      if (!button) return;
      event.preventDefault();
      if (button.matches("[data-add-form-row]")) addRow(rows);
      else removeRow(rows, button.closest("[data-form-row]"));
      rows.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

function addRow(rows) {
  const total = rows.querySelector("[name$='-TOTAL_FORMS']");
  const index = Number(total.value);
  const pattern = rows.querySelector("template").innerHTML;
  const list = rows.querySelector("[data-list]");
  list.insertAdjacentHTML("beforeend", pattern.replaceAll("__prefix__", index).replaceAll("__number__", index + 1));
  total.value = index + 1;
  suggestWhileTyping(list.lastElementChild);
  list.lastElementChild.querySelector("input").focus();
}

function removeRow(rows, row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("input") ?? rows.querySelector("[data-add-form-row]")).focus();
}

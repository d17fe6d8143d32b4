/** Add and remove the rows of every [data-rows] inside `root` without asking the server. */
export function editRows(root) {
  for (const rows of root.querySelectorAll("[data-rows]")) {
    rows.addEventListener("click", (event) => {
      const button = event.target.closest("[data-add-row], [data-remove-row]");
      if (!button) return;
      event.preventDefault();
      if (button.matches("[data-add-row]")) addRow(rows);
      else removeRow(rows, button.closest("[data-row]"));
    });
  }
}

function addRow(rows) {
  const last = [...rows.querySelectorAll("[data-row]")].at(-1);
  const row = last.cloneNode(true);
  clear(row);
  last.after(row);
  row.querySelector("input").focus();
}

function removeRow(rows, row) {
  const next = row.nextElementSibling?.matches("[data-row]") ? row.nextElementSibling : row.previousElementSibling;
  if (rows.querySelectorAll("[data-row]").length > 1) row.remove();
  else clear(row);
  (next?.matches("[data-row]") ? next : rows.querySelector("[data-row]")).querySelector("input").focus();
}

function clear(row) {
  for (const input of row.querySelectorAll("input")) input.value = "";
}

import { announce } from "./announce.js";

/** Let the rows of a [data-ordered] be moved by its [data-move] buttons; their numbers follow. */
export function orderRows(root) {
  root.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-ordered] [data-move]");
    if (button) move(button.closest("[data-ordered]"), button);
  });
}

function move(list, button) {
  const row = button.closest("li");
  const up = button.dataset.move === "up";
  const beside = up ? row.previousElementSibling : row.nextElementSibling;
  // One without buttons always stands first.
  if (!beside?.querySelector("[data-move]")) return;
  if (up) beside.before(row);
  else beside.after(row);
  number(list);
  button.focus();
  announce(`${row.querySelector("bdi").textContent}: ${row.querySelector("[data-place] input").value}`);
  list.dispatchEvent(new Event("input", { bubbles: true }));
}

function number(list) {
  for (const [index, input] of [...list.querySelectorAll("[data-place] input")].entries()) input.value = index + 1;
}

import { announce } from "./announce.js";

/** The list of a combobox: which option is active, and the keys that move it. */
export function showList(input, list, html) {
  list.innerHTML = html;
  options(list).forEach((option, index) => { option.id = `${list.id}_${index}`; });
  list.hidden = false;
  input.ariaExpanded = "true";
  input.removeAttribute("aria-activedescendant");
  announce(options(list).map((option) => option.textContent.trim()).slice(0, 3).join(", "));
}

export function closeList(input, list) {
  list.hidden = true;
  input.ariaExpanded = "false";
  input.removeAttribute("aria-activedescendant");
}

export function chooseByKey(event, input, list, pick) {
  if (list.hidden) return;
  const active = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") activate(input, list, active, event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" && active) pick(active);
  else if (event.key === "Escape") closeList(input, list);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function activate(input, list, active, step) {
  const all = options(list);
  const at = active ? all.indexOf(active) + step : step > 0 ? 0 : -1;
  const next = all.at(at % all.length);
  active?.setAttribute("aria-selected", "false");
  next.setAttribute("aria-selected", "true");
  next.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", next.id);
}

function options(list) {
  return [...list.querySelectorAll("[role=option]")];
}

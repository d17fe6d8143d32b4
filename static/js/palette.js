import { openDialog } from "./keys.js";

const PAUSE = 120;

/** One box for records, pages and things to do: by Ctrl K (⌘ K), or a click into the search field. */
export function openPalette(root) {
  const dialog = root.querySelector("dialog[data-palette]");
  if (!dialog) return;
  const field = root.querySelector("[data-search-key]");
  const input = dialog.querySelector("[role=combobox]");
  const suggest = suggestInto(dialog, input, dialog.querySelector("[role=listbox]"));
  const open = () => {
    input.value = field.value;
    dialog.showModal();
    input.select();
    suggest();
  };
  root.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (openDialog() && !dialog.open) return;
    event.preventDefault();
    if (dialog.open) input.select();
    else open();
  });
  // Typed into by those who come by Tab, the field asks for a page, as it does without scripts.
  field.addEventListener("click", open);
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
}

function suggestInto(dialog, input, list) {
  let latest = 0;
  let timer = null;
  const ask = async () => {
    const turn = ++latest;
    const html = await fetchList(dialog.dataset.palette, input.value);
    if (turn === latest && dialog.open) show(dialog, input, list, html);
  };
  input.addEventListener("input", () => {
    // What is listed was found for other words: nothing of it may be opened by Enter.
    latest += 1;
    activate(input, list, null);
    list.ariaBusy = "true";
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => moveOrOpen(event, input, list));
  list.addEventListener("click", (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (event.target.closest("[role=option]") && !isElsewhere) dialog.close();
  });
  dialog.addEventListener("close", () => {
    latest += 1;
    clearTimeout(timer);
    show(dialog, input, list, "");
  });
  return ask;
}

function moveOrOpen(event, input, list) {
  const all = [...list.querySelectorAll("[role=option]")];
  const at = all.findIndex((option) => option.ariaSelected === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.isComposing || !all.length || event.altKey) return;
  if (step) activate(input, list, all.at(at < 0 ? Math.min(step, 0) : (at + step) % all.length));
  else if (event.key === "Enter" && at >= 0) all[at].click();
  else return;
  event.preventDefault();
}

function show(dialog, input, list, html) {
  list.innerHTML = html ?? "";
  list.ariaBusy = null;
  const all = [...list.querySelectorAll("[role=option]")];
  all.forEach((option, index) => { option.id = `${list.id}-${index}`; });
  list.hidden = !all.length;
  input.ariaExpanded = String(!list.hidden);
  // Enter opens what was looked for; what is only offered has to be chosen.
  activate(input, list, input.value.trim() && !all[0]?.closest("[data-offered]") ? all[0] : null);
  const told = html === null ? dialog.dataset.failed : list.querySelector("[data-found]")?.dataset.found;
  dialog.querySelector("[role=status]").textContent = told ?? "";
}

function activate(input, list, option) {
  list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
  input.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

async function fetchList(address, text) {
  const url = new URL(address, location);
  url.searchParams.set("q", text);
  url.searchParams.set("from", location.pathname);
  const response = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  const login = response?.headers.get("HX-Redirect");
  if (login) location.assign(login);
  return response?.ok && !login ? response.text() : null;
}

import { openDialog } from "./keys.js";
import { activate, activeOption, askFor, askingFor, fillList, moveByKey, options } from "./listbox.js";

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
  const asking = askingFor(() => fetchList(dialog.dataset.palette, input.value), (html) => {
    if (dialog.open) show(dialog, input, list, html);
  }, PAUSE);
  input.addEventListener("input", () => {
    // What is listed was found for other words: nothing of it may be opened by Enter.
    activate(input, list, null);
    list.ariaBusy = "true";
    asking.soon();
  });
  input.addEventListener("keydown", (event) => moveOrOpen(event, input, list));
  list.addEventListener("click", (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (event.target.closest("[role=option]") && !isElsewhere) dialog.close();
  });
  dialog.addEventListener("close", () => {
    asking.forget();
    show(dialog, input, list, "");
  });
  return asking.now;
}

function moveOrOpen(event, input, list) {
  if (event.isComposing || event.altKey) return;
  const active = activeOption(list);
  if (event.key === "Enter" && active) active.click();
  else if (!moveByKey(event, input, list)) return;
  event.preventDefault();
}

function show(dialog, input, list, html) {
  fillList(input, list, html ?? "");
  list.ariaBusy = null;
  const [first] = options(list);
  list.hidden = !first;
  input.ariaExpanded = String(!list.hidden);
  // Enter opens what was looked for; what is only offered has to be chosen.
  activate(input, list, input.value.trim() && !first?.closest("[data-offered]") ? first : null);
  const told = html === null ? dialog.dataset.failed : list.querySelector("[data-found]")?.dataset.found;
  dialog.querySelector("[role=status]").textContent = told ?? "";
}

async function fetchList(address, text) {
  const response = await askFor(address, { q: text, from: location.pathname });
  const login = response?.headers.get("HX-Redirect");
  if (login) location.assign(login);
  return response?.ok && !login ? response.text() : null;
}

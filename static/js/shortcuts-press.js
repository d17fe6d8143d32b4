import { keyOf, mayAct, openDialog } from "./keys.js";

const PATIENCE = 1500;

/** Press whatever [data-shortcut] names the key, or the two keys one after the other, just typed. */
export function pressShortcuts(root) {
  let first = "";
  let timer = null;
  const wait = (key) => {
    clearTimeout(timer);
    first = key;
    timer = setTimeout(() => { first = ""; }, PATIENCE);
  };
  root.addEventListener("keydown", (event) => {
    if (["Shift", "AltGraph", "CapsLock"].includes(event.key)) return;
    const dialog = openDialog();
    const key = event.repeat || !mayAct(event, dialog) ? "" : keyOf(event);
    const target = key && ((first && find(`${first} ${key}`, dialog)) || find(key, dialog));
    const starts = key && !target && begins(key, dialog);
    wait(starts ? key : "");
    if (target) press(target);
    if (target || starts) event.preventDefault();
  });
}

/** Say the key of every [data-shortcut] inside `root`, as long as keys do something. */
export function nameShortcuts(root) {
  if (document.documentElement.dataset.shortcuts !== "on") return;
  for (const element of root.querySelectorAll("[data-shortcut]")) {
    const keys = element.dataset.shortcut;
    if (find(keys, element.closest("dialog")) !== element) continue;
    element.title ||= document.documentElement.dataset.shortcutTitle.replace("{keys}", keys);
    // The attribute knows no keys that follow one another.
    if (!keys.includes(" ")) element.setAttribute("aria-keyshortcuts", keys);
  }
}

function find(keys, dialog) {
  const found = usable(`[data-shortcut="${CSS.escape(keys)}"]`, dialog);
  const seen = found.filter((element) => element.checkVisibility());
  // What the page is about comes before the shell; a link in a closed menu is still a link.
  return seen.find((element) => element.closest("main")) ?? seen[0] ?? found[0];
}

function begins(key, dialog) {
  return usable(`[data-shortcut^="${CSS.escape(key)} "]`, dialog).length > 0;
}

function usable(selector, dialog) {
  return [...(dialog ?? document).querySelectorAll(selector)]
    .filter((element) => !element.disabled && element.ariaDisabled !== "true" && !element.closest("[hidden]"))
    .filter((element) => element.closest("dialog") === dialog);
}

/** What is typed into, or is no control itself, is only gone to. */
function press(element) {
  if (!element.matches("input, [tabindex='-1']")) return element.click();
  element.focus();
  return element.select?.();
}

const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset]), textarea, select, [contenteditable], [role=combobox], [role=textbox], [role=listbox], [role=menu]";

/**
 * Whether a key without Ctrl, Alt or ⌘ may act: the person has not switched such keys off, types
 * nowhere, and no dialog lies over what it would act on. `dialog` is the open one it may act in.
 */
export function mayAct(event, dialog = null) {
  return document.documentElement.dataset.shortcuts === "on"
    && !event.defaultPrevented && !event.isComposing && openDialog() === dialog
    && !isModified(event) && !event.target.closest?.(FIELDS);
}

/** The dialog that lies over the page, or null. */
export function openDialog() {
  return [...document.querySelectorAll("dialog[open]")].at(-1) ?? null;
}

/** What was pressed, as `data-shortcut` writes it: "j", "?", "["; letters without Shift only. */
export function keyOf({ key, shiftKey }) {
  const isLetter = key.toLowerCase() !== key.toUpperCase();
  return isLetter && shiftKey ? "" : key.toLowerCase();
}

/** Whether a key or click comes without Ctrl, Alt, Shift and ⌘, which ask for something else. */
export function isPlain({ altKey, ctrlKey, metaKey, shiftKey }) {
  return !(altKey || ctrlKey || metaKey || shiftKey);
}

function isModified(event) {
  // Some keyboards write "[" or "/" with AltGr, which Windows tells as Ctrl+Alt.
  if (event.getModifierState("AltGraph")) return event.metaKey;
  return event.ctrlKey || event.altKey || event.metaKey;
}

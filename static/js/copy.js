import { announce } from "./announce.js";

/** Let a [data-copy] button copy that text. */
export function copyOnClick(root) {
  root.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-copy]");
    if (button) copy(button);
  });
}

async function copy(button) {
  await write(button.dataset.copy, button);
  const label = button.textContent;
  button.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  setTimeout(() => { button.textContent = label; }, 2000);
}

/** Browsers offer the clipboard to secure pages only; elsewhere copy a selection. */
async function write(text, button) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  button.after(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  button.focus();
}

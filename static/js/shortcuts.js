import { openDialog } from "./keys.js";

/** Ctrl+Enter and Ctrl+Shift+Enter press the button that says so, in the slide-over if it is open. */
export function pressByKey(root) {
  root.addEventListener("keydown", (event) => {
    if (event.repeat || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const keys = `Control${event.shiftKey ? "+Shift" : ""}+Enter`;
    const button = (openDialog() ?? root).querySelector(`button[aria-keyshortcuts="${keys}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}

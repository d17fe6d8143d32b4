/** Ctrl K (or Cmd K) goes to the search field. */
export function focusSearch(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    const input = root.querySelector("[data-search-key]");
    if (!input || root.querySelector("dialog[open]")) return;
    event.preventDefault();
    input.select();
    input.focus();
  });
}

/** Send a form[data-once] once: a second click while it is on its way does nothing. */
export function submitOnce(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-once]:not([hx-post])");
    if (!form) return;
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
  // A page that Back brings back from memory can be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("form[data-once]")) form.ariaBusy = null;
  });
}

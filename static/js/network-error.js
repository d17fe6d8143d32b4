/** Say so when htmx gets no answer, or an answer that is an error; hide it after a good one. */
export function showNetworkErrors(root) {
  const region = root.getElementById("network-error");
  if (!region) return;
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    root.addEventListener(name, () => show(region, root.querySelector("dialog[open] > *")));
  }
  root.addEventListener("htmx:afterOnLoad", () => { region.hidden = true; });
}

/** What stands behind an open dialog can be neither read nor dismissed. */
function show(region, panel) {
  panel?.querySelector(":scope > [role=alert]")?.remove();
  const shown = panel ? region.cloneNode(true) : region;
  if (panel) {
    shown.removeAttribute("id");
    panel.prepend(shown);
  }
  shown.hidden = false;
}

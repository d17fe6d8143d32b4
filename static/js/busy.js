/** Mark the region that htmx is about to replace as busy while it waits. */
export function markBusy(root) {
  root.addEventListener("htmx:beforeRequest", ({ detail }) => {
    // An answer that replaces nothing, such as the counts of tabs, keeps nobody waiting.
    if (detail.elt.getAttribute("hx-swap") !== "none") detail.target.setAttribute("aria-busy", "true");
  });
  root.addEventListener("htmx:afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));
}

/** Mark the region that htmx is about to replace as busy while it waits. */
export function markBusy(root) {
  root.addEventListener("htmx:beforeRequest", ({ detail }) => detail.target.setAttribute("aria-busy", "true"));
  root.addEventListener("htmx:afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));
}

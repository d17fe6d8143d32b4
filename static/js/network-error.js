/** Say so when htmx gets no answer, or an answer that is an error; hide it after a good one. */
export function showNetworkErrors(root) {
  const region = root.getElementById("network-error");
  if (!region) return;
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    root.addEventListener(name, () => { region.hidden = false; });
  }
  root.addEventListener("htmx:afterOnLoad", () => { region.hidden = true; });
}

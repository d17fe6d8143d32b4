/** Show beside its table how far the file of an [data-export] link has come. */
export function followExports(root) {
  root.addEventListener("click", ({ target }) => {
    const link = target.closest("[data-export]");
    if (!link) return;
    const id = newId();
    const asked = new URLSearchParams(showsTableOf(link) ? location.search : link.search);
    asked.set("export", id);
    link.search = asked;
    root.querySelector(".export-note")?.remove();
    htmx.ajax("GET", `/exports/${id}/`, { target: "#main", swap: "beforeend" });
  });
}

/** What a script has filtered since stands in the address of the page alone. */
function showsTableOf(link) {
  return link.pathname.replace(/export\.\w+$/, "") === location.pathname;
}

/** As crypto.randomUUID, which plain http does not have. */
function newId() {
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));
}

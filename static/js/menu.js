/** Close open menus on Escape, on a click elsewhere, and when a choice was made. */
export function closeMenus(root) {
  root.addEventListener("click", ({ target }) => {
    for (const menu of root.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
      else if (target.closest("a, [formaction]")) close(menu);
    }
  }, { capture: true });
  root.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) close(menu);
  });
}

function close(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

/** Take on the theme the server has stored, without loading the page again. */
export function applyTheme(root) {
  root.addEventListener("themeChanged", ({ detail: { theme } }) => {
    document.documentElement.dataset.theme = theme;
    for (const button of root.querySelectorAll("[data-theme-choices] [name=theme]")) {
      button.ariaPressed = String(button.value === theme);
    }
  });
}

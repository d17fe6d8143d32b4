/** Tell people who listen rather than look. */
export function announce(text) {
  document.getElementById("announcement").textContent = text;
}

/** Let every [data-dismiss] button inside `root` take away the message it stands in. */
export function dismissOnClick(root) {
  for (const button of root.querySelectorAll("[data-dismiss]")) {
    button.hidden = false;
    button.onclick = () => {
      const message = button.closest(".message");
      if (message.id) message.hidden = true;
      else message.remove();
      document.getElementById("main").focus({ preventScroll: true });
    };
  }
}

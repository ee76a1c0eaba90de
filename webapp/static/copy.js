// a button with data-copies puts the text of the <code> beside it on the clipboard; without one, the text is selected
if (!window.docloopCopies) {
  window.docloopCopies = true;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    const said = button.closest("details, section, div.card")?.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(code.textContent);
      if (said) said.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(code);
      if (said) said.textContent = "Selected: press Ctrl+C.";
    }
  });
}

// Prints the page where a button says so.

for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
}

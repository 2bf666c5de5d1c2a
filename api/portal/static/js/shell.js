// What every page does: keep what stands behind "#" when the language changes, read anew what comes from the
// browser's store of past pages.

const form = document.getElementById("language-form");
if (form instanceof HTMLFormElement) {
    form.addEventListener("submit", () => {
        form.action = "/language" + window.location.hash;
    });
}

const SHOWN_MS = 300_000;

// values that a fresh proof showed; nobody who finds the screen later reads them
setTimeout(() => {
    for (const value of document.querySelectorAll("[data-value]")) {
        value.textContent = "••••";
    }
}, SHOWN_MS);

window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.body.hasAttribute("data-signed-in")) {
        window.location.reload();
    }
});

// What every page does: keep what stands behind "#" when the language changes, read anew what comes from the
// browser's store of past pages.

const form = document.getElementById("language-form");
if (form instanceof HTMLFormElement) {
    form.addEventListener("submit", () => {
        form.action = "/language" + window.location.hash;
    });
}

window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.body.hasAttribute("data-signed-in")) {
        window.location.reload();
    }
});

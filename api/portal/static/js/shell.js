// What every page does: keep what stands behind "#" when the language changes, read anew what comes from the
// browser's store of past pages.

const form = document.getElementById("language-form");
if (form instanceof HTMLFormElement) {
    form.addEventListener("submit", () => {
        form.action = "/language" + window.location.hash;
    });
}

const SHOWN_MS = 300_000;

const shownAt = Date.now();

// the form that brought the values is not sent once more when somebody goes back or loads the page anew
if (document.querySelector("[data-value]") !== null) {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
}

// values that a fresh proof showed; nobody who finds the screen later reads them
function blank() {
    for (const value of document.querySelectorAll("[data-value]")) {
        value.textContent = "••••";
    }
}

// a device that sleeps holds its timers up
function blankWhenOver() {
    if (Date.now() - shownAt >= SHOWN_MS) {
        blank();
    }
}

setTimeout(blank, SHOWN_MS);
document.addEventListener("visibilitychange", blankWhenOver);
window.addEventListener("focus", blankWhenOver);
// what the browser keeps of a page that was left holds no value
window.addEventListener("pagehide", blank);

window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !document.body.hasAttribute("data-signed-in")) {
        return;
    }
    if (document.querySelector("[data-value]") === null) {
        window.location.reload();
    } else {
        // a form brought the values; it is not sent once more
        window.location.replace(window.location.pathname + window.location.search);
    }
});

// Forms by which a signer changes who signs, calls a recovery off or holds the firm: <form data-signer="ACT">.

import { hex } from "./bytes.js";
import { pageData, showMessage } from "./dom.js";
import { assert, PasskeyError } from "./passkey.js";
import { fill } from "./passkey_form.js";
import { cancellationDigest, holdDigest, rotationDigest } from "./rotation.js";
import { visibleLines, WordsError } from "./terms.js";

for (const form of document.querySelectorAll("form[data-signer]")) {
    if (form instanceof HTMLFormElement) {
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            void send(form);
        });
    }
}

/** @param {HTMLFormElement} form */
async function send(form) {
    if (form.dataset.busy === "yes") {
        return;
    }
    form.dataset.busy = "yes";
    showMessage("");
    try {
        const act = form.dataset.signer ?? "";
        const data = pageData(`signer-${act}`);
        const digest = digestOf(act, data);
        if (hex(digest) !== data.expected) {
            throw new WordsError("what is shown is not what is to be signed");
        }
        fill(form, await assert(digest, data.credentials));
        form.submit();
    } catch (error) {
        form.dataset.busy = "no";
        const other = error instanceof WordsError ? "words" : "failed";
        showMessage(error instanceof PasskeyError ? error.kind : other);
    }
}

/**
 * @param {string} act
 * @param {any} data
 */
function digestOf(act, data) {
    switch (act) {
        case "rotation":
            return rotationDigest(visibleLines(document), data.change, data.domain);
        case "cancel":
            return cancellationDigest(data.recovery, data.domain);
        default:
            return holdDigest(data.hold, data.domain);
    }
}

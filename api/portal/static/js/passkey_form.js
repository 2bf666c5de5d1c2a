// Forms that a passkey signs. <form data-passkey="ID"> sends a signature over the challenge of the page's data ID;
// <form data-passkey-create="ID"> sends a new passkey. With data-then="FORM" that form goes on afterwards.

import { fromHex } from "./bytes.js";
import { element, pageData, showMessage } from "./dom.js";
import { assert, createPasskey, PasskeyError } from "./passkey.js";

for (const form of document.querySelectorAll("form[data-passkey], form[data-passkey-create]")) {
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
        fill(form, await signed(form));
        const then = form.dataset.then;
        if (then === undefined) {
            form.submit();
            return;
        }
        const answer = await fetch(form.action, { method: "POST", body: fields(form), redirect: "error" });
        const next = element(then);
        if (!answer.ok || !(next instanceof HTMLFormElement)) {
            throw new Error("refused");
        }
        next.submit();
    } catch (error) {
        form.dataset.busy = "no";
        showMessage(error instanceof PasskeyError ? error.kind : "failed");
    }
}

/**
 * @param {HTMLFormElement} form
 * @returns {Promise<Record<string, string>>}
 */
function signed(form) {
    const creation = form.dataset.passkeyCreate;
    if (creation !== undefined) {
        return createPasskey(pageData(creation));
    }
    const data = pageData(form.dataset.passkey ?? "");
    return assert(fromHex(data.challenge), data.credentials);
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} values
 */
export function fill(form, values) {
    for (const [name, value] of Object.entries(values)) {
        const field = form.elements.namedItem(name);
        if (field instanceof HTMLInputElement) {
            field.value = value;
        }
    }
}

/**
 * @param {HTMLFormElement} form
 * @returns {URLSearchParams}
 */
function fields(form) {
    const texts = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
        texts.append(name, String(value));
    }
    return texts;
}

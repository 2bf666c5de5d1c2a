/**
 * Signing by a passkey what a form does: a consent, a refusal, a pause or its end, a withdrawal.
 *
 * The browser works out what is signed from what the page shows, and compares it with what the server expects, before
 * the system asks for finger, face or code. Nothing is signed where they differ. A form is sent once, however often its
 * button is pressed.
 */
import { hex } from "./bytes.js";
import { pageData, showMessage } from "./dom.js";
import { assert, PasskeyError } from "./passkey.js";
import { changeDigest, consentId, refusalDigest, visibleLines, withdrawalDigest, WordsError } from "./terms.js";

/**
 * What the page holds for its forms.
 * @typedef {object} PageData
 * @property {import("./terms.js").Domain} domain
 * @property {string[]} credentials ids of the passkeys that may sign
 * @property {Record<string, unknown>} [terms]
 * @property {Record<string, unknown>} [bounds]
 * @property {string} [request]
 * @property {string} [consent]
 * @property {number} [number] of the next change
 * @property {Record<string, string>} expected by act, what the server worked out
 */

for (const form of document.querySelectorAll("form[data-act]")) {
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
        await sign(form, pageData("signing"));
        form.submit();
    } catch (error) {
        form.dataset.busy = "no";
        showMessage(kindOf(error));
    }
}

/**
 * @param {unknown} error
 * @returns {string} the kind of the message that says so
 */
function kindOf(error) {
    if (error instanceof PasskeyError) {
        return error.kind;
    }
    return error instanceof WordsError ? "words" : "failed";
}

/**
 * Sign what a form does, and put the signature and what it is over into the form.
 * @param {HTMLFormElement} form
 * @param {PageData} data
 */
async function sign(form, data) {
    const act = form.dataset.act ?? "";
    const digest = digestOf(act, data);
    if (hex(digest) !== data.expected[act]) {
        throw new WordsError("what is shown is not what is to be signed");
    }
    const signature = await assert(digest, data.credentials);
    const said = act === "grant" ? { terms: JSON.stringify(data.terms), bounds: JSON.stringify(data.bounds) } : {};
    for (const [name, value] of Object.entries({ ...signature, ...said })) {
        put(form, name, value);
    }
}

/**
 * @param {string} act
 * @param {PageData} data
 */
function digestOf(act, data) {
    switch (act) {
        case "grant":
            return consentId(visibleLines(document), data.terms ?? {}, data.bounds ?? {}, data.domain);
        case "refuse":
            return refusalDigest(data.request ?? "", data.domain);
        case "withdraw":
            return withdrawalDigest(data.consent ?? "", data.domain);
        default:
            return changeDigest(data.consent ?? "", act, data.number ?? 0, data.domain);
    }
}

/**
 * Put a value into a form, as a field that nobody sees.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} value
 */
function put(form, name, value) {
    const known = form.elements.namedItem(name);
    const field = known instanceof HTMLInputElement ? known : document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
}

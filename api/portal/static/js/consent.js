/**
 * Signing by a passkey what a form does: a consent, a refusal, a pause or its end, a withdrawal.
 *
 * The browser works out what is signed from what the page shows, and compares it with what the server expects, before
 * the system asks for finger, face or code. Nothing is signed where they differ. A form is sent once, however often its
 * button is pressed.
 */
import { fromBase64url, toHex } from "./bytes.js";
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

const holder = document.getElementById("signing");
if (holder !== null) {
    /** @type {PageData} */
    const data = JSON.parse(holder.textContent ?? "");
    for (const form of document.querySelectorAll("form[data-act]")) {
        if (form instanceof HTMLFormElement) listen(form, data);
    }
}

/**
 * @param {HTMLFormElement} form
 * @param {PageData} data
 */
function listen(form, data) {
    let isBusy = false;
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (isBusy) return;
        isBusy = true;
        say("");
        try {
            await sign(form, data);
        } catch (error) {
            isBusy = false;
            if (error instanceof PasskeyError) say(error.kind);
            else if (error instanceof WordsError) say("words");
            else throw error;
        }
    });
}

/**
 * Sign what a form does, and send it.
 * @param {HTMLFormElement} form
 * @param {PageData} data
 */
async function sign(form, data) {
    const act = form.dataset.act ?? "";
    const digest = digestOf(act, data);
    if (toHex(digest) !== data.expected[act]) throw new WordsError("what is shown is not what is to be signed");
    const assertion = await assert(digest, data.credentials);
    for (const [name, value] of Object.entries(assertion)) put(form, name, String(value));
    if (act === "grant") {
        put(form, "terms", JSON.stringify(data.terms));
        put(form, "bounds", JSON.stringify(data.bounds));
    }
    form.submit();
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

/**
 * Show the one of the page's messages that fits, and move there; none for "".
 * @param {string} kind
 */
function say(kind) {
    for (const message of document.querySelectorAll("[data-problem]")) {
        if (!(message instanceof HTMLElement)) continue;
        message.hidden = message.dataset.problem !== kind;
        if (!message.hidden) message.focus();
    }
}

// Finding what a page holds.

/**
 * @param {string} id
 * @returns {any} what stands in the page as JSON under this id
 */
export function pageData(id) {
    return JSON.parse(element(id).textContent ?? "");
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
    const found = document.getElementById(id);
    if (found === null) {
        throw new Error(`the page has no ${id}`);
    }
    return found;
}

/**
 * Show one of the messages of a page, and hide the others.
 * @param {string} kind of the message; empty: none
 * @param {string} attribute that names the kind
 */
export function showMessage(kind, attribute = "data-passkey-error") {
    for (const message of document.querySelectorAll(`[${attribute}]`)) {
        if (message instanceof HTMLElement) {
            message.hidden = message.getAttribute(attribute) !== kind;
            if (!message.hidden) {
                message.tabIndex = -1;
                message.focus();
            }
        }
    }
}

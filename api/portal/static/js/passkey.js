// Passkeys: made once a device, then asked to sign 32 bytes. All bytes that leave this module are in hexadecimal.

import { fromHex, hex } from "./bytes.js";
import { showMessage } from "./dom.js";

/** @typedef {"unsupported" | "closed" | "wrong_browser"} Kind */
/** @typedef {{challenge: string, rp_id: string, user: string, name: string, known: string[], portable: boolean}} NewPasskey */
/** @typedef {{credential_id: string, authenticator_data: string, client_data_json: string, signature: string}} Signed */
/** @typedef {{credential_id: string, attestation_object: string, client_data_json: string}} Registered */

// apps and browsers that have no passkeys, though some of them know their names
const APPS = /MicroMessenger|QQ\/|MQQBrowser|UCBrowser|baidu|DingTalk|AlipayClient/i;
const ES256 = -7;
const PATIENCE_MS = 120_000;

export class PasskeyError extends Error {
    /**
     * @param {Kind} kind
     * @param {unknown} [cause]
     */
    constructor(kind, cause) {
        super(kind, { cause });
        /** @type {Kind} */
        this.kind = kind;
    }
}

/** @returns {boolean} whether the page is open inside an app or a browser that has no passkeys */
export function isInsideApp(agent = navigator.userAgent) {
    return APPS.test(agent);
}

/** @returns {boolean} whether the browser knows passkeys; whether they work shows only when one is asked */
export function canSign() {
    return typeof PublicKeyCredential === "function" && typeof navigator.credentials?.get === "function";
}

/**
 * Make a passkey on this device, or on a security key.
 * @param {NewPasskey} options
 * @returns {Promise<Registered>}
 */
export async function createPasskey(options) {
    const made = await ask(() =>
        navigator.credentials.create({
            publicKey: {
                challenge: fromHex(options.challenge),
                rp: { id: options.rp_id, name: options.rp_id },
                user: { id: fromHex(options.user), name: options.name, displayName: options.name },
                pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
                authenticatorSelection: {
                    residentKey: "required",
                    requireResidentKey: true,
                    userVerification: "required",
                    ...(options.portable ? { authenticatorAttachment: "cross-platform" } : {}),
                },
                excludeCredentials: options.known.map(descriptor),
                attestation: "none",
                timeout: PATIENCE_MS,
            },
        }),
    );
    if (!(made.response instanceof AuthenticatorAttestationResponse)) {
        throw new PasskeyError("unsupported");
    }
    return {
        credential_id: hex(new Uint8Array(made.rawId)),
        attestation_object: hex(new Uint8Array(made.response.attestationObject)),
        client_data_json: hex(new Uint8Array(made.response.clientDataJSON)),
    };
}

/**
 * Let a passkey sign.
 * @param {Uint8Array<ArrayBuffer>} challenge 32 bytes
 * @param {string[]} credentialIds those that may sign; empty: any of this site
 * @returns {Promise<Signed>}
 */
export async function assert(challenge, credentialIds) {
    const signed = await ask(() =>
        navigator.credentials.get({
            publicKey: {
                challenge,
                allowCredentials: credentialIds.map(descriptor),
                userVerification: "required",
                timeout: PATIENCE_MS,
            },
        }),
    );
    if (!(signed.response instanceof AuthenticatorAssertionResponse)) {
        throw new PasskeyError("unsupported");
    }
    return {
        credential_id: hex(new Uint8Array(signed.rawId)),
        authenticator_data: hex(new Uint8Array(signed.response.authenticatorData)),
        client_data_json: hex(new Uint8Array(signed.response.clientDataJSON)),
        signature: hex(new Uint8Array(signed.response.signature)),
    };
}

/**
 * @param {() => Promise<Credential | null>} prompt
 * @returns {Promise<PublicKeyCredential>}
 */
async function ask(prompt) {
    if (isInsideApp()) {
        throw new PasskeyError("wrong_browser");
    }
    if (!canSign()) {
        throw new PasskeyError("unsupported");
    }
    let answer;
    try {
        answer = await prompt();
    } catch (error) {
        // a closed window, a phone without a screen lock and one that cannot do it look the same to us
        const name = error instanceof DOMException ? error.name : "";
        throw new PasskeyError(name === "NotSupportedError" || name === "SecurityError" ? "unsupported" : "closed", error);
    }
    if (!(answer instanceof PublicKeyCredential)) {
        throw new PasskeyError("closed");
    }
    return answer;
}

/**
 * @param {string} id
 * @returns {PublicKeyCredentialDescriptor}
 */
function descriptor(id) {
    return { type: "public-key", id: fromHex(id) };
}

/** Say how to get out of an app before anybody taps in vain, and let the address be copied. */
export function handOver() {
    if (!isInsideApp()) {
        return;
    }
    showMessage("wrong_browser");
    for (const button of document.querySelectorAll("[data-copy-address]")) {
        button.addEventListener("click", () => {
            void navigator.clipboard?.writeText(location.href).then(() => {
                const done = button.getAttribute("data-copied");
                button.textContent = done ?? button.textContent;
            });
        });
    }
}

if (typeof document !== "undefined") {
    handOver();
}

// Bytes and their forms as text.

/**
 * @param {Uint8Array} bytes
 * @returns {string} hexadecimal, without 0x
 */
export function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} text hexadecimal, with or without 0x
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromHex(text) {
    const digits = text.startsWith("0x") ? text.slice(2) : text;
    if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
        throw new TypeError("this is no hexadecimal");
    }
    return Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} base64url, without padding
 */
export function base64url(bytes) {
    const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text base64url, without padding
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64url(text) {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

/**
 * @param {string} text
 * @returns {Uint8Array} as UTF-8
 */
export function utf8(text) {
    return new TextEncoder().encode(text);
}

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function concat(...parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

export { fromHex as hexToBytes, hex as toHex };

/**
 * What a signature on a consent is made over, worked out in the browser from the words and terms that the page shows.
 *
 * Each line of the words is one element with `data-line`. Their texts give the digest of the text, that and the terms
 * give the consent's id (EIP-712), and the id is what the passkey signs. The server works out the same; whoever changes
 * a word or a term on the way gets another id, which fits neither.
 */
import { concat, fromHex, utf8 } from "./bytes.js";
import { keccak_256 as keccak } from "./keccak.js";

/** @typedef {Record<string, unknown>} Struct */
/** @typedef {{chain_id: number, contract: string}} Domain */

export const TERMS =
    "Terms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText," +
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint32 retentionDays,bytes32 salt," +
    "string language,bytes32 textDigest,bytes32 wording,string[] departmentNames)";
export const BOUNDS =
    "Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey," +
    "bytes32 withdrawalHash)";
const CONSENT = `Consent(Terms terms,Bounds bounds)${BOUNDS}${TERMS}`;
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const REFUSAL = "ConsentRefusal(bytes32 request,string statement)";
const WITHDRAWAL = "ConsentWithdrawal(bytes32 consent,string statement)";
const CHANGE = "ConsentChange(bytes32 consent,uint24 number,string statement)";
export const REFUSAL_STATEMENT = "I refuse this request. 我拒绝本申请。";
export const WITHDRAWAL_STATEMENT = "I withdraw this consent. 我撤回本授权。";
/** @type {Record<string, string>} */
export const CHANGE_STATEMENTS = {
    pause: "I pause this consent. 我暂停本授权。",
    resume: "I resume this consent. 我恢复本授权。",
};
const WORD_BYTES = 32;

/** What is wrong with a page, so that nothing may be signed: its words cannot be seen, or are other ones. */
export class WordsError extends Error {}

/**
 * The lines of the words that a person sees under `root`, in their order.
 * @param {ParentNode} root
 * @returns {string[]}
 */
export function visibleLines(root) {
    const lines = [...root.querySelectorAll("[data-line]")];
    for (const line of lines) {
        for (const part of [line, ...line.querySelectorAll("*")]) {
            if (!isVisible(part)) throw new WordsError("a line of the words cannot be seen");
        }
    }
    return lines.map((line) => line.textContent ?? "");
}

/**
 * Whether an element is shown at all. Where the browser cannot say, the element must have a place on the page.
 * @param {Element} element
 */
function isVisible(element) {
    if (typeof element.checkVisibility === "function") {
        return element.checkVisibility({
            opacityProperty: true,
            visibilityProperty: true,
            contentVisibilityAuto: false,
            checkOpacity: true,
            checkVisibilityCSS: true,
        });
    }
    return element.getClientRects().length > 0;
}

/**
 * The digest of the words: each line ends with a line feed.
 * @param {string[]} lines
 */
export function textDigest(lines) {
    return keccak(utf8(lines.map((line) => `${line}\n`).join("")));
}

/**
 * The id of the consent with these words, terms and bounds; whatever digest `terms` name, that of `lines` counts.
 * @param {string[]} lines
 * @param {Struct} terms
 * @param {Struct} bounds
 * @param {Domain} domain
 */
export function consentId(lines, terms, bounds, domain) {
    return signedId({ ...terms, text_digest: textDigest(lines) }, bounds, domain);
}

/**
 * The id of the consent with these terms and bounds.
 * @param {Struct} terms
 * @param {Struct} bounds
 * @param {Domain} domain
 */
export function signedId(terms, bounds, domain) {
    return typedDigest(concat(typeHash(CONSENT), structHash(TERMS, terms), structHash(BOUNDS, bounds)), domain);
}

/**
 * What signers sign to refuse a request.
 * @param {string} request
 * @param {Domain} domain
 */
export function refusalDigest(request, domain) {
    return typedDigest(encoded(REFUSAL, { request, statement: REFUSAL_STATEMENT }), domain);
}

/**
 * What signers sign to pause or resume a consent.
 * @param {string} consent
 * @param {string} change `pause` or `resume`
 * @param {number} number
 * @param {Domain} domain
 */
export function changeDigest(consent, change, number, domain) {
    return typedDigest(encoded(CHANGE, { consent, number, statement: CHANGE_STATEMENTS[change] }), domain);
}

/**
 * What signers sign to withdraw a consent whose secret is not here.
 * @param {string} consent
 * @param {Domain} domain
 */
export function withdrawalDigest(consent, domain) {
    return typedDigest(encoded(WITHDRAWAL, { consent, statement: WITHDRAWAL_STATEMENT }), domain);
}

/**
 * The EIP-712 digest of an encoded struct under the domain of a contract.
 * @param {Uint8Array} struct
 * @param {Domain} domain
 */
export function typedDigest(struct, domain) {
    const separator = structHash(DOMAIN, {
        name: "Credence",
        version: "1",
        chain_id: domain.chain_id,
        verifying_contract: domain.contract,
    });
    return keccak(concat(new Uint8Array([0x19, 0x01]), separator, keccak(struct)));
}

/**
 * The hash of a struct whose type is written as EIP-712 writes it, and whose members have snake case names.
 * @param {string} type
 * @param {Struct} values
 */
export function structHash(type, values) {
    return keccak(encoded(type, values));
}

/**
 * @param {string} type
 * @param {Struct} values
 */
export function encoded(type, values) {
    const members = type.slice(type.indexOf("(") + 1, type.indexOf(")")).split(",");
    const words = members.map((member) => {
        const [kind, name] = member.split(" ");
        return word(kind, values[snakeCase(name)]);
    });
    return concat(typeHash(type), ...words);
}

/** @param {string} type */
function typeHash(type) {
    return keccak(utf8(type));
}

/** @param {string} name */
function snakeCase(name) {
    return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The 32 bytes that stand for a value in the hash of a struct.
 * @param {string} kind
 * @param {unknown} value
 * @returns {Uint8Array}
 */
function word(kind, value) {
    if (kind.endsWith("[]")) {
        const items = /** @type {unknown[]} */ (value);
        return keccak(concat(...items.map((item) => word(kind.slice(0, -2), item))));
    }
    if (kind === "string") return keccak(utf8(String(value)));
    if (kind.startsWith("uint")) return numberWord(/** @type {number} */ (value));
    return padded(value instanceof Uint8Array ? value : fromHex(String(value)));
}

/** @param {number} value */
function numberWord(value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new WordsError("a number of the terms is none");
    const bytes = new Uint8Array(WORD_BYTES);
    new DataView(bytes.buffer).setBigUint64(WORD_BYTES - 8, BigInt(value));
    return bytes;
}

/** @param {Uint8Array} bytes */
function padded(bytes) {
    const whole = new Uint8Array(WORD_BYTES);
    whole.set(bytes, WORD_BYTES - bytes.length);
    return whole;
}

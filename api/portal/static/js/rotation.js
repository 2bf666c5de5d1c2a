/**
 * What a signature on a change of signers is made over, worked out in the browser from the lines that the page shows.
 *
 * A line names a key by its person and check digits. The commitment is made of the keys that the lines name, in the
 * order of the lines, and of the threshold that a line names; the end comes from a line too. So another key, person,
 * threshold or word gives another digest, which the server does not expect.
 */
import { concat, fromHex, utf8 } from "./bytes.js";
import { keccak_256 as keccak } from "./keccak.js";
import { encoded, textDigest, typedDigest, WordsError } from "./terms.js";

/** @typedef {{subject: string, entry: number, salt: string, keys: string[]}} Change */
/** @typedef {import("./terms.js").Domain} Domain */

const ROTATION =
    "ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline," +
    "string statement)";
const CANCELLATION =
    "RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)";
const HOLD = "SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)";
export const ROTATION_STATEMENT =
    "I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。";
export const CANCELLATION_STATEMENT =
    "I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。";
export const HOLD_STATEMENT = "Hold this subject for 14 days. 请将本主体冻结十四天。";
const DIGITS_TAG = "credence-check-digits/v1";
const DIGITS = 12;
const COMMITMENT_TAG = 0x31;
const ADDRESS = 1;
const CHINA_S = 8 * 3600;
const KEY_LINES = [
    /^Person (\d+): .+, check digits (\d{4} \d{4} \d{4}) \((?:stays|new)\)$/u,
    /^(\d+) 号签署人 .+，校验数字 (\d{4} \d{4} \d{4})（(?:不变|新增)）$/u,
];
const THRESHOLD_LINES = [/^Each time (\d+) of (\d+) persons must agree$/u, /^每次须 (\d+) 人同意，共 (\d+) 人$/u];
const UNTIL_LINES = [
    /^To be signed before (\d+)-(\d+)-(\d+) (\d\d):(\d\d) \(Beijing time\)$/u,
    /^请在 (\d+) 年 (\d+) 月 (\d+) 日 (\d\d):(\d\d)（北京时间） 前签完$/u,
];

/**
 * Twelve digits of a key, in groups of four, as another device shows them.
 * @param {Uint8Array} key as a set of signers holds it
 */
export function checkDigits(key) {
    const hashed = keccak(concat(keccak(utf8(DIGITS_TAG)), key[0] === ADDRESS ? key.slice(1) : key));
    let number = 0n;
    for (const byte of hashed) number = (number << 8n) | BigInt(byte);
    const digits = String(number % 10n ** BigInt(DIGITS)).padStart(DIGITS, "0");
    return digits.replace(/(\d{4})(?=\d)/gu, "$1 ");
}

/**
 * @param {string[]} lines
 * @param {RegExp[]} patterns
 * @returns {number[][]} the numbers of each line that is of a pattern; the digits of a key count as one number
 */
function found(lines, patterns) {
    const matches = lines.map((line) => patterns.map((pattern) => pattern.exec(line)).find((match) => match !== null));
    return matches.flatMap((match) => (match ? [match.slice(1).map((text) => Number(text.replaceAll(" ", "")))] : []));
}

/**
 * @param {string[]} lines
 * @param {RegExp[]} patterns
 * @returns {number[]} the numbers of the one line that is of a pattern
 */
function foundOnce(lines, patterns) {
    const all = found(lines, patterns);
    if (all.length !== 1) throw new WordsError("the lines do not say one thing once");
    return all[0];
}

/**
 * The commitment to the keys and the threshold that the lines name.
 * @param {string[]} lines
 * @param {Change} change
 */
export function commitmentOf(lines, change) {
    const known = new Map(change.keys.map((key) => [Number(checkDigits(fromHex(key)).replaceAll(" ", "")), fromHex(key)]));
    const keys = found(lines, KEY_LINES).map(([person, digits]) => {
        const key = known.get(digits);
        if (key === undefined) throw new WordsError("a line names a key that is not there");
        return concat(new Uint8Array([person]), key);
    });
    const [threshold] = foundOnce(lines, THRESHOLD_LINES);
    const head = new Uint8Array([COMMITMENT_TAG]);
    return keccak(concat(head, fromHex(change.salt), new Uint8Array([threshold, keys.length]), ...keys));
}

/**
 * The second until which a change is to be signed, by its line.
 * @param {string[]} lines
 */
export function deadlineOf(lines) {
    const [year, month, day, hour, minute] = foundOnce(lines, UNTIL_LINES);
    return Date.UTC(year, month - 1, day, hour, minute) / 1000 - CHINA_S;
}

/**
 * What signers sign to change who signs.
 * @param {string[]} lines
 * @param {Change} change
 * @param {Domain} domain
 */
export function rotationDigest(lines, change, domain) {
    const values = {
        subject: change.subject,
        entry: change.entry,
        commitment: commitmentOf(lines, change),
        text_digest: textDigest(lines),
        deadline: deadlineOf(lines),
        statement: ROTATION_STATEMENT,
    };
    return typedDigest(encoded(ROTATION, values), domain);
}

/**
 * What a signer signs to call a recovery off.
 * @param {Record<string, unknown>} recovery
 * @param {Domain} domain
 */
export function cancellationDigest(recovery, domain) {
    return typedDigest(encoded(CANCELLATION, { ...recovery, statement: CANCELLATION_STATEMENT }), domain);
}

/**
 * What a signer signs to hold the firm.
 * @param {Record<string, unknown>} hold
 * @param {Domain} domain
 */
export function holdDigest(hold, domain) {
    return typedDigest(encoded(HOLD, { ...hold, statement: HOLD_STATEMENT }), domain);
}

// Says what terms.js works out for each case of a JSON list that comes on standard input.
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const terms = await import(`${folder}/terms.js`);
const { fromHex, hex } = await import(`${folder}/bytes.js`);
const { keccak_256 } = await import(`${folder}/keccak.js`);
const calls = { ...terms, keccak: (/** @type {string} */ text) => keccak_256(fromHex(text)) };
const cases = JSON.parse(readFileSync(0, "utf-8"));
const answers = cases.map(({ kind, arguments: given }) => hex(calls[kind](...given)));
process.stdout.write(JSON.stringify({ answers, TERMS: terms.TERMS, BOUNDS: terms.BOUNDS }));

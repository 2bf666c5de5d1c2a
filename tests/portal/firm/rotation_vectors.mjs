// Says what rotation.js works out for each case of a JSON list that comes on standard input; null where it refuses.
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const rotation = await import(`${folder}/rotation.js`);
const { fromHex, hex } = await import(`${folder}/bytes.js`);
const { WordsError } = await import(`${folder}/terms.js`);
const answers = JSON.parse(readFileSync(0, "utf-8")).map(({ kind, arguments: given }) => {
    try {
        return kind === "checkDigits" ? rotation.checkDigits(fromHex(given[0])) : hex(rotation[kind](...given));
    } catch (error) {
        if (error instanceof WordsError) return null;
        throw error;
    }
});
process.stdout.write(JSON.stringify(answers));

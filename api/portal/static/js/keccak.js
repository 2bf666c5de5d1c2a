// Keccak-256 as Ethereum uses it (the Keccak team's submission of 2011, padding 0x01), on 64-bit lanes.

const RATE = 136;
const LANES = 25;
const MASK = (1n << 64n) - 1n;
const { ROTATIONS, PLACES, CONSTANTS } = tables();

/**
 * @param {Uint8Array} message
 * @returns {Uint8Array<ArrayBuffer>} 32 bytes
 */
export function keccak_256(message) {
    const padded = new Uint8Array((Math.floor(message.length / RATE) + 1) * RATE);
    padded.set(message);
    padded[message.length] ^= 0x01;
    padded[padded.length - 1] ^= 0x80;
    const view = new DataView(padded.buffer);
    /** @type {bigint[]} */
    const state = new Array(LANES).fill(0n);
    for (let block = 0; block < padded.length; block += RATE) {
        for (let lane = 0; lane < RATE / 8; lane += 1) {
            state[lane] ^= view.getBigUint64(block + 8 * lane, true);
        }
        permute(state);
    }
    const digest = new DataView(new ArrayBuffer(32));
    for (let lane = 0; lane < 4; lane += 1) {
        digest.setBigUint64(8 * lane, state[lane], true);
    }
    return new Uint8Array(digest.buffer);
}

/** @param {bigint[]} state */
function permute(state) {
    for (const constant of CONSTANTS) {
        const columns = [0, 1, 2, 3, 4].map((x) => state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]);
        for (let at = 0; at < LANES; at += 1) {
            state[at] ^= columns[(at + 4) % 5] ^ rotated(columns[(at + 1) % 5], 1n);
        }
        const moved = new Array(LANES);
        for (let at = 0; at < LANES; at += 1) {
            moved[PLACES[at]] = rotated(state[at], ROTATIONS[at]);
        }
        for (let at = 0; at < LANES; at += 1) {
            const row = at - (at % 5);
            state[at] = moved[at] ^ (~moved[row + ((at + 1) % 5)] & MASK & moved[row + ((at + 2) % 5)]);
        }
        state[0] ^= constant;
    }
}

/**
 * @param {bigint} lane
 * @param {bigint} by
 */
function rotated(lane, by) {
    return ((lane << by) | (lane >> (64n - by))) & MASK;
}

/** The tables of the standard, from their rules: how far each lane turns, where it goes, and the rounds' constants. */
function tables() {
    const rotations = new Array(LANES).fill(0n);
    const places = new Array(LANES).fill(0);
    let [x, y] = [1, 0];
    for (let step = 0; step < 24; step += 1) {
        rotations[x + 5 * y] = BigInt((((step + 1) * (step + 2)) / 2) % 64);
        [x, y] = [y, (2 * x + 3 * y) % 5];
    }
    for (let at = 0; at < LANES; at += 1) {
        const [column, row] = [at % 5, Math.floor(at / 5)];
        places[at] = row + 5 * ((2 * column + 3 * row) % 5);
    }
    const constants = [];
    let register = 1;
    for (let round = 0; round < 24; round += 1) {
        let constant = 0n;
        for (let bit = 0; bit < 7; bit += 1) {
            if (register & 1) {
                constant |= 1n << BigInt(2 ** bit - 1);
            }
            register = (register << 1) ^ (register >> 7 ? 0x171 : 0);
        }
        constants.push(constant);
    }
    return { ROTATIONS: rotations, PLACES: places, CONSTANTS: constants };
}
